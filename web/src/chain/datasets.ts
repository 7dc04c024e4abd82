// Datasets, what they earned, and what is owed to whom.
import { type Address, type Hex, isAddressEqual } from "viem";

import { type Node } from "./node.js";

export interface Dataset {
  readonly id: bigint;
  readonly uri: string;
  readonly schemaHash: Hex;
  readonly purposes: bigint;
  readonly minQuality: number;
  readonly sharesPerUnit: bigint;
  readonly minPricePerPeriod: bigint;
  readonly minPeriod: number;
  readonly maxPeriod: number;
  readonly maxPeriods: number;
  readonly minBond: bigint;
  readonly commonsBps: number;
  readonly treasuryBps: number;
  /** Of all accepted contributions. */
  readonly shares: bigint;
  /** Income of its own so far. */
  readonly received: bigint;
}

export async function datasets(node: Node): Promise<Dataset[]> {
  const { client, registry, splitter } = node;
  const count = await client.readContract({ ...registry, functionName: "datasetCount" });
  return Promise.all(
    range(count).map(async (id) => {
      const [policy, [, shares, received]] = await Promise.all([
        client.readContract({ ...registry, functionName: "currentPolicy", args: [id] }),
        client.readContract({ ...splitter, functionName: "pool", args: [id] }),
      ]);
      return { id, ...policy, shares, received };
    }),
  );
}

export interface Holding {
  readonly dataset: bigint;
  readonly shares: bigint;
  readonly claimable: bigint;
}

export interface Heir {
  readonly heir: Address;
  readonly delayDays: bigint;
  /** The second of the binding; after an objection that from which it can be opened again. */
  readonly since: number;
  /** 0 while it is not open. */
  readonly openedAt: number;
  /** The second from which the heir can take the place; 0 while it is not open. */
  readonly due: number;
  /** By the chain's clock. */
  readonly now: number;
  readonly succeeded: boolean;
}

export interface Member {
  readonly tokens: bigint;
  readonly votes: bigint;
  readonly holdings: readonly Holding[];
  readonly claimable: bigint;
  readonly heir: Heir | null;
}

const NOBODY = "0x0000000000000000000000000000000000000000";

/** What an account has; shares of contributions that are not claimed yet are not among it. */
export async function member(node: Node, account: Address): Promise<Member> {
  const { client, registry, splitter, token } = node;
  const count = await client.readContract({ ...registry, functionName: "datasetCount" });
  const [tokens, votes, heir, holdings] = await Promise.all([
    client.readContract({ ...token, functionName: "balanceOf", args: [account] }),
    client.readContract({ ...token, functionName: "getVotes", args: [account] }),
    heirOf(node, account),
    Promise.all(
      range(count).map(async (dataset) => {
        const [shares, claimable] = await Promise.all([
          client.readContract({ ...splitter, functionName: "sharesOf", args: [dataset, account] }),
          client.readContract({ ...splitter, functionName: "claimable", args: [account, [dataset]] }),
        ]);
        return { dataset, shares, claimable };
      }),
    ),
  ]);
  return {
    tokens,
    votes,
    holdings: holdings.filter(({ shares, claimable }) => shares || claimable),
    claimable: holdings.reduce((sum, { claimable }) => sum + claimable, 0n),
    heir,
  };
}

/** Who may take an account's place; null where it named nobody. */
export async function heirOf(node: Node, account: Address): Promise<Heir | null> {
  const { client, token } = node;
  const [[heir, delayDays, since, openedAt, succeeded], now] = await Promise.all([
    client.readContract({ ...token, functionName: "succession", args: [account] }),
    node.now(),
  ]);
  if (heir === NOBODY) return null;
  const due = openedAt && openedAt + Number(delayDays) * 86_400;
  return { heir, delayDays, since, openedAt, due, now: Number(now), succeeded };
}

/** Is the account the heir of another, or has it taken the heir's place? */
export async function inherits({ client, token }: Node, account: Address, { heir }: Heir): Promise<boolean> {
  const [holder] = await client.readContract({ ...token, functionName: "holderOf", args: [heir] });
  return isAddressEqual(holder, account);
}

export interface Books {
  readonly received: bigint;
  readonly paid: bigint;
  readonly owed: bigint;
  /** What the contract for income holds. */
  readonly held: bigint;
  /** What the contract for leases holds, and owes: deposits, prepaid rent, bonds. */
  readonly escrow: bigint;
  readonly escrowOwed: bigint;
  readonly treasury: bigint;
}

export async function books(node: Node): Promise<Books> {
  const { client, splitter, leases, asset, timelock } = node;
  const count = await client.readContract({ ...splitter, functionName: "poolCount" });
  const held = (address: Address) => client.readContract({ ...asset, functionName: "balanceOf", args: [address] });
  const [[received, paid, owed], [escrow, escrowOwed], mine, treasury] = await Promise.all([
    client.readContract({ ...splitter, functionName: "conservation", args: [0n, count] }),
    client.readContract({ ...leases, functionName: "solvency" }),
    held(splitter.address),
    held(timelock.address),
  ]);
  return { received, paid, owed, held: mine, escrow, escrowOwed, treasury };
}

/** 1 to count. */
export function range(count: bigint): bigint[] {
  return Array.from({ length: Number(count) }, (_, i) => BigInt(i + 1));
}
