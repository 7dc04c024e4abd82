// What this browser remembers of what an account handed in and asked for. Never data or keys: names of things only.
import { type Address, type Hex } from "viem";

export interface Remembered {
  readonly kind: "submission" | "request";
  readonly id: Hex;
  /** Of a file, as its owner called it; of a request, its kind. */
  readonly name: string;
  readonly fileHash?: Hex;
  /** Milliseconds. */
  readonly at: number;
}

const MOST = 100;

const key = (account: Address): string => `datadao:${account}`;

export function remembered(account: Address): Remembered[] {
  try {
    const found = JSON.parse(localStorage.getItem(key(account)) ?? "[]") as unknown;
    return Array.isArray(found) ? (found as Remembered[]) : [];
  } catch {
    return []; // storage may be forbidden, as in a private window
  }
}

export function remember(account: Address, item: Remembered): void {
  const others = remembered(account).filter(({ id }) => id !== item.id);
  save(account, [item, ...others].slice(0, MOST));
}

export function forget(account: Address, id: Hex): void {
  save(account, remembered(account).filter((item) => item.id !== id));
}

function save(account: Address, items: readonly Remembered[]): void {
  try {
    localStorage.setItem(key(account), JSON.stringify(items));
  } catch {
    // nothing depends on it
  }
}
