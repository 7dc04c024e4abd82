// A chain of its own in the virtual machine: state by block, a pool, blocks, receipts, and what can be tried on them.
import { createRequire } from "node:module";

// What the virtual machine itself depends on, wherever npm has put it.
const here = createRequire(import.meta.url);
const of = createRequire(here.resolve("@ethereumjs/vm"));
const { createVM, runTx } = here("@ethereumjs/vm");
const { Mainnet, createCustomCommon } = of("@ethereumjs/common");
const { createBlock } = of("@ethereumjs/block");
const { createLegacyTx, createTxFromRLP } = of("@ethereumjs/tx");
const { computeIntrinsicGasDimensions8037 } = of("@ethereumjs/evm");
const { Account, bytesToHex, createAccount, createAddressFromString, hexToBytes, setLengthLeft } = of("@ethereumjs/util");

const CAP = 2n ** 24n; // of a transaction (EIP-7825); under Amsterdam's rules of its execution
const EXACT = 64n; // an estimate is so to this part of it, as geth's is
const GWEI = 10n ** 9n;

/** What a node answers instead of a result. */
export class Refused extends Error {
  constructor(code, message, data) {
    super(message);
    Object.assign(this, { code, data });
  }
}

export const hex = (value) => `0x${BigInt(value).toString(16)}`;
const number = (value, otherwise = 0n) => (value === undefined || value === null ? otherwise : BigInt(value));
const account = (value) => createAddressFromString(value);
const bytes = (value) => hexToBytes(value.length % 2 ? `0x0${value.slice(2)}` : value);
const word = (value) => setLengthLeft(bytes(value), 32);

export class Chain {
  /** `calls` is the gas that a call or an estimate may take; `clock` tells the seconds of the next block. */
  static async create({ chainId, rules, blockGas, callGas, rich }) {
    const chain = new Chain();
    const common = createCustomCommon({ chainId }, Mainnet, { hardfork: rules });
    const blockchain = { getBlock: async (at) => chain.blocks[Number(at)].block, shallowCopy: () => blockchain };
    const vm = await createVM({ common, blockchain });
    Object.assign(chain, { common, vm, blockGas: BigInt(blockGas), callGas: BigInt(callGas), chainId });
    Object.assign(chain, { blocks: [], byHash: new Map(), mined: new Map(), pool: [], automine: true, offset: 0n });
    chain.split = common.isActivatedEIP(8037); // state gas apart
    chain.capped = common.isActivatedEIP(7825) && !chain.split; // the whole limit
    for (const one of rich) await chain.setAccount(one, { balance: 10_000n * 10n ** 18n });
    await chain.seal(chain.header(0n), [], []);
    return chain;
  }

  get latest() {
    return this.blocks.at(-1);
  }

  address(value) {
    return account(value);
  }

  word(value) {
    return word(hex(value));
  }

  // Blocks

  now() {
    return BigInt(Math.floor(Date.now() / 1000)) + this.offset;
  }

  nextTime() {
    if (this.nextTimestamp !== undefined) return this.nextTimestamp;
    const last = this.latest?.time ?? 0n;
    if (this.interval !== undefined) return last + this.interval;
    const now = this.now();
    return now > last ? now : last; // several blocks share a second
  }

  header(index) {
    const last = this.latest?.block.header;
    return {
      number: index,
      timestamp: this.nextTime(),
      gasLimit: this.blockGas,
      baseFeePerGas: this.blocks.length < 2 ? GWEI : last.calcNextBaseFee(), // anvil's first two blocks too
      parentHash: this.latest?.block.hash(),
    };
  }

  async seal(fields, done, receipts) {
    const state = this.vm.stateManager;
    await state.flush();
    const stateRoot = await state.getStateRoot();
    const logsBloom = new Uint8Array(256);
    for (const receipt of receipts) hexToBytes(receipt.logsBloom).forEach((bits, at) => (logsBloom[at] |= bits));
    const block = createBlock({ header: { ...fields, stateRoot, logsBloom } }, { common: this.common });
    const hash = bytesToHex(block.hash());
    const entry = { block, hash, root: stateRoot, time: block.header.timestamp, transactions: done, logs: receipts.flatMap((r) => r.logs) };
    this.blocks.push(entry);
    this.byHash.set(hash, this.blocks.length - 1);
    for (const receipt of receipts) receipt.blockHash = hash;
    for (const log of entry.logs) log.blockHash = hash;
    return entry;
  }

