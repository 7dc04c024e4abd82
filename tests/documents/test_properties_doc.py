"""Properties and abuse cases: every ID is there, each has tests that hold it, every twin is noticed by one of them, and
docs/tests.md lists what the names of the tests say."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.audit.catalogue import (
    FEWEST,
    IMPOSSIBLE,
    KINDS,
    LISTS,
    PAGES,
    Row,
    entries,
    gaps,
    held,
    lists,
    main,
    mentioned,
    rows,
)
from assurance.audit.mutation import seeded
from assurance.harness.mistakes import mistakes

PROPERTIES = PAGES["properties"].read_text()
AREAS = ("T", "S", "R", "L", "G", "X", "K")
WITHOUT_TWIN = {"X-4", "X-5", "X-7", "R-14", *(f"K-{number}" for number in range(1, 12))}


@cache
def by_id() -> dict[str, Row]:
    """The rows of all pages. Not read when tests are collected, which each process does."""
    return {row.id: row for page in PAGES for row in rows(page)}


def test_properties__are_all_there_each_with_a_test() -> None:
    assert not gaps(PROPERTIES, *AREAS)
    assert f" {len(rows('properties'))} properties" in PROPERTIES
    assert all(row.tests for row in rows("properties"))
    assert all(row.text and row.attack for row in rows("properties"))


def test_abuse_cases__are_all_there_each_with_a_test_or_a_reason() -> None:
    assert not gaps(PAGES["abuse_cases"].read_text(), "AB", "B")
    assert [row.id for row in rows("abuse_cases") if not row.tests and not row.remark.startswith(IMPOSSIBLE)] == []


def test_tests__hold_and_mention_no_id_that_the_pages_do_not_have() -> None:
    files = [file for file in (ROOT / "tests").rglob("test_*.py") if file.parent.name not in ("assurance", "documents")]
    said = {id_ for test in held() for id_ in test.ids} | {i for file in files for i in mentioned(file.read_text())}
    assert said - by_id().keys() == set()


def test_tests__that_hold_an_id__all_run() -> None:
    assert [test.reference for test in held() if test.skipped] == []


def test_lists__in_the_document__are_those_of_the_tests() -> None:
    assert LISTS.read_text() == lists(), "toolchain/run python -m assurance.audit.catalogue --write"
    links = re.findall(r"\]\(tests\.md#([a-z]+-\d+)\)", "".join(page.read_text() for page in PAGES.values()))
    assert links == [id_.lower() for id_ in by_id()]


def test_kinds__are_those_explained_and_proofs_are_there_where_one_is_claimed() -> None:
    for row in rows("properties"):
        assert row.kinds and KINDS.issuperset(row.kinds), row.id
        assert ("H" in row.kinds) == bool(row.proofs), row.id


def test_twins__of_each_property__live_in_one_of_its_tests() -> None:
    assert {twin for row in by_id().values() for twin in row.twins} == {m.id for m in mistakes().values() if m.lives}
    for row in rows("properties"):
        files = {test.split("::")[0] for test in row.tests}
        for twin in row.twins:
            assert files.intersection(mistakes()[twin].lives), f"{row.id}: none of its tests tries {twin}"


def test_seeded__are_the_properties_that_a_seeded_bug_breaks() -> None:
    broken = {id_ for bug in seeded.read() for id_ in bug.mistake.breaks}
    assert {id_ for id_, row in by_id().items() if row.seeded} == broken & by_id().keys()
    assert {row.id for row in rows("properties") if not row.seeded and not row.twins} == WITHOUT_TWIN


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (r"\n- \*\*\[S-5\]", "\n- [S-5]", "S is not numbered from 1 on"),
        (r"\n- \*\*\[K-6\]", "\n- [K-6]", "K has 10 entries and had 11"),
        (r"T-1 to T-10", "T-1 to T-9", "the page does not say that T goes to 10"),
    ],
)
def test_gaps__of_a_page_that_says_otherwise__are_found(old: str, new: str, fault: str) -> None:
    assert re.search(old, PROPERTIES), "there is something to change"
    assert fault in "\n".join(gaps(re.sub(old, new, PROPERTIES), *AREAS))


@pytest.mark.parametrize(
    "source",
    [
        "@pytest.mark.skip\ndef test_it__S1(): ...",
        "pytestmark = pytest.mark.skipif(True, reason='')\n\n\ndef test_it__S1(): ...",
        "@pytest.mark.parametrize('x', [pytest.param(1, marks=pytest.mark.xfail)])\ndef test_it__S1(x): ...",
    ],
    ids=["test", "module", "parameter"],
)
def test_held__of_a_test_that_is_skipped__says_so(source: str, tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(f"import pytest\n\n\n{source}\n")
    (found,) = held(tmp_path)
    assert (found.reference, found.ids, found.skipped) == ("test_it.py::test_it__S1", frozenset(["S-1"]), True)


def test_held__by_name_docstring_class_and_proof__are_all_found(tmp_path: Path) -> None:
    (tmp_path / "test_it.py").write_text(
        "def test_a__s1_ab17(): ...\n"
        'def test_b():\n    """Compares S-9 too. Holds T-1 to T-3,\n    B-02."""\n'
        "class TestC:\n    def test_d_K6(self): ...\n"
        "def helper_S1(): ...\ndef test_of_nothing(): ...\n"
    )
    (tmp_path / "Some.t.sol").write_text("contract C { function check_L3_it(uint256 x) external {} }")
    assert {test.reference: set(test.ids) for test in held(tmp_path)} == {
        "test_it.py::test_a__s1_ab17": {"S-1", "AB-17"},
        "test_it.py::test_b": {"T-1", "T-2", "T-3", "B-02"},
        "test_it.py::TestC::test_d_K6": {"K-6"},
        "Some.t.sol::check_L3_it": {"L-3"},
    }


def test_entries__of_a_page__are_read_over_line_breaks() -> None:
    text = "- **[S-1](x)** One\n  thing. *Attack:* Theft. *Checked:* S H.\n- **[AB-04](x)** Two.\n  *Here:* No.\n\nText"
    first, second = entries(text)
    assert (first.text, first.attack, first.kinds) == ("One thing.", "Theft.", ("S", "H"))
    assert (second.id, second.text, second.remark, second.kinds) == ("AB-04", "Two.", "No.", ())


def test_catalogue__asked_to_write__writes_the_lists(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("assurance.audit.catalogue.LISTS", tmp_path / "tests.md")
    assert main(["--write"]) == 0
    assert (tmp_path / "tests.md").read_text() == lists()
    assert main(["--other"]) == 2


def test_fewest__are_all_there_are_today() -> None:
    """Whoever adds a property raises the number, so that it cannot be removed unnoticed."""
    assert {area: sum(id_.startswith(f"{area}-") for id_ in by_id()) for area in FEWEST} == FEWEST
