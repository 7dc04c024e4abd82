// A tool that knows OpenZeppelin's ABIs and conventions and nothing of this project takes a proposal from creation to
// execution.
import { AbiCoder, Contract, Interface, JsonRpcProvider, Wallet, id, keccak256, type EventLog, type Result } from "ethers";
import IERC165 from "@openzeppelin/contracts/build/contracts/IERC165.json" with { type: "json" };
import IERC6372 from "@openzeppelin/contracts/build/contracts/IERC6372.json" with { type: "json" };
import IGovernor from "@openzeppelin/contracts/build/contracts/IGovernor.json" with { type: "json" };
import Simple from "@openzeppelin/contracts/build/contracts/GovernorCountingSimple.json" with { type: "json" };
import type { Given, Hex } from "./given.js";

interface GivenProposal extends Given {
  proposerKey: Hex;
  strangerKey: Hex;
  targets: Hex[];
  values: string[];
  calldatas: Hex[];
  description: string;
}

const FOR = 1;

export async function main(given: GivenProposal) {
  const provider = new JsonRpcProvider(given.url, undefined, { pollingInterval: 20, cacheTimeout: -1 });
  const proposer = new Wallet(given.proposerKey, provider);
  const governor = new Contract(given.addresses.governor, IGovernor.abi, proposer);
  const call = (name: string, ...args: unknown[]): Promise<any> => governor.getFunction(name).staticCall(...args);
  const send = async (name: string, ...args: unknown[]) => (await governor.getFunction(name).send(...args)).wait();
  const events = async (name: string, ...args: unknown[]) =>
    ((await governor.queryFilter(governor.getEvent(name)(...args), 0)) as EventLog[]).map((log) => log.args);
  const goTo = async (time: bigint) => {
    await provider.send("evm_setNextBlockTimestamp", [Number(time)]);
    await provider.send("evm_mine", []);
  };

  // What a front end asks first.
  const counting = Object.fromEntries(new URLSearchParams(await call("COUNTING_MODE")));
  const clock = Object.fromEntries(new URLSearchParams(await call("CLOCK_MODE")));
  const now = (await provider.getBlock("latest"))?.timestamp;
  const ticks = (await call("clock")) === BigInt(now ?? -1);
  const governorId = interfaceId(IGovernor.abi, IERC165.abi, IERC6372.abi);
  const asked = {
    governor: governorId, governorBeforeGetProposalId: xor(governorId, selector("getProposalId")),
    erc165: interfaceId(IERC165.abi), erc1155Receiver: "0x4e2312e0", invalid: "0xffffffff",
  };
  const supports = Object.fromEntries(
    await Promise.all(Object.entries(asked).map(async ([name, bytes]) => [name, await call("supportsInterface", bytes)])),
  );

  // The id is known before the proposal is made.
  const { targets, values, calldatas, description } = given;
  const action = [targets, values, calldatas, id(description)] as const;
  const types = ["address[]", "uint256[]", "bytes[]", "bytes32"];
  const proposalId = BigInt(keccak256(AbiCoder.defaultAbiCoder().encode(types, action)));
  const ids = [await call("hashProposal", ...action), await call("getProposalId", ...action)];

  // A description that names its proposer is no other account's to propose.
  const stranger = governor.connect(new Wallet(given.strangerKey, provider)) as Contract;
  const restricted = await stranger.getFunction("propose").staticCall(targets, values, calldatas, description)
    .then(() => null, (error: { data: string }) => governor.interface.parseError(error.data));

  const states = [];
  await send("propose", targets, values, calldatas, description);
  states.push(await call("state", proposalId));
  const [created] = await events("ProposalCreated");
  const [snapshot, deadline]: bigint[] = [await call("proposalSnapshot", proposalId), await call("proposalDeadline", proposalId)];

  await goTo(snapshot! + 1n);
  states.push(await call("state", proposalId));
  await send("castVoteWithReason", proposalId, FOR, "a reason");
  const votes = await events("VoteCast", proposer.address);
  const weight = await call("getVotes", proposer.address, snapshot);
  const tally: Result = await new Contract(governor.target, Simple.abi, provider).getFunction("proposalVotes")(proposalId);
  const enough = tally["forVotes"] >= (await call("quorum", snapshot));

  await goTo(deadline! + 1n);
  states.push(await call("state", proposalId));
  const needsQueuing: boolean = await call("proposalNeedsQueuing", proposalId);
  await send("queue", ...action);
  states.push(await call("state", proposalId));
  const queued = await events("ProposalQueued");
  const eta: bigint = await call("proposalEta", proposalId);

  await goTo(eta);
  await send("execute", ...action);
  states.push(await call("state", proposalId));
  const executed = await events("ProposalExecuted");

  return {
    counting, clock, ticks, supports, proposalId, ids, states, snapshot, deadline, eta, weight, enough, needsQueuing,
    restricted: restricted && { name: restricted.name, args: restricted.args },
    created: created?.toObject(), proposer: await call("proposalProposer", proposalId),
    votes: votes.map((vote) => vote.toObject()), voted: await call("hasVoted", proposalId, proposer.address),
    queued: queued.map((event) => event.toObject()), executed: executed.map((event) => event.toObject()),
  };
}

function selector(name: string): string {
  return new Interface(IGovernor.abi).getFunction(name)!.selector;
}

/** ERC-165: of the functions that the interface itself declares, not those of what it inherits. */
function interfaceId(abi: any[], ...inherited: any[][]): string {
  const selectors = (entries: any[]) => {
    const found: string[] = [];
    new Interface(entries).forEachFunction((fragment) => found.push(fragment.selector));
    return found;
  };
  const theirs = new Set(inherited.flatMap(selectors));
  return selectors(abi).filter((one) => !theirs.has(one)).reduce(xor, "0x00000000");
}

function xor(a: string, b: string): string {
  return `0x${((Number(a) ^ Number(b)) >>> 0).toString(16).padStart(8, "0")}`;
}
