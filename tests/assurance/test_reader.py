"""One program reads what the same views say one by one, and a view that reverts is raised as itself."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.chain.reader import Comparison, Reader, View, Views
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor

MEMBER = actor("member")
PAYER = actor("payer").address


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


def test_words__of_a_varying_reader__are_of_the_last_argument_given(pair: Pair) -> None:
    who, start = MEMBER.address, pair.chain.timestamp
    views: list[View] = [(pair.token, "getPastVotes", (who, 0)), (pair.token, "getPastTotalSupply", (0,))]
    reader = Reader(pair.chain, views, varying=True)
    pair.chain.warp(10)
    pair.accept(MEMBER, SHARES)
    pair.chain.warp(1)
    assert [reader.words(at) for at in (start - 1, start, start + 9, start + 10)] == [
        [0, 0], [SHARES, SHARES], [SHARES, SHARES], [2 * SHARES, 2 * SHARES],
    ]  # fmt: skip
    with pytest.raises(Reverted) as caught:
        reader.words(start + 11)
    assert caught.value == Reverted("ERC5805FutureLookup", start + 11, start + 11)


# Views that become more


def test_comparison__as_expected__gives_answers_by_contract_and_where_it_is_clear_by_name(pair: Pair) -> None:
    who, comparison = MEMBER.address, Comparison(pair.chain)
    expected: Views = {
        (pair.token, "balanceOf", (who,)): [SHARES],
        (pair.asset, "balanceOf", (who,)): [0],
        (pair.splitter, "pool", (1,)): list(pair.splitter.pool(1)),
    }
    answers = comparison.answers(expected)
    assert answers[pair.token.address, "balanceOf", who] == [SHARES]
    assert answers["pool", 1] == answers[pair.splitter.address, "pool", 1] == list(pair.splitter.pool(1))
    assert ("balanceOf", who) not in answers


def test_comparison__more_views_fewer_and_others__reads_those_asked_for(pair: Pair) -> None:
    who, comparison = MEMBER.address, Comparison(pair.chain)
    shares: list[View] = [
        (pair.splitter, "sharesOf", (pool, account)) for pool in range(50) for account in (who, PAYER)
    ]
    model = {view: [SHARES if view[2] == (1, who) else 0] for view in shares}
    for views in (shares[:1], shares[:70], shares, shares[::-1], shares[3:90], [], shares[:2]):
        answers = comparison.answers({view: model[view] for view in views})
        assert {(name, *args): answers[name, *args] for _, name, args in views} == {
            (name, *args): model[view] for view in views for _, name, args in [view]
        }


@pytest.mark.parametrize("answer", [[SHARES, 0], [], [SHARES + 1]])
def test_comparison__another_word_or_number_of_words__fails_and_names_the_view(pair: Pair, answer: list[int]) -> None:
    expected: Views = {
        (pair.token, "balanceOf", (MEMBER.address,)): answer,
        (pair.token, "totalSupply", ()): [SHARES],
    }
    with pytest.raises(AssertionError):
        Comparison(pair.chain).answers(expected)


def test_comparison__where_no_word_is_expected__gives_the_chains(pair: Pair) -> None:
    expected: Views = {(pair.splitter, "pool", (1,)): [None, SHARES, 1_000, None]}
    assert Comparison(pair.chain).answers(expected)["pool", 1] == list(pair.splitter.pool(1))


def test_comparison__a_view_that_reverts_is_no_longer_asked_for__reads_the_others(pair: Pair) -> None:
    comparison, now = Comparison(pair.chain), pair.chain.timestamp
    supply: View = (pair.token, "totalSupply", ())
    pair.chain.warp(1)
    past: View = (pair.token, "getPastTotalSupply", (now,))
    before = pair.chain.snapshot()
    assert comparison.answers({supply: [SHARES], past: [SHARES]})["getPastTotalSupply", now] == [SHARES]
    pair.chain.revert(before)
    pair.chain.warp(-1)
    assert comparison.answers({supply: [SHARES]}).keys() >= {("totalSupply",)}
    with pytest.raises(Reverted):
        comparison.answers({supply: [SHARES], past: [SHARES]})
