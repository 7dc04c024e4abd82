"""`python -m assurance.audit.properties`: a number stands if each of its tests ran and passed, wherever it has to
run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from assurance.audit import properties
from assurance.audit.catalogue import Row
from assurance.audit.part import IN_PROCESS, ON_A_NODE, PartError

MINTING = "unit/token/test_mint.py::test_mint__other_caller__refused__ab20"
REPORT = """<testsuites><testsuite>
<testcase classname="tests.unit.a.test_b" file="tests/unit/a/test_b.py" name="test_c__S1[1-x]"/>
<testcase classname="tests.unit.a.test_b" file="tests/unit/a/test_b.py" name="test_c__S1[2-x]"><failure/></testcase>
<testcase classname="tests.unit.a.test_b.TestD" file="tests/unit/a/test_b.py" name="test_e__S1"><error/></testcase>
<testcase classname="tests.unit.a.test_b" file="tests/unit/a/test_b.py" name="test_f__S1"><skipped/></testcase>
<testcase classname="tests.unit.a.test_b" file="tests/unit/a/test_b.py" name="test_g__S1"/>
</testsuite></testsuites>"""
TOLD = {
    "unit/a/test_b.py::test_c__S1": ["passed", "failed"],
    "unit/a/test_b.py::TestD::test_e__S1": ["failed"],
    "unit/a/test_b.py::test_f__S1": ["skipped"],
    "unit/a/test_b.py::test_g__S1": ["passed"],
}


def row(*tests: str) -> Row:
    proofs = tuple(test for test in tests if ".sol::" in test)
    return Row("S-1", "solvent", tests=tuple(test for test in tests if test not in proofs), proofs=proofs)


def test_outcomes__of_a_report__are_those_of_every_parameter(tmp_path: Path) -> None:
    (tmp_path / "report.xml").write_text(REPORT)
    assert properties.outcomes(tmp_path / "report.xml") == TOLD


@pytest.mark.parametrize("test", [*TOLD, "unit/a/test_b.py::test_that_did_not_run__S1"])
def test_number__stands_only_if_all_its_tests_ran_and_passed(test: str) -> None:
    good = "unit/a/test_b.py::test_g__S1"
    judged = properties.judged(row(good, test, "symbolic/S.t.sol::check_S1_it"), TOLD)
    assert judged["failed"] == [test] * (test != good)
    assert judged["proofs"] == ["symbolic/S.t.sol::check_S1_it"]
    assert judged["tests"][test] == len(TOLD.get(test, []))


@pytest.mark.parametrize("code", [3, 4])
def test_session__that_ends_before_its_first_test__is_no_result(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    """As when a node does not start: exit code 3, with an empty report."""
    monkeypatch.setattr(properties, "REPORT", tmp_path)
    program = (
        "import pathlib, sys\n"
        "pathlib.Path(sys.argv[sys.argv.index('--junitxml') + 1]).write_text('<testsuites />')\n"
        f"sys.exit({code})\n"
    )
    with pytest.raises(PartError, match=f"exit code {code}"):
        properties._ran((sys.executable, "-c", program), [])


def test_number__that_no_page_has__is_refused() -> None:
    with pytest.raises(PartError, match=r"no property or abuse case has the ID S-99: see docs/properties.md"):
        properties.wanted(["S-1", "S-99"])


def test_tests__that_need_a_node__run_in_one_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also those of a folder that runs in process which are marked `node`, and so left out there."""
    marked, other, ran = "property/test_stores.py::test_a", "cli/test_b.py::test_c", []

    def run(command: Sequence[str], tests: list[str]) -> properties.Outcomes:
        ran.append((command, tests))
        return {test: ["passed"] for test in tests if command is ON_A_NODE or test != marked}

    monkeypatch.setattr(properties, "_ran", run)
    assert properties.tried([MINTING, marked, other]) == {test: ["passed"] for test in (MINTING, marked, other)}
    assert ran == [(IN_PROCESS, [marked, MINTING]), (ON_A_NODE, [other, marked])]


def test_tests__of_a_unit__run_in_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(properties, "REPORT", tmp_path)
    assert properties.tried([MINTING]) == {MINTING: ["passed"] * 5}
