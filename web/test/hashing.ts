// In a browser: encrypts so many bytes with a hashing thread of this script, for tests/web/test_hashing.py.
import { encrypt, hashOf, newSecret } from "../src/crypto/files.js";

declare global {
  var hashed: (bytes: number, hasher: string) => Promise<{ ours: string; blob: string }>;
}

globalThis.hashed = async (bytes, hasher) => {
  const { blob, hash } = await encrypt(new Blob([new Uint8Array(bytes)]).stream(), newSecret(), { hasher });
  return { ours: hash, blob: await hashOf(blob) };
};
