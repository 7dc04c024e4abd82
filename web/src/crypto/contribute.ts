// Contributing: a file is encrypted for those who serve now; datadao/contributor.py. The key exists only in here.
import { type Address, type Hex, sha256 } from "viem";

import { joined, toHex } from "./encoding.js";
import { type Committee, type Context, type Party, info, wrap } from "./envelope.js";
import { type Options, encrypt, newSecret } from "./files.js";
import { seal } from "./seal.js";
import { type Submission } from "./submission.js";

export interface Place {
  readonly chainId: bigint;
  readonly registry: Address;
  readonly datasetId: bigint;
  readonly contributor: Address;
  readonly committee: Committee;
  readonly attestors: readonly Party[];
}

export interface Prepared {
  /** The age file. */
  readonly file: Blob;
  readonly envelope: Hex;
  readonly submission: Submission;
}

/** Encrypts `source`; what is left to do is to sign the submission and to hand all three in. */
export async function prepare(
  source: ReadableStream<Uint8Array>,
  place: Place,
  options?: Options,
): Promise<Prepared> {
  const secret = newSecret();
  const { blob, hash: fileHash } = await encrypt(source, secret, options);
  const { chainId, registry, datasetId, contributor, committee, attestors } = place;
  const committeeVersion = committee.version;
  const context: Context = { chainId, registry, datasetId, contributor, committeeVersion, fileHash };
  const { envelope, shares } = await wrap(secret, context, committee);
  const opening = joined(secret, ...shares);
  const seals = await Promise.all(
    attestors.map(async (party, i) => toHex(await seal(opening, party.hpkeKey, info(context, i, SUBMIT_DOMAIN)))),
  );
  return { file: blob, envelope, submission: { datasetId, contributor, fileHash, envelopeHash: sha256(envelope), seals } };
}

export const SUBMIT_DOMAIN = "datadao/submit/1";

