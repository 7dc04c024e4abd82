// Offers and leases, as the contract has them: what a licensee pays for is never taken from the desk.
import { type Address, type Hex, isAddressEqual } from "viem";

import { range } from "./datasets.js";
import { type Node } from "./node.js";

export interface Terms {
  readonly datasetId: bigint;
  readonly purposes: bigint;
  readonly pricePerPeriod: bigint;
  readonly periodLength: bigint;
  readonly periods: bigint;
  readonly bond: bigint;
  readonly royaltyBps: bigint;
  readonly exclusive: boolean;
  readonly minShares: bigint;
  readonly agreementHash: Hex;
}

export interface Offer {
  readonly id: bigint;
  readonly terms: Terms;
  readonly licensee: Address;
  readonly left: bigint;
  readonly expiry: number;
}

export const NOBODY = "0x0000000000000000000000000000000000000000";
export const STATUSES = ["None", "Pending", "Approved", "Active", "Ended", "Refunded"] as const;

/** What a request or an acceptance takes from the licensee at once, at most. */
export const cost = ({ pricePerPeriod, periods, bond }: Terms): bigint => pricePerPeriod * periods + bond;

/** Those that can be accepted now, among the newest `most`. */
export async function offers(node: Node, most = 50): Promise<Offer[]> {
  const { client, leases } = node;
  const [count, now] = await Promise.all([client.readContract({ ...leases, functionName: "offerCount" }), node.now()]);
  const found = await Promise.all(
    range(count).reverse().slice(0, most).map(async (id) => {
      const [{ licensee, capacity, taken, expiry, closed }, [terms]] = await Promise.all([
        client.readContract({ ...leases, functionName: "offer", args: [id] }),
        client.readContract({ ...leases, functionName: "offerTerms", args: [id] }),
      ]);
      return closed || expiry <= now || taken >= capacity ? [] : [{ id, terms, licensee, left: capacity - taken, expiry }];
    }),
  );
  return found.flat();
}

export interface Lease {
  readonly id: bigint;
  readonly status: (typeof STATUSES)[number];
  readonly terms: Terms;
  readonly licensee: Address;
  readonly paidPeriods: bigint;
  readonly paidUntil: number;
  readonly startBy: number;
  readonly returnable: bigint;
}

export async function lease(node: Node, id: bigint): Promise<Lease> {
  const { client, leases } = node;
  const [info, [terms]] = await Promise.all([
    client.readContract({ ...leases, functionName: "lease", args: [id] }),
    client.readContract({ ...leases, functionName: "leaseTerms", args: [id] }),
  ]);
  const { licensee, paidPeriods, paidUntil, startBy, returnable } = info;
  return { id, status: STATUSES[info.status]!, terms, licensee, paidPeriods, paidUntil, startBy, returnable };
}

/** An account's leases: approved ones, the newest eight of each dataset, and those it asked for among the newest `most`. */
export async function leasesOf(node: Node, account: Address, most = 50): Promise<Lease[]> {
  const { client, leases, registry } = node;
  const [datasets, count] = await Promise.all([
    client.readContract({ ...registry, functionName: "datasetCount" }),
    client.readContract({ ...leases, functionName: "leaseCount" }),
  ]);
  const [approved, newest] = await Promise.all([
    Promise.all(range(datasets).map((id) => client.readContract({ ...leases, functionName: "leasesOf", args: [id, account] }))),
    Promise.all(range(count).slice(-most).map(async (id) => {
      const { licensee } = await client.readContract({ ...leases, functionName: "lease", args: [id] });
      return isAddressEqual(licensee, account) ? id : 0n;
    })),
  ]);
  const ids = [...new Set([...approved.flat(), ...newest])].filter((id) => id).sort((a, b) => Number(b - a));
  return Promise.all(ids.map(async (id) => ({ ...(await lease(node, id)), returnable: await returnable(node, id, account) })));
}

/** What the licensee would get back now: what is due to it, and all of a lease that was refused or has lapsed. */
async function returnable(node: Node, id: bigint, account: Address): Promise<bigint> {
  const call = { ...node.leases, functionName: "claimRefund", args: [id], account } as const;
  return (await node.client.simulateContract(call).catch(() => ({ result: 0n }))).result;
}
