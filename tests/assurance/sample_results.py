"""Results as the parts of the audit write them, made by the parts' own code where that is quick."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assurance.audit import part, proofs, properties, slither
from assurance.audit.coverage import lines
from assurance.audit.coverage.instrument import Point
from assurance.audit.coverage.reach import Reach
from assurance.audit.lives.campaign import Campaign, planned
from assurance.audit.lives.lives import Chunk
from assurance.audit.mutation import seeded
from assurance.audit.mutation.campaign import Details, FileRow, Survivor
from assurance.audit.replay.replay import Result as Replay
from assurance.audit.year.__main__ import CONTRIBUTORS, year

TWIN = "a line is missing"
SECONDS = 61.5


def write_all(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every part's file, by the writer of all parts. Nothing is wrong in any of them."""
    monkeypatch.setattr(part, "REPORT", folder)
    for name, details in all_results().items():
        part.write(name, ok=not details.get("wrong"), seconds=SECONDS, summary=f"summary of {name}", **details)


@cache
def all_results() -> dict[str, dict[str, Any]]:
    pages = properties.wanted(())
    passed = {test: ["passed"] for table in pages.values() for row in table for test in row.tests}
    proved = {proof for table in pages.values() for row in table for proof in row.proofs}
    return {
        "campaign": _campaign(),
        "coverage": _coverage(),
        "mutation": dict(_mutation()),
        "proofs": {"wrong": [], "proofs": _proofs(proved)},
        "properties": {
            "wrong": [],
            **{page: [properties.judged(row, passed) for row in table] for page, table in pages.items()},
        },
        "reach": dict(_reach()),
        "replay": dict(_replay()),
        "seeded": _seeded(),
        "slither": _slither(),
        "year": _year(),
    }


def _campaign() -> dict[str, Any]:
    campaign = Campaign(planned(["--steps", "54000", "--seed", "1"]))
    for cell, tasks in campaign.tasks.items():
        chunk = Chunk(tasks[0], campaign.shares[cell], 20, 3_000, int(cell.dynamic), 1.5)
        chunk.outcomes["deposit"].update({"ok": 7, "RevenueSplitter_NoShares": 3})
        campaign.chunks.append(chunk)
    return dict(campaign.result())


def _coverage() -> dict[str, Any]:
    points = [Point("contracts/Pool.sol", line, f"statement {line};") for line in range(1, 101)]
    points += [Point("contracts/Pool.sol", 7, "if (isEmpty) {", way) for way in ("true", "false")]
    reasons = [lines.Explanation("contracts/Pool.sol", "statement 100;", "Reached with `2**64` shares alone.")]
    return {"suites": {"properties": 0.99}, **lines.result(points, set(range(99)), set(range(99)) | {100}, reasons)}


def _mutation() -> Details:
    survivor = Survivor(
        file="contracts/Pool.sol",
        line=7,
        function="pay",
        kind="comparison",
        text="7: < becomes <=",
        before="a < b",
        after="a <= b",
        why="Both are never equal.",
    )
    row = FileRow(file="contracts/Pool.sol", killed=99, survived=1, explained=1, score=99.0)
    return Details(
        scope="all",
        mutants=102,
        killed=99,
        survived=1,
        explained=1,
        not_counted={"same code": 2},
        score=99.0,
        files=[row],
        kinds={"comparison": {"killed": 99, "survived": 1}},
        survivors=[survivor],
        settings={},
        wrong=[],
    )


def _proofs(named: Iterable[str]) -> list[dict[str, Any]]:
    """Of all proofs that the pages name: lines such as prove.py prints, read as the part reads them."""
    found = []
    for name in sorted(test.partition("::check_")[2] for test in named if "::check_" in test):
        number, _, claim = name.partition("_")
        label = f"{number[0]}-{number[1:]}"
        for answer, instead in (("proved", ""), ("refuted", f"  twin: {TWIN}"), ("proved", "  control: Pool")):
            match = proofs._LINE.fullmatch(f"{label:5}{answer:9}{3.2:6.1f} s  {claim}{instead}")
            assert match, name
            found.append(match.groupdict() | {"seconds": float(match["seconds"])})
    return found


def _reach() -> Reach:
    return Reach(
        reached={"function": 2, "error": 1, "event": 1, "state": 2},
        all={"function": 2, "error": 2, "event": 1, "state": 2},
        calls={"Pool": {"pay(uint256)": {"ok": 5, "Pool_Empty": 2}, "asset()": {"ok": 1}, "relay()": {"Pool_Off": 2}}},
        states={"Pool.Status": {"None": 3, "Open": 4}},
        unreachable=[
            {"kind": "error", "contract": "Pool", "name": "Pool_Full", "reason": "Needs `2**200` units."},
            {"kind": "function", "contract": "Pool", "name": "relay()", "reason": "Always refuses."},
        ],
        wrong=[],
    )


def _replay() -> Replay:
    return Replay(
        seed=1,
        traces=200,
        machines={"splitter": 100, "leases": 100},
        transactions=9_000,
        refused=700,
        creations=900,
        events=14_000,
        gas=10**9,
        wrong=[],
    )


def _seeded() -> dict[str, Any]:
    """All there are, each caught with a word as long as some are."""
    said = f"AssertionError: assert {'0x' + 'c0ffee' * 20} == None"
    caught = [seeded.Result(bug, bug.tests, said, "", 1.0) for bug in seeded.read()]
    return {"wrong": [], "bugs": [seeded._entry(result) for result in caught]}


def _slither() -> dict[str, Any]:
    finding = slither.Finding("Low", "timestamp", "Pool.pay(uint256)", "compares a time")
    entry = {"check": finding.check, "where": [finding.where], "reason": "Windows are *meant* to follow the clock."}
    rows, wrong = slither.triaged([finding], {"finding": [entry]})
    return {"wrong": wrong, "findings": rows}


def _year() -> dict[str, Any]:
    """A hundred people's real year; the others are as they are."""
    few = 100
    result = year(1, few)
    times = CONTRIBUTORS // few
    people = {
        fate: {"paid": lot["paid"] * times, "deviation": lot["deviation"] * times}
        for fate, lot in result["people"].items()
    }
    return {**result, "people": people, "contributors": CONTRIBUTORS}
