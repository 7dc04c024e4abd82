// What a contributor hands to attestors; datadao/messages/submission.py.
import { type Address, type Hex, encodeAbiParameters } from "viem";

export interface Submission {
  readonly datasetId: bigint;
  readonly contributor: Address;
  readonly fileHash: Hex;
  readonly envelopeHash: Hex;
  /** `seals[i]` opens the file for attestor i. */
  readonly seals: readonly Hex[];
}

const STRUCT = [
  { name: "datasetId", type: "uint256" },
  { name: "contributor", type: "address" },
  { name: "fileHash", type: "bytes32" },
  { name: "envelopeHash", type: "bytes32" },
] as const;

/** What the contributor signs (EIP-712): that this file is its own. */
export function typedSubmission(chainId: bigint, registry: Address, submission: Submission) {
  const { datasetId, contributor, fileHash, envelopeHash } = submission;
  return {
    domain: { name: "DatasetRegistry", version: "1", chainId: Number(chainId), verifyingContract: registry },
    types: { Submission: STRUCT },
    primaryType: "Submission",
    message: { datasetId, contributor, fileHash, envelopeHash },
  } as const;
}

/** As it travels. */
export function encodeSubmission(submission: Submission, signature: Hex): Hex {
  const { datasetId, contributor, fileHash, envelopeHash, seals } = submission;
  return encodeAbiParameters(LAYOUT, [datasetId, contributor, fileHash, envelopeHash, signature, seals]);
}

/** Of an encoded submission, in this order: dataset, contributor, file, envelope, signature, seals. */
export const LAYOUT = [
  { type: "uint256" },
  { type: "address" },
  { type: "bytes32" },
  { type: "bytes32" },
  { type: "bytes" },
  { type: "bytes[]" },
] as const;
