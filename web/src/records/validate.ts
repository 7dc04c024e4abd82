// JSON Schema 2020-12, as the attestors' validator answers (datadao/schema.py): `format` is a note, `multipleOf` counts in
// decimal, and integers have 64 bits. What that client refuses in a schema need not be understood here.
import { type Json, type JsonObject, canonical, isObject } from "./json.js";

export interface Fault {
  /** Where in the record. */
  readonly path: readonly string[];
  /** The keyword that it breaks. */
  readonly rule: string;
  /** What the keyword asks for. */
  readonly wanted: Json | undefined;
}

/** Names, or places in a list, that a schema has looked at: what `unevaluated…` leaves alone. */
type Looked = Set<string | number> | null;
type Path = readonly string[];

const ONE = ["additionalProperties", "contains", "contentSchema", "else", "if", "items", "not", "propertyNames", "then", "unevaluatedItems", "unevaluatedProperties"];
const LISTS = ["allOf", "anyOf", "oneOf", "prefixItems"];
const MAPS = ["$defs", "definitions", "dependentSchemas", "patternProperties", "properties"];
/** Nothing is ever fetched from it. */
const HERE = "https://schema.invalid/";

export class Validator {
  private readonly named = new Map<string, [JsonObject, string]>();
  private readonly patterns = new Map<string, RegExp>();
  private readonly follows: boolean;

  constructor(private readonly root: Json) {
    this.follows = canonical(root).includes('"unevaluated');
    this.index(root, HERE);
  }

  /** The first fault of a value by the whole schema or a part of it; null for none. */
  fault(value: Json, part: Json = this.root): Fault | null {
    return this.look(part, value, [], this.follows ? new Set() : null, HERE);
  }

  private index(part: Json, base: string): void {
    if (!isObject(part)) return;
    base = baseOf(part, base);
    if (typeof part.$id === "string" || part === this.root) this.named.set(base, [part, base]);
    if (typeof part.$anchor === "string") this.named.set(`${base}#${part.$anchor}`, [part, base]);
    for (const name of ["pattern", "patternProperties"]) {
      const found = part[name];
      const patterns = typeof found === "string" ? [found] : found && isObject(found) ? Object.keys(found) : [];
      patterns.forEach((pattern) => this.pattern(pattern)); // raises now for what none is
    }
    for (const name of ONE) if (name in part) this.index(part[name]!, base);
    for (const name of LISTS) if (Array.isArray(part[name])) (part[name] as Json[]).forEach((each) => this.index(each, base));
    for (const name of MAPS) if (name in part) Object.values(part[name] as JsonObject).forEach((each) => this.index(each, base));
  }

  private look(part: Json, value: Json, path: Path, looked: Looked, base: string): Fault | null {
    if (part === true) return null;
    if (part === false) return { path, rule: "false", wanted: undefined };
    const schema = part as JsonObject;
    base = baseOf(schema, base);
    const own: Looked = looked && new Set();
    const fault = bare(schema, value, path, (pattern) => this.pattern(pattern)) ?? this.inPlace(schema, value, path, own, base) ?? this.inside(schema, value, path, own, base);
    if (!fault) own?.forEach((name) => looked!.add(name));
    return fault;
  }

  /** Keywords that look at the value itself again. */
  private inPlace(schema: JsonObject, value: Json, path: Path, looked: Looked, base: string): Fault | null {
    const holds = (part: Json, marks: Looked = looked) => this.look(part, value, path, marks, base) === null;
    if (typeof schema.$ref === "string") {
      const [target, there] = this.target(schema.$ref, base);
      const fault = this.look(target, value, path, looked, there);
      if (fault) return fault;
    }
    for (const each of (schema.allOf as Json[] | undefined) ?? []) {
      const fault = this.look(each, value, path, looked, base);
      if (fault) return fault;
    }
    for (const rule of ["anyOf", "oneOf"]) {
      const forms = schema[rule] as Json[] | undefined;
      // All of them, as each that fits has looked at something.
      const fitting = forms?.filter((each) => holds(each)).length;
      if (fitting === 0 || (rule === "oneOf" && fitting !== undefined && fitting > 1)) return { path, rule, wanted: undefined };
    }
    if ("not" in schema && holds(schema.not!, looked && new Set())) return { path, rule: "not", wanted: undefined };
    if ("if" in schema) {
      const next = schema[holds(schema.if!) ? "then" : "else"];
      const fault = next === undefined ? null : this.look(next, value, path, looked, base);
      if (fault) return fault;
    }
    if (!isObject(value)) return null;
    for (const [name, each] of Object.entries((schema.dependentSchemas as JsonObject | undefined) ?? {})) {
      const fault = name in value ? this.look(each, value, path, looked, base) : null;
      if (fault) return fault;
    }
    return null;
  }

