// What the page makes of files of records, for tests/web/test_records.py:  node records.mjs GIVEN
import { readFileSync } from "node:fs";

import { Schema, check } from "../src/records/check.js";
import { NotJson, canonical, parse } from "../src/records/json.js";
import { Unreadable, bytesOf, lineOf, lines } from "../src/records/read.js";

interface Given {
  /** Names of files: of a schema, and of records. */
  files: [string, string][];
}

function verdict(row: Uint8Array, schema: Schema): string {
  try {
    const record = parse(lineOf(row));
    return schema.flaw(record) ? "breaks the schema" : `holds: ${canonical(record)}`;
  } catch (error) {
    if (!(error instanceof NotJson)) throw error;
    return "not JSON";
  }
}

async function counts(data: Blob, schema: Schema) {
  try {
    const { count, valid, distinct, quality } = await check(new File([data], "records.jsonl"), schema, () => undefined);
    return [count, valid, distinct, quality];
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
    return [error.reason, error.line];
  }
}

const { files } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Given;
const found = files.map(async ([about, name]) => {
  const schema = new Schema(readFileSync(about, "utf8"));
  const data = new Blob([new Uint8Array(readFileSync(name))]);
  const said: [number, string][] = [];
  try {
    for (const [line, row] of lines(await bytesOf(data))) said.push([line, verdict(row, schema)]);
  } catch (error) {
    if (!(error instanceof Unreadable)) throw error;
  }
  return { scoring: schema.otherScoring, lines: said, counts: await counts(data, schema) };
});
console.log(JSON.stringify(await Promise.all(found)));
