#!/bin/sh
# Guess: via-IR merges neighbouring writes to one packed storage word into one store, and what a function costs does not
# depend on functions that it never calls.
# Instead: the writes are merged only while each of their helpers has one caller. A function that writes one field of the
# same width at the same offset, of another struct even, turns one store of `all` into three, at any number of optimizer
# runs: some 470 gas, paid by a function that nobody edited.
# solc 0.8.37 (npm; same compiler as native), @ethereumjs/evm 10.1.3 counts. Hurts: whoever packs storage by hand and
# compares gas between versions; build the word in a local variable where it counts, and count stores in a test.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export HOME="$folder" npm_config_update_notifier=false
cd "$folder"
npm init --yes >/dev/null
npm install --loglevel=error --ignore-scripts --no-audit --no-fund solc@0.8.37 @ethereumjs/evm@10.1.3 @ethereumjs/util@10.1.3 >/dev/null

cat > count.mjs <<'JAVASCRIPT'
import assert from 'node:assert'
import solc from 'solc'
import { createEVM } from '@ethereumjs/evm'
import { Account, createZeroAddress } from '@ethereumjs/util'

const all = `
    struct Word { uint96 a; uint40 b; uint40 c; uint40 d; }
    mapping(uint256 => Word) words;
    function all(uint40 x) external { Word storage w = words[x]; w.b = x; w.c = x + 1; w.d = x + 2; }`
const unrelated = `
    struct Another { uint96 first; uint40 second; uint40 third; }
    mapping(uint256 => Another) others;
    function one(uint40 x) external { others[x].third = x; }`

async function run(members, runs) {
    const settings = { viaIR: true, evmVersion: 'cancun', optimizer: { enabled: true, runs } }
    settings.outputSelection = { '*': { '*': ['evm.deployedBytecode.object', 'evm.methodIdentifiers'] } }
    const sources = { 'C.sol': { content: `pragma solidity 0.8.37; contract C { ${members} }` } }
    const answer = JSON.parse(solc.compile(JSON.stringify({ language: 'Solidity', sources, settings })))
    const { deployedBytecode, methodIdentifiers } = answer.contracts['C.sol'].C.evm
    const evm = await createEVM()
    await evm.stateManager.putAccount(createZeroAddress(), new Account())
    let stores = 0
    evm.events.on('step', (step, next) => { stores += step.opcode.name === 'SSTORE'; next?.() })
    const result = await evm.runCode({
        code: Buffer.from(deployedBytecode.object, 'hex'),
        data: Buffer.from(methodIdentifiers['all(uint40)'] + '7'.padStart(64, '0'), 'hex'),
        gasLimit: 1_000_000n,
    })
    assert(!result.exceptionError)
    return { stores, gas: result.executionGasUsed }
}

console.log('solc', solc.version())
for (const runs of [1, 200, 100_000]) {
    const alone = await run(all, runs), beside = await run(all + unrelated, runs)
    console.log(`runs ${runs}: all() alone`, alone, 'beside an unrelated function', beside)
    assert.equal(alone.stores, 1)
    assert.equal(beside.stores, 3)
    assert(beside.gas > alone.gas + 400n)
}
JAVASCRIPT
node count.mjs
