// How the page reads agreements, for tests/web/test_agreement.py:  node agreement.mjs GIVEN
import { readFileSync } from "node:fs";

import { NotAgreement, type Parties, differences, readAgreement } from "../src/agreement.js";

interface Given {
  /** Hex: of each, what it says, or that it is none. */
  documents: string[];
}

const { documents } = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Given;
const read = documents.map((hex) => {
  try {
    return readAgreement(new Uint8Array(Buffer.from(hex, "hex")));
  } catch (error) {
    if (!(error instanceof NotAgreement)) throw error;
    return null;
  }
});
const first = read[0]!;
const said = read.map((agreed) => agreed && { ...agreed, differs: differences(agreed, first, first as Parties, first.licensee) });
console.log(JSON.stringify(said, (_, value: unknown) => (typeof value === "bigint" ? String(value) : value)));
