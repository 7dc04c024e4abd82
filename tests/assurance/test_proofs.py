"""What `make prove` rests on and can be seen without it: every proof has a mistake that refutes it, and docs/proofs.md
lists the property of every proof. Whether they hold is for `make prove`, that mistakes apply for test_mistakes.py."""

from __future__ import annotations

import re
from pathlib import Path

from assurance.harness.mistakes import mistakes

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
