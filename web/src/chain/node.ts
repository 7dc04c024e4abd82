// What a node says, by eth_call: keys to seal to, rules, money and votes are never taken from the desk.
import { type Address, type Hex, type PublicClient, createPublicClient, defineChain, erc20Abi, http } from "viem";

import {
  dataGovernorAbi,
  dataLeasesAbi,
  dataTimelockAbi,
  dataTokenAbi,
  datasetRegistryAbi,
  revenueSplitterAbi,
} from "../../../interfaces/index.js";
import { type Config } from "../config.js";
import { type Committee, type Party } from "../crypto/envelope.js";

export interface Asset {
  readonly address: Address;
  readonly symbol: string;
  readonly decimals: number;
}

/** The contracts as viem takes them, and a client that asks several things in one request. */
export class Node {
  readonly client: PublicClient;
  readonly chain;
  readonly registry;
  readonly token;
  readonly splitter;
  readonly governor;
  readonly leases;
  readonly timelock;
  readonly asset;
  private known: Promise<Asset> | undefined;

  constructor(readonly config: Config) {
    const { chainId, name, contracts, node } = config;
    this.chain = defineChain({
      id: chainId,
      name,
      nativeCurrency: { name: "Ether", symbol: "ETH", decimals: 18 },
      rpcUrls: { default: { http: [node] } },
    });
    this.client = createPublicClient({ chain: this.chain, transport: http(node, { batch: { batchSize: 40 } }) });
    this.registry = { address: contracts.registry, abi: datasetRegistryAbi } as const;
    this.token = { address: contracts.token, abi: dataTokenAbi } as const;
    this.splitter = { address: contracts.splitter, abi: revenueSplitterAbi } as const;
    this.governor = { address: contracts.governor, abi: dataGovernorAbi } as const;
    this.leases = { address: contracts.leases, abi: dataLeasesAbi } as const;
    this.timelock = { address: contracts.timelock, abi: dataTimelockAbi } as const;
    this.asset = { address: contracts.asset, abi: erc20Abi } as const;
  }

  /** Raises unless the node is one of the chain that the page was built for. */
  async check(): Promise<void> {
    const found = await this.client.getChainId();
    if (found !== this.config.chainId) throw new Error(`node of chain ${found}, expected ${this.config.chainId}`);
  }

  /** The settlement asset; one that does not say what it is called is shown by its address. */
  money(): Promise<Asset> {
    this.known ??= (async () => {
      const { address } = this.asset;
      const symbol = await this.client
        .readContract({ ...this.asset, functionName: "symbol" })
        .catch(() => `${address.slice(0, 8)}…`);
      const decimals = await this.client.readContract({ ...this.asset, functionName: "decimals" }).catch(() => 0);
      return { address, symbol: symbol.slice(0, 20), decimals };
    })();
    return this.known;
  }

  /** Whom a file is encrypted for now. */
  async parties(): Promise<{ committee: Committee; attestors: Party[] }> {
    const { client, registry } = this;
    const [version, set] = await Promise.all([
      client.readContract({ ...registry, functionName: "committeeVersion" }),
      client.readContract({ ...registry, functionName: "attestorSetVersion" }),
    ]);
    const [[custodians, threshold], [attestors]] = await Promise.all([
      client.readContract({ ...registry, functionName: "committee", args: [version] }),
      client.readContract({ ...registry, functionName: "attestors", args: [set] }),
    ]);
    const committee = { version, threshold: Number(threshold), custodians: custodians.map(({ hpkeKey }) => ({ hpkeKey })) };
    return { committee, attestors: attestors.map(({ hpkeKey }) => ({ hpkeKey })) };
  }

  /** How many assessors there are, and how many must say the same. */
  async assessors(): Promise<{ count: number; threshold: number }> {
    const { client, registry } = this;
    const set = await client.readContract({ ...registry, functionName: "attestorSetVersion" });
    const [members, threshold] = await client.readContract({ ...registry, functionName: "attestors", args: [set] });
    return { count: members.length, threshold: Number(threshold) };
  }

  now(): Promise<bigint> {
    return this.client.getBlock().then((block) => block.timestamp);
  }

  /** Until a transaction is mined. Raises when it failed. */
  async mined(hash: Hex): Promise<void> {
    const receipt = await this.client.waitForTransactionReceipt({ hash, pollingInterval: 1_000 });
    if (receipt.status !== "success") throw new Error("the transaction failed");
  }
}
