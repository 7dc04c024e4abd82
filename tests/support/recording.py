"""What tests did to the contracts, counted at the back ends, where every test passes.

Off unless the environment variable `DATADAO_RECORD` names a folder. Then each process writes one JSON file there when
it ends, in the shape of `Record`, and `read` adds such files up.
"""

from __future__ import annotations

import atexit
import functools
import json
import os
import secrets
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from eth_utils import keccak

from tests.support.abi import Coder
from tests.support.artifacts import Artifact, artifacts, events, signature
from tests.support.handles import Log, Result, Reverted
from tests.support.tracing import Curiosity, Frame, traced

FOLDER = os.environ.get("DATADAO_RECORD")
OK = "ok"
CONSTRUCTOR = "constructor"
_Class = TypeVar("_Class", bound=type)
_ENUM_IN_EVENT = {("VoteCast", "support"): "enum GovernorTally.VoteType"}
"""Enums that the standard ABI of a governor shows as plain numbers."""


class Record(TypedDict):
    """Rows end with a count. An outcome is `ok` or the name of the error, whoever raised it."""

    calls: list[tuple[str, str, str, int]]
    """Contract, signature of the function (or `constructor`), outcome."""
    inner: list[tuple[str, str]]
    """Contract and function that another contract called, in a transaction that succeeded."""
    states: list[tuple[str, int, int]]
    """Enum, number of its member, as a view or event told it."""
    events: list[tuple[str, int]]
    counters: dict[str, list[int]]
    """Program counters executed, in process only, by contract; `Name constructor` for creation code."""


