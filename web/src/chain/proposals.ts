// Proposals: what they would do comes from the desk or from logs and is held against its id; how the vote stands comes
// from the node.
import {
  type Address,
  type Hex,
  encodeAbiParameters,
  hexToBigInt,
  isAddressEqual,
  keccak256,
  parseEventLogs,
  stringToHex,
  toFunctionSelector,
  zeroHash,
} from "viem";

import { type Desk } from "../desk.js";
import { type Node } from "./node.js";

export const STATES = ["Pending", "Active", "Canceled", "Defeated", "Succeeded", "Queued", "Expired", "Executed"] as const;
export type State = (typeof STATES)[number];

export interface Text {
  readonly id: bigint;
  readonly leaseId: bigint | null;
  readonly proposer: Address;
  readonly description: string;
  readonly actions: readonly { target: Address; value: bigint; calldata: Hex }[];
}

export interface Proposal extends Text {
  readonly state: State;
  readonly opens: bigint;
  readonly closes: bigint;
  readonly executableAt: bigint;
  readonly votes: { readonly for: bigint; readonly against: bigint; readonly abstain: bigint };
  /** Votes for and abstain together that it needs; null until it opens. */
  readonly quorum: bigint | null;
  /** Does the text hash to the id? What does not is not what one would vote on. */
  readonly genuine: boolean;
}

/**
 * The id that the governor gives to a text: its actions and description, hashed; of a lease's, which is known by its
 * action alone, without the description.
 */
export function idOf({ actions, description }: Text, leases: Address): bigint {
  const [first] = actions;
  const isLease = actions.length === 1 && isAddressEqual(first!.target, leases) && first!.calldata.startsWith(APPROVE);
  const encoded = encodeAbiParameters(
    [{ type: "address[]" }, { type: "uint256[]" }, { type: "bytes[]" }, { type: "bytes32" }],
    [
      actions.map(({ target }) => target),
      actions.map(({ value }) => value),
      actions.map(({ calldata }) => calldata),
      isLease ? zeroHash : keccak256(stringToHex(description)),
    ],
  );
  return hexToBigInt(keccak256(encoded));
}

const APPROVE = toFunctionSelector("approve(uint256,bytes32)");

/** The newest first, at most `limit`. */
export async function proposals(node: Node, desk: Desk | null, limit = 20): Promise<Proposal[]> {
  const texts = desk ? await desk.proposals(limit) : await logged(node, limit);
  const now = await node.now();
  return Promise.all(texts.map((text) => standing(node, text, now)));
}

/** How the vote on a text stands. */
export async function standing(node: Node, text: Text, now: bigint): Promise<Proposal> {
  const { client, governor } = node;
  const args = [text.id] as const;
  const [state, [against, votesFor, abstain], opens, closes, executableAt] = await Promise.all([
    client.readContract({ ...governor, functionName: "state", args }),
    client.readContract({ ...governor, functionName: "proposalVotes", args }),
    client.readContract({ ...governor, functionName: "proposalSnapshot", args }),
    client.readContract({ ...governor, functionName: "proposalDeadline", args }),
    client.readContract({ ...governor, functionName: "proposalEta", args }),
  ]);
  const quorum = opens < now ? await client.readContract({ ...governor, functionName: "proposalQuorum", args }) : null;
  return {
    ...text,
    state: STATES[state]!,
    opens,
    closes,
    executableAt,
    votes: { for: votesFor, against, abstain },
    quorum,
    genuine: idOf(text, node.leases.address) === text.id,
  };
}

async function logged(node: Node, limit: number): Promise<Text[]> {
  const { client, governor, config } = node;
  const logs = await client.getLogs({ address: governor.address, fromBlock: BigInt(config.since), toBlock: "latest" });
  const leases = new Map<bigint, bigint>();
  for (const { args } of parseEventLogs({ abi: governor.abi, logs, eventName: "LeaseProposed" })) {
    leases.set(args.proposalId, args.leaseId);
  }
  const made = parseEventLogs({ abi: governor.abi, logs, eventName: "ProposalCreated" });
  return made.reverse().slice(0, limit).map(({ args }) => ({
    id: args.proposalId,
    leaseId: leases.get(args.proposalId) ?? null,
    proposer: args.proposer,
    description: args.description,
    actions: args.targets.map((target, i) => ({ target, value: args.values[i]!, calldata: args.calldatas[i]! })),
  }));
}

export interface Ballot {
  /** Of the account in this vote. */
  readonly weight: bigint;
  readonly voted: boolean;
}

export async function ballot(node: Node, proposal: Proposal, account: Address): Promise<Ballot> {
  const { client, governor, token } = node;
  const open = proposal.quorum !== null;
  const [weight, voted] = await Promise.all([
    open
      ? client.readContract({ ...governor, functionName: "getVotes", args: [account, proposal.opens] })
      : client.readContract({ ...token, functionName: "getVotes", args: [account] }),
    client.readContract({ ...governor, functionName: "hasVoted", args: [proposal.id, account] }),
  ]);
  return { weight, voted };
}
