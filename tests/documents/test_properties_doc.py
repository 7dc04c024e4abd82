"""The pages that auditors start from say what is: every property and abuse case is there, every test they name exists,
is collected and names them in turn, every broken twin is noticed by one of them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.audit.catalogue import FEWEST, KINDS, faults, mentioned_by_tests, rows
from assurance.audit.mutation import seeded
from assurance.harness.mistakes import mistakes

PROPERTIES = (ROOT / "docs" / "properties.md").read_text()
CASES = (ROOT / "docs" / "abuse-cases.md").read_text()
AREAS = ("T", "S", "R", "L", "G", "X", "K")


def test_properties__are_all_there_and_name_tests_that_exist_and_name_them() -> None:
    assert not faults(PROPERTIES, *AREAS)
    assert f" {len(rows(PROPERTIES))} properties" in PROPERTIES
    assert all(row.tests for row in rows(PROPERTIES))


def test_abuse_cases__are_all_there_each_with_a_test_that_names_it_or_a_reason() -> None:
    assert not faults(CASES, "AB", "B")
    assert [row.id for row in rows(CASES) if not row.tests and not row.last.startswith("Impossible: ")] == []


def test_tests__name_no_property_and_no_case_that_the_pages_do_not_have() -> None:
    known = {row.id for row in (*rows(PROPERTIES), *rows(CASES))}
    assert mentioned_by_tests() - known == set()


def test_kinds__are_those_explained_and_proofs_are_named_where_one_is_claimed() -> None:
    for row in rows(PROPERTIES):
        kinds = row.last.split()
        assert kinds and KINDS.issuperset(kinds), row.id
        assert ("H" in kinds) == any(test.split("::")[0].endswith(".sol") for test in row.tests), row.id


def test_twins__named_are_those_of_the_table_and_a_named_test_lives_with_each() -> None:
    tried = [mistake for mistake in mistakes().values() if mistake.lives]
    assert {twin for row in rows(PROPERTIES) for twin in row.twins} == {mistake.id for mistake in tried}
    for row in rows(PROPERTIES):
        assert set(row.twins) == {mistake.id for mistake in tried if row.id in mistake.breaks}, row.id
        files = {test.split("::")[0] for test in row.tests}
        for twin in row.twins:
            assert files.intersection(mistakes()[twin].lives), f"{row.id}: none of its tests tries {twin}"


def test_seeded__are_the_properties_that_a_seeded_bug_breaks() -> None:
    broken = {id_ for bug in seeded.read() for id_ in bug.mistake.breaks}
    assert {row.id for row in rows(PROPERTIES) if row.seeded} == broken & {row.id for row in rows(PROPERTIES)}
    without = {row.id for row in rows(PROPERTIES) if not row.seeded and not row.twins}
    assert without == {"X-4", "X-5", *(f"K-{number}" for number in range(1, 7))}, "the page names them"


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (r"\n\| S-5 \|[^\n]*", "", "S is not numbered from 1 on"),
        (r"\n\| K-6 \|[^\n]*", "", "K has 5 lines and had 6"),
        (r"T-1 to T-8", "T-1 to T-9", "the page does not say that T goes to 8"),
        (r"test_twins\.py", "test_twinz.py", "there is no file tests/invariant/test_twinz.py"),
        (r"test_token_and_splitter__any_life\w+", "test_token__any_life", "has no test test_token__any_life"),
        (
            r"test_twins\.py::",
            "splitter_checks.py::",
            "pytest does not collect assurance/harness/machines/splitter/checks.py",
        ),
        (
            r"\n\| T-8 \|",
            "\n| T-8 | `invariant/test_twins.py::test_twin__no_flaw__agrees_with_the_model` |",
            "not name it",
        ),
    ],
)
def test_faults__of_a_page_that_says_otherwise__are_found(old: str, new: str, fault: str) -> None:
    """The check bites: a line that goes, a count that lies, a file or test that is not there or is another's."""
    assert re.search(old, PROPERTIES), "there is something to change"
    assert fault in "\n".join(faults(re.sub(old, new, PROPERTIES), *AREAS))


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test_it__S1(): ...",
        "pytestmark = pytest.mark.skipif(True, reason='')\n\n\ndef test_it__S1(): ...",
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.xfail)])\ndef test_it__S1(x): ...",
    ],
    ids=["test", "module", "parameter"],
)
def test_faults__of_a_test_that_is_skipped__are_found(
    source: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n\n{source}\n")
    monkeypatch.setattr("assurance.audit.catalogue.TESTS", tmp_path)
    assert "S-1: test_it__S1 is skipped or expected to fail" in faults(
        "| S-1 | a | b | `test_it.py::test_it__S1` |", "S"
    )


def test_fewest__are_all_there_are_today() -> None:
    """Whoever adds a property raises the mark, so that it cannot quietly go again."""
    have = {area: sum(row.id.startswith(f"{area}-") for row in (*rows(PROPERTIES), *rows(CASES))) for area in FEWEST}
    assert have == FEWEST
