"""`python -m assurance.audit.replay.replay`: random lives, as they were sent in process, sent again to an anvil node
(X-4).

Compared of every transaction: what it returned or the very error, every event, and its gas to the unit. In process,
state that an earlier transaction touched costs less; so the gas compared with the node's is that of a third EVM, the
in-process one again, which has touched nothing: its accounts and code are those in process at that moment, and its
slots come from the node as it asks for them.
"""

from __future__ import annotations

import random
import re
import secrets
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import pyrevm
from typing_extensions import TypedDict

from assurance.audit.lives.cells import SUBJECTS, cells
from assurance.audit.part import PartError, run, write
from assurance.audit.part import parser as new_parser
from assurance.audit.replay.node import Node, RpcError, anvil
from assurance.audit.replay.traces import Answer, Done, Sent, Trace, heard, traces
from assurance.bench.report import Stopwatch
from assurance.harness.chain.evm import FORK, Revm
from assurance.harness.chain.handles import Log, Reverted, reverted

TRACES = 216
"""Four of each cell."""
_GAS_LIMIT = 30_000_000
_HALTED_GAS = re.compile(r"gas_used: (\d+)")
_TICK = 5.0
"""Seconds between two lines of progress."""


class Result(TypedDict):
    """`audit-report/replay.json`, besides what every part has."""

    seed: int
    traces: int
    machines: dict[str, int]
    """Traces by machine."""
    transactions: int
    refused: int
    """Of them."""
    creations: int
    events: int
    gas: int
    """Of all transactions together, the same on both sides."""
    wrong: list[str]


class Disagreement(Exception):
    """The two sides differ in one transaction."""


class Cold:
    """What a transaction costs an EVM that has touched nothing yet."""

    def __init__(self, chain: Revm, url: str) -> None:
        """`chain` and the node at `url` hold the state before the transaction."""
        self.chain, self.url = chain, url
        self._env = pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain.chain_id, limit_contract_code_size=2**20))
        self._contracts: dict[str, pyrevm.AccountInfo] = {}

    def knows(self, contract: str) -> None:
        """Spares the node from telling the code of a contract for each transaction."""
        self._contracts[contract] = self.chain.evm.basic(contract)

    def gas(self, sent: Sent) -> int:
        """Gas of the transaction, whether it passes or not."""
        evm = pyrevm.EVM(env=self._env, fork_url=self.url, fork_block="latest", spec_id=FORK)
        evm.set_block_env(pyrevm.BlockEnv(number=self.chain.number, timestamp=sent.at))
        for address, account in self._contracts.items():
            evm.insert_account_info(address, account)
        evm.insert_account_info(sent.sender, self.chain.evm.basic(sent.sender))
        try:
            if sent.to is None:
                evm.deploy(sent.sender, sent.data, gas=_GAS_LIMIT)
            else:
                evm.message_call(sent.sender, sent.to, calldata=sent.data, value=sent.value, gas=_GAS_LIMIT)
        except RuntimeError as error:
            if (found := _HALTED_GAS.search(str(error))) is None:
                raise
            return int(found[1])
        assert evm.result is not None
        gas: int = evm.result.gas_used
        return gas


