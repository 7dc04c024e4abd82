// HPKE (RFC 9180) in its single-shot base form: X25519, HKDF-SHA256, ChaCha20-Poly1305, as datadao/crypto/seal.py.
import { Chacha20Poly1305 } from "@hpke/chacha20poly1305";
import { CipherSuite, DhkemX25519HkdfSha256, HkdfSha256 } from "@hpke/core";
import { type Hex, hexToBytes } from "viem";

import { joined } from "./encoding.js";

export const SUITE_ID = 1;

const KEY_LENGTH = 32;

const suite = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Chacha20Poly1305(),
});

/** Seals to a raw X25519 public key of 32 bytes: the encapsulated key, then the ciphertext (48 bytes longer). */
export async function seal(plaintext: Uint8Array, hpkeKey: Hex, info: Hex): Promise<Uint8Array> {
  const recipientPublicKey = await suite.kem.deserializePublicKey(buffer(hexToBytes(hpkeKey)));
  const { enc, ct } = await suite.seal({ recipientPublicKey, info: buffer(hexToBytes(info)) }, buffer(plaintext));
  return joined(new Uint8Array(enc), new Uint8Array(ct));
}

/** Raises for another key, another `info`, or any altered byte. */
export async function unseal(sealed: Uint8Array, privateKey: Uint8Array, info: Hex): Promise<Uint8Array> {
  const recipientKey = await suite.kem.deserializePrivateKey(buffer(privateKey));
  const [enc, ct] = [sealed.slice(0, KEY_LENGTH), sealed.slice(KEY_LENGTH)].map(buffer);
  return new Uint8Array(await suite.open({ recipientKey, enc: enc!, info: buffer(hexToBytes(info)) }, ct!));
}

/** The library takes buffers alone, and a view may be a part of one. */
function buffer(bytes: Uint8Array): ArrayBuffer {
  return bytes.slice().buffer as ArrayBuffer;
}
