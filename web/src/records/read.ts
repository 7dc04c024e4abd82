// A file of records, read as the attestors read it (datadao/records.py): JSON Lines; a JSON array and CSV become JSON
// Lines without a value being altered.

import { NotJson } from "./json.js";

/** Bytes of a line, its end included. */
export const MAX_RECORD = 1024 * 1024;
const HEAD = 65_536;
/** What files of other kinds begin with, UTF-16 and UTF-32 among them. */
const FOREIGN = ["\xff\xfe", "\xfe\xff", "\0\0\xfe\xff", "PK\x03\x04", "\x1f\x8b", "PAR1"];

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

/** The bytes of a file, after its byte order mark. Raises `Unreadable` for what is no UTF-8 text. */
export async function bytesOf(file: Blob): Promise<Uint8Array> {
  const data = new Uint8Array(await file.arrayBuffer());
  const head = String.fromCharCode(...data.subarray(0, 4));
  if (FOREIGN.some((mark) => head.startsWith(mark))) throw new Unreadable("notText");
  return data.subarray(head.startsWith("\xef\xbb\xbf") ? 3 : 0);
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Raises `Unreadable` for what is no UTF-8. */
export function textOf(data: Uint8Array): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new Unreadable("notText");
  }
}

/** What a file is that holds no record as JSON Lines. */
export function shapeOf(data: Uint8Array, name: string, known: readonly string[]): Shape {
  const start = new TextDecoder().decode(data.subarray(0, HEAD)).trimStart();
  if (start.startsWith("[")) return "array";
  if (start.startsWith("{")) return "lines";
  const header = start.split(/\r?\n/, 1)[0] ?? "";
  const cells = header.split(/[,;\t|]/).map((cell) => cell.trim().replace(/^"|"$/g, ""));
  return /\.(csv|tsv)$/i.test(name) || cells.some((cell) => known.includes(cell)) ? "csv" : "lines";
}

/** Lines with their numbers from 1, without empty ones. Raises `Unreadable` for one that is too long. */
export function* lines(data: Uint8Array): Generator<[number, Uint8Array]> {
  let number = 0;
  for (let at = 0; at < data.length; ) {
    const end = data.indexOf(0x0a, at);
    const next = end < 0 ? data.length : end + 1;
    number += 1;
    if (next - at > MAX_RECORD) throw new Unreadable("lineTooLong", number);
    const line = data.subarray(at, next);
    if (line.some((byte) => byte !== 0x20 && (byte < 0x09 || byte > 0x0d))) yield [number, line];
    at = next;
  }
}

/** The text of a line. Raises `NotJson`. */
export function lineOf(line: Uint8Array): string {
  try {
    return decoder.decode(line);
  } catch {
    throw new NotJson("utf8");
  }
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
  for (const match of text.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[[{\]},]/g)) {
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
  return json.replace(/("[^"\\]*(?:\\.[^"\\]*)*")|\s+/g, (_, quoted: string | undefined) => quoted ?? "");
}
