// Bytes that several parties must produce alike; the Python side is datadao/encoding.py.
import { type Hex, concat, encodeAbiParameters, hexToBytes, sha256 } from "viem";

/** An int is a uint256, an address an address, bytes a bytes32. */
export type Word = bigint | Hex;

/** `sha256(abi.encode(domain, ...values))`, 32 bytes. An address has 42 characters, a bytes32 66. */
export function domainHash(domain: string, ...values: Word[]): Hex {
  const kinds = values.map((value) => ({
    type: typeof value === "bigint" ? "uint256" : value.length === 42 ? "address" : "bytes32",
  }));
  return sha256(encodeAbiParameters([{ type: "string" }, ...kinds], [domain, ...values]));
}

/** Bytes of several pieces in a row. */
export function joined(...pieces: Uint8Array[]): Uint8Array {
  return hexToBytes(concat(pieces.map(toHex)));
}

/** 0x and two digits a byte. */
export function toHex(bytes: Uint8Array): Hex {
  return `0x${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
