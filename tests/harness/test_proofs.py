"""What `make prove` rests on and can be seen without it: every proof has a broken twin, every twin still changes the
line it names, and docs/proofs.md lists the property of every proof. Whether they hold is for `make prove`."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SYMBOLIC = ROOT / "tests" / "symbolic"
TWINS = tomllib.loads((SYMBOLIC / "twins.toml").read_text())["twin"]
CHECKS = [
    name
    for path in sorted(SYMBOLIC.glob("*.t.sol"))
    for name in re.findall(r"\bfunction (check_\w+)\(", path.read_text())
]


def test_proofs__each_once__has_a_twin_that_it_refutes() -> None:
    assert len(CHECKS) == len(set(CHECKS)) >= 51
    assert {name for twin in TWINS for name in twin["refuted_by"]} == set(CHECKS)


@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin["flaw"])
def test_twin__changes_one_line_of_a_contract(twin: dict[str, str]) -> None:
    assert (ROOT / twin["file"]).read_text().count(twin["line"]) == 1
    assert twin["line"] != twin["becomes"]


def test_proofs__each__has_its_property_on_the_page() -> None:
    table = [line.split("|")[1] for line in (ROOT / "docs" / "proofs.md").read_text().splitlines() if "|" in line]
    listed = {name.strip() for cell in table for name in cell.split(",")}
    assert {re.sub(r"check_([A-Z])(\d+)_.*", r"\1-\2", name) for name in CHECKS} == {
        name for name in listed if re.fullmatch(r"[A-Z]-\d+", name)
    }
