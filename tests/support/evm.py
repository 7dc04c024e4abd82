"""An in-process EVM with typed contract handles: thousands of transactions a second instead of twenty.

Arguments go in and come out as plain Python values; a revert is raised as `Reverted` with the custom error's name and
arguments, so that a test compares what the contract said and not that it said something.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any

import eth_abi
import pyrevm
from eth_utils import keccak, to_checksum_address

from tests.support.artifacts import Artifact, artifacts, canonical, errors, events, signature

_BUILTIN_ERRORS: dict[bytes, tuple[str, str]] = {
    keccak(text="Error(string)")[:4]: ("Error", "(string)"),
    keccak(text="Panic(uint256)")[:4]: ("Panic", "(uint256)"),
}
_REVERT_DATA = re.compile(r"output: (0x[0-9a-f]*)")
_GAS_LIMIT = 30_000_000
_READER = "0x" + "00" * 19 + "ff"


class Reverted(Exception):
    """A call reverted with custom error `name` and `args`. Equal to another of the same content."""

    def __init__(self, name: str, *args: Any) -> None:
        super().__init__(name, *args)
        self.name, self.values = name, args

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Reverted) and (self.name, self.values) == (other.name, other.values)

    def __hash__(self) -> int:
        return hash(self.name)

    def __str__(self) -> str:
        return f"{self.name}({', '.join(map(repr, self.values))})"


@dataclass(frozen=True)
class Event:
    name: str
    address: str
    args: dict[str, Any]


@dataclass(frozen=True)
class Receipt:
    """What a transaction did. `gas` is what a receipt would say: intrinsic gas and refunds included."""

    value: Any
    gas: int
    logs: list[Any] = field(repr=False)

    @property
    def events(self) -> list[Event]:
        return [_decode_log(log) for log in self.logs]

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]


class Chain:
    """The EVM, its clock and its contracts."""

    def __init__(self, timestamp: int = 1_800_000_000, chain_id: int = 31337) -> None:
        self.evm = pyrevm.EVM(env=pyrevm.Env(cfg=pyrevm.CfgEnv(chain_id=chain_id)), spec_id="CANCUN")
        self.chain_id = chain_id
        self.timestamp, self.number = timestamp, 1
        self._set_block()

    def _set_block(self) -> None:
        self.evm.set_block_env(pyrevm.BlockEnv(number=self.number, timestamp=self.timestamp))

    def warp(self, seconds: int) -> None:
        """Moves on to a block `seconds` later."""
        self.timestamp += seconds
        self.number += 1
        self._set_block()

    def snapshot(self) -> tuple[int, int, int]:
        return self.evm.snapshot(), self.timestamp, self.number

    def revert(self, snapshot: tuple[int, int, int]) -> None:
        checkpoint, self.timestamp, self.number = snapshot
        self.evm.revert(checkpoint)
        self._set_block()

    def nonce(self, address: str) -> int:
        nonce: int = self.evm.basic(address).nonce
        return nonce

    def deploy(self, name: str, *args: Any, sender: str) -> Handle:
        artifact = artifacts()[name]
        inputs = next((e["inputs"] for e in artifact.abi if e["type"] == "constructor"), [])
        encoded = eth_abi.encode([canonical(i) for i in inputs], _plain_all(inputs, args))
        try:
            address = self.evm.deploy(sender, artifact.creation + encoded)
        except RuntimeError as error:
            raise _reverted(error) from None
        return Handle(self, to_checksum_address(address), artifact)

    def at(self, name: str, address: str) -> Handle:
        return Handle(self, address, artifacts()[name])

    def message(self, sender: str, to: str, data: bytes, *, static: bool, value: int = 0) -> bytes:
        self.evm.reset_transient_storage()
        try:
            out: bytes = self.evm.message_call(
                sender, to, calldata=data, is_static=static, value=value, gas=_GAS_LIMIT
            )
        except RuntimeError as error:
            raise _reverted(error) from None
        return out


class _Function:
    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry
        self.selector = keccak(text=signature(entry))[:4]
        self.inputs = [canonical(i) for i in entry["inputs"]]
        self.outputs = [canonical(o) for o in entry.get("outputs", [])]
        self.static = entry.get("stateMutability") in ("view", "pure")

    def encode(self, args: tuple[Any, ...]) -> bytes:
        return self.selector + eth_abi.encode(self.inputs, _plain_all(self.entry["inputs"], args))

    def decode(self, data: bytes) -> Any:
        if not self.outputs:
            return None
        values = eth_abi.decode(self.outputs, data)
        typed = [_typed(o, v) for o, v in zip(self.entry["outputs"], values, strict=True)]
        return typed[0] if len(typed) == 1 else tuple(typed)


@cache
def _functions(name: str) -> dict[tuple[str, int], _Function]:
    return {
        (e["name"], len(e["inputs"])): _Function(e) for e in artifacts()[name].abi if e["type"] == "function"
    }


class Handle:
    """A contract: `handle.claim(account, [1], sender=who)` sends, `handle.claimable(account, [1])` reads."""

    def __init__(self, chain: Chain, address: str, artifact: Artifact) -> None:
        self.chain, self.address, self.artifact = chain, address, artifact

    def __getattr__(self, name: str) -> Any:
        def call(*args: Any, sender: str | None = None, value: int = 0) -> Any:
            function = _functions(self.artifact.name).get((name, len(args)))
            if function is None:
                raise AttributeError(f"{self.artifact.name} has no function {name} with {len(args)} arguments")
            data = function.encode(args)
            if function.static:
                return function.decode(self.chain.message(sender or _READER, self.address, data, static=True))
            if sender is None:
                raise TypeError(f"{self.artifact.name}.{name} changes state: say who sends it")
            out = self.chain.message(sender, self.address, data, static=False, value=value)
            result = self.chain.evm.result
            return Receipt(function.decode(out), result.gas_used, list(result.logs))

        return call

    def encode(self, name: str, *args: Any) -> bytes:
        return _functions(self.artifact.name)[(name, len(args))].encode(args)


def _plain(entry: dict[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_plain(inner, v) for v in value]
    if kind == "tuple":
        if isinstance(value, SimpleNamespace):
            value = vars(value)
        if isinstance(value, dict):
            value = [value[c["name"]] for c in entry["components"]]
        return tuple(_plain(c, v) for c, v in zip(entry["components"], value, strict=True))
    if kind == "address" and isinstance(value, Handle):
        return value.address
    return value


def _plain_all(entries: list[dict[str, Any]], values: Any) -> list[Any]:
    return [_plain(entry, value) for entry, value in zip(entries, values, strict=True)]


def _typed(entry: dict[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        inner = {**entry, "type": kind[: kind.rindex("[")]}
        return [_typed(inner, v) for v in value]
    if kind == "tuple":
        return SimpleNamespace(**{c["name"]: _typed(c, v) for c, v in zip(entry["components"], value, strict=True)})
    if kind == "address":
        return to_checksum_address(value)
    return value


def _reverted(error: RuntimeError) -> Reverted:
    match = _REVERT_DATA.search(str(error))
    if match is None:
        return Reverted("Halt", str(error))
    data = bytes.fromhex(match.group(1)[2:])
    if data[:4] in _BUILTIN_ERRORS:
        name, types = _BUILTIN_ERRORS[data[:4]]
        return Reverted(name, *eth_abi.decode([types[1:-1]], data[4:]))
    entry = errors().get(data[:4])
    if entry is None:
        return Reverted("Unknown", data)
    values = eth_abi.decode([canonical(i) for i in entry["inputs"]], data[4:])
    return Reverted(entry["name"], *(_typed(i, v) for i, v in zip(entry["inputs"], values, strict=True)))


def _decode_log(log: Any) -> Event:
    topics = [bytes.fromhex(t.removeprefix("0x")) if isinstance(t, str) else bytes(t) for t in log.topics]
    data = log.data[1] if isinstance(log.data, tuple) else log.data
    entry = events()[topics[0]]
    indexed = [i for i in entry["inputs"] if i["indexed"]]
    plain = [i for i in entry["inputs"] if not i["indexed"]]
    args = {
        i["name"]: _typed(i, eth_abi.decode([canonical(i)], t)[0]) for i, t in zip(indexed, topics[1:], strict=True)
    }
    values = eth_abi.decode([canonical(i) for i in plain], bytes(data))
    args |= {i["name"]: _typed(i, v) for i, v in zip(plain, values, strict=True)}
    return Event(entry["name"], to_checksum_address(log.address), args)
