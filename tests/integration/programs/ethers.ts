// The same trade with ethers, from the JSON ABIs: calls by name, events by filter, errors by the interface.
import {
  Contract, Interface, JsonRpcProvider, Wallet, isCallException, isError, type ContractTransactionReceipt,
  type ContractTransactionResponse, type ErrorDescription, type EventLog, type Result,
} from "ethers";
import leasesAbi from "datadao/DataLeases.json" with { type: "json" };
import registryAbi from "datadao/DatasetRegistry.json" with { type: "json" };
import tokenAbi from "datadao/DataToken.json" with { type: "json" };
import { errorsAbi } from "datadao";
import { cost, terms, type GivenTrade } from "./given.js";

const errors = new Interface(errorsAbi);

export async function main(given: GivenTrade) {
  const provider = new JsonRpcProvider(given.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const contributor = new Wallet(given.contributorKey, provider), licensee = new Wallet(given.licenseeKey, provider);
  const token = new Contract(given.addresses.token, tokenAbi, provider);
  const registry = new Contract(given.addresses.registry, registryAbi, contributor);
  const leases = new Contract(given.addresses.leases, leasesAbi, licensee);
  const asset = new Contract(given.asset, ["function approve(address spender, uint256 amount) returns (bool)"], licensee);

  const symbol: string = await token.getFunction("symbol")();
  const policy: Result = await registry.getFunction("policy")(1n, 1n);

  const contribution = { ...given.contribution };
  const claim = registry.getFunction("claim");
  const claimed = await mined(claim(given.batchId, contribution, given.proof));
  const claimEvent = event(registry.interface, claimed, "ContributionClaimed");
  const balance: bigint = await token.getFunction("balanceOf")(contributor.address);
  const again = await refusal(() => claim.staticCall(given.batchId, contribution, given.proof));

  const asked = terms(given.terms);
  const request = leases.getFunction("request");
  const asking = [asked, given.hpkeKey, "asked with ethers"] as const;
  const unapproved = await refusal(() => request.staticCall(...asking));
  await mined(asset.getFunction("approve")(leases.target, cost(asked)));
  const [leaseId, proposalId]: bigint[] = await request.staticCallResult(...asking);
  const requested = event(leases.interface, await mined(request(...asking)), "LeaseRequested");

  const filter = leases.getEvent("LeaseRequested")(null, null, licensee.address);
  const found = (await leases.queryFilter(filter, 0)) as EventLog[];
  const access: Result = await leases.getFunction("leaseAccess")(leaseId);

  return {
    symbol, balance, again, unapproved, leaseId, proposalId, requested, claimEvent,
    policy: { minBond: policy["minBond"], maxPeriods: policy["maxPeriods"], uri: policy["uri"] },
    found: found.map((log) => log.args["proposalId"]),
    access: { allowed: access["allowed"], hpkeKey: access["hpkeKey"], until: access["until"] },
  };
}

async function mined(sending: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await sending).wait();
  if (receipt === null) throw new Error("it was not mined");
  return receipt;
}

/** Arguments of the receipt's only event of that name, structs within them as objects. */
function event(contract: Interface, receipt: ContractTransactionReceipt, name: string): Record<string, unknown> {
  const parsed = receipt.logs.map((log) => contract.parseLog(log)).filter((log) => log?.name === name);
  if (parsed.length !== 1 || !parsed[0]) throw new Error(`${parsed.length} events ${name}`);
  return parsed[0].args.toObject(true);
}

/** What refused the call. ethers decodes errors that the called contract declares; others need the common interface. */
async function refusal(call: () => Promise<unknown>) {
  const error: unknown = await call().then(() => undefined, (reason: unknown) => reason);
  if (!isCallException(error as Error) || !isError(error, "CALL_EXCEPTION") || error.data === null) throw error;
  const parsed: ErrorDescription | null = errors.parseError(error.data);
  if (error.revert !== null && error.revert.name !== parsed?.name) throw new Error("decoded in two ways");
  return { name: parsed?.name, args: parsed?.args, declared: error.revert !== null };
}
