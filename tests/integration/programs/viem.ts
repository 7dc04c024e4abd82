// A contributor claims and a licensee asks for a lease, with viem: every call, event and error typed by the ABIs.
import {
  BaseError, ContractFunctionRevertedError, createPublicClient, createWalletClient, decodeErrorResult, decodeEventLog,
  defineChain, erc20Abi, http, parseEventLogs,
} from "viem";
import { privateKeyToAccount } from "viem/accounts";
import { dataLeasesAbi, dataTokenAbi, datasetRegistryAbi, errorsAbi } from "datadao";
import { cost, terms, type GivenTrade } from "./given.js";

const ether = { name: "Ether", symbol: "ETH", decimals: 18 };

export async function main(given: GivenTrade) {
  const transport = http(given.url);
  const rpcUrls = { default: { http: [given.url] } };
  const chain = defineChain({ id: 31337, name: "a node of ours", nativeCurrency: ether, rpcUrls });
  const client = createPublicClient({ chain, transport, pollingInterval: 20 });
  const wallet = (key: `0x${string}`) =>
    createWalletClient({ account: privateKeyToAccount(key), chain, transport });
  const contributor = wallet(given.contributorKey), licensee = wallet(given.licenseeKey);
  const registry = { address: given.addresses.registry, abi: datasetRegistryAbi } as const;
  const leases = { address: given.addresses.leases, abi: dataLeasesAbi } as const;
  const token = { address: given.addresses.token, abi: dataTokenAbi } as const;
  const asset = { address: given.asset, abi: erc20Abi } as const;

  // Reads, structs as objects.
  const symbol: string = await client.readContract({ ...token, functionName: "symbol" });
  const policy = await client.readContract({ ...registry, functionName: "policy", args: [1n, 1n] });
  const minBond: bigint = policy.minBond, maxPeriods: number = policy.maxPeriods, uri: string = policy.uri;

  // A contributor claims.
  const { contribution: { units, quality, ...hashes }, proof } = given;
  const contribution = { ...hashes, units: BigInt(units), quality: BigInt(quality) };
  const claim = { ...registry, functionName: "claim", args: [BigInt(given.batchId), contribution, proof] } as const;
  const claiming = await client.simulateContract({ ...claim, account: contributor.account });
  const claimed = await client.waitForTransactionReceipt({ hash: await contributor.writeContract(claiming.request) });
  const [claimEvent] = parseEventLogs({ abi: datasetRegistryAbi, eventName: "ContributionClaimed", logs: claimed.logs });
  const balance: bigint = await client.readContract({
    ...token, functionName: "balanceOf", args: [contributor.account.address],
  });

  // A second time is refused by the contract that was called: its error is in its own ABI.
  const again = await refusal(() => client.simulateContract({ ...claim, account: contributor.account }));

  // A licensee who forgot to approve is refused by the asset: an error of a contract further down.
  const asked = terms(given.terms);
  const request = { ...leases, functionName: "request", args: [asked, given.hpkeKey, "asked with viem"] } as const;
  const unapproved = await refusal(() => client.simulateContract({ ...request, account: licensee.account }));

  // Approved, it is escrowed and put to the vote.
  const approval = await licensee.writeContract({
    ...asset, functionName: "approve", args: [leases.address, cost(asked)],
  });
  await client.waitForTransactionReceipt({ hash: approval });
  const asking = await client.simulateContract({ ...request, account: licensee.account });
  const [leaseId, proposalId] = asking.result;
  const receipt = await client.waitForTransactionReceipt({ hash: await licensee.writeContract(asking.request) });
  const requested = receipt.logs
    .filter((log) => log.address === leases.address.toLowerCase())
    .map((log) => decodeEventLog({ abi: dataLeasesAbi, ...log }))
    .find((event) => event.eventName === "LeaseRequested");
  const found = await client.getContractEvents({
    ...leases, eventName: "LeaseRequested", args: { licensee: licensee.account.address }, fromBlock: 0n, strict: true,
  });
  const [allowed, hpkeKey, , , until] = await client.readContract({
    ...leases, functionName: "leaseAccess", args: [leaseId],
  });

  return {
    symbol, policy: { minBond, maxPeriods, uri }, claimEvent: claimEvent?.args, balance, again, unapproved,
    leaseId, proposalId, requested: requested?.args, found: found.map((log) => log.args.proposalId),
    access: { allowed, hpkeKey, until },
  };
}

/** The error a call was refused with: viem decodes what the called contract declares, the rest is in `errorsAbi`. */
async function refusal(call: () => Promise<unknown>) {
  const error: unknown = await call().then(() => undefined, (reason: unknown) => reason);
  const reverted = error instanceof BaseError ? error.walk((cause) => cause instanceof ContractFunctionRevertedError) : null;
  if (!(reverted instanceof ContractFunctionRevertedError) || reverted.raw === undefined) throw error;
  const { errorName, args } = decodeErrorResult({ abi: errorsAbi, data: reverted.raw });
  if (reverted.data && reverted.data.errorName !== errorName) throw new Error("decoded in two ways");
  return { name: errorName, args, declared: reverted.data !== undefined };
}
