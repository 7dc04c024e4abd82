"""Typed contract handles over any back end: plain Python values in and out, reverts and events by name.

A revert is raised as `Reverted` with the custom error's name and arguments, so that a test compares what the contract
said and not that it said something.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, NamedTuple, Protocol

from eth_utils import keccak

from assurance.harness.chain.abi import Coder, checksummed
from assurance.harness.chain.artifacts import Artifact, artifacts, errors, events
from datadao.chain.abi import signature_of

_BUILTIN_ERRORS = [
    {"type": "error", "name": "Error", "inputs": [{"name": "message", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
]
_READER = "0x" + "00" * 19 + "ff"


class Log(NamedTuple):
    address: str
    topics: list[bytes]
    data: bytes


class Result(NamedTuple):
    """What a back end knows of a transaction: returned bytes, gas, logs; on a node its hash."""

    output: bytes
    gas: int
    logs: list[Log]
    hash: str = ""


class Backend(Protocol):
    """What a handle needs of a chain. Both raise `Reverted`."""

    timestamp: int

    def call(self, sender: str, to: str, data: bytes) -> bytes: ...

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result: ...

    def create(self, sender: str, code: bytes) -> str: ...

    def place(self, address: str, code: bytes) -> None:
        """Code of no part of what a test is about, without a transaction."""


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
    hash: str = field(default="", repr=False, compare=False)

    @cached_property
    def events(self) -> list[Event]:
        return [_decode_log(log) for log in self.logs]

    def named(self, name: str) -> list[Event]:
        return [event for event in self.events if event.name == name]


class _Function:
    def __init__(self, entry: dict[str, Any]) -> None:
        self.selector = keccak(text=signature_of(entry))[:4]
        self.static = entry.get("stateMutability") in ("view", "pure")
        self._inputs, self._outputs = Coder(entry["inputs"]), Coder(entry["outputs"])

    def encode(self, args: tuple[Any, ...]) -> bytes:
        return self.selector + self._inputs.encode(args)

    def decode(self, data: bytes) -> Any:
        """Nothing, the value, or a tuple of several."""
        values = self._outputs.decode(data)
        return values if len(values) > 1 else values[0] if values else None


@cache
def _functions(name: str) -> dict[tuple[str, int], _Function]:
    return {(e["name"], len(e["inputs"])): _Function(e) for e in artifacts()[name].abi if e["type"] == "function"}


class Handle:
    """A contract: `handle.claim(account, [1], sender=who)` sends, `handle.claimable(account, [1])` reads."""

    def __init__(self, chain: Backend, address: str, artifact: Artifact) -> None:
        self.chain, self.address, self.artifact = chain, address, artifact
        self._functions = _functions(artifact.name)

    def __getattr__(self, name: str) -> Any:
        def invoke(*args: Any, sender: str | None = None, value: int = 0) -> Any:
            function = self._functions.get((name, len(args)))
            if function is None:
                raise AttributeError(f"{self.artifact.name} has no function {name} with {len(args)} arguments")
            data = function.encode(args)
            if function.static:
                return function.decode(self.chain.call(sender or _READER, self.address, data))
            if sender is None:
                raise TypeError(f"{self.artifact.name}.{name} changes state: say who sends it")
            result = self.chain.transact(sender, self.address, data, value)
            return Receipt(function.decode(result.output), result.gas, result.logs, result.hash)

        # Found there from now on: properties ask for the same names a million times.
        self.__dict__[name] = invoke
        return invoke

    def encode(self, name: str, *args: Any) -> bytes:
        return encoded(self.artifact.name, name, args)


def encoded(contract: str, name: str, args: tuple[Any, ...]) -> bytes:
    """Calldata of a function."""
    return _functions(contract)[(name, len(args))].encode(args)


def deploy(chain: Backend, contract: str | Artifact, *args: Any, sender: str) -> Handle:
    """Creates the contract; constructor arguments as plain values, structs as mappings."""
    artifact = artifacts()[contract] if isinstance(contract, str) else contract
    inputs: list[dict[str, Any]] = next((e["inputs"] for e in artifact.abi if e["type"] == "constructor"), [])
    encoded = Coder(inputs).encode(args)
    return Handle(chain, checksummed(chain.create(sender, artifact.creation + encoded)), artifact)


def at(chain: Backend, name: str, address: str) -> Handle:
    """The contract of that name at an address."""
    return Handle(chain, address, artifacts()[name])


def reverted(data: bytes) -> Reverted:
    """The error that revert data encodes."""
    known = _errors().get(data[:4])
    return Reverted(known[0], *known[1].decode(data[4:])) if known else Reverted("Unknown", data)


@cache
def _errors() -> dict[bytes, tuple[str, Coder]]:
    entries = [*_BUILTIN_ERRORS, *errors().values()]
    return {keccak(text=signature_of(entry))[:4]: (entry["name"], Coder(entry["inputs"])) for entry in entries}


def _decode_log(log: Log) -> Event:
    name, fields, (topics, data) = _event_fields(log.topics[0])
    values = topics.decode(b"".join(log.topics[1:])) + data.decode(log.data)
    return Event(name, checksummed(log.address), dict(zip(fields, values, strict=True)))


@cache
def _event_fields(topic: bytes) -> tuple[str, list[str], tuple[Coder, Coder]]:
    """Its name, those of its fields, and the coders of the fields in topics, which come first, and in data."""
    entry = events()[topic]
    parts = [[i for i in entry["inputs"] if i["indexed"] is place] for place in (True, False)]
    return entry["name"], [i["name"] for part in parts for i in part], (Coder(parts[0]), Coder(parts[1]))
