"""What random lives must meet: luck gets another round, the impossible fails by name."""

from __future__ import annotations

from collections import Counter

import pytest

from assurance.harness.machines.reaching import ROUNDS, live_until_met


@pytest.mark.parametrize("lucky", [1, 2, ROUNDS])
def test_live_until_met__met_in_some_round__lives_no_longer(lucky: int) -> None:
    reached: Counter[str] = Counter()

    def live() -> None:
        reached["lives"] += 1
        reached["rare"] += reached["lives"] == lucky

    live_until_met(live, reached, {"rare", "lives"})
    assert reached["lives"] == lucky


def test_live_until_met__never_met__fails_and_names_it() -> None:
    reached: Counter[str] = Counter()
    with pytest.raises(AssertionError, match="impossible"):
        live_until_met(lambda: reached.update(["common"]), reached, {"common", "impossible"})
    assert reached["common"] == ROUNDS
