"""The table of mistakes: an entry that cannot be applied is named, every entry applies, and each has its user."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from assurance.audit.catalogue import PAGES, Row, rows
from assurance.harness.chain import twins
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.mistakes import CONTRACTS, LIBRARIES, MistakeError, mistakes, read, tried_in
from tests.assurance.example_mistake import ENTRY, table

ROOT = Path(__file__).resolve().parents[2]
TESTS = ROOT / "tests"
CHECKS = {
    name
    for path in (TESTS / "symbolic").glob("*.t.sol")
    for name in re.findall(r"\bfunction (check_\w+)\(", path.read_text())
}


@cache
def rows_by_id() -> dict[str, Row]:
    """What the pages of properties list; no matter of collecting tests."""
    return {row.id: row for page in PAGES for row in rows(page)}


EDIT = {key: ENTRY[key] for key in ("file", "line", "becomes")}
ALONE = dict.fromkeys(EDIT)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"line": "COOL_DOWN = 9 days;"}, "expected 'COOL_DOWN = 9 days;' once in contracts/EmergencyBrake.sol, it is"),
        ({"line": "uint48"}, " times"),
        ({"line": ""}, "it is there 0 times"),
        ({"file": "contracts/Nothing.sol"}, "there is no contracts/Nothing.sol"),
        ({"contract": "Nothing"}, "no contract 'Nothing'; there are DataDAOFactory,"),
        ({"becomes": None}, "expected text for file, line, becomes, got {"),
        ({"becomes": 1}, "expected text for file, line, becomes, got {"),
        ({"becomes": ENTRY["line"]}, "line and becomes are the same"),
        ({"flaw": None}, "expected text for flaw"),
        ({"lines": "x"}, "unknown lines; an entry has flaw, file, "),
        ({"breaks": None}, "expected breaks, or refuted_by"),
        ({"breaks": None, "refuted_by": ["check_G1"], "lives": ["x.py"]}, "expected breaks"),
        ({"breaks": "G-8"}, "expected a list of text for breaks, got 'G-8'"),
        ({"tests": [1]}, "expected a list of text for tests, got [1]"),
        ({"edits": [EDIT]}, "expected either file, line, becomes or edits"),
        ({**ALONE}, "expected either file, line, becomes or edits"),
        ({**ALONE, "edits": "x"}, "expected a list of edits, got 'x'"),
        ({**ALONE, "edits": [EDIT | {"also": "x"}]}, "expected text for file, line, becomes, got {"),
        ({**ALONE, "edits": [EDIT, EDIT]}, "it is there 0 times"),
    ],
    ids=str,
)
def test_read__an_entry_that_cannot_be_applied__is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(MistakeError) as caught:
        [mistake.sources() for mistake in read(table(tmp_path, **change)).values()]
    assert says in str(caught.value)
    assert "contract" in change or "EmergencyBrake.CoolsLonger" in str(caught.value)


@pytest.mark.parametrize("text", ["", "= 1", "x = 1", '[EmergencyBrake]\nflaw = "x"', "EmergencyBrake = 1"])
def test_read__no_table__is_named(text: str, tmp_path: Path) -> None:
    (tmp_path / "odd.toml").write_text(text)
    with pytest.raises(MistakeError, match=r"odd\.toml"):
        read(tmp_path / "odd.toml")
    with pytest.raises(MistakeError, match="there is no "):
        read(tmp_path / "none.toml")


def test_sources__of_several_edits__have_them_all(tmp_path: Path) -> None:
    other = {"file": EDIT["file"], "line": "COOL_DOWN = 8 days;", "becomes": "COOL_DOWN = 9 days;"}
    (mistake,) = read(table(tmp_path, **ALONE, edits=[EDIT, other])).values()
    (text,) = mistake.sources().values()
    assert text == (ROOT / EDIT["file"]).read_text().replace("COOL_DOWN = 7 days;", "COOL_DOWN = 9 days;")


@pytest.mark.parametrize("mistake", mistakes().values(), ids=mistakes().keys())
def test_mistake__of_the_table__applies_and_all_that_it_names_is_there(mistake: Any) -> None:
    for name, text in mistake.sources().items():
        file = ROOT / name if name.startswith("contracts/") else ROOT / "node_modules" / name
        assert text != file.read_text()
    properties = rows_by_id()
    assert properties.keys() >= set(mistake.breaks)
    assert set(mistake.refuted_by) <= CHECKS
    assert mistake.contract != LIBRARIES or not (mistake.lives or mistake.tests)
    for test in mistake.tests:
        assert any(test in {f"tests/{listed}" for listed in properties[id_].tests} for id_ in mistake.breaks)


@pytest.mark.parametrize("mistake", mistakes().values(), ids=mistakes().keys())
def test_mistake__of_the_table__is_tried_by_one_part(mistake: Any) -> None:
    """Audit and proofs take all that name tests and checks; a test file takes those that name it, or that it names."""
    assert mistake.lives or mistake.tests or mistake.refuted_by
    for life in mistake.lives:
        source = (TESTS / life).read_text()
        assert "tried_in(__file__)" in source or f'"{mistake.id}"' in source, f"{life} does not try it"


def test_mistakes__of_all_deployable_contracts__are_there() -> None:
    assert {mistake.contract for mistake in mistakes().values()} == set(CONTRACTS)
    assert len(mistakes()) >= 93


def test_tried_in__a_file_that_no_mistake_names__is_refused() -> None:
    with pytest.raises(MistakeError, match=r"no mistake has assurance/test_mistakes\.py among its lives"):
        tried_in(__file__)


# Twins: contracts compiled with a mistake, or with nothing changed


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (("DataTimelock", "DataTimelock.RolesThaw"), "two twins of DataTimelock: DataTimelock, DataTimelock.RolesThaw"),
        (("DataToken",), "'DataToken' takes the place of no contract here; there are DataTimelock, DataLeases"),
        (("DataLeases.Nothing",), "there is no mistake 'DataLeases.Nothing' in the table"),
    ],
)
def test_twins__of_which_none_or_several_fit__are_refused(names: tuple[str, ...], says: str) -> None:
    with pytest.raises(MistakeError) as caught:
        twins.in_place(["DataTimelock", "DataLeases"], names)
    assert str(caught.value) == says


def test_twin__of_a_mistake__is_another_contract_under_the_same_name() -> None:
    deployed, plain, wrong = artifacts()["DataTimelock"], *map(twins.twin, ("DataTimelock", "DataTimelock.RolesThaw"))
    assert len({deployed.creation, plain.creation, wrong.creation}) == 3
    assert {deployed.name, plain.name, wrong.name} == {"DataTimelock"} and deployed.abi == wrong.abi


def test_twin__compiled_before__is_taken_from_disk_until_its_sources_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(twins, "CACHE", tmp_path)
    first = twins.compiled("DataTimelock")
    compiled: list[str] = []

    class Compiler:
        def compile(self, contract: str, edits: dict[str, str]) -> Any:
            compiled.append(contract)
            return first

    monkeypatch.setattr(twins, "_compiler", lambda process: Compiler())
    assert twins.compiled("DataTimelock") == first and not compiled
    (kept,) = tmp_path.iterdir()
    entry = json.loads(kept.read_text())
    assert {"contracts/DataTimelock.sol", "contracts/libraries/GovernanceLimits.sol"} <= entry["files"].keys()
    entry["files"]["contracts/libraries/GovernanceLimits.sol"] = "of another text"
    kept.write_text(json.dumps(entry))
    assert twins.compiled("DataTimelock") == first and compiled == ["DataTimelock"]
    kept.write_text("{}")
    assert twins.compiled("DataTimelock") == first and len(compiled) == 2
    kept.write_text("cut off")
    assert twins.compiled("DataTimelock") == first and len(compiled) == 3
