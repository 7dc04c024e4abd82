// Which records of a file the dataset would take, and what they would earn: an estimate of what attestors work out
// (datadao/attestor/scoring.py). Only they know which records came before.
import { Validator } from "@cfworker/json-schema";

import { converted } from "./csv.js";
import { type Shape, elements, lines, parse, shapeOf, textOf } from "./read.js";

const SHOWN = 50;
const PAUSE = 2_000;

export interface Flaw {
  readonly line: number;
  /** Path in the record; empty for the record itself. */
  readonly field: string;
  /** The rule of JSON Schema that it breaks, or "json" for what is none. */
  readonly rule: string;
  /** What the rule asks for, where the schema says it in one place. */
  readonly wanted: unknown;
  /** Of the validator, in English: it quotes the file, and is for its owner alone. */
  readonly reason: string;
}

export interface Report {
  readonly shape: Shape;
  /** What is handed in: JSON Lines. */
  readonly content: Blob;
  readonly count: number;
  readonly valid: number;
  /** Different records among the valid ones. */
  readonly distinct: number;
  /** Basis points. */
  readonly quality: number;
  readonly flaws: readonly Flaw[];
}

/** Of a name that no other is allowed beside, the validator says that "false" allows nothing. */
const RULES: Readonly<Record<string, string>> = { false: "additionalProperties", oneOf: "anyOf" };

export class Schema {
  private readonly validator: Validator;
  private readonly parts = new Map<string, Validator>();
  readonly title: string;
  readonly description: string;
  readonly properties: readonly string[];
  readonly required: readonly string[];
  /** Records of a file that is assessed at all. */
  readonly least: number;

  constructor(private readonly parsed: Record<string, unknown>) {
    this.validator = new Validator(parsed as object, "2020-12", true);
    this.properties = Object.keys((parsed.properties as object | undefined) ?? {});
    this.required = (parsed.required as string[] | undefined) ?? [];
    this.least = typeof parsed["x-least-records"] === "number" ? parsed["x-least-records"] : 1;
    this.title = typeof parsed.title === "string" ? parsed.title : "";
    this.description = typeof parsed.description === "string" ? parsed.description : "";
  }

  /** The first thing wrong with a record; null for none. */
  flaw(record: unknown): Omit<Flaw, "line"> | null {
    const { valid, errors } = this.validator.validate(record);
    if (valid) return null;
    // The last one is the innermost: the field itself, after those that it lies in. Of several forms none is it.
    const several = errors.findIndex(({ keyword }) => keyword === "anyOf" || keyword === "oneOf");
    const error = errors.at(several);
    const { instanceLocation = "#", keyword = "", keywordLocation = "", error: reason = "" } = error ?? {};
    const path = steps(instanceLocation);
    // What is missing is named in the validator's words alone.
    if (keyword === "required") path.push(/"(.*)"/.exec(reason)?.[1] ?? "");
    let wanted: unknown = this.parsed;
    for (const step of steps(keywordLocation)) wanted = (wanted as Record<string, unknown> | undefined)?.[step];
    return { field: path.join("/"), rule: RULES[keyword] ?? keyword, wanted, reason };
  }

  /** Does a property's own subschema allow the value? */
  allows(name: string, value: unknown): boolean {
    let part = this.parts.get(name);
    if (!part) {
      const properties = this.parsed.properties as Record<string, object>;
      const { $defs } = this.parsed;
      part = new Validator({ ...($defs ? { $defs } : {}), allOf: [properties[name]!] } as object, "2020-12", true);
      this.parts.set(name, part);
    }
    return part.validate(value).valid;
  }
}

/** Of a JSON Pointer in a fragment. */
function steps(pointer: string): string[] {
  const parts = pointer.replace(/^#?\/?/, "").split("/").filter((part) => part);
  return parts.map((part) => decodeURIComponent(part).replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Raises `Unreadable`. */
export async function check(file: File, schema: Schema, progress: (done: number) => void): Promise<Report> {
  const text = await textOf(file);
  const shape = shapeOf(text, file.name, schema.properties);
  const rows = shape === "lines" ? null : shape === "csv" ? converted(text, schema) : [...elements(text)];
  // JSON Lines are handed in as they are, byte for byte.
  const content = rows ? new Blob([rows.map((row) => `${row}\n`).join("")]) : file;
  const flaws: Flaw[] = [];
  const seen = new Set<string>();
  let [count, valid, filled] = [0, 0, 0];
  for (const [line, row] of rows ? rows.map((row, i) => [i + 1, row] as const) : lines(text)) {
    count += 1;
    if (count % PAUSE === 0) {
      progress(count);
      await new Promise((resolve) => setTimeout(resolve)); // lets the browser draw
    }
    let found: Omit<Flaw, "line"> | null;
    try {
      const record = parse(row);
      found = schema.flaw(record);
      if (!found) {
        valid += 1;
        const known = seen.size;
        // A repeat counts nowhere.
        if (seen.add(canonical(record)).size > known && record && typeof record === "object") {
          filled += schema.properties.filter((name) => (record as Record<string, unknown>)[name] != null).length;
        }
      }
    } catch {
      found = { field: "", rule: "json", wanted: undefined, reason: "not JSON" };
    }
    if (found && flaws.length < SHOWN) flaws.push({ line, ...found });
  }
  const units = seen.size;
  const cells = units * schema.properties.length;
  const all = units + count - valid;
  const quality = valid ? Math.floor((10_000 * units * (cells ? filled : 1)) / (all * (cells || 1))) : 0;
  return { shape, content, count, valid, distinct: units, quality, flaws };
}

function canonical(value: unknown): string {
  if (!value || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item)}`).join()}}`;
}
