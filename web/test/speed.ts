// In a browser: how long a file of so many bytes takes from plaintext to what is handed in, for assurance/bench.
import { type Place, prepare } from "../src/crypto/contribute.js";

async function took(place: Place, bytes: number): Promise<number> {
  const piece = crypto.getRandomValues(new Uint8Array(65_536));
  const file = new Blob(Array.from({ length: Math.ceil(bytes / piece.length) }, () => piece)).slice(0, bytes);
  const start = performance.now();
  await prepare(file.stream(), place, { hasher: "hasher.js" });
  return performance.now() - start;
}

declare global {
  var measured: (place: string, bytes: number) => Promise<number>;
}

globalThis.measured = (place, bytes) => {
  const big = (key: string, value: unknown) => (/Id$|^version$/.test(key) ? BigInt(value as number) : value);
  return took(JSON.parse(place, big) as Place, bytes);
};
