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
