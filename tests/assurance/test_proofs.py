"""What `make prove` rests on and can be seen without it: every proof has a mistake that refutes it, and docs/proofs.md
lists the property of every proof. Whether they hold is for `make prove`, that mistakes apply for test_mistakes.py."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from assurance.harness.mistakes import mistakes
from tests.symbolic import solver

ROOT = Path(__file__).resolve().parents[2]
SYMBOLIC = ROOT / "tests" / "symbolic"
CHECKS = [
    name
    for path in sorted(SYMBOLIC.glob("*.t.sol"))
    for name in re.findall(r"\bfunction (check_\w+)\(", path.read_text())
]


def test_proofs__each_once__has_a_mistake_that_refutes_it() -> None:
    assert len(CHECKS) == len(set(CHECKS)) >= 51
    assert {name for mistake in mistakes().values() for name in mistake.refuted_by} == set(CHECKS)


def test_proofs__each__has_its_property_on_the_page() -> None:
    table = [line.split("|")[1] for line in (ROOT / "docs" / "proofs.md").read_text().splitlines() if "|" in line]
    listed = {name.strip() for cell in table for name in cell.split(",")}
    assert {re.sub(r"check_([A-Z])(\d+)_.*", r"\1-\2", name) for name in CHECKS} == {
        name for name in listed if re.fullmatch(r"[A-Z]-\d+", name)
    }


def test_solver__whose_first_engine_answers__starts_no_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, quick="echo unsat", other=f"touch {tmp_path}/started")
    assert solver.first(str(tmp_path / "query")) == "unsat\n"
    assert not (tmp_path / "started").exists()


def test_solver__whose_first_engine_never_answers__asks_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(monkeypatch, endless="while :; do :; done", ignorant="echo unknown", other="echo sat")
    assert solver.first(str(tmp_path / "query")) == "sat\n"


def test_solver__of_a_query_that_needs_several_turns__gives_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = "i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo unsat"
    engines(monkeypatch, endless="while :; do :; done", long=long)
    assert solver.first(str(tmp_path / "query")) == "unsat\n"


def test_solver__of_a_query_that_no_engine_knows__says_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    engines(monkeypatch, ignorant="echo unknown", broken="exit 1")
    assert solver.first(str(tmp_path / "query")) == "unknown\n"


def test_engine__that_ended_after_its_turn__gives_its_answer_in_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engines(monkeypatch, slow="sleep 0.2; echo sat")
    engine = solver.Engine("slow", str(tmp_path / "query"))
    while engine._process.is_alive():
        time.sleep(0.01)
    assert engine.work() == "sat\n"


def engines(monkeypatch: pytest.MonkeyPatch, **commands: str) -> None:
    def running(command: str) -> Callable[[str], None]:
        return lambda _query: os.execlp("sh", "sh", "-c", command)  # noqa: S606 - what is stopped and killed is this

    table = {name: (running(command), 0.01) for name, command in commands.items()}
    monkeypatch.setattr(solver, "ENGINES", table)
