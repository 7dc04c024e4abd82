// Ethereum's JSON-RPC over HTTP in front of a virtual machine that has the rules of a hard fork to come.
//
//     node door.mjs '{"rules": "amsterdam", "chainId": 31337, "blockGas": "200000000", "callGas": "200000000", "rich": []}'
//
// prints the port that it listens on, and ends with its standard input. Accounts in `rich` hold 10,000 ether each. A
// transaction is mined at once.
import { createServer } from "node:http";

import { Chain, Refused, bytesToHex, hex } from "./chain.mjs";

const [SAFE, FINAL] = [32, 64]; // blocks behind the last one, as anvil has it
const settings = JSON.parse(process.argv[2]);
const chain = await Chain.create(settings);
const snapshots = new Map();

function entryAt(name) {
  const last = chain.blocks.length - 1;
  if (name === undefined || name === null || name === "latest" || name === "pending") return chain.latest;
  if (typeof name === "object") return entryAt(name.blockHash === undefined ? name.blockNumber : String(chain.byHash.get(name.blockHash)));
  const behind = { safe: SAFE, finalized: FINAL }[name];
  const index = name === "earliest" ? 0 : behind === undefined ? Number(name) : Math.max(0, last - behind);
  const found = chain.blocks[index];
  if (found === undefined) throw new Refused(-32001, "block not found");
  return found;
}

function shownBlock(entry, whole) {
  const { header } = entry.block;
  const hashes = entry.transactions.map((tx) => bytesToHex(tx.hash()));
  return {
    number: hex(header.number), hash: entry.hash, parentHash: bytesToHex(header.parentHash), timestamp: hex(header.timestamp),
    gasLimit: hex(header.gasLimit), gasUsed: hex(header.gasUsed), baseFeePerGas: hex(header.baseFeePerGas),
    stateRoot: bytesToHex(header.stateRoot), transactionsRoot: bytesToHex(header.transactionsTrie),
    receiptsRoot: bytesToHex(header.receiptTrie), logsBloom: bytesToHex(header.logsBloom), miner: header.coinbase.toString(),
    difficulty: "0x0", totalDifficulty: "0x0", extraData: "0x", size: "0x0", nonce: "0x0000000000000000", uncles: [],
    sha3Uncles: bytesToHex(header.uncleHash), mixHash: bytesToHex(header.mixHash), withdrawals: [],
    transactions: whole ? hashes.map((hash) => shownTransaction(chain.mined.get(hash))) : hashes,
  };
}

function shownTransaction({ tx, receipt }) {
  const fees = tx.maxFeePerGas === undefined ? {} : { maxFeePerGas: hex(tx.maxFeePerGas), maxPriorityFeePerGas: hex(tx.maxPriorityFeePerGas) };
  const { blockHash = null, blockNumber = null, transactionIndex = null, effectiveGasPrice } = receipt ?? {};
  return {
    hash: bytesToHex(tx.hash()), type: hex(tx.type), nonce: hex(tx.nonce), from: tx.getSenderAddress().toString(), to: tx.to?.toString() ?? null,
    value: hex(tx.value), gas: hex(tx.gasLimit), gasPrice: effectiveGasPrice ?? hex(tx.maxFeePerGas ?? tx.gasPrice), ...fees,
    input: bytesToHex(tx.data), chainId: hex(chain.chainId), blockHash, blockNumber, transactionIndex, v: hex(tx.v ?? 0), r: hex(tx.r ?? 0), s: hex(tx.s ?? 0),
  };
}

