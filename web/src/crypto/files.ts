// One contribution, one age file, one random 32-byte key that is used for nothing else; datadao/crypto/files.py.
import { Decrypter, Encrypter, identityToRecipient } from "age-encryption";
import { bech32 } from "@scure/base";
import { sha256 } from "@noble/hashes/sha2.js";
import { type Hex } from "viem";

import { toHex } from "./encoding.js";
import { Hashing } from "./hashing.js";

export interface Ciphertext {
  readonly blob: Blob;
  /** sha256 of the ciphertext: the file's name wherever it is stored. */
  readonly hash: Hex;
}

/** A fresh file key, 32 random bytes. */
export function newSecret(): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(32));
}

/** The age identity whose X25519 scalar is `secret`, by its standard AGE-SECRET-KEY- spelling. */
export function identity(secret: Uint8Array): string {
  return bech32.encodeFromBytes("AGE-SECRET-KEY-", secret).toUpperCase();
}

export interface Options {
  /** Told the bytes done so far. */
  readonly progress?: (bytes: number) => void;
  /** Where the code of the thread is that hashes; without it the hash is made at the end. */
  readonly hasher?: string;
}

/** The age file of `source`. Chunk by chunk: what is kept is the ciphertext, which the browser may lay on its disk. */
export async function encrypt(
  source: ReadableStream<Uint8Array>,
  secret: Uint8Array,
  { progress, hasher }: Options = {},
): Promise<Ciphertext> {
  const encrypter = new Encrypter();
  encrypter.addRecipient(await identityToRecipient(identity(secret)));
  const hashing = new Hashing(PIECE, hasher);
  try {
    const reader = (await encrypter.encrypt(source)).getReader();
    let waiting: BlobPart[] = [];
    let blob = new Blob();
    for (let done = 0, kept = 0; ; ) {
      const next = await reader.read();
      if (next.done) break;
      waiting.push(next.value as Uint8Array<ArrayBuffer>);
      done += next.value.length;
      await hashing.add(next.value);
      // Blobs of blobs let the browser move what is finished out of memory.
      if (done - kept >= PIECE) {
        blob = new Blob([blob, ...waiting]);
        waiting = [];
        kept = done;
        progress?.(done);
      }
    }
    const whole = new Blob([blob, ...waiting], { type: "application/octet-stream" });
    const digest = await hashing.end();
    return { blob: whole, hash: digest ? toHex(digest) : await hashOf(whole) };
  } finally {
    hashing.close();
  }
}

const PIECE = 4 * 1024 * 1024;
const AT_ONCE = 256 * 1024 * 1024;

/** sha256 of a blob. The browser's own is four times as fast as ours, and wants all of it in memory. */
export async function hashOf(blob: Blob, atOnce = AT_ONCE): Promise<Hex> {
  if (blob.size <= atOnce) return toHex(new Uint8Array(await crypto.subtle.digest("SHA-256", await blob.arrayBuffer())));
  const digest = sha256.create();
  const reader = blob.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) digest.update(next.value);
  return toHex(digest.digest());
}

/** The plaintext of an age file. */
export async function decrypt(ciphertext: Blob, secret: Uint8Array): Promise<Blob> {
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity(secret));
  return new Response(await decrypter.decrypt(ciphertext.stream())).blob();
}
