"""View calls for `verify`: all at one block, answers as plain values, refusals by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

from eth_abi.exceptions import EncodingError
from eth_utils import keccak
from requests.exceptions import RequestException
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from datadao.chain.abi import canonical_type, named
from datadao.chain.codec import decode, encode
from datadao.chain.connection import patient, result
from datadao.chain.reverts import refusal, revert_data
from datadao.chain.rpc import Log, read_block, read_logs
from datadao.errors import DataDAOError, Malformed
from datadao.values import spelled
from deployer.artifacts import abi_of

ACCEPTED = "accepted"

_ETH_CALL = RPCEndpoint("eth_call")
_BATCH = 100


class Unreadable(Exception):
    """The chain gave no answer, or none of the kind asked for."""


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


class _Request(NamedTuple):
    sender: str | None
    to: str
    data: bytes


class Reader:
    """A chain at one block, and the contracts of one DAO on it by name."""

    def __init__(self, web3: Web3, addresses: Mapping[str, str]) -> None:
        self.web3, self.addresses = patient(web3), addresses
        self.chain_id = web3.eth.chain_id
        self.block = int(web3.eth.block_number)
        self._answers: dict[_Request, tuple[bool, bytes]] = {}
        self._asked: list[_Request] | None = None

    @cached_property
    def now(self) -> int:
        """Time of the block."""
        return int(self.web3.eth.get_block(self.block)["timestamp"])

    def together(self, checks: Callable[[], Iterable[Check]]) -> list[Check]:
        """The checks, their view calls in a few batches: run once to hear what they ask, and again with the answers.

        What only shows on the second run is asked one by one; a node without batches is asked everything so.
        """
        self._asked = []
        for _ in checks():
            pass
        asked, self._asked = list(dict.fromkeys(self._asked)), None
        for start in range(0, len(asked), _BATCH):
            self._ask_together(asked[start : start + _BATCH])
        return list(checks())

    def code(self, address: str) -> bytes:
        return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address), self.block))

    def read(self, contract: str, function: str, *args: Any) -> Any:
        """Result of a view call, structs as mappings. Raises `Unreadable`."""
        entry = _function(contract, function)
        ok, data = self._call(None, contract, entry, args)
        if not ok:
            raise Unreadable(f"reverts: {refusal(data)[0]}")
        outputs = entry["outputs"]
        types = [canonical_type(o) for o in outputs]
        try:
            values = decode(types, data)
            # The library reads numbers from nothing at all.
            if encode(types, values) != data:
                raise Unreadable("no answer")
        except (EncodingError, Malformed):
            raise Unreadable("no answer") from None
        plain = [named(o, v) for o, v in zip(outputs, values, strict=True)]
        return plain[0] if len(plain) == 1 else plain

    def check(self, contract: str, function: str, expected: Any, *args: Any, field: str | None = None) -> Check:
        """Whether a view call answers what is expected."""
        try:
            actual = self.read(contract, function, *args)
        except Unreadable as error:
            actual = error
        return compare(contract, field or function, expected, actual)

    def attempt(self, sender: str, contract: str, function: str, *args: Any) -> str:
        """What the contract says to `sender`: `ACCEPTED`, or the error's name. Zeros unless arguments are given."""
        entry = _function(contract, function)
        ok, data = self._call(sender, contract, entry, args or [_zero(i) for i in entry["inputs"]])
        return ACCEPTED if ok else refusal(data)[0]

    def logs(self, contract: str, topics: Sequence[bytes], first: int) -> list[Log]:
        """Events with one of `topics`, oldest first, from block `first` on. Raises `Unreadable`."""
        try:
            last = read_block(self.web3, self.block)
            return read_logs(self.web3, [self.addresses[contract]], first, last, topics)
        except (DataDAOError, Web3Exception, RequestException, ValueError):
            raise Unreadable("the node does not give the events") from None

    def _call(
        self, sender: str | None, contract: str, entry: Mapping[str, Any], args: Sequence[Any]
    ) -> tuple[bool, bytes]:
        types = [canonical_type(i) for i in entry["inputs"]]
        data = keccak(text=f"{entry['name']}({','.join(types)})")[:4] + encode(types, args)
        request = _Request(sender, self.addresses[contract], data)
        if self._asked is not None:
            self._asked.append(request)
            return False, b""
        if request not in self._answers:
            answer: Any = self.web3.provider.make_request(_ETH_CALL, self._parameters(request))
            self._answers[request] = _outcome(answer)
        return self._answers[request]

    def _ask_together(self, requests: list[_Request]) -> None:
        provider: Any = self.web3.provider
        try:
            answers = provider.make_batch_request([(_ETH_CALL, self._parameters(request)) for request in requests])
        except (Web3Exception, RequestException, ValueError, KeyError):
            return
        if isinstance(answers, list) and len(answers) == len(requests):
            self._answers |= {request: _outcome(answer) for request, answer in zip(requests, answers, strict=True)}

    def _parameters(self, request: _Request) -> list[Any]:
        call = {"to": request.to, "data": "0x" + request.data.hex()}
        return [call if request.sender is None else {**call, "from": request.sender}, hex(self.block)]


def _outcome(answer: Mapping[str, Any]) -> tuple[bool, bytes]:
    if "error" in answer and (data := revert_data(answer["error"])) is not None:
        return False, data
    return True, bytes.fromhex(str(result("eth_call", answer))[2:])


@cache
def _function(contract: str, name: str) -> dict[str, Any]:
    (entry,) = (e for e in abi_of(contract) if e["type"] == "function" and e["name"] == name)
    return entry


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
