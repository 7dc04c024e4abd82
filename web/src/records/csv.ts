// CSV as JSON Lines (datadao/convert.py): of what a cell could be, its text, a number, true or false, JSON or nothing,
// it becomes the first that its property allows.
import Papa from "papaparse";

import { type Schema } from "./check.js";
import { parse } from "./json.js";
import { Unreadable } from "./read.js";

/** Lines of JSON, one a row. Raises `Unreadable` naming the line of what cannot be converted. */
export function converted(text: string, schema: Schema): string[] {
  const header = text.split(/\r?\n/, 1)[0] ?? "";
  const hits = (delimiter: string) =>
    header.split(delimiter).filter((cell) => schema.properties.includes(cell.trim().replace(/^"|"$/g, ""))).length;
  const delimiter = [",", ";", "\t", "|"].reduce((best, next) => (hits(next) > hits(best) ? next : best));
  const { data, errors } = Papa.parse<string[]>(text, { delimiter, skipEmptyLines: true });
  const broken = errors.find((error) => error.type !== "Delimiter");
  if (broken) throw new Unreadable("csvBroken", (broken.row ?? 0) + 1);
  const names = (data[0] ?? []).map((name) => name.trim());
  if (new Set(names).size !== names.length || !names.some((name) => schema.properties.includes(name))) {
    throw new Unreadable("csvHeader", 1);
  }
  return data.slice(1).map((row, index) => {
    if (row.length > names.length) throw new Unreadable("csvBroken", index + 2);
    const members = row.flatMap((cell, i) => {
      const value = valueOf(names[i]!, cell, schema);
      return value === null ? [] : [`${JSON.stringify(names[i])}: ${value}`];
    });
    return `{${members.join(", ")}}`;
  });
}

/** JSON of a cell; null for one that its record is better without. A number stays as it was written. */
function valueOf(name: string, cell: string, schema: Schema): string | null {
  const text = cell.trim();
  if (!schema.properties.includes(name)) return text ? JSON.stringify(cell) : null;
  for (const json of candidates(cell, text)) {
    if (!text && json !== "null" && !schema.required.includes(name)) break;
    if (schema.allows(name, parse(json))) return json;
  }
  return text ? JSON.stringify(cell) : null;
}

function* candidates(cell: string, text: string): Generator<string> {
  if (!text) {
    yield* ["null", JSON.stringify(cell)];
    return;
  }
  yield JSON.stringify(cell);
  if (/^(true|false)$/i.test(text)) yield text.toLowerCase();
  else if (/^[-0-9[{"]/.test(text)) {
    try {
      parse(text);
    } catch {
      return;
    }
    yield text;
  }
}