  /** Mines a block with what waits and may be mined. */
  async mine() {
    const header = this.header(BigInt(this.blocks.length));
    const block = createBlock({ header }, { common: this.common });
    const [done, receipts] = [[], []];
    let [execution, state, paid, logs] = [0n, 0n, 0n, 0];
    for (const tx of this.ready()) {
      if (this.split ? false : paid + tx.gasLimit > this.blockGas) continue;
      let ran;
      try {
        ran = await runTx(this.vm, { tx, block, skipHardForkValidation: true });
      } catch (error) {
        this.drop(tx);
        if (this.automine) throw new Refused(-32000, error.message);
        continue;
      }
      this.drop(tx);
      paid += ran.totalGasSpent;
      // A block counts the larger of execution and state (EIP-8037), and no refunds (EIP-7778).
      if (this.split) [execution, state] = [execution + ran.txRegularGas, state + ran.txStateGas];
      const receipt = this.receipt(tx, ran, header, done.length, paid, logs);
      logs += receipt.logs.length;
      done.push(tx);
      receipts.push(receipt);
      this.mined.set(receipt.transactionHash, { tx, receipt, block: this.blocks.length });
    }
    header.gasUsed = this.split ? (execution > state ? execution : state) : paid;
    [this.nextTimestamp] = [];
    return this.seal(header, done, receipts);
  }

  receipt(tx, ran, header, index, cumulative, firstLog) {
    const transactionHash = bytesToHex(tx.hash());
    const place = { blockNumber: hex(header.number), transactionHash, transactionIndex: hex(index) };
    const logs = ran.receipt.logs.map(([address, topics, data], at) => ({
      address: bytesToHex(address), topics: topics.map(bytesToHex), data: bytesToHex(data), removed: false,
      logIndex: hex(firstLog + at), blockTimestamp: hex(header.timestamp), ...place,
    }));
    return {
      ...place, type: hex(tx.type), from: tx.getSenderAddress().toString(), to: tx.to?.toString() ?? null, logs,
      status: hex(ran.receipt.status), gasUsed: hex(ran.totalGasSpent), cumulativeGasUsed: hex(cumulative),
      contractAddress: ran.createdAddress?.toString() ?? null, logsBloom: bytesToHex(ran.receipt.bitvector),
      effectiveGasPrice: hex(ran.amountSpent / ran.totalGasSpent),
    };
  }

  // The pool

  /** What can be mined now, each account's transactions by nonce. */
  ready() {
    const next = new Map();
    return this.pool.toSorted((a, b) => Number(a.nonce - b.nonce)).filter((tx) => {
      const from = tx.getSenderAddress().toString();
      const nonce = next.get(from) ?? tx.expected;
      next.set(from, nonce + (nonce === tx.nonce ? 1n : 0n));
      return nonce === tx.nonce;
    });
  }

  drop(tx) {
    this.pool = this.pool.filter((other) => other !== tx);
  }

  async submit(raw) {
    let tx;
    try {
      tx = createTxFromRLP(hexToBytes(raw), { common: this.common, freeze: false });
    } catch (error) {
      throw new Refused(-32602, `invalid transaction: ${error.message}`);
    }
    const hash = bytesToHex(tx.hash());
    if (this.mined.has(hash) || this.pool.some((other) => bytesToHex(other.hash()) === hash)) {
      throw new Refused(-32000, "already known");
    }
    const sender = tx.getSenderAddress();
    const { nonce, balance } = (await this.vm.stateManager.getAccount(sender)) ?? new Account();
    this.refuseLimit(tx);
    if (tx.nonce < nonce) throw new Refused(-32000, `nonce too low: next nonce ${nonce}, tx nonce ${tx.nonce}`);
    const price = tx.maxFeePerGas ?? tx.gasPrice;
    const base = this.header(BigInt(this.blocks.length)).baseFeePerGas;
    if (price < base) throw new Refused(-32000, `max fee per gas less than block base fee: ${price}, base fee ${base}`);
    if (balance < tx.gasLimit * price + tx.value) throw new Refused(-32000, "insufficient funds for gas * price + value");
    const same = this.pool.find((other) => other.nonce === tx.nonce && other.getSenderAddress().equals(sender));
    if (same !== undefined) {
      if (price * 10n < (same.maxFeePerGas ?? same.gasPrice) * 11n) throw new Refused(-32000, "replacement transaction underpriced");
      this.drop(same);
    }
    this.pool.push(tx);
    for (const one of this.pool.filter((other) => other.getSenderAddress().equals(sender))) one.expected = nonce;
    // What waited for this one follows it, each in a block of its own.
    if (this.automine && tx.nonce === nonce) await this.mineAll(sender);
    return hash;
  }

