// Wallets: found by EIP-6963, asked for nothing before the reader picks one.
import { type Abi, type Address, type EIP1193Provider, type Hex, encodeFunctionData, getAddress, numberToHex } from "viem";

import { type Node } from "./chain/node.js";
import { type Message } from "./messages.js";

export interface Announced {
  readonly info: { readonly uuid: string; readonly name: string; readonly icon: string; readonly rdns: string };
  readonly provider: EIP1193Provider;
}

/** Tells of each wallet as it announces itself; the function returned ends that. */
export function discover(found: (wallet: Announced) => void): () => void {
  const listen = (event: Event) => found((event as CustomEvent<Announced>).detail);
  window.addEventListener("eip6963:announceProvider", listen);
  window.dispatchEvent(new Event("eip6963:requestProvider"));
  return () => window.removeEventListener("eip6963:announceProvider", listen);
}

export interface Call {
  readonly address: Address;
  readonly abi: Abi | readonly unknown[];
  readonly functionName: string;
  readonly args: readonly unknown[];
}

/** EIP-3085 */
const UNKNOWN_CHAIN = 4902;

type Request = (call: { method: string; params?: unknown }) => Promise<unknown>;

/** A connected account: a key, or a contract (a Safe, a passkey account) whose wallet signs as ERC-1271 has it. */
export class Wallet {
  private constructor(
    private readonly provider: EIP1193Provider,
    readonly account: Address,
    readonly name: string,
  ) {}

  static async connect({ provider, info }: Announced): Promise<Wallet> {
    const accounts = (await (provider.request as Request)({ method: "eth_requestAccounts" })) as string[];
    if (!accounts[0]) throw new Error("the wallet names no account");
    return new Wallet(provider, getAddress(accounts[0]), info.name);
  }

  /** Calls back when the wallet's account or chain changes; what is shown is of another one then. */
  changed(then: () => void): void {
    this.provider.on?.("accountsChanged", then);
    this.provider.on?.("disconnect", then);
  }

  async sign(node: Node, message: Message): Promise<Hex> {
    await this.ready(node);
    const { domain, types, primaryType, message: values } = message;
    const kinds: Record<string, string> = { name: "string", version: "string", chainId: "uint256", verifyingContract: "address" };
    const EIP712Domain = Object.keys(kinds).filter((key) => key in domain).map((name) => ({ name, type: kinds[name]! }));
    const data = JSON.stringify({ domain, types: { EIP712Domain, ...types }, primaryType, message: values }, plain);
    return (await this.ask("eth_signTypedData_v4", [this.account, data])) as Hex;
  }

  /**
   * Sends calls that belong together and waits until they are mined: as one where the wallet can (EIP-5792), else one
   * after another.
   */
  async send(node: Node, calls: readonly Call[]): Promise<void> {
    await this.ready(node);
    const encoded = calls.map(({ address, abi, functionName, args }) => ({
      to: address,
      data: encodeFunctionData({ abi: abi as Abi, functionName, args }),
    }));
    if (calls.length > 1 && (await this.together(node.config.chainId))) return this.batch(node, encoded);
    for (const call of encoded) {
      const hash = (await this.ask("eth_sendTransaction", [{ from: this.account, ...call }])) as Hex;
      await node.mined(hash);
    }
  }

  private async together(chainId: number): Promise<boolean> {
    const chain = numberToHex(chainId);
    try {
      const said = (await this.ask("wallet_getCapabilities", [this.account, [chain]])) as Record<string, Capabilities>;
      return ["supported", "ready"].includes(said[chain]?.atomic?.status ?? "");
    } catch {
      return false; // a wallet without EIP-5792
    }
  }

  private async batch(node: Node, calls: readonly { to: Address; data: Hex }[]): Promise<void> {
    const request = { version: "2.0.0", from: this.account, chainId: numberToHex(node.config.chainId), atomicRequired: true, calls };
    const { id } = (await this.ask("wallet_sendCalls", [request])) as { id: string };
    for (;;) {
      const { status } = (await this.ask("wallet_getCallsStatus", [id])) as { status: number };
      if (status === 200) return;
      if (status >= 300) throw new Error(`the wallet reports status ${status}`);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  }

  /** On the DAO's chain, which the wallet is asked to go to. */
  private async ready(node: Node): Promise<void> {
    const wanted = numberToHex(node.config.chainId);
    if (BigInt((await this.ask("eth_chainId")) as Hex) === BigInt(wanted)) return;
    try {
      await this.ask("wallet_switchEthereumChain", [{ chainId: wanted }]);
    } catch (error) {
      if ((error as { code?: unknown }).code !== UNKNOWN_CHAIN) throw error;
      const { name: chainName, nativeCurrency, rpcUrls } = node.chain;
      const chain = { chainId: wanted, chainName, nativeCurrency, rpcUrls: rpcUrls.default.http };
      await this.ask("wallet_addEthereumChain", [chain]);
    }
  }

  private ask(method: string, params?: unknown): Promise<unknown> {
    return (this.provider.request as Request)(params === undefined ? { method } : { method, params });
  }
}

interface Capabilities {
  readonly atomic?: { readonly status?: string };
}

const plain = (_: string, value: unknown): unknown => (typeof value === "bigint" ? value.toString() : value);
