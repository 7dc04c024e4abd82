"""What the templates show, made of the results and of the pages that state the properties."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from assurance.audit.catalogue import Row, rows
from assurance.audit.report.results import FAILED, NOT_RUN, OK, Part
from assurance.harness.chain.recording import OK as REACHED

KINDS = {
    "S": "random lives",
    "H": "proof",
    "D": "differential",
    "U": "each case",
    "L": "read",
}
BY_DESIGN = "by design"
_MACHINE = re.compile(r"invariant/test_(\w+)_machine\.py::")
_NUMBER = re.compile(r"check_([A-Z])(\d+)_(\w+)")


@dataclass(frozen=True)
class Proof:
    name: str
    state: str
    answer: str


@dataclass(frozen=True)
class Test:
    name: str
    runs: int
    state: str


@dataclass(frozen=True)
class Claim:
    """A row of a page, with what became of its tests and proofs."""

    id: str
    text: str
    excludes: str
    kinds: list[str]
    twins: tuple[str, ...]
    seeded: int
    """Bugs put in on purpose that it caught."""
    tests: list[Test]
    proofs: list[Proof]
    steps: int | None
    """Of random lives in which it was tried; none, if it is not tried that way."""
    state: str
    remark: str

    @property
    def area(self) -> str:
        return self.id.partition("-")[0]


def claims(page: str, parts: Mapping[str, Part]) -> list[Claim]:
    """`page` is a key of `assurance.audit.catalogue.PAGES`."""
    result = parts["properties"].result
    judged = {row["id"]: row for row in result[page]} if result else {}
    return [_claim(row, judged.get(row.id), parts) for row in rows(page)]


def _claim(row: Row, judged: dict[str, Any] | None, parts: Mapping[str, Part]) -> Claim:
    tests = [_test(name, judged) for name in row.tests]
    proofs = [_proof(name, parts["proofs"]) for name in row.proofs]
    states = {test.state for test in tests} | {proof.state for proof in proofs}
    state = next((state for state in (FAILED, NOT_RUN, OK) if state in states), BY_DESIGN)
    return Claim(
        id=row.id,
        text=row.text,
        excludes=row.attack,
        kinds=list(row.kinds),
        twins=row.twins,
        seeded=_caught(row, parts["seeded"]),
        tests=tests,
        proofs=proofs,
        steps=_steps(row, parts["campaign"]),
        state=state,
        remark=row.remark,
    )


def _test(name: str, judged: dict[str, Any] | None) -> Test:
    if judged is None or name not in judged["tests"]:
        return Test(name, 0, NOT_RUN)
    return Test(name, judged["tests"][name], FAILED if name in judged["failed"] else OK)


def _proof(name: str, part: Part) -> Proof:
    match = _NUMBER.fullmatch(name.partition("::")[2])
    if part.result is None or match is None:
        return Proof(name, NOT_RUN, NOT_RUN)
    area, number, claim = match.groups()
    answers = [
        proof["answer"]
        for proof in part.result["proofs"]
        if not proof["twin"] and not proof["control"] and (proof["id"], proof["claim"]) == (f"{area}-{number}", claim)
    ]
    if not answers:
        return Proof(name, NOT_RUN, NOT_RUN)
    return Proof(name, OK if answers == ["proved"] else FAILED, answers[0])


def _steps(row: Row, part: Part) -> int | None:
    machines = {match[1] for test in row.tests if (match := _MACHINE.match(test))}
    if not machines or part.result is None:
        return None
    found: dict[str, int] = {name: result["steps"] for name, result in part.result["machines"].items()}
    return sum(found.get(name, 0) for name in machines)


def _caught(row: Row, part: Part) -> int:
    return sum(row.id in bug["breaks"] and bug["ok"] for bug in part.result["bugs"]) if part.result else 0


def tally(found: list[Claim]) -> dict[str, int]:
    """How many are in which state, worst first."""
    states = (FAILED, NOT_RUN, OK, BY_DESIGN)
    counts = {state: sum(claim.state == state for claim in found) for state in states}
    return {state: count for state, count in counts.items() if count}


def outcomes(rules: Mapping[str, Mapping[str, int]]) -> list[dict[str, Any]]:
    """Of one machine, a line for each rule and outcome."""
    return [
        {"rule": rule, "outcome": outcome, "steps": steps}
        for rule, found in rules.items()
        for outcome, steps in found.items()
    ]


def functions(reach: Mapping[str, Any], contract: str) -> list[dict[str, Any]]:
    """Of one contract: how often each succeeded, what it was refused with, and why one never succeeds."""
    reasons = {
        line["name"]: line["reason"]
        for line in reach["unreachable"]
        if (line["kind"], line["contract"]) == ("function", contract)
    }
    return [
        {
            "name": name,
            "ok": ends.get(REACHED, 0),
            "refused": {end: count for end, count in ends.items() if end != REACHED},
            "reason": reasons.get(name, ""),
        }
        for name, ends in reach["calls"][contract].items()
    ]


def errors(calls: Mapping[str, Mapping[str, Mapping[str, int]]]) -> list[dict[str, Any]]:
    """Every error that some call was refused with, and the contracts called."""
    times: Counter[str] = Counter()
    contracts: defaultdict[str, set[str]] = defaultdict(set)
    for contract, functions in calls.items():
        for ends in functions.values():
            for error, count in ends.items():
                if error != REACHED:
                    times[error] += count
                    contracts[error].add(contract)
    return [{"error": error, "contracts": sorted(contracts[error]), "times": times[error]} for error in sorted(times)]