  private inside(schema: JsonObject, value: Json, path: Path, looked: Looked, base: string): Fault | null {
    if (Array.isArray(value)) return this.items(schema, value as Json[], path, looked, base);
    return isObject(value) ? this.properties(schema, value, path, looked, base) : null;
  }

  private properties(schema: JsonObject, value: JsonObject, path: Path, looked: Looked, base: string): Fault | null {
    const names = Object.keys(value);
    const known = new Set<string>();
    const member = (part: Json, name: string, rule: string): Fault | null => {
      known.add(name);
      looked?.add(name);
      const fault = this.look(part, value[name]!, [...path, name], this.fresh(), base);
      // Of a name that nothing is allowed for, it is the name that is wrong.
      return fault?.rule === "false" ? { ...fault, rule } : fault;
    };
    for (const [name, part] of Object.entries((schema.properties as JsonObject | undefined) ?? {})) {
      const fault = name in value ? member(part, name, "additionalProperties") : null;
      if (fault) return fault;
    }
    for (const [pattern, part] of Object.entries((schema.patternProperties as JsonObject | undefined) ?? {})) {
      for (const name of names.filter((name) => this.pattern(pattern).test(name))) {
        const fault = member(part, name, "additionalProperties");
        if (fault) return fault;
      }
    }
    if ("additionalProperties" in schema) {
      for (const name of names.filter((name) => !known.has(name))) {
        const fault = member(schema.additionalProperties!, name, "additionalProperties");
        if (fault) return fault;
      }
    }
    if ("propertyNames" in schema) {
      for (const name of names) {
        const fault = this.look(schema.propertyNames!, name, [...path, name], this.fresh(), base);
        if (fault) return { ...fault, rule: "propertyNames" };
      }
    }
    if ("unevaluatedProperties" in schema) {
      for (const name of names.filter((name) => !looked!.has(name))) {
        const fault = member(schema.unevaluatedProperties!, name, "additionalProperties");
        if (fault) return fault;
      }
    }
    return null;
  }

  private items(schema: JsonObject, value: readonly Json[], path: Path, looked: Looked, base: string): Fault | null {
    const item = (part: Json, place: number): Fault | null => {
      looked?.add(place);
      return this.look(part, value[place]!, [...path, String(place)], this.fresh(), base);
    };
    const first = ((schema.prefixItems as Json[] | undefined) ?? []).slice(0, value.length);
    for (const [place, part] of first.entries()) {
      const fault = item(part, place);
      if (fault) return fault;
    }
    if ("items" in schema) {
      for (let place = first.length; place < value.length; place++) {
        const fault = item(schema.items!, place);
        if (fault) return fault;
      }
    }
    if ("contains" in schema) {
      const found = [...value.keys()].filter((place) => this.look(schema.contains!, value[place]!, path, this.fresh(), base) === null);
      found.forEach((place) => looked?.add(place));
      const least = (schema.minContains ?? 1) as number;
      if (found.length < least) return { path, rule: "contains", wanted: undefined };
      if (found.length > ((schema.maxContains ?? Infinity) as number)) return { path, rule: "maxContains", wanted: schema.maxContains };
    }
    if ("unevaluatedItems" in schema) {
      for (const place of [...value.keys()].filter((place) => !looked!.has(place))) {
        const fault = item(schema.unevaluatedItems!, place);
        if (fault) return fault;
      }
    }
    return null;
  }

  private fresh(): Looked {
    return this.follows ? new Set() : null;
  }

  private pattern(pattern: string): RegExp {
    let found = this.patterns.get(pattern);
    if (!found) {
      // A browser knows an escaped dash in sets only.
      found = new RegExp(pattern.replace(/\\([^])/g, (whole, letter) => (letter === "-" ? "\\x2d" : whole)), "u");
      this.patterns.set(pattern, found);
    }
    return found;
  }

  /** What a reference means, and the address of the schema that it lies in. */
  private target(reference: string, base: string): [Json, string] {
    const [where = "", fragment = ""] = new URL(reference, base).href.split("#");
    const named = this.named.get(fragment && !fragment.startsWith("/") ? `${where}#${decodeURIComponent(fragment)}` : where);
    if (!named) throw new Error(`the schema refers to ${reference}, which is not in it`);
    let [found, there]: [Json, string] = named;
    if (!fragment.startsWith("/")) return [found, there];
    for (const step of stepsOf(decodeURIComponent(fragment))) {
      if (isObject(found)) there = baseOf(found, there);
      const next: Json | undefined = (found as Record<string, Json> | null)?.[step];
      if (next === undefined) throw new Error(`the schema refers to ${reference}, which is not in it`);
      found = next;
    }
    return [found, there];
  }
}

