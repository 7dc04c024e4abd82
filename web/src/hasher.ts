// A thread of the page that hashes ciphertext, beside the one that encrypts; it is given nothing else. It gives the buffer
// of a lot back once it is hashed, and answers null with the sha256 of all lots.
import { sha256 } from "@noble/hashes/sha2.js";

import { type Lot } from "./crypto/hashing.js";

const digest = sha256.create();

addEventListener("message", ({ data: lot }: MessageEvent<Lot | null>) => {
  if (!lot) return postMessage(digest.digest());
  digest.update(new Uint8Array(lot.buffer, 0, lot.bytes));
  postMessage(lot.buffer, { transfer: [lot.buffer] });
});
