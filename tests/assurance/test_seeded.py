"""`python -m assurance.audit.mutation.seeded`: the bugs still apply, in every contract, and what does not count as
caught is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from assurance.audit.mutation import seeded
from assurance.audit.mutation.seeded import Bug, judge
from assurance.audit.mutation.sources import TARGETS
from assurance.audit.mutation.warm import Failure, Verdict
from assurance.audit.part import PartError
from assurance.harness.mistakes import mistakes
from tests.assurance.example_mistake import table

ROOT = Path(__file__).resolve().parents[2]
TEST = "tests/unit/brake/test_pull.py::test_pull__to_the_last_second_of_the_term__and_the_pause_outlives_it_G8"


def listed(folder: Path, **changes: Any) -> Path:
    """The table with a test that notices its mistake."""
    return table(folder, **({"tests": [TEST]} | changes))


def test_bugs__of_the_table__are_those_with_tests_and_of_every_deployable_contract() -> None:
    bugs = seeded.read()
    assert [bug.mistake for bug in bugs] == [mistake for mistake in mistakes().values() if mistake.tests]
    assert len(bugs) >= 25 and all(bug.each for bug in bugs)
    assert {bug.contract for bug in bugs} == set(TARGETS)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"breaks": ["G-99"]}, "no ID of docs/properties.md or docs/abuse-cases.md: G-99"),
        ({"breaks": ["S-1"]}, f"not listed for S-1: {TEST}"),
        ({"breaks": ["K-1"], "tests": None}, "K-1 has no test that runs in process"),
        ({"lines": "x"}, "unknown lines"),
    ],
    ids=str,
)
def test_read__a_bug_that_cannot_be_tried__is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(PartError) as caught:
        seeded.read(listed(tmp_path, **change))
    assert says in str(caught.value) and "EmergencyBrake.CoolsLonger" in str(caught.value)


def test_compile__a_line_that_is_not_there__is_named(tmp_path: Path) -> None:
    bugs = seeded.read(listed(tmp_path, line="COOL_DOWN = 9 days;"))
    with pytest.raises(PartError, match=r"EmergencyBrake\.CoolsLonger: expected .COOL_DOWN = 9 days;. once in "):
        seeded.compile_bugs(bugs)


def test_read__no_file__is_named(tmp_path: Path) -> None:
    with pytest.raises(PartError, match="there is no "):
        seeded.read(tmp_path / "none.toml")


def test_read__no_tests_named__takes_those_of_the_property_that_run_in_process(tmp_path: Path) -> None:
    (bug,) = seeded.read(listed(tmp_path, tests=None))
    assert TEST in bug.tests and not bug.each
    assert not any("scenario" in test for test in bug.tests)


def failure(test: str, when: str = "call", *, asserted: bool = True) -> Failure:
    return Failure(test, when, asserted, "AssertionError: said no")


def bug(*tests: str, each: bool = True) -> Bug:
    return Bug(next(iter(mistakes().values())), tests, each)


@pytest.mark.parametrize(
    ("each", "failures", "ended", "wrong"),
    [
        (True, [failure("a::t[1]"), failure("a::u")], "", ""),
        (True, [failure("a::t")], "", "not noticed by a::u"),
        (False, [failure("a::u")], "", ""),
        (False, [], "", "not noticed by "),
        (True, [failure("a::t", "setup"), failure("a::u")], "", "a::t failed in its setup, not by an assertion"),
        (True, [failure("a::t", asserted=False), failure("a::u")], "", "a::t failed in its call, not by an assertion"),
        (True, [failure("a::t"), failure("a::u")], "timeout", "the tests ended with a timeout"),
        (True, [failure("a::tt"), failure("a::u")], "", "not noticed by a::t"),
    ],
)
def test_judge__what_counts_as_caught(each: bool, failures: list[Failure], ended: str, wrong: str) -> None:
    result = judge(bug("a::t", "a::u", each=each), Verdict(tuple(failures), 1, 2, ended), 1)
    assert result.wrong.startswith(wrong) and bool(result.wrong) == bool(wrong)


def test_command__a_bug_that_its_property_misses__fails_and_says_so(tmp_path: Path) -> None:
    program = f"""
import sys
from pathlib import Path
from assurance.audit import part
part.REPORT = Path({str(tmp_path)!r})
from assurance.audit.mutation.seeded import main
sys.exit(part.run(main))
"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("DATADAO_", "PYTEST_"))}
    command = [sys.executable, "-c", program, str(listed(tmp_path))]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout + done.stderr
    report = json.loads((tmp_path / "seeded.json").read_text())
    assert (report["ok"], report["summary"]) == (False, "0 of 1 seeded bugs caught by the property named")
    assert f"not noticed by {TEST}" in done.stderr
