// What data may be used for: bits of a mask; datadao/messages/purposes.py has the same, with public vocabularies.
import { type Key, t } from "./text.js";

const KNOWN: readonly Key[] = ["purpose0", "purpose1", "purpose2"];

export const BITS = KNOWN.map((_, bit) => bit);

/** Of a dataset whose data is only computed on: no licensee ever holds it. */
export const COMPUTE = 1n << 2n;

export const purpose = (bit: number): string => t(KNOWN[bit]!);

/** The purposes of a mask in words; a bit without a meaning is named as such. */
export function purposes(mask: bigint): string {
  const bits = [...mask.toString(2)].reverse().flatMap((digit, bit) => (digit === "1" ? [bit] : []));
  return bits.map((bit) => (bit in KNOWN ? purpose(bit) : t("purposeUnknown", { bit }))).join(", ") || t("none");
}

export const AI_DRAFT = "draft-ietf-aipref-vocab-08";

/** How a purpose relates to public vocabularies: the match is SKOS's, seen from the purpose. */
export interface Concept {
  readonly bit: number;
  readonly name: string;
  readonly duo: string;
  readonly duoLabel: string;
  readonly duoMatch: string;
  readonly ai: string;
  readonly aiMatch: string;
}

const CONCEPTS: readonly Concept[] = [
  { bit: 0, name: "research", duo: "DUO:0000042", duoLabel: "general research use", duoMatch: "closeMatch", ai: "train-ai", aiMatch: "relatedMatch" },
  { bit: 1, name: "commercial model training", duo: "DUO:0000004", duoLabel: "no restriction", duoMatch: "broadMatch", ai: "train-ai", aiMatch: "narrowMatch" },
  { bit: 2, name: "compute", duo: "DUO:0000027", duoLabel: "project specific restriction", duoMatch: "relatedMatch", ai: "train-ai", aiMatch: "relatedMatch" },
];

/** Those of a mask, by which agreements name them. */
export const concepts = (mask: bigint): Concept[] => CONCEPTS.filter(({ bit }) => (mask >> BigInt(bit)) & 1n);