function logsOf({ address, topics = [], fromBlock, toBlock, blockHash }) {
  const index = (name) => Number(entryAt(name).block.header.number);
  if (blockHash !== undefined && !chain.byHash.has(blockHash)) throw new Refused(-32000, "unknown block");
  const [first, last] = blockHash === undefined
    ? [index(fromBlock), Math.min(chain.blocks.length - 1, /^0x/.test(toBlock ?? "") ? Number(toBlock) : index(toBlock))]
    : [chain.byHash.get(blockHash), chain.byHash.get(blockHash)];
  const addresses = address === undefined || address === null ? null : [address].flat().map((one) => one.toLowerCase());
  const choices = topics.map((choice) => (choice === null ? null : [choice].flat().map((one) => one.toLowerCase())));
  const fits = (log) => (addresses === null || addresses.includes(log.address))
    && choices.every((choice, at) => choice === null || choice.length === 0 || choice.includes(log.topics[at]));
  return chain.blocks.slice(first, last + 1).flatMap((entry) => entry.logs.filter(fits));
}

const on = (name, address, read) => chain.at(entryAt(name), {}, async () => read(await chain.vm.stateManager.getAccount(address), address));

async function waitingFrom(address, mined) {
  let nonce = mined;
  while (chain.pool.some((tx) => tx.nonce === nonce && tx.getSenderAddress().equals(address))) nonce += 1n;
  return nonce;
}

const methods = {
  web3_clientVersion: () => `datadao-door/${chain.common.hardfork()}`,
  net_version: () => String(chain.chainId),
  eth_chainId: () => hex(chain.chainId),
  eth_syncing: () => false,
  eth_accounts: () => [],
  eth_blockNumber: () => hex(chain.blocks.length - 1),
  eth_gasPrice: () => hex(chain.header(0n).baseFeePerGas + 10n ** 9n),
  eth_maxPriorityFeePerGas: () => hex(10n ** 9n),
  eth_feeHistory: (count, newest, percentiles) => {
    const end = Number(entryAt(newest).block.header.number) + 1;
    const start = Math.max(0, end - Number(count));
    const headers = chain.blocks.slice(start, end).map((entry) => entry.block.header);
    const fees = [...headers.map((header) => header.baseFeePerGas), headers.at(-1).calcNextBaseFee()];
    const ratios = headers.map((header) => Number(header.gasUsed) / Number(header.gasLimit));
    const reward = percentiles?.length ? { reward: headers.map(() => percentiles.map(() => hex(10n ** 9n))) } : {};
    return { oldestBlock: hex(start), baseFeePerGas: fees.map(hex), gasUsedRatio: ratios, ...reward };
  },
  eth_getBlockByNumber: (name, whole) => shownOrNull(() => entryAt(name), whole),
  eth_getBlockByHash: (hash, whole) => shownOrNull(() => chain.blocks[chain.byHash.get(hash)], whole),
  eth_getBalance: (address, name) => on(name, chain.address(address), (account) => hex(account?.balance ?? 0n)),
  eth_getTransactionCount: (address, name) => on(name, chain.address(address), async (account, at) => {
    const nonce = account?.nonce ?? 0n;
    return hex(name === "pending" ? await waitingFrom(at, nonce) : nonce);
  }),
  eth_getCode: (address, name) => on(name, chain.address(address), async (_, at) => bytesToHex(await chain.vm.stateManager.getCode(at))),
  eth_getStorageAt: (address, slot, name) => on(name, chain.address(address), async (account, at) => {
    const found = account === undefined ? "0x" : bytesToHex(await chain.vm.stateManager.getStorage(at, chain.word(slot)));
    return `0x${found.slice(2).padStart(64, "0")}`;
  }),
  eth_call: (request, name, overrides) => chain.call(request, entryAt(name), name === "pending", overrides),
  eth_estimateGas: (request, name, overrides) => chain.estimate(request, entryAt(name), name !== "latest", overrides),
  eth_simulateV1: (asked, name) => chain.simulate(asked, entryAt(name)),
  eth_sendRawTransaction: (raw) => chain.submit(raw),
  eth_sendTransaction: (request) => chain.impersonate(request),
  eth_getTransactionByHash: (hash) => {
    const waiting = chain.pool.find((tx) => bytesToHex(tx.hash()) === hash);
    const found = chain.mined.get(hash) ?? (waiting && { tx: waiting });
    return found === undefined ? null : shownTransaction(found);
  },
  eth_getTransactionReceipt: (hash) => chain.mined.get(hash)?.receipt ?? null,
  eth_getLogs: (filter) => logsOf(filter),

  // What tests do to a node of their own, by anvil's names.
  evm_mine: async () => (await chain.mine(), "0x0"),
  anvil_mine: async (count = "0x1", seconds = undefined) => {
    for (let left = Number(count); left > 0; left -= 1) {
      if (seconds !== undefined) chain.nextTimestamp = chain.latest.time + BigInt(seconds);
      await chain.mine();
    }
    return null;
  },
  evm_setAutomine: (on) => ((chain.automine = on), null),
  evm_setNextBlockTimestamp: (seconds) => {
    if (BigInt(seconds) < chain.latest.time) throw new Refused(-32602, "Timestamp error: lower than the previous block's");
    chain.nextTimestamp = BigInt(seconds);
    chain.offset += BigInt(seconds) - chain.now();
    return null;
  },
  evm_increaseTime: (seconds) => ((chain.offset += BigInt(seconds)), hex(chain.offset)),
  anvil_setBlockTimestampInterval: (seconds) => ((chain.interval = BigInt(seconds)), null),
  anvil_autoImpersonateAccount: () => null,
  anvil_setCoinbase: () => null,
  anvil_setBalance: async (address, balance) => (await chain.change(address, { balance }), null),
  anvil_setNonce: async (address, nonce) => (await chain.change(address, { nonce }), null),
  anvil_setCode: async (address, code) => (await chain.change(address, { code }), null),
  anvil_setStorageAt: async (address, slot, value) => (await chain.change(address, { stateDiff: { [slot]: value } }), true),
  evm_snapshot: () => {
    const name = hex(snapshots.size + 1);
    snapshots.set(name, { length: chain.blocks.length, root: chain.latest.root, offset: chain.offset });
    return name;
  },
  evm_revert: async (name) => {
    const kept = snapshots.get(name);
    if (kept === undefined) return false;
    for (const gone of chain.blocks.splice(kept.length)) {
      chain.byHash.delete(gone.hash);
      for (const tx of gone.transactions) chain.mined.delete(bytesToHex(tx.hash()));
    }
    Object.assign(chain, { pool: [], offset: kept.offset });
    chain.latest.root = kept.root;
    await chain.vm.stateManager.setStateRoot(kept.root);
    return true;
  },
};

