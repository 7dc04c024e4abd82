"""The simulated year: its comparison notices a unit too much or too little, and the same seed gives the same year."""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy

import pytest

from assurance.audit.year.__main__ import Judge, year
from assurance.audit.year.life import Life, WrongDeposit
from assurance.audit.year.plan import FATES, planned

FEW = 40


def test_year__of_the_real_contracts__pays_everybody_within_the_bounds_S3_S11() -> None:
    result = year(1, FEW)
    assert result["wrong"] == []
    assert result["totals"]["paid"] > 0
    assert set(result["people"]) == set(FATES)
    assert sum(len(people["paid"]) for people in result["people"].values()) == FEW
    assert sum(result["income"][-1][:-1]) == result["totals"]["received"]


@pytest.fixture(scope="module")
def lived() -> Life:
    life = Life(planned(1, FEW))
    life.live()
    return life


@pytest.fixture
def life(lived: Life) -> Iterator[Life]:
    """The end of a year, put back afterwards."""
    snapshot, reported = lived.dao.chain.snapshot(), deepcopy((lived.ledger, lived.settlements, lived.pools))
    yield lived
    lived.dao.chain.revert(snapshot)
    lived.ledger, lived.settlements, lived.pools = reported


def wrong(life: Life) -> list[str]:
    judge = Judge(life)
    judge.result()
    return judge.wrong


def test_comparison__one_unit_too_much_for_an_account__is_named_S3(life: Life) -> None:
    lucky = life.addresses[3]
    life.dao.asset.mint(lucky, 1, sender=lucky)
    assert [line.partition(" was paid")[0] for line in wrong(life)] == [lucky]


def test_comparison__short_by_a_unit_a_settlement__is_named_S3(life: Life) -> None:
    account, other = life.addresses[3], life.stewards[0].address
    life.collect(account)
    # One more settlement is to come, the claim of nothing on the last evening.
    life.dao.asset.transfer(other, life.settlements[account] + len(life.pools[account]), sender=account)
    assert [line.partition(" was paid")[0] for line in wrong(life)] == [account]


def test_comparison__money_of_no_account_in_the_splitter__is_reported_S11(life: Life) -> None:
    life.dao.asset.mint(life.dao.splitter.address, 1, sender=life.addresses[0])
    (reported,) = wrong(life)
    assert reported.startswith("the splitter holds")


def test_comparison__nothing_amiss__finds_nothing(life: Life) -> None:
    assert wrong(life) == []


def test_year__royalties_that_go_to_another_dataset__are_noticed() -> None:
    life = Life(planned(1, FEW), ("ModelRegistry.ForgetsDatasets",))
    with pytest.raises(WrongDeposit):
        life.live()


def test_year__same_seed__is_the_same_and_another_seed_another() -> None:
    assert year(2, 5) == year(2, 5)
    assert year(2, 5) != year(3, 5)
