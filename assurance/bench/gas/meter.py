"""Figures, and how each is taken: as a transaction of its own, as the execution of a proposal, inside another
transaction, or as a call from a contract. Every storage slot starts cold in each of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from eth_utils import keccak

from assurance.bench.gas.replay import Cost
from assurance.harness.chain.handles import Handle, Receipt, Reverted
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import Actor
from datadao.chain.abi import signature_of


class How(StrEnum):
    """What the gas of a figure is of."""

    SENT = "transaction"
    EXECUTED = "execute"
    INSIDE = "inside"
    ASKED = "call"


BLOCK = 12
"""Seconds between blocks. In one and the same second a second checkpoint would cost less, because it replaces the
first."""

EXPLAINED = {
    How.SENT: "the whole transaction: `gasUsed` of its receipt",
    How.EXECUTED: "the whole transaction that executes a proposal with this one action",
    How.INSIDE: "only a contract of the DAO may call it: its part of the transaction named; some slots are warm",
    How.ASKED: (
        "no transaction: what a contract pays, from its STATICCALL to the answer, that calls it for the first time in "
        "its transaction; the cold account is included (2,600), a transaction's base and calldata are not"
    ),
}


class UnmeasuredError(Exception):
    """A function of which no figure can be taken; it says which and why."""


@dataclass(frozen=True)
class Figure:
    """What one function, as `Contract.function`, costs in one case."""

    function: str
    case: str
    gas: int
    how: How = How.SENT
    sent: tuple[str, ...] = ()
    """Hash of its transaction; where it is a part of what two differ by, then that of the smaller one."""
    parts: int = 1
    """Of how many equal parts it is one."""
    next: Cost | None = None
    """Under the rules of the next fork, where a whole transaction can be repeated under them."""

    @property
    def label(self) -> str:
        """Unique among all figures."""
        return f"{self.function}: {self.case}"

    def under(self, costs: Mapping[str, Cost]) -> Figure:
        """With what its transactions cost under the next fork."""
        if not self.sent:
            return self
        most, *less = (costs[name] for name in self.sent)
        gas = most.gas - sum(cost.gas for cost in less)
        slots = most.slots - sum(cost.slots for cost in less)
        limit = most.limit if self.parts == 1 else None  # a part of a transaction has none
        return replace(self, next=Cost(gas // self.parts, round(slots / self.parts, 2), limit))


class Meter:
    """Takes figures of one DAO on anvil."""

    def __init__(self, dao: Dao) -> None:
        self.dao = dao
        self.figures: list[Figure] = []

    def send(self, handle: Handle, name: str, *args: Any, by: Actor, case: str) -> Receipt:
        """Sends in a block of its own and takes the figure of the whole transaction."""
        self.dao.chain.warp(BLOCK)
        receipt: Receipt = getattr(handle, name)(*args, sender=by.address)
        return self.take(handle, name, case, receipt)

    def decide(self, voter: Actor, handle: Handle, name: str, *args: Any, case: str) -> Receipt:
        """Lets `voter` carry a proposal alone and takes the figure of its execution."""
        return self.take(handle, name, case, self.dao.govern(voter, handle, name, *args), How.EXECUTED)

    def take(self, handle: Handle, name: str, case: str, receipt: Receipt, how: How = How.SENT) -> Receipt:
        self._add(handle, name, case, receipt.gas, how, receipt)
        return receipt

    def each(self, handle: Handle, name: str, case: str, parts: int, most: Receipt, *less: Receipt) -> None:
        """Takes the figure of one of so many equal parts of a transaction, or of what it took more than another."""
        gas = (most.gas - sum(receipt.gas for receipt in less)) // parts
        self._add(handle, name, case, gas, How.SENT, most, *less, parts=parts)

    def inside(self, handle: Handle, name: str, case: str, place: int = 0) -> None:
        """Takes the figure of a call inside the last transaction; `place` counts those of this function, from 0."""
        rpc = self.dao.chain.web3.provider.make_request
        (last,) = self.dao.chain.web3.eth.get_block("latest")["transactions"]
        trace = rpc("debug_traceTransaction", ["0x" + last.hex(), {"tracer": "callTracer"}])["result"]
        selector = "0x" + _selector(handle, name).hex()
        found = [f for f in _calls(trace) if f["to"] == handle.address.lower() and f["input"].startswith(selector)]
        self._add(handle, name, case, int(found[place]["gasUsed"], 16), How.INSIDE)

    def ask(self, handle: Handle, name: str, *args: Any, case: str) -> Any:
        """Takes the figure of a view as a contract calls it, and returns its answer.

        Raises `UnmeasuredError` if it reverts.
        """
        try:
            answer = getattr(handle, name)(*args)
        except Reverted as error:
            raise UnmeasuredError(f"{handle.artifact.name}.{name}, {case}, reverts: {error}") from error
        to = bytes.fromhex(handle.address[2:])
        used = self.dao.chain.web3.eth.call(
            {"to": _CALLER, "data": "0x" + handle.encode(name, *args).hex()},
            state_override={_CALLER: {"code": "0x" + _ASKING.replace("..", to.hex())}},
        )
        success, gas = int.from_bytes(used[:32]), int.from_bytes(used[32:])
        if success != 1:
            raise UnmeasuredError(f"{handle.artifact.name}.{name}, {case}, reverts where a contract asks")
        self._add(handle, name, case, gas - _OVERHEAD, How.ASKED)
        return answer

    def _add(
        self, handle: Handle, name: str, case: str, gas: int, how: How, *receipts: Receipt, parts: int = 1
    ) -> None:
        sent = tuple(receipt.hash for receipt in receipts)
        self.figures.append(Figure(f"{handle.artifact.name}.{name}", case, gas, how, sent, parts))


_CALLER = "0xcAcacaCacacACaCACaCaCACAcacAcaCACacAcAcA"
_ASKING = (
    "365f5f37"  # call data to memory
    "5a"  # gas before
    "5f5f365f73..5afa"  # STATICCALL with all gas
    "5a"  # gas after
    "905f52"  # success at 0
    "9003602052"  # gas before less gas after at 32
    "60405ff3"
)
_OVERHEAD = 15
"""Gas between the two readings that is not the call's: its six arguments, and the second reading."""


def _selector(handle: Handle, name: str) -> bytes:
    (entry,) = [e for e in handle.artifact.abi if e["type"] == "function" and e["name"] == name]
    return keccak(text=signature_of(entry))[:4]


def _calls(frame: dict[str, Any]) -> list[dict[str, Any]]:
    return [frame, *(inner for call in frame.get("calls", ()) for inner in _calls(call))]
