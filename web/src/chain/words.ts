// The actions of a proposal in words, by the contracts' ABIs; datadao/cli/wording.py does the same in a terminal.
// Whatever is not understood is shown as bytes, in full.
import { type Abi, type AbiParameter, type Address, type Hex, decodeFunctionData, encodeFunctionData, erc20Abi, isAddressEqual, zeroHash } from "viem";

import { purposes } from "../purposes.js";
import { amount, duration, maybe, moment, percent, price, t, tokens } from "../text.js";
import { type Terms, NOBODY } from "./leases.js";
import { type Asset, type Node } from "./node.js";

const MONEY = new Set(["amount", "bond", "maxCost", "minBond", "minPricePerPeriod", "pricePerPeriod"]);

interface Contract {
  readonly key: string;
  readonly address: Address;
  readonly abi: Abi;
}

export interface Action {
  /** What is done, in the reader's language where there is a phrase for it. */
  readonly title: string;
  readonly target: string;
  readonly arguments: readonly { name: string; value: string }[];
  readonly understood: boolean;
  /** What a lease or an offer would be about, where the action names it. */
  readonly terms?: Terms;
  /** Who alone may take that offer; nobody for anyone. */
  readonly licensee?: Address;
}

/** One action; `asset` is what amounts are in. */
export function worded(node: Node, asset: Asset, target: Address, value: bigint, calldata: Hex): Action {
  const contract = contracts(node).find(({ address }) => isAddressEqual(address, target));
  const where = contract ? maybe(`contract_${contract.key}`, contract.key) : target;
  const paid = value ? [{ name: t("ether"), value: amount(value, 18, 18) }] : [];
  if (contract) {
    try {
      const { functionName, args = [] } = decodeFunctionData({ abi: contract.abi, data: calldata });
      // Another spelling of the same call could hide something behind what is read here.
      if (encodeFunctionData({ abi: contract.abi, functionName, args }) === calldata.toLowerCase()) {
        const entry = contract.abi.find((item) => item.type === "function" && item.name === functionName && item.inputs.length === args.length);
        const inputs = entry?.type === "function" ? entry.inputs : [];
        const terms = inputs.findIndex(({ name, type }) => name === "terms" && type === "tuple");
        const shown = inputs.flatMap((input, i) => {
          if (i === terms) return [];
          // The rules of a dataset: a line each.
          const parts = input.type === "tuple" && "components" in input ? input.components : [input];
          const values = parts[0] === input ? [args[i]] : parts.map(({ name }) => (args[i] as Record<string, unknown>)[name ?? ""]);
          return parts.map((part, j) => ({
            name: called(part, String(i + 1)),
            value: text(node, asset, part, values[j], contract.key === "asset"),
          }));
        });
        const title = maybe(`does_${contract.key}_${functionName}`, t("doesOther", { what: `${contract.key}.${functionName}` }));
        const whom = inputs.findIndex(({ name }) => name === "licensee");
        const about = terms < 0 ? {} : { terms: args[terms] as Terms, licensee: (args[whom] ?? NOBODY) as Address };
        return { title, target: where, arguments: [...shown, ...paid], understood: true, ...about };
      }
    } catch {
      // shown as bytes below
    }
  }
  if (!contract && value && calldata === "0x") return { title: t("paysEther"), target: where, arguments: paid, understood: true };
  const data = { name: t("data"), value: calldata };
  return { title: t("notUnderstood"), target: where, arguments: [data, ...paid], understood: false };
}

function called({ name }: AbiParameter, otherwise = ""): string {
  const plain = name?.replace(/_$/, "") || otherwise;
  return maybe(`argument_${plain}`, plain);
}

function contracts(node: Node): Contract[] {
  const { timelock, token, splitter, governor, leases, registry, asset } = node;
  const known = { timelock, token, splitter, governor, leases, registry, asset };
  return Object.entries(known).map(([key, { address, abi }]) => ({ key, address, abi: (key === "asset" ? erc20Abi : abi) as Abi }));
}

function text(node: Node, asset: Asset, part: AbiParameter, value: unknown, ofAsset: boolean): string {
  if (Array.isArray(value)) {
    const kind = part.type.replace(/\[\d*\]$/, "");
    return value.map((item) => text(node, asset, { ...part, type: kind }, item, ofAsset)).join("; ") || t("none");
  }
  if (part.type === "tuple" && "components" in part) {
    const fields = value as Record<string, unknown>;
    return part.components.map((c) => `${called(c)}: ${text(node, asset, c, fields[c.name ?? ""], ofAsset)}`).join(", ");
  }
  if (part.type === "address") {
    const address = value as Address;
    const known = contracts(node).find((contract) => isAddressEqual(contract.address, address));
    return known ? `${address} (${maybe(`contract_${known.key}`, known.key)})` : address;
  }
  if (part.type === "bytes32" && value === zeroHash) return t("none");
  if (typeof value === "boolean") return value ? t("yes") : t("no");
  if (typeof value !== "bigint" && typeof value !== "number") return String(value);
  return note((part.name ?? "").replace(/_$/, ""), BigInt(value), asset, ofAsset) ?? String(value);
}

function note(name: string, value: bigint, asset: Asset, ofAsset: boolean): string | null {
  if (MONEY.has(name) || (ofAsset && name === "value")) return price(value, asset);
  if (name === "purposes") return purposes(value);
  if (/(shares|sharesPerUnit|ProposalThreshold)$/i.test(name)) return tokens(value);
  if (/(period|delay|extension)(length)?$/i.test(name)) return duration(value);
  if (/(until|deadline|expiry|startBy)$/i.test(name) && value > 1_000_000_000n && value < 10_000_000_000n) return moment(value);
  if (/Bps$/.test(name) || name === "minQuality") return percent(value, 10_000, 2);
  return null;
}
