// The desk: an inbox, the relay's door, and what it read. It can withhold and lie; what matters is held against a node.
import { type Address, type Hex, keccak256, sha256 } from "viem";

import { type Text } from "./chain/proposals.js";
import { type Prepared } from "./crypto/contribute.js";

/** The desk's own reason, in its words. */
export class Refused extends Error {
  constructor(
    message: string,
    readonly status: number,
  ) {
    super(message);
  }
}

export interface Contribution {
  readonly datasetId: number;
  readonly batchId: number;
  readonly standing: "claimable" | "claimed" | "erased" | "duplicate";
  readonly fingerprint: Hex;
  readonly fileHash: Hex;
  readonly envelopeHash: Hex;
  readonly units: number;
  readonly qualityBps: number;
}

export interface Submitted {
  readonly id: Hex;
  readonly state: "announced" | "handed in";
  readonly missing: readonly Hex[];
  /** So many assessors signed what they make of it. */
  readonly scored: number;
}

export interface Sent {
  readonly id: Hex;
  readonly kind: string;
  readonly state: "waiting" | "sent" | "done" | "dropped" | "posted";
  readonly reason?: string;
  readonly transaction?: Hex;
}

export interface Limits {
  readonly fileBytes: number;
}

/** As `datadao card` has it; amounts in the asset's smallest unit. Only what the page shows. */
export interface Card {
  readonly block: number;
  readonly time: number;
  readonly properties: readonly { readonly name: string; readonly type: string; readonly required: boolean }[] | null;
  readonly records: number;
  readonly files: number;
  readonly contributors: number;
  readonly quality: readonly number[];
  readonly accepted: number;
  readonly erased: number;
  readonly batches: readonly object[];
  readonly median_days_between_batches: number | null;
  readonly leases: readonly { readonly rent_paid: string }[];
  readonly rent_paid: string;
  readonly samples: readonly { readonly record: string }[];
}

export interface Audit {
  readonly running: boolean;
  readonly report: {
    readonly block: number;
    readonly time: number;
    readonly ok: boolean;
    readonly counts: Readonly<Record<string, number>>;
    readonly differing: number;
    readonly differences: readonly { readonly what: string; readonly rebuilt: unknown; readonly chain: unknown }[];
  } | null;
}

interface PaidPage {
  readonly rows: readonly { readonly dataset: number; readonly paid: string }[];
  readonly next: string | null;
}

interface Written {
  readonly id: string;
  readonly leaseId: number | null;
  readonly proposer: Address;
  readonly description: string;
  readonly actions: readonly { target: Address; value: string; calldata: Hex }[];
}

export class Desk {
  constructor(private readonly url: string) {}

  async limits(): Promise<Limits> {
    return (await this.json<{ limits: Limits }>("/v1/dao")).limits;
  }

  async proposals(limit: number): Promise<Text[]> {
    const { proposals } = await this.json<{ proposals: Written[] }>(`/v1/proposals?limit=${limit}`);
    return proposals.map(({ id, leaseId, proposer, description, actions }) => ({
      id: BigInt(id),
      leaseId: leaseId === null ? null : BigInt(leaseId),
      proposer,
      description,
      actions: actions.map(({ target, value, calldata }) => ({ target, value: BigInt(value), calldata })),
    }));
  }

  card(dataset: bigint): Promise<Card> {
    return this.json(`/v1/datasets/${dataset}/card`);
  }

  audit(): Promise<Audit> {
    return this.json("/v1/audit");
  }

  /** What was paid to an account so far, by dataset. */
  async paid(account: Address): Promise<ReadonlyMap<bigint, bigint>> {
    const found = new Map<bigint, bigint>();
    for (let after: string | null = ""; after !== null; ) {
      const query = after && `&after=${encodeURIComponent(after)}`;
      const page: PaidPage = await this.json(`/v1/tables/shares?account=${account}&limit=100${query}`);
      for (const { dataset, paid } of page.rows) found.set(BigInt(dataset), BigInt(paid));
      after = page.next;
    }
    return found;
  }

  /** The newest of an account, and where the next ones begin. */
  contributions(account: Address, before: string | null): Promise<{ contributions: Contribution[]; next: string | null }> {
    const query = before === null ? "" : `&before=${encodeURIComponent(before)}`;
    return this.json(`/v1/accounts/${account}/contributions?limit=50${query}`);
  }

  /** A public object by the hash that the chain has of it. Raises when the desk gives other bytes. */
  async object(hash: Hex): Promise<Uint8Array> {
    const answer = await this.ask(`/v1/objects/${hash}`);
    const data = new Uint8Array(await answer.arrayBuffer());
    if (sha256(data) !== hash) throw new Refused("the desk gave other bytes than the chain names", 502);
    return data;
  }

  /** The agreement of a lease by the hash that its terms have; or another document, which they name by its sha256. */
  async agreement(hash: Hex): Promise<Uint8Array> {
    const answer = await this.ask(`/v1/agreements/${hash}`).catch(() => undefined);
    if (!answer) return this.object(hash);
    const data = new Uint8Array(await answer.arrayBuffer());
    if (keccak256(data) !== hash) throw new Refused("the desk gave other bytes than the chain names", 502);
    return data;
  }

  /** Hands in what was prepared; interrupted, it goes on where it was. */
  async handIn({ submission, file, envelope }: Prepared, signature: Hex, put: (share: number) => void): Promise<Submitted> {
    const { datasetId, contributor, fileHash, envelopeHash, seals } = submission;
    const body = { datasetId: Number(datasetId), contributor, fileHash, envelopeHash, signature, seals };
    let state = await this.json<Submitted>("/v1/submissions", post(body));
    const objects = new Map<Hex, Blob>([
      [fileHash, file],
      [envelopeHash, new Blob([bytesOf(envelope)])],
    ]);
    for (const hash of state.missing) {
      const data = objects.get(hash);
      if (!data) throw new Refused(`the desk asks for ${hash}, which is not of this file`, 502);
      const headers = { "content-type": "application/octet-stream" };
      state = await this.json<Submitted>(`/v1/submissions/${state.id}/objects/${hash}`, { method: "PUT", body: data, headers });
      put(1);
    }
    return state;
  }

  submission(id: Hex): Promise<Submitted> {
    return this.json(`/v1/submissions/${id}`);
  }

  /** A signed message for the relay: `kind` is the last part of the path. */
  request(kind: string, body: object): Promise<Sent> {
    return this.json(`/v1/requests/${kind}`, post(body));
  }

  sent(id: Hex): Promise<Sent> {
    return this.json(`/v1/requests/${id}`);
  }

  private async json<T>(path: string, init?: RequestInit): Promise<T> {
    return (await (await this.ask(path, init)).json()) as T;
  }

  private async ask(path: string, init: RequestInit = {}): Promise<Response> {
    const answer = await fetch(this.url + path, { ...init, credentials: "omit", referrerPolicy: "no-referrer" });
    if (answer.ok) return answer;
    const said = (await answer.json().catch(() => null)) as { error?: { message?: unknown } } | null;
    const message = said?.error?.message;
    throw new Refused(typeof message === "string" ? message : `HTTP ${answer.status}`, answer.status);
  }
}

function post(body: object): RequestInit {
  return { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
}

function bytesOf(hex: Hex): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(hex.slice(2).match(/../g) ?? [], (pair) => parseInt(pair, 16));
}
