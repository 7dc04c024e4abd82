// Encrypts and opens files as the page does, for tests/web/test_crypto.py:  node crypto.mjs GIVEN
import { readFileSync, writeFileSync } from "node:fs";
import { type Address, type Hex, decodeAbiParameters, hexToBytes, sha256 } from "viem";
import { privateKeyToAccount } from "viem/accounts";

import { type Place, SUBMIT_DOMAIN, prepare } from "../src/crypto/contribute.js";
import { toHex } from "../src/crypto/encoding.js";
import { type Committee, type Context, LAYOUT as ENVELOPE, commitment, info } from "../src/crypto/envelope.js";
import { decrypt, hashOf } from "../src/crypto/files.js";
import { unseal } from "../src/crypto/seal.js";
import { combine } from "../src/crypto/shares.js";
import { LAYOUT as SUBMISSION, encodeSubmission, typedSubmission } from "../src/crypto/submission.js";

interface Given {
  chainId: number;
  registry: Address;
  datasetId: number;
  key: Hex;
  committee: { version: number; threshold: number; custodians: Hex[] };
  attestors: Hex[];
  /** Names of files without their endings: .plain is encrypted to .age, .envelope and .submission. */
  encrypt: string[];
  /** The reverse, with private keys: of the custodians whose shares are put together by slot, and of attestor 0. */
  open: string[];
  custodianKeys: Record<string, Hex>;
  attestorKey: Hex;
}

const given = JSON.parse(readFileSync(process.argv[2]!, "utf8")) as Given;
const account = privateKeyToAccount(given.key);
const parties = (keys: Hex[]) => keys.map((hpkeKey) => ({ hpkeKey }));
const committee: Committee = {
  version: BigInt(given.committee.version),
  threshold: given.committee.threshold,
  custodians: parties(given.committee.custodians),
};
const place: Place = {
  chainId: BigInt(given.chainId),
  registry: given.registry,
  datasetId: BigInt(given.datasetId),
  contributor: account.address,
  committee,
  attestors: parties(given.attestors),
};

for (const name of given.encrypt) {
  const { file, envelope, submission } = await prepare(new Blob([new Uint8Array(readFileSync(`${name}.plain`))]).stream(), place);
  const signature = await account.signTypedData(typedSubmission(place.chainId, place.registry, submission));
  writeFileSync(`${name}.age`, new Uint8Array(await file.arrayBuffer()));
  writeFileSync(`${name}.envelope`, hexToBytes(envelope));
  writeFileSync(`${name}.submission`, hexToBytes(encodeSubmission(submission, signature)));
}

const same = (what: string, one: Hex, other: Hex) => {
  if (one !== other) throw new Error(`${what}: ${one} is not ${other}`);
};

for (const name of given.open) {
  const [ciphertext, envelope, record] = ["age", "envelope", "submission"].map((end) => readFileSync(`${name}.${end}`));
  const [datasetId, contributor, fileHash, envelopeHash, , seals] = decodeAbiParameters(SUBMISSION, toHex(record!));
  const [, , version, threshold, named, wraps, commitments] = decodeAbiParameters(ENVELOPE, toHex(envelope!));
  const file = new Blob([new Uint8Array(ciphertext!)]);
  same("file", await hashOf(file), fileHash);
  same("file that is read in pieces", await hashOf(file, 0), fileHash);
  same("envelope", sha256(envelope!), envelopeHash);
  same("file of the envelope", named, fileHash);
  const { chainId, registry } = place;
  const context: Context = { chainId, registry, datasetId, committeeVersion: version, contributor, fileHash };
  const shares = new Map<number, Uint8Array>();
  for (const [slot, key] of Object.entries(given.custodianKeys).map(([s, k]) => [Number(s), k] as const)) {
    const share = await unseal(hexToBytes(wraps[slot]!), hexToBytes(key), info(context, slot));
    same(`commitment ${slot}`, commitment(context, slot, share), commitments[slot]!);
    shares.set(slot, share);
  }
  const secret = combine(new Map([...shares].slice(0, threshold)));
  const sealed = await unseal(hexToBytes(seals[0]!), hexToBytes(given.attestorKey), info(context, 0, SUBMIT_DOMAIN));
  same("key", toHex(secret), toHex(sealed.subarray(0, 32)));
  writeFileSync(`${name}.opened`, new Uint8Array(await (await decrypt(new Blob([new Uint8Array(ciphertext!)]), secret)).arrayBuffer()));
}
