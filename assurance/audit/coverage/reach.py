"""Whether tests reached every function, custom error, event and enum state of the contracts.

What `python -m assurance.audit.coverage` runs is recorded, and the scenarios are run besides. Writes
`audit-report/reach.json` in the shape of `Reach`, and fails by name on what no test reached and `unreachable.toml` does
not explain, on an explanation of something that was reached after all, and when a test fails.
"""

from __future__ import annotations

import os
import subprocess
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from typing_extensions import TypedDict

from assurance import ROOT
from assurance.audit.part import IN_PROCESS, PartError, write
from assurance.bench.report import Stopwatch
from assurance.harness.chain.artifacts import DEPLOYED, artifacts
from assurance.harness.chain.compiler import Compiler
from assurance.harness.chain.recording import OK, Recorder, read
from datadao.chain.abi import signature_of

EXPLANATIONS = Path(__file__).with_name("unreachable.toml")
_STANDARDS = (
    "@openzeppelin/contracts/governance/IGovernor.sol",
    "@openzeppelin/contracts/governance/TimelockController.sol",
)
"""Their enums are in our ABIs."""
# The demo does not go through the back ends.
SCENARIOS = (*IN_PROCESS, "tests/scenario", "--ignore=tests/scenario/test_demo.py")


class Thing(NamedTuple):
    """What there is to reach."""

    kind: str
    """`function` (to succeed), `error`, `event` or `state`."""
    contract: str
    """Or, of a state, the enum."""
    name: str


class Explanation(TypedDict):
    """An entry of `unreachable.toml`, one for the same name in several contracts."""

    kind: str
    name: str
    contracts: list[str]
    reason: str


class Reach(TypedDict):
    """The details of the JSON, beside what every part has."""

    reached: dict[str, int]
    """By kind."""
    all: dict[str, int]
    calls: dict[str, dict[str, dict[str, int]]]
    """Contract, function, outcome, times."""
    states: dict[str, dict[str, int]]
    """Enum, member, times."""
    unreachable: list[dict[str, str]]
    """Kind, contract, name and reason of what nothing reaches."""
    wrong: list[str]


def universe(enums: Mapping[str, Sequence[str]]) -> set[Thing]:
    """All there is to reach: of the ABIs, and every member of every enum."""
    things = {Thing("state", enum, member) for enum, members in enums.items() for member in members}
    for contract in DEPLOYED:
        for entry in artifacts()[contract].abi:
            if entry["type"] in ("function", "error", "event"):
                name = signature_of(entry) if entry["type"] == "function" else entry["name"]
                things.add(Thing(entry["type"], contract, name))
    return things


def reached(record: Recorder, enums: Mapping[str, Sequence[str]]) -> set[Thing]:
    """An error named after a contract is its own, through whichever other contract it came."""
    things = set()
    for contract, function, outcome in record.calls:
        if outcome == OK:
            things.add(Thing("function", contract, function))
        else:
            things |= {Thing("error", contract, outcome), Thing("error", outcome.partition("_")[0], outcome)}
    things |= {Thing("event", contract, event) for contract in DEPLOYED for event in record.events}
    for enum, member in record.states:
        name = enum.removeprefix("enum ")
        things.add(Thing("state", name, enums[name][member]))
    return things


def enumerations() -> dict[str, list[str]]:
    """The members of our enums, and of those of others in our ABIs."""
    used = {enum for contract in DEPLOYED for enum in _enums_in(artifacts()[contract].abi)}
    with Compiler() as compiler:
        trees = compiler.syntax([*(f"contracts/{name}.sol" for name in DEPLOYED), *_STANDARDS])
    found = {}
    for file, tree in trees.items():
        for contract in tree["nodes"]:
            for node in contract.get("nodes", []):
                if node["nodeType"] == "EnumDefinition":
                    name = node["canonicalName"]
                    if file.startswith("contracts/") or name in used:
                        found[name] = [member["name"] for member in node["members"]]
    return found


def _enums_in(entries: Iterable[Mapping[str, Any]]) -> set[str]:
    found = set()
    for entry in entries:
        kind = entry.get("internalType", "")
        if kind.startswith("enum "):
            found.add(kind.removeprefix("enum ").partition("[")[0])
        for part in ("inputs", "outputs", "components"):
            found |= _enums_in(entry.get(part, []))
    return found


def explanations(path: Path) -> dict[Thing, str]:
    """Reasons by thing. Raises `PartError` for an entry that is not as `Explanation`."""
    reasons = {}
    for entry in tomllib.loads(path.read_text()).get("unreachable", []):
        fits = set(entry) == set(Explanation.__annotations__) and all(entry.values())
        if not fits or not isinstance(entry["contracts"], list):
            raise PartError(f"{path.name}: expected kind, name, contracts and reason, got {entry}")
        for contract in entry["contracts"]:
            reasons[Thing(entry["kind"], contract, entry["name"])] = entry["reason"]
    return reasons


def faults(there_is: set[Thing], seen: set[Thing], reasons: Mapping[Thing, str]) -> list[str]:
    """What fails the run, one line each."""
    missing = sorted(there_is - seen - reasons.keys())
    return [
        *(f"no test reached {kind} {contract}.{name}" for kind, contract, name in missing),
        *(f"reached, though called unreachable: {' '.join(thing)}" for thing in sorted(reasons.keys() & seen)),
        *(f"called unreachable, but there is no {' '.join(thing)}" for thing in sorted(reasons.keys() - there_is)),
    ]


def judge(folder: Path) -> int:
    """Of the tests whose records are in the folder, and the scenarios. Raises `PartError` when one of these fails."""
    reasons = explanations(EXPLANATIONS)
    with Stopwatch() as watch:
        environment = {**os.environ, "DATADAO_CHAIN": "revm", "DATADAO_RECORD": str(folder)}
        ended = subprocess.run(SCENARIOS, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ended.returncode != 0:
            raise PartError(f"scenarios: tests fail:\n{ended.stdout[-4000:]}{ended.stderr[-1000:]}")
        enums = enumerations()
        seen = read(folder)
    there_is = universe(enums)
    found = reached(seen, enums) & there_is
    details = _details(seen, enums, there_is, found, reasons)
    figures = ", ".join(f"{details['reached'][kind]} of {count} {kind}s" for kind, count in details["all"].items())
    return write("reach", ok=not details["wrong"], seconds=watch.wall, summary=figures, **details)


def _details(
    seen: Recorder,
    enums: Mapping[str, Sequence[str]],
    there_is: set[Thing],
    found: set[Thing],
    reasons: Mapping[Thing, str],
) -> Reach:
    calls: dict[str, dict[str, dict[str, int]]] = {contract: {} for contract in DEPLOYED}
    for (contract, function, outcome), count in sorted(seen.calls.items()):
        if contract in calls:
            calls[contract].setdefault(function, {})[outcome] = count
    states: dict[str, dict[str, int]] = {enum: dict.fromkeys(members, 0) for enum, members in enums.items()}
    for (enum, member), count in seen.states.items():
        name = enum.removeprefix("enum ")
        states[name][enums[name][member]] = count
    kinds = ("function", "error", "event", "state")
    return Reach(
        reached={kind: sum(thing.kind == kind for thing in found) for kind in kinds},
        all={kind: sum(thing.kind == kind for thing in there_is) for kind in kinds},
        calls=calls,
        states=states,
        unreachable=[{**thing._asdict(), "reason": reason} for thing, reason in sorted(reasons.items())],
        wrong=faults(there_is, found, reasons),
    )
