// The envelope: a file's key, shared among one committee; datadao/crypto/envelope.py.
import { type Address, type Hex, concat, encodeAbiParameters, sha256, stringToHex } from "viem";

import { domainHash, toHex } from "./encoding.js";
import { SUITE_ID, seal } from "./seal.js";
import { combine, split } from "./shares.js";

const VERSION = 1;

/** A custodian's or attestor's raw X25519 public key, as the chain has it. */
export interface Party {
  readonly hpkeKey: Hex;
}

export interface Committee {
  readonly version: bigint;
  readonly threshold: number;
  readonly custodians: readonly Party[];
}

/** Where a file belongs: what every seal of it is bound to. */
export interface Context {
  readonly chainId: bigint;
  readonly registry: Address;
  readonly datasetId: bigint;
  readonly committeeVersion: bigint;
  readonly contributor: Address;
  readonly fileHash: Hex;
}

/** sha256(abi.encode(domain, chainId, registry, datasetId, version, contributor, fileHash, slot)). */
export function info(context: Context, slot: number, domain = "datadao/wrap/1"): Hex {
  const { chainId, registry, datasetId, committeeVersion, contributor, fileHash } = context;
  return domainHash(domain, chainId, registry, datasetId, committeeVersion, contributor, fileHash, BigInt(slot));
}

/** sha256("datadao/commit/1" || info || share). */
export function commitment(context: Context, slot: number, share: Uint8Array): Hex {
  return sha256(concat([stringToHex("datadao/commit/1"), info(context, slot), toHex(share)]));
}

/** Splits and seals `secret`: the stored envelope, and the plain shares, which attestors alone may get. */
export async function wrap(
  secret: Uint8Array,
  context: Context,
  committee: Committee,
): Promise<{ envelope: Hex; shares: Uint8Array[] }> {
  const { threshold, custodians } = committee;
  const shares = split(secret, threshold, custodians.length);
  // A slip in the arithmetic would lose the file for ever; the last shares are those that are most worked out.
  const last = new Map(shares.map((share, slot) => [slot, share] as const).slice(-threshold));
  if (toHex(combine(last)) !== toHex(secret)) throw new Error("the shares do not give the key back");
  const wraps = await Promise.all(
    custodians.map(async (party, slot) => toHex(await seal(shares[slot]!, party.hpkeKey, info(context, slot)))),
  );
  const commitments = shares.map((share, slot) => commitment(context, slot, share));
  const envelope = encodeAbiParameters(LAYOUT, [
    VERSION,
    SUITE_ID,
    committee.version,
    threshold,
    context.fileHash,
    wraps,
    commitments,
  ]);
  return { envelope, shares };
}

/** Of an encoded envelope, in this order: version, suite, committee version, threshold, file, wraps, commitments. */
export const LAYOUT = [
  { type: "uint16" },
  { type: "uint16" },
  { type: "uint256" },
  { type: "uint8" },
  { type: "bytes32" },
  { type: "bytes[]" },
  { type: "bytes32[]" },
] as const;
