// Which records of a file the dataset would take, and what they would earn: an estimate of what attestors work out
// (datadao/attestor/scoring.py). Only they know which records came before.
import { converted } from "./csv.js";
import { type Json, type JsonObject, NotJson, canonical, isObject, parse } from "./json.js";
import { Unreadable, bytesOf, elements, lineOf, lines, shapeOf, textOf, type Shape } from "./read.js";
import { Validator } from "./validate.js";

const SHOWN = 50;
const PAUSE = 2_000;
/** The version of what makes a record and what it earns that is counted by here (datadao/schema_rules.py). */
const SCORING = 2;
const BPS = 10_000n;

export interface Flaw {
  readonly line: number;
  /** Path in the record; empty for the record itself. */
  readonly field: string;
  /** The rule of JSON Schema that it breaks, or why it is no JSON that everybody reads alike. */
  readonly rule: string;
  /** What the rule asks for, where the schema says it in one place, or what of the line is meant. */
  readonly wanted: Json | undefined;
}

/** What the records of a file are by a schema. */
export interface Counts {
  readonly count: number;
  readonly valid: number;
  /** Different records among the valid ones, by what makes two the same. */
  readonly distinct: number;
  /** Basis points. */
  readonly quality: number;
  readonly flaws: readonly Flaw[];
}

export interface Report extends Counts {
  readonly shape: Shape;
  /** What is handed in: JSON Lines. */
  readonly content: Blob;
}

/** Of a name that no other is allowed beside, the validator says that "false" allows nothing. */
const RULES: Readonly<Record<string, string>> = { false: "additionalProperties", oneOf: "anyOf" };

export class Schema {
  private readonly validator: Validator;
  private readonly parsed: JsonObject;
  readonly title: string;
  readonly description: string;
  readonly properties: readonly string[];
  readonly required: readonly string[];
  /** The properties that make two records the same; none for all of them. */
  readonly identity: readonly string[];
  /** Records of a file that is assessed at all. */
  readonly least: number;

  /** The scoring version that it was written for, if it is another than is counted by here. */
  readonly otherScoring: string | null;

  /** Raises for what is no schema. */
  constructor(text: string) {
    const parsed = parse(text);
    this.validator = new Validator(parsed);
    this.parsed = isObject(parsed) ? parsed : {};
    const scoring = "x-scoring" in this.parsed ? this.parsed["x-scoring"]! : SCORING;
    this.otherScoring = scoring === SCORING ? null : canonical(scoring);
    this.properties = Object.keys(this.parsed.properties ?? {});
    this.required = (this.parsed.required as string[] | undefined) ?? [];
    this.identity = (this.parsed["x-identity"] as string[] | undefined) ?? [];
    this.least = (this.parsed["x-least-records"] as number | undefined) ?? 1;
    this.title = typeof this.parsed.title === "string" ? this.parsed.title : "";
    this.description = typeof this.parsed.description === "string" ? this.parsed.description : "";
  }

  /** The first thing wrong with a record; null for none. */
  flaw(record: Json): Omit<Flaw, "line"> | null {
    const fault = this.validator.fault(record);
    return fault && { field: fault.path.join("/"), rule: RULES[fault.rule] ?? fault.rule, wanted: fault.wanted };
  }

  /** Does a property's own subschema allow the value? */
  allows(name: string, value: Json): boolean {
    return this.validator.fault(value, (this.parsed.properties as JsonObject)[name]) === null;
  }

  /** What equal records have in common. */
  key(record: Json): string {
    if (!this.identity.length) return canonical(record);
    return canonical(this.identity.map((name) => (record as JsonObject)[name]!));
  }

  /** How many of its properties a record has. */
  filled(record: Json): number {
    return isObject(record) ? this.properties.filter((name) => name in record && record[name] !== null).length : 0;
  }
}

/** Raises `Unreadable`. */
export async function check(file: File, schema: Schema, progress: (done: number) => void): Promise<Report> {
  const data = await bytesOf(file);
  // JSON Lines are handed in as they are, byte for byte. What holds no record so may be of another shape.
  const asLines = await counted(data, schema, progress).catch((error: unknown) => {
    if (error instanceof Unreadable) return error;
    throw error;
  });
  if (!(asLines instanceof Unreadable) && asLines.valid) return { shape: "lines", content: file, ...asLines };
  const shape = shapeOf(data, file.name, schema.properties);
  const text = textOf(data);
  if (shape === "lines") {
    if (asLines instanceof Unreadable) throw asLines;
    return { shape, content: file, ...asLines };
  }
  const rows = shape === "csv" ? converted(text, schema) : [...elements(text)];
  const made = new TextEncoder().encode(rows.map((row) => `${row}\n`).join(""));
  return { shape, content: new Blob([made]), ...(await counted(made, schema, progress)) };
}

async function counted(data: Uint8Array, schema: Schema, progress: (done: number) => void): Promise<Counts> {
  const flaws: Flaw[] = [];
  const seen = new Set<string>();
  let [count, valid, filled] = [0, 0, 0];
  for (const [line, row] of lines(data)) {
    count += 1;
    if (count % PAUSE === 0) {
      progress(count);
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw
    }
    let found: Omit<Flaw, "line"> | null;
    try {
      const record = parse(lineOf(row));
      found = schema.flaw(record);
      if (!found) {
        valid += 1;
        const known = seen.size;
        // A repeat counts nowhere.
        if (seen.add(schema.key(record)).size > known) filled += schema.filled(record);
      }
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      found = { field: "", rule: error.rule, wanted: error.wanted };
    }
    if (found && flaws.length < SHOWN) flaws.push({ line, ...found });
  }
  const units = seen.size;
  const cells = BigInt(units * schema.properties.length);
  const all = BigInt(units + count - valid);
  const quality = valid ? Number((BPS * BigInt(units) * (cells ? BigInt(filled) : 1n)) / (all * (cells || 1n))) : 0;
  return { count, valid, distinct: units, quality, flaws };
}