  /** Mines what an account would have sent whose key nobody has. */
  async impersonate({ from, to, data, value, gas }) {
    const sender = account(from);
    const { nonce } = (await this.vm.stateManager.getAccount(sender)) ?? new Account();
    const gasPrice = 10n * this.header(BigInt(this.blocks.length)).baseFeePerGas;
    const fields = { nonce, gasPrice, gasLimit: number(gas, CAP), to: to ?? undefined, value: number(value), data: data ?? "0x" };
    const tx = createLegacyTx(fields, { common: this.common, freeze: false });
    const hash = crypto.getRandomValues(new Uint8Array(32));
    Object.assign(tx, { getSenderAddress: () => sender, isSigned: () => true, hash: () => hash, expected: nonce });
    this.pool.push(tx);
    await this.mine();
    return bytesToHex(hash);
  }

  async mineAll(sender) {
    for (;;) {
      const { nonce } = await this.vm.stateManager.getAccount(sender);
      const next = this.pool.find((tx) => tx.nonce === nonce && tx.getSenderAddress().equals(sender));
      if (next === undefined) return;
      const others = this.pool.filter((tx) => tx !== next);
      next.expected = nonce;
      this.pool = [next];
      try {
        await this.mine();
      } finally {
        this.pool = others;
      }
    }
  }

  refuseLimit(tx) {
    const { intrinsicRegular, intrinsicState } = computeIntrinsicGasDimensions8037(this.common, tx, this.blockGas, tx.getSenderAddress());
    const least = intrinsicRegular + intrinsicState;
    if (tx.gasLimit < least) throw new Refused(-32000, `intrinsic gas too low: gas ${tx.gasLimit}, minimum needed ${least}`);
    if (tx.gasLimit > this.blockGas) throw new Refused(-32000, "exceeds block gas limit");
    if (this.capped && tx.gasLimit > CAP) {
      throw new Refused(-32000, `transaction gas limit too high (cap: ${CAP}, tx: ${tx.gasLimit})`);
    }
  }

  // State

  /** What `work` gives on the state of a block as others pretend it to be; nothing of it stays. */
  async at(entry, overrides, work) {
    const state = this.vm.stateManager;
    const elsewhere = entry !== this.latest;
    if (elsewhere) await state.setStateRoot(entry.root);
    await state.checkpoint();
    try {
      for (const [address, fields] of Object.entries(overrides ?? {})) await this.setAccount(address, fields);
      return await work();
    } finally {
      await state.revert();
      state.originalStorageCache.clear();
      await this.vm.evm.journal.cleanup();
      if (elsewhere) await state.setStateRoot(this.latest.root);
    }
  }

  async setAccount(address, { balance, nonce, code, state: whole, stateDiff }) {
    const [state, at] = [this.vm.stateManager, account(address)];
    const found = (await state.getAccount(at)) ?? createAccount({});
    if (balance !== undefined) found.balance = BigInt(balance);
    if (nonce !== undefined) found.nonce = BigInt(nonce);
    await state.putAccount(at, found);
    if (code !== undefined) await state.putCode(at, hexToBytes(code));
    if (whole !== undefined) await state.clearStorage(at);
    for (const [slot, value] of Object.entries(whole ?? stateDiff ?? {})) await state.putStorage(at, word(slot), bytes(hex(value)));
  }

  /** Changes the state after the last block, as a test wants it. */
  async change(address, fields) {
    await this.setAccount(address, fields);
    await this.vm.stateManager.flush();
    this.latest.root = await this.vm.stateManager.getStateRoot();
  }

  // Trying

  environment(entry, pending, baseFeePerGas) {
    const { header } = entry.block;
    const time = pending ? { number: header.number + 1n, timestamp: this.nextTime() } : { number: header.number, timestamp: header.timestamp };
    return createBlock({ header: { ...time, gasLimit: this.blockGas, baseFeePerGas } }, { common: this.common });
  }

  /** What a call returns. As on other nodes its sender may have code, and pays for nothing. */
  async call(request, entry, pending, overrides) {
    return this.at(entry, overrides, async () => {
      const [caller, to] = [account(request.from ?? `0x${"00".repeat(20)}`), request.to ? account(request.to) : undefined];
      const data = hexToBytes(request.data ?? request.input ?? "0x");
      const asked = number(request.gas, this.callGas);
      const limit = asked < this.callGas ? asked : this.callGas;
      const tx = createLegacyTx({ gasLimit: CAP, to, data, gasPrice: 0n }, { common: this.common });
      const { intrinsicRegular, intrinsicState } = computeIntrinsicGasDimensions8037(this.common, tx, this.blockGas, caller);
      const left = limit - intrinsicRegular - intrinsicState;
      if (left < 0n) throw new Refused(-32000, `intrinsic gas too low: have ${limit}, want ${limit - left}`);
      const { evm } = this.vm;
      const execution = this.split && left > CAP - intrinsicRegular ? CAP - intrinsicRegular : left;
      Object.assign(evm, { stateGasReservoir: left - execution, executionStateGasUsed: 0n, _stateGasSnapshots: [], eip2780PrepOog: false });
      Object.assign(evm, { createdAccountStateGas: new Map(), createdAccountIntrinsicStateGas: new Map() });
      for (const one of [caller, ...(to ? [to] : [])]) evm.journal.addAlwaysWarmAddress(one.toString().slice(2));
      for (const one of evm.precompiles.keys()) evm.journal.addAlwaysWarmAddress(one);
      const block = this.environment(entry, pending, 0n);
      const ran = await evm.runCall({ block, caller, to, data, value: number(request.value), gasLimit: execution, skipBalance: true });
      const { exceptionError, returnValue } = ran.execResult;
      if (exceptionError) throw refusal(exceptionError, returnValue);
      return bytesToHex(returnValue);
    });
  }

