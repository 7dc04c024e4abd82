"""The simulated year: its comparison notices a splitter with one line wrong, and the same seed gives the same year."""

from __future__ import annotations

import pytest

from audit.year.__main__ import year
from audit.year.plan import FATES
from tests.invariant.test_twins import SplitterFlaw

FEW = 40


def test_year__of_the_real_contracts__pays_everybody_within_the_bounds_S3_S11() -> None:
    result = year(1, FEW)
    assert result["wrong"] == []
    assert result["totals"]["paid"] > 0
    assert set(result["people"]) == set(FATES)
    assert sum(len(people["paid"]) for people in result["people"].values()) == FEW
    assert sum(result["income"][-1][:-1]) == result["totals"]["received"]


@pytest.mark.parametrize(
    "flaw", [SplitterFlaw.REMOVES_UNSETTLED, SplitterFlaw.ROUNDS_UP, SplitterFlaw.IGNORES_ENTRY], ids=lambda f: f.name
)
def test_year__of_a_splitter_with_one_line_wrong__is_noticed_S3(flaw: SplitterFlaw) -> None:
    assert year(1, FEW, {"RevenueSplitter": ("TwinSplitter", flaw)})["wrong"]


def test_year__same_seed__is_the_same_and_another_seed_another() -> None:
    assert year(2, 5) == year(2, 5)
    assert year(2, 5) != year(3, 5)
