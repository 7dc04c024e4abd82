// Shamir shares of a 32-byte key: two 16-byte halves, each shared over GF(2^128), joined into 32-byte shares. The field,
// its polynomial and the place of slot i at x = i + 1 are those of datadao/crypto/shares.py and of pycryptodome.

const HALF = 16;
const MODULUS = (1n << 128n) | 0b10000111n; // x^128 + x^7 + x^2 + x + 1

/** `count` shares of 32 bytes, any `threshold` of which give `secret` back; share i belongs to slot i. */
export function split(secret: Uint8Array, threshold: number, count: number): Uint8Array[] {
  if (secret.length !== 2 * HALF || threshold < 1 || threshold > count) {
    throw new RangeError(`cannot split ${secret.length} bytes ${threshold}-of-${count}`);
  }
  const polynomials = [0, HALF].map((at) => [
    number(secret.subarray(at, at + HALF)),
    ...Array.from({ length: threshold - 1 }, () => number(crypto.getRandomValues(new Uint8Array(HALF)))),
  ]);
  return Array.from({ length: count }, (_, slot) => share(polynomials.map((p) => valueAt(p, BigInt(slot + 1)))));
}

/** The secret from shares by slot, as many as the threshold says. A wrong share gives a wrong secret without a word. */
export function combine(shares: ReadonlyMap<number, Uint8Array>): Uint8Array {
  const places = [...shares.keys()].map((slot) => BigInt(slot + 1));
  const halves = [0n, 0n];
  for (const [slot, bytes] of shares) {
    if (bytes.length !== 2 * HALF) throw new RangeError("a share is 32 bytes");
    const mine = BigInt(slot + 1);
    let [above, below] = [1n, 1n];
    for (const place of places.filter((other) => other !== mine)) {
      above = multiply(above, place);
      below = multiply(below, mine ^ place);
    }
    const weight = multiply(above, inverse(below));
    for (const half of [0, 1]) {
      halves[half]! ^= multiply(weight, number(bytes.subarray(half * HALF, (half + 1) * HALF)));
    }
  }
  return share(halves);
}

function valueAt(coefficients: readonly bigint[], x: bigint): bigint {
  return coefficients.reduceRight((sum, coefficient) => multiply(sum, x) ^ coefficient, 0n);
}

function multiply(a: bigint, b: bigint): bigint {
  let product = 0n;
  for (; b; b >>= 1n) {
    if (b & 1n) product ^= a;
    a <<= 1n;
    if (a >> 128n) a ^= MODULUS;
  }
  return product;
}

/** a^(2^128 - 2), which is 1 / a. */
function inverse(a: bigint): bigint {
  let [result, power] = [1n, a];
  for (let bit = 1; bit < 128; bit++) {
    power = multiply(power, power);
    result = multiply(result, power);
  }
  return result;
}

function number(bytes: Uint8Array): bigint {
  return bytes.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}

function share(halves: readonly bigint[]): Uint8Array {
  const digits = halves.map((half) => half.toString(16).padStart(2 * HALF, "0")).join("");
  return Uint8Array.from(digits.match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