function shownOrNull(find, whole) {
  try {
    const entry = find();
    return entry === undefined ? null : shownBlock(entry, whole);
  } catch (error) {
    if (error instanceof Refused) return null;
    throw error;
  }
}

async function answer({ id = null, method, params = [] } = {}) {
  try {
    if (!Object.hasOwn(methods, method)) throw new Refused(-32601, `the method ${method} does not exist`);
    return { jsonrpc: "2.0", id, result: await methods[method](...params) };
  } catch (error) {
    const { code = -32603, message, data } = error;
    return { jsonrpc: "2.0", id, error: { code: typeof code === "number" ? code : -32603, message, ...(data === undefined ? {} : { data }) } };
  }
}

// There is one state: questions wait for each other.
let last = Promise.resolve();
const server = createServer((request, response) => {
  const parts = [];
  request.on("data", (part) => parts.push(part));
  request.on("end", () => {
    last = last.then(async () => {
      let body;
      try {
        const asked = JSON.parse(Buffer.concat(parts));
        body = Array.isArray(asked) ? [] : await answer(asked);
        if (Array.isArray(asked)) for (const one of asked) body.push(await answer(one));
      } catch {
        body = { jsonrpc: "2.0", id: null, error: { code: -32700, message: "no JSON" } };
      }
      response.setHeader("Content-Type", "application/json");
      response.end(JSON.stringify(body));
    });
  });
});
server.on("error", (error) => {
  console.error(error.message);
  process.exit(1);
});
process.stdin.on("end", () => process.exit()).resume();
server.listen(settings.port ?? 0, "127.0.0.1", () => console.log(server.address().port));