class Replayer:
    """Sends traces to the node and, once more, in process, and compares."""

    def __init__(self, node: Node, chain_id: int) -> None:
        self.node, self.chain_id = node, chain_id
        self.counts: Counter[str] = Counter()
        self.genesis = node.ask("evm_snapshot")

    def world(self, sent: Sequence[Sent]) -> None:
        """Founds a world on both sides: what lives then begin with."""
        self._revert(self.genesis)
        self.genesis = self.node.ask("evm_snapshot")
        first = sent[0].at
        self.chain = Revm(first, self.chain_id, code_limit=2**20)
        self.cold = Cold(self.chain, self.node.url)
        self._time(first)
        for each in sent:
            self.send(each)
        self.founded = self.node.ask("evm_snapshot"), self.chain.snapshot()

    def life(self, sent: Sequence[Sent]) -> None:
        there, here = self.founded
        self._revert(there)
        self.chain.revert(here)
        self.founded = self.node.ask("evm_snapshot"), self.chain.snapshot()
        for each in sent:
            self.send(each)

    def send(self, sent: Sent) -> None:
        """Raises `Disagreement` if the two sides differ, or either from what was recorded."""
        if sent.at != self.chain.timestamp:
            self.chain.warp(sent.at - self.chain.timestamp)
            self._time(sent.at)
        request = {"from": sent.sender, "data": "0x" + sent.data.hex(), "gas": hex(_GAS_LIMIT), "gasPrice": "0x0"}
        if sent.to is not None:
            request |= {"to": sent.to, "value": hex(sent.value)}
        called = self._called(request)
        gas = self.cold.gas(sent)
        here = self._here(sent)
        receipt = self._mined(request)
        _agree(sent, "in process, the second time", sent.answer, here)
        _agree(sent, "on anvil", sent.answer, self._there(sent, called, receipt))
        _agree(sent, "gas", gas, int(receipt["gasUsed"], 16))
        self.counts["transactions"] += 1
        self.counts["refused"] += isinstance(sent.answer, Reverted)
        self.counts["creations"] += sent.to is None
        self.counts["events"] += len(receipt["logs"])
        self.counts["gas"] += gas

    def _called(self, request: dict[str, Any]) -> bytes | Reverted:
        """What the transaction would return or refuse with."""
        try:
            return bytes.fromhex(self.node.ask("eth_call", request, "latest")[2:])
        except RpcError as error:
            if error.data is None:
                raise
            return reverted(error.data)

    def _mined(self, request: dict[str, Any]) -> Any:
        digest = self.node.ask("eth_sendTransaction", request)
        while (receipt := self.node.ask("eth_getTransactionReceipt", digest)) is None:
            time.sleep(0.001)
        return receipt

    def _here(self, sent: Sent) -> Answer:
        try:
            if sent.to is None:
                contract = self.chain.create(sent.sender, sent.data)
                self.cold.knows(contract)
                return Done(bytes.fromhex(contract[2:]), ())
            result = self.chain.transact(sent.sender, sent.to, sent.data, sent.value)
        except Reverted as refusal:
            return refusal
        return Done(result.output, heard(result.logs))

    def _there(self, sent: Sent, called: bytes | Reverted, receipt: Any) -> Answer:
        passed = receipt["status"] == "0x1"
        if passed == isinstance(called, Reverted):
            raise Disagreement(f"{_name(sent)}: as a call on anvil {called!r}, as a transaction status {passed}")
        if isinstance(called, Reverted):
            return called
        if sent.to is None:
            # Of a creation the logs are not kept in process; its code is compared by whatever is sent to it.
            return Done(bytes.fromhex(receipt["contractAddress"][2:]), ())
        logs = [
            Log(log["address"], [bytes.fromhex(t[2:]) for t in log["topics"]], bytes.fromhex(log["data"][2:]))
            for log in receipt["logs"]
        ]
        return Done(called, heard(logs))

    def _time(self, timestamp: int) -> None:
        self.node.ask("evm_setNextBlockTimestamp", timestamp)
        self.node.ask("evm_mine")

    def _revert(self, snapshot: str) -> None:
        if not self.node.ask("evm_revert", snapshot):
            raise PartError(f"anvil no longer knows its snapshot {snapshot}")


def _agree(sent: Sent, what: str, expected: object, actual: object) -> None:
    if expected != actual:
        raise Disagreement(f"{_name(sent)}: {what} {actual!r}, expected {expected!r}")


def _name(sent: Sent) -> str:
    what = f"creation of {len(sent.data)} bytes" if sent.to is None else f"{sent.data[:4].hex()} to {sent.to}"
    return f"{what} by {sent.sender} at {sent.at}"


def replay(count: int, seed: int, say: Callable[[str], None]) -> Result:
    """Records and replays at least so many traces, evenly over all cells."""
    among = cells(tuple(SUBJECTS))
    each = -(-count // len(among))
    numbers, wrong, machines = random.Random(seed), list[str](), Counter[str]()
    reported = time.monotonic()
    with anvil(chain_id=31337, timestamp=1_799_999_999) as node:
        replayer = Replayer(node, 31337)
        for cell in among:
            for trace in _founded(replayer, traces(cell, each, numbers.getrandbits(64)), wrong):
                machines[cell.subject] += 1
                try:
                    replayer.life(trace.life)
                except Disagreement as difference:
                    wrong.append(f"{cell}: {difference}")
                if time.monotonic() - reported > _TICK:
                    reported = time.monotonic()
                    say(f"{machines.total()} of {each * len(among)} traces, {replayer.counts['transactions']:,} sent")
    counts = replayer.counts
    return {
        "seed": seed,
        "traces": machines.total(),
        "machines": dict(machines),
        "transactions": counts["transactions"],
        "refused": counts["refused"],
        "creations": counts["creations"],
        "events": counts["events"],
        "gas": counts["gas"],
        "wrong": wrong,
    }


def _founded(replayer: Replayer, found: list[Trace], wrong: list[str]) -> list[Trace]:
    """The traces, their world founded on both sides; none if that differs."""
    try:
        replayer.world(found[0].world)
    except Disagreement as difference:
        wrong.append(f"{found[0].cell}, its founding: {difference}")
        return []
    return found


def main(arguments: list[str]) -> int:
    parser = new_parser("assurance.audit.replay.replay", __doc__)
    parser.add_argument("--traces", type=int, default=TRACES, help=f"at least so many (default: {TRACES})")
    parser.add_argument("--seed", type=int, help="repeats the run that printed it")
    given = parser.parse_args(arguments)
    if given.traces < 1:
        raise PartError(f"--traces is {given.traces}: expected 1 or more")
    seed = secrets.randbits(32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    with Stopwatch() as watch:
        result = replay(given.traces, seed, partial(print, flush=True))
    sent = f"{result['transactions']:,} transactions, {result['refused']:,} of them refused"
    summary = f"{result['traces']} traces, {sent}, {result['events']:,} events, seed {seed}"
    return write("replay", ok=not result["wrong"], seconds=watch.wall, summary=summary, **result)


if __name__ == "__main__":
    sys.exit(run(main))
