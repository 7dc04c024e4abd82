// How the page words amounts and faults of records, for tests/web/test_words.py:  node words.mjs GIVEN
import { readFileSync } from "node:fs";

import { Schema } from "../src/records/check.js";
import { NotJson, parse } from "../src/records/json.js";
import { why } from "../src/records/why.js";
import { money, price, speak, written } from "../src/text.js";

interface Given {
  language: string;
  words: Record<string, string>;
  /** Units, and decimals of the asset. */
  amounts: [string, number][];
  typed: string[];
  /** JSON, as are the records. */
  schema: string;
  records: string[];
}

const given = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Given;
const attempt = (text: string) => {
  try {
    return written(text);
  } catch (error) {
    return (error as Error).message;
  }
};

speak(given.language, given.words);
const schema = new Schema(given.schema);
const said = {
  held: given.amounts.map(([units, decimals]) => money(BigInt(units), { decimals, symbol: "T" })),
  paid: given.amounts.map(([units, decimals]) => price(BigInt(units), { decimals, symbol: "T" })),
  typed: given.typed.map(attempt),
  faults: given.records.map((record) => {
    try {
      const flaw = schema.flaw(parse(record));
      return flaw && [flaw.field, why(flaw)];
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      return ["", why({ field: "", rule: error.rule, wanted: error.wanted })];
    }
  }),
};
console.log(JSON.stringify(said));