  /** A transaction that nobody signed, on the state as it is. */
  async attempt(request, entry, pending, gasLimit) {
    const from = account(request.from ?? `0x${"00".repeat(20)}`);
    const { nonce } = (await this.vm.stateManager.getAccount(from)) ?? new Account();
    const fields = { nonce, gasPrice: 0n, gasLimit, value: number(request.value), data: request.data ?? request.input ?? "0x" };
    const tx = createLegacyTx({ ...fields, to: request.to ?? undefined }, { common: this.common, freeze: false });
    Object.assign(tx, { getSenderAddress: () => from, isSigned: () => true, hash: () => new Uint8Array(32) });
    return runTx(this.vm, { tx, block: this.environment(entry, pending, 0n), skipHardForkValidation: true });
  }

  /** What calls would do, one after another in a block (`eth_simulateV1`, as far as clients ask for it). */
  async simulate({ blockStateCalls: [{ calls, stateOverrides }] }, entry) {
    return this.at(entry, stateOverrides, async () => {
      const done = [];
      for (const request of calls) {
        const ran = await this.attempt(request, entry, true, this.capped ? CAP : this.blockGas);
        const { exceptionError, returnValue } = ran.execResult;
        const error = exceptionError && refusal(exceptionError, returnValue);
        const failed = error && { error: { code: error.code, message: error.message, data: error.data } };
        done.push({ status: hex(error ? 0 : 1), gasUsed: hex(ran.totalGasSpent), returnData: bytesToHex(returnValue), logs: [], ...failed });
      }
      return [{ calls: done }];
    });
  }

  /** The least limit with which a transaction succeeds. */
  async estimate(request, entry, pending, overrides) {
    return this.at(entry, overrides, async () => {
      const from = account(request.from ?? `0x${"00".repeat(20)}`);
      const own = (await this.vm.stateManager.getAccount(from)) ?? new Account();
      let most = [number(request.gas, this.blockGas), this.blockGas, this.callGas].reduce((a, b) => (a < b ? a : b));
      if (this.capped && most > CAP) most = CAP;
      const price = number(request.maxFeePerGas ?? request.gasPrice);
      if (price > 0n && (own.balance - number(request.value)) / price < most) most = (own.balance - number(request.value)) / price;
      const attempt = async (gasLimit) => {
        await this.vm.stateManager.checkpoint();
        try {
          return await this.attempt(request, entry, pending, gasLimit);
        } catch (error) {
          if (/gas limit|INTRINSIC|exceeds/.test(error.message)) return { short: error.message };
          throw new Refused(-32000, error.message);
        } finally {
          await this.vm.stateManager.revert();
        }
      };
      const whole = await attempt(most);
      if (whole.short || whole.execResult.exceptionError?.error === "out of gas") {
        throw new Refused(-32000, `gas required exceeds allowance (${most})`);
      }
      const failed = whole.execResult.exceptionError;
      if (failed) throw refusal(failed, whole.execResult.returnValue);
      const suffices = async (gas) => {
        const tried = await attempt(gas);
        return !tried.short && !tried.execResult.exceptionError;
      };
      // It mostly needs what it uses, or a little more.
      const used = whole.totalGasSpent;
      let [low, high, more] = [used - 1n, used, used / EXACT + 1n];
      while (high < most && !(await suffices(high))) [low, high, more] = [high, high + more, more * 2n];
      if (high > most) high = most;
      while (high - low > high / EXACT) {
        const middle = (low + high) / 2n;
        if (await suffices(middle)) high = middle;
        else low = middle;
      }
      return hex(high);
    });
  }
}

function refusal(error, returned) {
  if (error.error !== "revert") return new Refused(-32000, error.error);
  const data = bytesToHex(returned);
  return new Refused(3, data === "0x" ? "execution reverted" : `execution reverted: custom error ${data.slice(0, 10)}`, data);
}

export { bytesToHex };
