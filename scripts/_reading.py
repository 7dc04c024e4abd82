"""View calls for `verify`: all at one block, answers as plain values, refusals by name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import eth_abi
from eth_utils import keccak, to_checksum_address
from web3 import Web3
from web3.types import RPCEndpoint

from datadao.deployment import canonical_type
from scripts._artifacts import abi_of, refusal
from scripts._values import spelled

ACCEPTED = "accepted"


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


class Reader:
    """A chain at one block, and the contracts of one DAO on it by name."""

    def __init__(self, web3: Web3, addresses: Mapping[str, str]) -> None:
        self.web3, self.addresses = web3, addresses
        self.chain_id = web3.eth.chain_id
        self.block = int(web3.eth.block_number)

    @cached_property
    def now(self) -> int:
        """Time of the block."""
        return int(self.web3.eth.get_block(self.block)["timestamp"])

    def code(self, address: str) -> bytes:
        return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address), self.block))

    def read(self, contract: str, function: str, *args: Any) -> Any:
        """Result of a view call, structs as mappings. Raises `Unreadable`."""
        entry = _function(contract, function)
        ok, data = self._call(None, contract, entry, args)
        if not ok:
            raise Unreadable(f"reverts: {refusal(data)[0]}")
        outputs = entry["outputs"]
        try:
            values = eth_abi.decode([canonical_type(o) for o in outputs], data)
        except Exception:
            raise Unreadable("no answer") from None
        plain = [_plain(o, v) for o, v in zip(outputs, values, strict=True)]
        return plain[0] if len(plain) == 1 else plain

    def check(self, contract: str, function: str, expected: Any, *args: Any, field: str | None = None) -> Check:
        """Whether a view call answers what is expected."""
        try:
            actual = self.read(contract, function, *args)
        except Unreadable as error:
            actual = error
        return compare(contract, field or function, expected, actual)

    def attempt(self, sender: str, contract: str, function: str) -> str:
        """What the contract says to `sender` calling `function` with zeros: `ACCEPTED`, or the error's name."""
        entry = _function(contract, function)
        ok, data = self._call(sender, contract, entry, [_zero(i) for i in entry["inputs"]])
        return ACCEPTED if ok else refusal(data)[0]

    def _call(
        self, sender: str | None, contract: str, entry: Mapping[str, Any], args: Sequence[Any]
    ) -> tuple[bool, bytes]:
        types = [canonical_type(i) for i in entry["inputs"]]
        data = keccak(text=f"{entry['name']}({','.join(types)})")[:4] + eth_abi.encode(types, args)
        request = {"to": self.addresses[contract], "data": "0x" + data.hex()}
        if sender is not None:
            request["from"] = sender
        response = self.web3.provider.make_request(RPCEndpoint("eth_call"), [request, hex(self.block)])
        if "error" in response:
            error: Any = response["error"]
            return False, _revert_data(error)
        return True, bytes.fromhex(str(response["result"])[2:])


def _revert_data(error: Any) -> bytes:
    data = error.get("data") if isinstance(error, Mapping) else None
    return bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else b""


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


def _plain(entry: Mapping[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("[]"):
        item = {**entry, "type": kind[:-2]}
        return [_plain(item, v) for v in value]
    if kind == "tuple":
        return {c["name"]: _plain(c, v) for c, v in zip(entry["components"], value, strict=True)}
    if kind == "address":
        return to_checksum_address(value)
    return value
