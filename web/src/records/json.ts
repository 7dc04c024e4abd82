// The JSON of one record, read as strictly as the attestors read it (datadao/records.py): nothing that two readers would
// understand differently. An integer of up to 64 bits stays exact.

const MAX_DEPTH = 64;
const LEAST = -(2n ** 63n);
const SHOWN = 40;

/** Integers are a `number` where that is exact and a `bigint` otherwise; a number that is no integer by the attestors is a `number`. */
export type Json = null | boolean | number | bigint | string | readonly Json[] | JsonObject;
/** Without a prototype: no name is there that is not in the record. */
export interface JsonObject {
  readonly [name: string]: Json;
}

/** Why a line is no JSON that everybody reads alike. Its message is the rule, by which the page has words for it. */
export class NotJson extends Error {
  constructor(
    readonly rule: "json" | "utf8" | "depth" | "twice" | "bits" | "range" | "surrogate",
    readonly wanted?: string,
  ) {
    super(rule);
  }
}

export const isObject = (value: Json): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value);

/** Raises `NotJson`. */
export function parse(text: string): Json {
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/** One spelling of a value: equal values have equal ones. */
export function canonical(value: Json): string {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const object = value as JsonObject;
  const members = Object.keys(object).sort().map((name) => `${JSON.stringify(name)}:${canonical(object[name]!)}`);
  return `{${members.join()}}`;
}

class Reader {
  private at = 0;

  constructor(private readonly text: string) {}

  value(depth: number): Json {
    const first = this.next();
    if (first === '"') return this.string();
    if (first === "{" || first === "[") {
      if (depth === MAX_DEPTH) throw new NotJson("depth", String(MAX_DEPTH));
      this.at++;
      return first === "{" ? this.object(depth + 1) : this.array(depth + 1);
    }
    for (const [word, value] of WORDS) {
      if (this.text.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  end(): void {
    if (this.next()) throw new NotJson("json");
  }

  /** The next character that is no white space, which stays to be read; none at the end. */
  private next(): string {
    for (; ; this.at++) {
      const code = this.text.charCodeAt(this.at);
      if (code !== 0x20 && code !== 0x09 && code !== 0x0a && code !== 0x0d) return this.text.charAt(this.at);
    }
  }

  /** Is it this one? Then it is read. */
  private takes(character: string): boolean {
    if (this.next() !== character) return false;
    this.at++;
    return true;
  }

  private object(depth: number): JsonObject {
    const found = Object.create(null) as Record<string, Json>;
    if (this.takes("}")) return found;
    do {
      if (this.next() !== '"') throw new NotJson("json");
      const name = this.string();
      if (!this.takes(":")) throw new NotJson("json");
      const value = this.value(depth);
      if (name in found) throw new NotJson("twice", name.slice(0, SHOWN));
      found[name] = value;
    } while (this.takes(","));
    if (!this.takes("}")) throw new NotJson("json");
    return found;
  }

  private array(depth: number): Json[] {
    const found: Json[] = [];
    if (this.takes("]")) return found;
    do found.push(this.value(depth));
    while (this.takes(","));
    if (!this.takes("]")) throw new NotJson("json");
    return found;
  }

  private string(): string {
    const token = this.token(STRING);
    if (!token.includes("\\")) return token.slice(1, -1);
    let value: string;
    try {
      value = JSON.parse(token) as string;
    } catch {
      throw new NotJson("json");
    }
    if (/\p{Surrogate}/u.test(value)) throw new NotJson("surrogate");
    return value;
  }

  private number(): number | bigint {
    const token = this.token(NUMBER);
    const value = Number(token);
    if (!/[.eE]/.test(token)) {
      if (Number.isSafeInteger(value)) return value + 0; // -0 is 0
      const exact = token.length > 20 ? -LEAST : BigInt(token);
      if (exact < LEAST || exact >= -LEAST) throw new NotJson("bits", token.slice(0, SHOWN));
      return exact;
    }
    if (!Number.isFinite(value)) throw new NotJson("range", token.slice(0, SHOWN));
    if (!Number.isInteger(value) || Number.isSafeInteger(value)) return value + 0;
    return value >= LEAST && value < -LEAST ? BigInt(value) : value;
  }

  private token(kind: RegExp): string {
    kind.lastIndex = this.at;
    const token = kind.exec(this.text)?.[0];
    if (token === undefined) throw new NotJson("json");
    this.at += token.length;
    return token;
  }
}

const STRING = /"[^"\\\u0000-\u001f]*(?:\\.[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y;
const WORDS = [
  ["true", true],
  ["false", false],
  ["null", null],
] as const;