class Recorder:
    """The counts of one process, or of several added up."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.inner: set[tuple[str, str]] = set()
        self.states: Counter[tuple[str, int]] = Counter()
        self.events: Counter[str] = Counter()
        self.counters: defaultdict[str, set[int]] = defaultdict(set)

    def call(self, contract: str, data: bytes, outcome: str, output: bytes | None) -> None:
        function = _functions(contract).get(data[:4])
        self.calls[contract, function[0] if function else f"0x{data[:4].hex()}", outcome] += 1
        if function and output is not None:
            self.states.update(function[1](output))

    def heard(self, logs: list[Log]) -> None:
        for log in logs:
            entry = events().get(log.topics[0]) if log.topics else None
            if entry:
                self.events[entry["name"]] += 1
                self.states.update(_enums_of_event(entry, log))

    def executed(self, frames: list[Frame], name_at: Callable[[str], str | None]) -> bool:
        """Whether it showed anything new."""
        known = len(self.inner) + sum(map(len, self.counters.values()))
        for frame in frames:
            contract = name_at(frame.address) if frame.address else None
            if contract is None:
                continue
            kind = f"{contract} {CONSTRUCTOR}" if frame.is_creation else contract
            self.counters[kind].update(map(int, frame.steps))
            function = _functions(contract).get(frame.selector or b"")
            if function and frame.parent and frame.succeeded:
                self.inner.add((contract, function[0]))
        return len(self.inner) + sum(map(len, self.counters.values())) > known

    def record(self) -> Record:
        return Record(
            calls=[(*key, count) for key, count in sorted(self.calls.items())],
            inner=sorted(self.inner),
            states=[(*key, count) for key, count in sorted(self.states.items())],
            events=sorted(self.events.items()),
            counters={name: sorted(steps) for name, steps in sorted(self.counters.items())},
        )

    def add(self, record: Record) -> None:
        for contract, function, outcome, count in record["calls"]:
            self.calls[contract, function, outcome] += count
        self.inner.update((contract, function) for contract, function in record["inner"])
        for enum, member, count in record["states"]:
            self.states[enum, member] += count
        for event, count in record["events"]:
            self.events[event] += count
        for name, steps in record["counters"].items():
            self.counters[name].update(steps)


def read(folder: Path) -> Recorder:
    """All that processes wrote there."""
    total = Recorder()
    for path in sorted(folder.glob("*.json")):
        total.add(json.loads(path.read_text()))
    return total


def recorded(backend: _Class) -> _Class:
    """Decorates a back end. The very class, untouched, when recording is off."""
    if not FOLDER:
        return backend
    _watch(backend, _recorder())
    return backend


@functools.cache
def _recorder() -> Recorder:
    recorder = Recorder()
    folder = Path(FOLDER or ".")
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{os.getpid()}-{secrets.token_hex(4)}.json"
    atexit.register(lambda: path.write_text(json.dumps(recorder.record())))
    return recorder


def _watch(backend: Any, recorder: Recorder) -> None:
    call, transact, create, revert = backend.call, backend.transact, backend.create, backend.revert
    curiosity = Curiosity()

    def execute(chain: Any, kind: tuple[str, bytes], address: str | None, act: Callable[[], Any]) -> tuple[str, Any]:
        """Outcome and answer, or the refusal."""
        if not hasattr(chain, "evm"):  # a node: it shows no steps
            return _outcome(act)
        before = chain.snapshot()
        answered = _outcome(act)
        gas = chain.evm.result.gas_used
        if curiosity.wants((*kind, answered[0]), gas):
            revert(chain, before)
            frames = traced(chain.evm, act, address)
            news = recorder.executed(frames, lambda place: _name_at(chain, place))
            curiosity.learned((*kind, answered[0]), something=news)
        return answered

    def observed(chain: Any, to: str, data: bytes, act: Callable[[], Any]) -> Any:
        contract = _name_at(chain, to)
        if contract is None:
            return act()
        outcome, answer = execute(chain, (contract, data[:4]), to, act)
        if isinstance(answer, Reverted):
            recorder.call(contract, data, outcome, None)
            raise answer
        recorder.call(contract, data, outcome, answer.output if isinstance(answer, Result) else answer)
        return answer

    def watched_call(self: Any, sender: str, to: str, data: bytes) -> bytes:
        output: bytes = observed(self, to, data, lambda: call(self, sender, to, data))
        return output

    def watched_transact(self: Any, sender: str, to: str, data: bytes, value: int) -> Result:
        result: Result = observed(self, to, data, lambda: transact(self, sender, to, data, value))
        recorder.heard(result.logs)
        return result

    def watched_create(self: Any, sender: str, code: bytes) -> str:
        contract = name_of_creation(code)
        if contract is None:
            return str(create(self, sender, code))
        outcome, answer = execute(self, (contract, b""), None, lambda: create(self, sender, code))
        recorder.calls[contract, CONSTRUCTOR, outcome] += 1
        if isinstance(answer, Reverted):
            raise answer
        return str(answer)

    def watched_revert(self: Any, snapshot: Any) -> None:
        revert(self, snapshot)
        # The address may be given to other code now.
        self.__dict__.pop("_names", None)

    backend.call, backend.transact = watched_call, watched_transact
    backend.create, backend.revert = watched_create, watched_revert


def _outcome(act: Callable[[], Any]) -> tuple[str, Any]:
    try:
        return OK, act()
    except Reverted as refusal:
        return refusal.name, refusal


def _name_at(chain: Any, address: str) -> str | None:
    names: dict[str, str] = chain.__dict__.setdefault("_names", {})
    if address not in names:
        name = name_of(chain.code(address))
        if name is None:
            return None
        names[address] = name
    return names[address]


@functools.cache
def name_of(runtime: bytes) -> str | None:
    """The contract whose deployed code this is, whatever its immutables are."""
    for artifact in artifacts().values():
        if len(artifact.runtime) == len(runtime) > 1 and _equal_but_for_immutables(artifact.runtime, runtime):
            return artifact.name
    return None


def _equal_but_for_immutables(compiled: bytes, deployed: bytes) -> bool:
    return all(before in (0, after) for before, after in zip(compiled, deployed, strict=True))


def name_of_creation(code: bytes) -> str | None:
    """The contract that this creation code, arguments and all, makes."""
    found = [a for a in artifacts().values() if len(a.creation) > 1 and code.startswith(a.creation)]
    return found[0].name if found else None


@functools.cache
def _functions(contract: str) -> dict[bytes, tuple[str, Callable[[bytes], list[tuple[str, int]]]]]:
    """By selector: signature, and what enum members an output tells of."""
    artifact: Artifact = artifacts()[contract]
    entries = [entry for entry in artifact.abi if entry["type"] == "function"]
    return {keccak(text=signature(e))[:4]: (signature(e), _enums_of(e["outputs"])) for e in entries}


def _enums_of(outputs: list[dict[str, Any]]) -> Callable[[bytes], list[tuple[str, int]]]:
    if not any(_holds_enum(output) for output in outputs):
        return lambda _: []
    coder = Coder(outputs)
    return lambda data: list(_walk(outputs, coder.decode(data)))


def _holds_enum(entry: dict[str, Any]) -> bool:
    return entry.get("internalType", "").startswith("enum ") or any(map(_holds_enum, entry.get("components", [])))


def _walk(entries: list[dict[str, Any]], values: Any) -> Iterator[tuple[str, int]]:
    for entry, value in zip(entries, values, strict=True):
        if not _holds_enum(entry):
            continue
        kind, brackets, _ = entry["internalType"].partition("[")
        for item in value if brackets else [value]:
            if kind.startswith("enum "):
                yield kind, item
            else:
                yield from _walk(entry["components"], vars(item).values())


def _enums_of_event(entry: dict[str, Any], log: Log) -> list[tuple[str, int]]:
    plain = [field for field in entry["inputs"] if not field["indexed"]]
    hidden = [_ENUM_IN_EVENT.get((entry["name"], field["name"])) for field in plain]
    if not any(hidden):
        return []
    values = Coder(plain).decode(log.data)
    return [(enum, value) for enum, value in zip(hidden, values, strict=True) if enum]
