"""What tests did to the contracts, counted at the back ends, where every test passes.

Off unless the environment variable `DATADAO_RECORD` names a folder. Then each process writes one JSON file there when
it ends, in the shape of `Record`, and `read` adds such files up.
"""

from __future__ import annotations

import atexit
import functools
import itertools
import json
import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from eth_utils import keccak

from assurance.harness.chain.abi import Coder
from assurance.harness.chain.artifacts import Artifact, artifacts, events
from assurance.harness.chain.handles import Log, Result, Reverted, reverted
from datadao.chain.abi import signature_of

FOLDER = os.environ.get("DATADAO_RECORD")
OK = "ok"
CONSTRUCTOR = "constructor"
_Class = TypeVar("_Class", bound=type)
_EXECUTE = keccak(text="execute(address[],uint256[],bytes[],bytes32)")[:4]
_PROPOSAL = Coder([{"type": kind} for kind in ("address[]", "uint256[]", "bytes[]", "bytes32")])
_SET_HOOK = keccak(text="setHook(address[],bytes[])")[:4]
_HOOK = Coder([{"type": "address[]"}, {"type": "bytes[]"}])
_ATTEMPTS = keccak(text="attempts()")[:4]
_ATTEMPT = [{"name": "succeeded", "type": "bool"}, {"name": "result", "type": "bytes"}]
_RESULTS = Coder([{"type": "tuple[]", "components": _ATTEMPT}])
_ENUM_IN_EVENT = {("VoteCast", "support"): "enum GovernorTally.VoteType"}
"""Enums that the standard ABI of a governor shows as plain numbers."""


class Record(TypedDict):
    """Rows end with a count. An outcome is `ok` or the name of the error, whoever raised it."""

    calls: list[tuple[str, str, str, int]]
    """Contract, signature of the function (or `constructor`), outcome. So are calls
    within transactions, where calldata or output has them."""
    states: list[tuple[str, int, int]]
    """Enum, number of its member, as a view or event reports it."""
    events: list[tuple[str, int]]


class Recorder:
    """The counts of one process. Adding two gives those of both."""

    def __init__(self) -> None:
        self.calls: Counter[tuple[str, str, str]] = Counter()
        self.states: Counter[tuple[str, int]] = Counter()
        self.events: Counter[str] = Counter()

    def call(self, contract: str, data: bytes, outcome: str, output: bytes | None) -> None:
        function = _functions(contract).get(data[:4])
        self.calls[contract, function[0] if function else f"0x{data[:4].hex()}", outcome] += 1
        if function and output:
            self.states.update(function[1](output))

    def heard(self, logs: list[Log]) -> None:
        for log in logs:
            entry = events().get(log.topics[0]) if log.topics else None
            if entry:
                self.events[entry["name"]] += 1
                self.states.update(_enums_of_event(entry, log))

    def record(self) -> Record:
        return Record(
            calls=[(*key, count) for key, count in sorted(self.calls.items())],
            states=[(*key, count) for key, count in sorted(self.states.items())],
            events=sorted(self.events.items()),
        )

    def add(self, record: Record) -> None:
        for contract, function, outcome, count in record["calls"]:
            self.calls[contract, function, outcome] += count
        for enum, member, count in record["states"]:
            self.states[enum, member] += count
        for event, count in record["events"]:
            self.events[event] += count


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

    def observed(self: Any, to: str, data: bytes, act: Callable[[], Any]) -> Any:
        contract = _name_at(self, to)
        try:
            answer = act()
        except Reverted as refusal:
            if contract:
                recorder.call(contract, data, refusal.name, None)
            raise
        if contract:
            output = answer.output if isinstance(answer, Result) else answer
            recorder.call(contract, data, OK, output)
            for target, action, outcome in _indirect(self, data, output):
                if name := _name_at(self, target):
                    recorder.call(name, action, outcome, None)
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
        outcome = OK
        try:
            address: str = create(self, sender, code)
        except Reverted as refusal:
            outcome = refusal.name
            raise
        finally:
            if contract:
                recorder.calls[contract, CONSTRUCTOR, outcome] += 1
        return address

    def watched_revert(self: Any, snapshot: Any) -> None:
        revert(self, snapshot)
        # The address may be given to other code now.
        self.__dict__.pop("_names", None)

    backend.call, backend.transact = watched_call, watched_transact
    backend.create, backend.revert = watched_create, watched_revert


def _indirect(chain: Any, data: bytes, output: bytes) -> list[tuple[str, bytes, str]]:
    """Target, calldata and outcome of calls within a call: the actions of an executed proposal, and what an
    asset with hooks tried in the middle of transfers."""
    if data[:4] == _EXECUTE:
        targets, _, actions, _ = _PROPOSAL.decode(data[4:])
        return [(target, action, OK) for target, action in zip(targets, actions, strict=True)]
    if data[:4] == _SET_HOOK:
        chain.__dict__["_hook"] = list(zip(*_HOOK.decode(data[4:]), strict=True))
    elif data[:4] == _ATTEMPTS and chain.__dict__.get("_hook"):
        (attempts,) = _RESULTS.decode(output)
        return [
            (target, action, OK if attempt.succeeded else reverted(attempt.result).name)
            for (target, action), attempt in zip(itertools.cycle(chain.__dict__["_hook"]), attempts, strict=False)
        ]
    return []


def _name_at(chain: Any, address: str) -> str | None:
    names: dict[str, str | None] = chain.__dict__.setdefault("_names", {})
    if address not in names and (code := chain.code(address)):
        names[address] = name_of(code)
    return names.get(address)


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
    """By selector: signature, and the enum members in an output."""
    artifact: Artifact = artifacts()[contract]
    entries = [entry for entry in artifact.abi if entry["type"] == "function"]
    return {keccak(text=signature_of(e))[:4]: (signature_of(e), _enums_of(e["outputs"])) for e in entries}


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
    hidden = ((field, _ENUM_IN_EVENT.get((entry["name"], field["name"]))) for field in plain)
    return _enums_of([field | {"internalType": enum} if enum else field for field, enum in hidden])(log.data)
