// A file of records, read as the attestors read it (datadao/records.py): JSON Lines; a JSON array and CSV become JSON
// Lines without a value being altered.

export const MAX_RECORD = 1024 * 1024;
const MAX_DEPTH = 64;

export type Shape = "lines" | "array" | "csv";

/** Raised for a file that is not one of records; `reason` is a key of the page's texts. */
export class Unreadable extends Error {
  constructor(
    readonly reason: "notText" | "notRecords" | "lineTooLong" | "arrayBroken" | "csvBroken" | "csvHeader",
    readonly line = 0,
  ) {
    super(reason);
  }
}

/** The file's text without a byte order mark. Raises `Unreadable` for what is no UTF-8. */
export async function textOf(file: Blob): Promise<string> {
  const data = await file.arrayBuffer();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    throw new Unreadable("notText");
  }
}

export function shapeOf(text: string, name: string, known: readonly string[]): Shape {
  const start = text.slice(0, 65_536).trimStart();
  if (start.startsWith("[")) return "array";
  if (start.startsWith("{")) return "lines";
  const header = start.split(/\r?\n/, 1)[0] ?? "";
  const cells = header.split(/[,;\t|]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
  return /\.(csv|tsv)$/i.test(name) || cells.some((cell) => known.includes(cell)) ? "csv" : "lines";
}

/** Lines with their numbers from 1, without empty ones. */
export function* lines(text: string): Generator<[number, string]> {
  let number = 0;
  for (let at = 0; at < text.length; ) {
    const end = text.indexOf("\n", at);
    const line = text.slice(at, end < 0 ? text.length : end).replace(/\r$/, "");
    number += 1;
    if (line.length > MAX_RECORD) throw new Unreadable("lineTooLong", number);
    if (line.trim()) yield [number, line];
    at = end < 0 ? text.length : end + 1;
  }
}

/** The value of a line. Raises `SyntaxError` for what the attestors would refuse too. */
export function parse(line: string): unknown {
  if (depth(line) > MAX_DEPTH) throw new SyntaxError("too deep");
  return JSON.parse(line, (_, value: unknown) => {
    if (typeof value === "number" && !Number.isFinite(value)) throw new SyntaxError("number out of range");
    return value;
  });
}

function depth(text: string): number {
  let [deepest, now] = [0, 0];
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{]|[\]}]/g)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++now);
    else if (token === "]" || token === "}") now--;
  }
  return deepest;
}

/**
 * The elements of an array, each as its own text on one line: a number of twenty digits stays one. The whole is checked
 * to be JSON first, so that what follows only has to find where elements end.
 */
export function* elements(text: string): Generator<string> {
  try {
    if (!Array.isArray(JSON.parse(text))) throw new Unreadable("arrayBroken");
  } catch {
    throw new Unreadable("arrayBroken");
  }
  let [level, from] = [0, 0];
  for (const match of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{\]},]/g)) {
    const token = match[0];
    const ends = level === 1 && (token === "," || token === "]");
    if (ends) {
      const element = onOneLine(text.slice(from, match.index));
      if (element) yield element;
    }
    if (token === "[" || token === "{") level++;
    else if (token === "]" || token === "}") level--;
    if (ends || (level === 1 && token === "[" && from === 0)) from = match.index + 1;
  }
}

/** White space outside of strings means nothing to JSON; inside of them a line cannot break. */
function onOneLine(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, (_, quoted: string | undefined) => quoted ?? "");
}
