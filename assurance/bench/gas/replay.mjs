// Repeats the transactions of a chain, given as JSON on standard input, under the rules of two hard forks.
//
// Under those that the chain had, each block must use the gas it used there, to the unit; under the later ones the
// answer, JSON on standard output, has for each transaction asked for: gas, new slots, and of those in `limited` the least
// limit of gas with which it does the same.
import { createRequire } from "node:module";
import { readFileSync, writeFileSync } from "node:fs";

// What the virtual machine itself depends on, wherever npm has put it.
const of = createRequire(createRequire(import.meta.url).resolve("@ethereumjs/vm"));
const { createVM, runTx } = createRequire(import.meta.url)("@ethereumjs/vm");
const { Hardfork, Mainnet, createCustomCommon } = of("@ethereumjs/common");
const { createLegacyTx } = of("@ethereumjs/tx");
const { createAccount, createAddressFromString, hexToBytes } = of("@ethereumjs/util");
const { createBlock } = of("@ethereumjs/block");

const RICHES = 10n ** 30n;
const BLOCK_LIMIT = 200_000_000n; // of the later fork, as announced
const SLOT = 97_920; // state gas of a new one
const STEP = 100n; // limits are exact to this

const { chainId, blocks, asked, limited } = JSON.parse(readFileSync(0, "utf8"));
const answer = {};

async function repeat(fork, transactionLimit) {
  const common = createCustomCommon({ chainId }, Mainnet, { hardfork: fork });
  const vm = await createVM({ common });
  const nonces = new Map();

  async function send(sent, number, timestamp, gasLimit, nonce) {
    const from = createAddressFromString(sent.from);
    const fields = { nonce, gasPrice: 10n ** 10n, gasLimit, to: sent.to ?? undefined, value: BigInt(sent.value), data: sent.data };
    const tx = createLegacyTx(fields, { common, freeze: false });
    // The node sent in the name of accounts whose keys nothing else needs.
    Object.assign(tx, { getSenderAddress: () => from, isSigned: () => true, hash: () => new Uint8Array(32) });
    const header = { number, timestamp, gasLimit: BLOCK_LIMIT, baseFeePerGas: 7n };
    const block = createBlock({ header }, { common });
    return runTx(vm, { tx, block, skipHardForkValidation: true, skipBalance: true });
  }

  async function does(sent, number, timestamp, limit, nonce, logs) {
    await vm.stateManager.checkpoint();
    try {
      const tried = await send(sent, number, timestamp, limit, nonce);
      return !tried.execResult.exceptionError && tried.receipt.logs.length === logs;
    } catch {
      return false; // less than what any transaction of this size takes
    } finally {
      await vm.stateManager.revert();
    }
  }

  async function leastLimit(sent, number, timestamp, nonce, used, logs) {
    let [low, high] = [used - 1n, used + STEP];
    while (!(await does(sent, number, timestamp, high, nonce, logs))) {
      // With all of it the transaction was done just before.
      [low, high] = [high, high * 2n < transactionLimit ? high * 2n : transactionLimit];
    }
    while (high - low > STEP) {
      const middle = (low + high) / 2n;
      if (await does(sent, number, timestamp, middle, nonce, logs)) high = middle;
      else low = middle;
    }
    return Number(high);
  }

  for (const { number, timestamp, gasUsed, edits, transactions } of blocks) {
    let used = 0;
    for (const [address, slot, word] of edits) {
      await vm.stateManager.putStorage(createAddressFromString(address), hexToBytes(`0x${slot}`), hexToBytes(`0x${word}`));
    }
    for (const sent of transactions) {
      if (!nonces.has(sent.from)) {
        await vm.stateManager.putAccount(createAddressFromString(sent.from), createAccount({ nonce: 0n, balance: RICHES }));
        nonces.set(sent.from, 0n);
      }
      const nonce = nonces.get(sent.from);
      nonces.set(sent.from, nonce + 1n);
      const wanted = fork === Hardfork.Amsterdam && asked.includes(sent.hash);
      let least = null;
      if (wanted && limited.includes(sent.hash)) {
        // Tried first: a limit is looked for on the state before the transaction.
        await vm.stateManager.checkpoint();
        const tried = await send(sent, number, timestamp, transactionLimit, nonce);
        await vm.stateManager.revert();
        const logs = tried.receipt.logs.length;
        least = await leastLimit(sent, number, timestamp, nonce, tried.totalGasSpent, logs);
      }
      const done = await send(sent, number, timestamp, transactionLimit, nonce);
      const failure = done.execResult.exceptionError;
      if (failure) throw new Error(`${fork}: the transaction in block ${number} fails: ${failure.error}`);
      used += Number(done.totalGasSpent);
      if (!wanted) continue;
      const slots = Number(done.txStateGas ?? 0) / SLOT;
      answer[sent.hash] = { gas: Number(done.totalGasSpent), slots, limit: least };
    }
    if (fork !== Hardfork.Amsterdam && used !== gasUsed) {
      throw new Error(`${fork}: block ${number} used ${gasUsed} gas on the node, and ${used} here`);
    }
  }
}

await repeat(Hardfork.Cancun, 29_500_000n);
await repeat(Hardfork.Amsterdam, 190_000_000n);
writeFileSync(1, JSON.stringify(answer));
