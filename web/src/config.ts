// What a page is built with: where its DAO is, and whom it asks. It stands in index.html, whose hash a release states.
import { type Address, getAddress } from "viem";

export interface Contracts {
  readonly timelock: Address;
  readonly token: Address;
  readonly splitter: Address;
  readonly governor: Address;
  readonly leases: Address;
  readonly registry: Address;
  readonly asset: Address;
}

export interface Config {
  /** What members call their DAO. */
  readonly name: string;
  readonly chainId: number;
  /** Block of the DAO's first transaction: nothing of it is older. */
  readonly since: number;
  readonly contracts: Contracts;
  /** JSON-RPC over HTTP: what the page believes about the chain. */
  readonly node: string;
  /** Without a final slash; null for a page that only reads. */
  readonly desk: string | null;
  /** Files of other languages by their tags. */
  readonly languages: Readonly<Record<string, string>>;
  /** The script of the thread that hashes: hasher.ts. */
  readonly hasher: string;
  /** sha256 over the page's files as `sha256sum` lists them, without index.html. */
  readonly build: string;
}

/** The configuration of this document; addresses are checked, so that a slip is noticed before anything is signed. */
export function read(document: Document): Config {
  const text = document.getElementById("config")?.textContent;
  const config = JSON.parse(text || "null") as Config | null;
  if (!config?.node) throw new Error("This page was built without a DAO: see docs/members.md.");
  const entries = Object.entries(config.contracts).map(([key, address]) => [key, getAddress(address)]);
  const desk = config.desk === null ? null : new URL(config.desk, document.baseURI).href.replace(/\/+$/, "");
  return { ...config, contracts: Object.fromEntries(entries) as unknown as Contracts, desk };
}
