// What members sign for the relay (EIP-712); each contract's own domain, whose name the contract states.
import { type Address, type Hex, domainSeparator } from "viem";

import { type Node } from "./chain/node.js";

/** Typed data, as wallets take it. */
export interface Message {
  readonly domain: Readonly<Record<string, unknown>>;
  readonly types: Readonly<Record<string, readonly { readonly name: string; readonly type: string }[]>>;
  readonly primaryType: string;
  readonly message: object;
}

const BALLOT = "uint256 proposalId,uint8 support,address voter,uint256 nonce";
const STRUCTS = {
  Ballot: BALLOT,
  ExtendedBallot: `${BALLOT},string reason,bytes params`,
  ClaimRequest: "address account,uint48 deadline",
  Erase: "uint256 batchId,bytes32 fingerprint,uint48 deadline",
  BindHeir: "address account,address heir,uint256 delayDays,uint256 nonce,uint48 deadline",
  UnbindHeir: "address account,uint256 nonce,uint48 deadline",
  OpenSuccession: "address account,address heir,uint256 nonce,uint48 deadline",
  VetoSuccession: "address account,uint48 openedAt",
} as const;

type Struct = keyof typeof STRUCTS;

/** A message of `struct` for one of the DAO's contracts. */
export async function message(
  node: Node,
  contract: "governor" | "registry" | "token",
  struct: Struct,
  values: Record<string, unknown>,
): Promise<Message> {
  const { address } = node[contract];
  const types = STRUCTS[struct].split(",").map((member) => {
    const [type, name] = member.split(" ");
    return { name: name!, type: type! };
  });
  return {
    domain: { name: await domainName(node, contract), version: "1", chainId: node.config.chainId, verifyingContract: address },
    types: { [struct]: types },
    primaryType: struct,
    message: values,
  };
}

function domainName(node: Node, contract: "governor" | "registry" | "token"): Promise<string> {
  if (contract === "registry") return Promise.resolve("DatasetRegistry");
  return contract === "governor"
    ? node.client.readContract({ ...node.governor, functionName: "name" })
    : node.client.readContract({ ...node.token, functionName: "name" });
}

/** The next nonce of an account at the token, for messages about heirs. */
export function nonce(node: Node, account: Address): Promise<bigint> {
  return node.client.readContract({ ...node.token, functionName: "nonces", args: [account] });
}

/** A week from now by the chain's clock: long enough for a relay that sends once a day. */
export async function deadline(node: Node): Promise<number> {
  return Number(await node.now()) + 7 * 86_400;
}

/** The permit of an asset for the leases contract, if the asset has permits as EIP-2612 says; else null. */
export async function permitFor(node: Node, owner: Address, value: bigint): Promise<Message | null> {
  const { client, asset, leases, config } = node;
  const abi = PERMIT_ABI;
  try {
    const [name, version, nonce, separator] = await Promise.all([
      client.readContract({ ...asset, functionName: "name" }),
      client.readContract({ address: asset.address, abi, functionName: "version" }).catch(() => "1"),
      client.readContract({ address: asset.address, abi, functionName: "nonces", args: [owner] }),
      client.readContract({ address: asset.address, abi, functionName: "DOMAIN_SEPARATOR" }),
    ]);
    const domain = { name, version, chainId: config.chainId, verifyingContract: asset.address };
    if (domainSeparator({ domain }) !== (separator as Hex)) return null;
    const types = "address owner,address spender,uint256 value,uint256 nonce,uint256 deadline".split(",").map((member) => {
      const [type, field] = member.split(" ");
      return { name: field!, type: type! };
    });
    const message = { owner, spender: leases.address, value, nonce, deadline: BigInt(await deadline(node)) };
    return { domain, types: { Permit: types }, primaryType: "Permit", message };
  } catch {
    return null;
  }
}

const PERMIT_ABI = [
  { type: "function", name: "version", stateMutability: "view", inputs: [], outputs: [{ type: "string" }] },
  { type: "function", name: "nonces", stateMutability: "view", inputs: [{ type: "address" }], outputs: [{ type: "uint256" }] },
  { type: "function", name: "DOMAIN_SEPARATOR", stateMutability: "view", inputs: [], outputs: [{ type: "bytes32" }] },
] as const;
