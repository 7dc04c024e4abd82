"""What every result says of its making: the commit, and what was asked for."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from assurance.audit import part
from assurance.audit.part import commit


@pytest.fixture(autouse=True)
def apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part, "REPORT", tmp_path)
    monkeypatch.setattr(part, "_asked", "")
    for name in part.VARIABLES:
        monkeypatch.delenv(name, raising=False)


def reported(monkeypatch: pytest.MonkeyPatch, *arguments: str, **details: Any) -> dict[str, Any]:
    monkeypatch.setattr(sys, "argv", ["audit.luck", *arguments])
    assert part.run(lambda _: part.write("luck", ok=True, seconds=1, summary="", **details)) == 0
    result: dict[str, Any] = json.loads((part.REPORT / "luck.json").read_text())
    return result


def test_result__of_a_part_as_it_is__is_whole_and_names_the_commit(monkeypatch: pytest.MonkeyPatch) -> None:
    result = reported(monkeypatch)
    assert (result["asked"], result["whole"], result["commit"]) == ("", True, commit()._asdict())


def test_result__of_what_was_asked_for__says_what(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STEPS", "1000")
    result = reported(monkeypatch, "--seed", "5")
    assert (result["asked"], result["whole"]) == ("STEPS=1000 --seed 5", False)


def test_result__of_more_than_all__is_whole_if_the_part_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUTANTS", "all")
    result = reported(monkeypatch, whole=True)
    assert (result["asked"], result["whole"]) == ("MUTANTS=all", True)


def test_part__that_cannot_do_its_work__says_why(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(_: list[str]) -> int:
        raise part.PartError("there is no luck: try again")

    monkeypatch.setattr(sys, "argv", ["audit.luck"])
    assert part.run(broken) == 2
    assert capsys.readouterr().err == "error: there is no luck: try again\n"