const stepsOf = (pointer: string): string[] => pointer.split("/").slice(1).map((part) => part.replaceAll("~1", "/").replaceAll("~0", "~"));

function baseOf(schema: JsonObject, base: string): string {
  return typeof schema.$id === "string" ? new URL(schema.$id, base).href.split("#")[0]! : base;
}

/** Keywords that look at nothing but the value. */
function bare(schema: JsonObject, value: Json, path: Path, pattern: (text: string) => RegExp): Fault | null {
  const wrong = (rule: string): Fault => ({ path, rule, wanted: schema[rule] });
  if ("type" in schema && ![schema.type].flat().some((kind) => is(value, kind as string))) return wrong("type");
  if ("const" in schema && canonical(schema.const!) !== canonical(value)) return wrong("const");
  if ("enum" in schema) {
    const one = canonical(value);
    if (!(schema.enum as Json[]).some((each) => canonical(each) === one)) return wrong("enum");
  }
  // Comparison of a number with a bigint is exact.
  const bound = (name: string) => schema[name] as number | undefined;
  const sized = (size: number, least: string, most: string): Fault | null => {
    if (bound(least) !== undefined && size < bound(least)!) return wrong(least);
    return bound(most) !== undefined && size > bound(most)! ? wrong(most) : null;
  };
  if (typeof value === "number" || typeof value === "bigint") {
    if (bound("minimum") !== undefined && value < bound("minimum")!) return wrong("minimum");
    if (bound("maximum") !== undefined && value > bound("maximum")!) return wrong("maximum");
    if (bound("exclusiveMinimum") !== undefined && value <= bound("exclusiveMinimum")!) return wrong("exclusiveMinimum");
    if (bound("exclusiveMaximum") !== undefined && value >= bound("exclusiveMaximum")!) return wrong("exclusiveMaximum");
    return "multipleOf" in schema && !isMultiple(value, schema.multipleOf as number | bigint) ? wrong("multipleOf") : null;
  }
  if (typeof value === "string") {
    if ("minLength" in schema || "maxLength" in schema) {
      const fault = sized([...value].length, "minLength", "maxLength");
      if (fault) return fault;
    }
    return typeof schema.pattern === "string" && !pattern(schema.pattern).test(value) ? wrong("pattern") : null;
  }
  if (Array.isArray(value)) {
    const unique = schema.uniqueItems === true && new Set(value.map(canonical)).size < value.length;
    return unique ? wrong("uniqueItems") : sized(value.length, "minItems", "maxItems");
  }
  if (!isObject(value)) return null;
  const missing = [...((schema.required as string[] | undefined) ?? [])].find((name) => !(name in value));
  if (missing !== undefined) return { path: [...path, missing], rule: "required", wanted: undefined };
  for (const [name, needed] of Object.entries((schema.dependentRequired as Record<string, readonly string[]> | undefined) ?? {})) {
    const lacking = name in value ? needed.find((other) => !(other in value)) : undefined;
    if (lacking !== undefined) return { path: [...path, lacking], rule: "required", wanted: undefined };
  }
  return sized(Object.keys(value).length, "minProperties", "maxProperties");
}

function is(value: Json, kind: string): boolean {
  if (kind === "integer") return typeof value === "bigint" || Number.isSafeInteger(value);
  if (kind === "number") return typeof value === "number" || typeof value === "bigint";
  if (kind === "null") return value === null;
  if (kind === "array") return Array.isArray(value);
  return kind === "object" ? isObject(value) : typeof value === kind;
}

/** Of both numbers as they are written in decimal: 0.3 is a multiple of 0.1. */
function isMultiple(value: number | bigint, of: number | bigint): boolean {
  const [[a, i], [b, k]] = [decimal(value), decimal(of)];
  return i > k ? (a * 10n ** BigInt(i - k)) % b === 0n : a % (b * 10n ** BigInt(k - i)) === 0n;
}

/** Digits, and the power of ten that they are multiplied by. */
function decimal(value: number | bigint): [bigint, number] {
  const [digits = "", power = "0"] = String(value).split("e");
  const [whole = "", fraction = ""] = digits.split(".");
  return [BigInt(whole + fraction), Number(power) - fraction.length];
}
