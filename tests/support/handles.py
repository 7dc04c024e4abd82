"""Typed contract handles over any back end: plain Python values in and out, reverts and events by name.

A revert is raised as `Reverted` with the custom error's name and arguments, so that a test compares what the contract
said and not that it said something.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from types import SimpleNamespace
from typing import Any, NamedTuple, Protocol

import eth_abi
from eth_utils import keccak

from tests.support.artifacts import Artifact, artifacts, canonical, errors, events, signature
from tests.support.words import checksummed, codec_of

_BUILTIN_ERRORS: dict[bytes, tuple[str, str]] = {
    keccak(text="Error(string)")[:4]: ("Error", "string"),
    keccak(text="Panic(uint256)")[:4]: ("Panic", "uint256"),
}
_READER = "0x" + "00" * 19 + "ff"


class Log(NamedTuple):
    address: str
    topics: list[bytes]
    data: bytes


class Result(NamedTuple):
    """What a back end knows of a transaction: returned bytes, gas, logs."""

    output: bytes
    gas: int
    logs: list[Log]


class Backend(Protocol):
    """What a handle needs of a chain. Both raise `Reverted`."""

    timestamp: int

    def call(self, sender: str, to: str, data: bytes) -> bytes: ...

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result: ...

    def create(self, sender: str, code: bytes) -> str: ...


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
    """What a transaction did."""

    value: Any
    gas: int
    logs: list[Log] = field(repr=False)

    @property
    def events(self) -> list[Event]:
        return [_decode_log(log) for log in self.logs]

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]


class _Function:
    def __init__(self, entry: dict[str, Any]) -> None:
        self.entry = entry
        self.selector = keccak(text=signature(entry))[:4]
        self.inputs = [canonical(i) for i in entry["inputs"]]
        self.outputs = [canonical(o) for o in entry.get("outputs", [])]
        self.static = entry.get("stateMutability") in ("view", "pure")
        self._fast_inputs = codec_of(tuple(self.inputs))
        self._fast_outputs = codec_of(tuple(self.outputs), lists=False)

    def encode(self, args: tuple[Any, ...]) -> bytes:
        if self._fast_inputs is not None:
            return self.selector + self._fast_inputs.encode([_address_of(arg) for arg in args])
        return self.selector + eth_abi.encode(self.inputs, _plain_all(self.entry["inputs"], args))

    def decode(self, data: bytes) -> Any:
        if not self.outputs:
            return None
        if self._fast_outputs is not None:
            plain = self._fast_outputs.decode(data)
            return plain[0] if len(plain) == 1 else plain
        values = eth_abi.decode(self.outputs, data)
        typed = [_typed(o, v) for o, v in zip(self.entry["outputs"], values, strict=True)]
        return typed[0] if len(typed) == 1 else tuple(typed)


@cache
def _functions(name: str) -> dict[tuple[str, int], _Function]:
    return {(e["name"], len(e["inputs"])): _Function(e) for e in artifacts()[name].abi if e["type"] == "function"}


class Handle:
    """A contract: `handle.claim(account, [1], sender=who)` sends, `handle.claimable(account, [1])` reads."""

    def __init__(self, chain: Backend, address: str, artifact: Artifact) -> None:
        self.chain, self.address, self.artifact = chain, address, artifact

    def __getattr__(self, name: str) -> Any:
        def invoke(*args: Any, sender: str | None = None, value: int = 0) -> Any:
            function = _functions(self.artifact.name).get((name, len(args)))
            if function is None:
                raise AttributeError(f"{self.artifact.name} has no function {name} with {len(args)} arguments")
            data = function.encode(args)
            if function.static:
                return function.decode(self.chain.call(sender or _READER, self.address, data))
            if sender is None:
                raise TypeError(f"{self.artifact.name}.{name} changes state: say who sends it")
            result = self.chain.transact(sender, self.address, data, value)
            return Receipt(function.decode(result.output), result.gas, result.logs)

        return invoke

    def encode(self, name: str, *args: Any) -> bytes:
        return _functions(self.artifact.name)[(name, len(args))].encode(args)


def deploy(chain: Backend, name: str, *args: Any, sender: str) -> Handle:
    """Creates the contract; constructor arguments as plain values, structs as mappings."""
    artifact = artifacts()[name]
    inputs = next((e["inputs"] for e in artifact.abi if e["type"] == "constructor"), [])
    encoded = eth_abi.encode([canonical(i) for i in inputs], _plain_all(inputs, args))
    return Handle(chain, checksummed(chain.create(sender, artifact.creation + encoded)), artifact)


def at(chain: Backend, name: str, address: str) -> Handle:
    """The contract of that name at an address."""
    return Handle(chain, address, artifacts()[name])


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
    return _address_of(value) if kind == "address" else value


def _address_of(value: Any) -> Any:
    return value.address if isinstance(value, Handle) else value


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
        return checksummed(value)
    return value


def reverted(data: bytes) -> Reverted:
    """The error that revert data encodes."""
    if data[:4] in _BUILTIN_ERRORS:
        name, kind = _BUILTIN_ERRORS[data[:4]]
        return Reverted(name, *eth_abi.decode([kind], data[4:]))
    entry = errors().get(data[:4])
    if entry is None:
        return Reverted("Unknown", data)
    return Reverted(entry["name"], *_decode(entry["inputs"], data[4:]))


def _decode_log(log: Log) -> Event:
    entry, indexed, plain = _event_fields(log.topics[0])
    args = dict(zip((i["name"] for i in indexed), _decode(indexed, b"".join(log.topics[1:])), strict=True))
    args |= zip((i["name"] for i in plain), _decode(plain, log.data), strict=True)
    return Event(entry["name"], checksummed(log.address), args)


@cache
def _event_fields(topic: bytes) -> tuple[dict[str, Any], list[dict[str, Any]], list[dict[str, Any]]]:
    entry = events()[topic]
    return entry, [i for i in entry["inputs"] if i["indexed"]], [i for i in entry["inputs"] if not i["indexed"]]


def _decode(entries: list[dict[str, Any]], data: bytes) -> tuple[Any, ...]:
    kinds = tuple(canonical(i) for i in entries)
    codec = codec_of(kinds, lists=False)
    if codec is not None:
        return codec.decode(data)
    return tuple(_typed(i, v) for i, v in zip(entries, eth_abi.decode(kinds, data), strict=True))
