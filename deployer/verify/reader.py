"""What `verify` asks: views, code, transactions and events, all at one block and in a few batches."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

from eth_abi.exceptions import EncodingError
from requests.exceptions import RequestException
from web3 import Web3
from web3.exceptions import Web3Exception

from datadao.chain.abi import canonical_type, named
from datadao.chain.arguments import spelled
from datadao.chain.codec import decode, encode
from datadao.chain.codec import function as entry_of
from datadao.chain.connection import answers_of, result
from datadao.chain.events import ASSET
from datadao.chain.patience import patient
from datadao.chain.reverts import refusal, revert_data
from datadao.chain.rpc import Call, Log, read_block, read_logs
from datadao.errors import DataDAOError, Malformed
from datadao.ledger.facts import Fact, settle

ACCEPTED = "accepted"


@dataclass(frozen=True)
class Unreadable:
    """In place of an answer: the chain gave none, or none of the kind asked for."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(frozen=True)
class Check:
    """One line of a verification."""

    contract: str
    field: str
    expected: str
    actual: str
    ok: bool


def compare(contract: str, field: str, expected: Any, actual: Any) -> Check:
    """A check that passes iff both are equal."""
    return Check(contract, field, spelled(expected), spelled(actual), expected == actual)


class Question(NamedTuple):
    """A JSON-RPC request, and what its raw answer means."""

    method: str
    params: list[Any]
    read: Callable[[Mapping[str, Any]], Any]


class Reader:
    """A chain at its latest block, and on it the contracts of one DAO by name, its settlement asset as `ASSET`."""

    def __init__(self, web3: Web3, addresses: Mapping[str, str]) -> None:
        self._web3, self.addresses = patient(web3), addresses
        self.chain_id = web3.eth.chain_id
        self._block = read_block(self._web3, "latest")
        self.now = self._block.timestamp

    def settle(self, facts: Iterable[Fact | Check]) -> list[Check]:
        """The checks of all facts, in order. Raises `NodeRefused` where the node does not answer."""
        return settle(facts, self.ask)

    def code(self, address: str) -> Question:
        """The code at an address."""
        read = partial(result, "eth_getCode")
        return Question("eth_getCode", [address, self._tag], lambda answer: bytes.fromhex(read(answer)[2:]))

    def transaction(self, transaction: str) -> Question:
        """A transaction as JSON-RPC gives it, None if the node does not know it."""
        method = "eth_getTransactionByHash"
        return Question(method, [transaction], partial(result, method))

    def receipt(self, transaction: str) -> Question:
        """Its receipt, likewise."""
        method = "eth_getTransactionReceipt"
        return Question(method, [transaction], partial(result, method))

    def time(self, block: int) -> Question:
        """When a block was made, Unix seconds; `Unreadable` where the node does not know it."""
        method = "eth_getBlockByNumber"

        def read(answer: Mapping[str, Any]) -> Any:
            found = result(method, answer)
            return int(found["timestamp"], 16) if found else Unreadable(f"the node does not know block {block}")

        return Question(method, [hex(block), False], read)

    def view(self, contract: str, function: str, *args: Any) -> Question:
        """What a view returns, structs as mappings; `Unreadable` if it reverts or returns something else."""
        # ERC-20 is the same everywhere.
        call = Call(self.addresses[contract], "DataToken" if contract == ASSET else contract, function, args)
        return Question("eth_call", [_request(call), self._tag], partial(_value, call))

    def attempt(self, sender: str, contract: str, function: str, *args: Any) -> Question:
        """A call, with zeros unless arguments are given: `ACCEPTED`, or the name of the error that refuses `sender`."""
        zeros = tuple(map(_zero, entry_of(contract, function)["inputs"]))
        call = Call(self.addresses[contract], contract, function, args or zeros)
        return Question("eth_call", [{"from": sender, **_request(call)}, self._tag], _verdict)

    def check(self, contract: str, function: str, expected: Any, *args: Any, field: str | None = None) -> Fact:
        """A view that must answer what is expected."""
        judge = partial(compare, contract, field or function, expected)
        return Fact([self.view(contract, function, *args)], lambda actual: [judge(actual)])

    def readable(
        self,
        contract: str,
        function: str,
        judge: Callable[[Any], Iterable[Fact | Check]],
        *args: Any,
        field: str | None = None,
        expected: str = "readable",
    ) -> Fact:
        """A view that must answer at all, and what `judge` finds in its answer."""

        def found(actual: Any) -> Iterable[Fact | Check]:
            if isinstance(actual, Unreadable):
                return [compare(contract, field or function, expected, actual)]
            return judge(actual)

        return Fact([self.view(contract, function, *args)], found)

    def mined(self, contract: str, transaction: str, judge: Callable[..., Iterable[Fact | Check]]) -> Fact:
        """What created a contract, and what `judge` finds in the transaction and its receipt if the node has both."""

        def found(sent: Any, receipt: Any) -> Iterable[Fact | Check]:
            if sent is None or receipt is None:
                return [Check(contract, "creation", transaction, "this node does not know the transaction", False)]
            return judge(sent, receipt)

        return Fact([self.transaction(transaction), self.receipt(transaction)], found)

    def logs(self, contracts: Sequence[str], topics: Sequence[bytes], first: int) -> list[Log] | Unreadable:
        """Events of these contracts with one of `topics`, oldest first, from block `first` on."""
        try:
            return read_logs(self._web3, [self.addresses[name] for name in contracts], first, self._block, topics)
        except (DataDAOError, Web3Exception, RequestException, ValueError):
            return Unreadable("the node does not give the events")

    @property
    def _tag(self) -> str:
        return hex(self._block.number)

    def ask(self, questions: Iterable[Question]) -> list[Any]:
        """Answers in order. Equal requests go out once. Raises `NodeRefused` where the node does not answer."""
        keyed = [(json.dumps(question[:2]), question) for question in questions]
        requests = {key: (question.method, question.params) for key, question in keyed}
        answers = dict(zip(requests, answers_of(self._web3, list(requests.values())), strict=True))
        return [question.read(answers[key]) for key, question in keyed]


def _request(call: Call) -> dict[str, str]:
    return {"to": call.to, "data": "0x" + call.data.hex()}


def _value(call: Call, answer: Mapping[str, Any]) -> Any:
    if (data := revert_data(answer.get("error"))) is not None:
        return Unreadable(f"reverts: {refusal(data)[0]}")
    outputs, output = entry_of(call.contract, call.function)["outputs"], bytes.fromhex(result("eth_call", answer)[2:])
    types = [canonical_type(entry) for entry in outputs]
    try:
        values = decode(types, output)
        # The library reads numbers from nothing at all.
        if encode(types, values) != output:
            return Unreadable("no answer")
    except (EncodingError, Malformed):
        return Unreadable("no answer")
    plain = [named(entry, value) for entry, value in zip(outputs, values, strict=True)]
    return plain[0] if len(plain) == 1 else plain


def _verdict(answer: Mapping[str, Any]) -> str:
    if (data := revert_data(answer.get("error"))) is not None:
        return refusal(data)[0]
    result("eth_call", answer)
    return ACCEPTED


def _zero(entry: Mapping[str, Any]) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        return []
    if kind == "tuple":
        return tuple(_zero(c) for c in entry["components"])
    if kind == "address":
        return "0x" + "00" * 20
    if kind.startswith("bytes"):
        return bytes(int(kind[5:] or 0))
    return {"string": "", "bool": False}.get(kind, 0)
