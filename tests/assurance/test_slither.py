"""The triage of Slither's findings: none may be without a reason, no reason without a finding. Slither itself runs in
`make audit`."""

from __future__ import annotations

import tomllib
from typing import Any

from assurance.audit.slither import TRIAGE, Finding, triaged

FINDING = Finding("High", "unchecked-transfer", "Pool.pay(uint256)", "ignores the result")
OTHER = Finding("Low", "timestamp", "Pool.end()", "compares a time")


def triage(*where: str, check: str = "unchecked-transfer") -> dict[str, Any]:
    return {"finding": [{"check": check, "where": list(where), "reason": "because"}]}


def test_triage__finding_with_a_reason__has_it() -> None:
    rows, wrong = triaged([FINDING], triage("Pool.pay(uint256)"))
    assert [row["reason"] for row in rows] == ["because"]
    assert wrong == []


def test_triage__finding_without__is_reported_in_full() -> None:
    rows, wrong = triaged([FINDING, OTHER], triage("Pool.pay(uint256)"))
    assert [row["reason"] for row in rows] == ["because", None]
    assert wrong == ["untriaged: Low timestamp at Pool.end(): compares a time"]


def test_triage__second_finding_of_a_check_in_one_place__needs_its_own_reason() -> None:
    assert len(triaged([FINDING, FINDING], triage("Pool.pay(uint256)"))[1]) == 1
    assert triaged([FINDING, FINDING], triage("Pool.pay(uint256)", "Pool.pay(uint256)"))[1] == []


def test_triage__reason_for_another_check_or_place__does_not_serve_and_is_stale() -> None:
    for other in (triage("Pool.take(uint256)"), triage("Pool.pay(uint256)", check="timestamp")):
        wrong = triaged([FINDING], other)[1]
        assert [line.partition(":")[0] for line in wrong] == ["untriaged", "stale"]


def test_triage_file__every_entry__has_places_and_a_reason() -> None:
    entries = tomllib.loads(TRIAGE.read_text())["finding"]
    assert all(set(entry) == {"check", "where", "reason"} and entry["where"] for entry in entries)
    assert all(len(entry["reason"]) > 40 for entry in entries)
