"""One program reads what the same views say one by one, and a view that reverts is raised as itself."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.chain.reader import Reader
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor

MEMBER = actor("member")


@pytest.fixture
def pair() -> Pair:
    pair = Pair()
    pair.accept(MEMBER, SHARES)
    pair.deposit(1, 1_000)
    return pair


def test_words__of_one_word_of_several_and_of_none__are_the_views_results_end_to_end(pair: Pair) -> None:
    who = MEMBER.address
    views = [
        (pair.token, "balanceOf", (who,)),
        (pair.splitter, "pool", (1,)),
        (pair.splitter, "claimable", (who, [0, 1])),
        (pair.token, "delegates", (who,)),
    ]
    expected = [
        pair.token.balanceOf(who),
        *pair.splitter.pool(1),
        pair.splitter.claimable(who, [0, 1]),
        int(pair.token.delegates(who), 16),
    ]
    assert Reader(pair.chain, views).words() == expected
    assert Reader(pair.chain, []).words() == []


def test_words__after_a_change__are_the_new_ones(pair: Pair) -> None:
    reader = Reader(pair.chain, [(pair.splitter, "claimable", (MEMBER.address, [1])), (pair.token, "totalSupply", ())])
    assert reader.words() == [1_000, SHARES]
    pair.claim(MEMBER, 1)
    assert reader.words() == [0, SHARES]


def test_words__one_view_reverts__its_own_error(pair: Pair) -> None:
    now = pair.chain.timestamp
    views = [(pair.token, "totalSupply", ()), (pair.token, "getPastTotalSupply", (now,)), (pair.asset, "symbol", ())]
    with pytest.raises(Reverted) as caught:
        Reader(pair.chain, views).words()
    assert caught.value == Reverted("ERC5805FutureLookup", now, now)
