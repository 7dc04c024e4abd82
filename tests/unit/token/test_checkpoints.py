"""`numCheckpoints` and `checkpoints`: every value that votes ever had, two older ones to a word (T-3).

given an account that never had votes: none
given votes that changed in several seconds: each second's last value, in order; a position beyond them panics
"""

from __future__ import annotations

from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor

HOLDER, DELEGATE = actor("holder"), actor("delegate")
OUT_OF_BOUNDS = 0x32
"""The code with which Solidity panics at an index beyond an array."""


def written(pair: Pair, account: Actor) -> list[tuple[int, int]]:
    count = pair.token.numCheckpoints(account.address)
    found = [pair.token.checkpoints(account.address, position) for position in range(count)]
    return [(checkpoint._key, checkpoint._value) for checkpoint in found]


def test_checkpoints__of_an_account_without_votes__are_none(pair: Pair) -> None:
    pair.token.delegate(DELEGATE.address, sender=HOLDER.address)
    pair.accept(HOLDER, SHARES)
    assert (written(pair, HOLDER), written(pair, actor("stranger"))) == ([], [])
    with refused(pair.reader(HOLDER).words, "Panic", OUT_OF_BOUNDS):
        pair.token.checkpoints(HOLDER.address, 0)


def test_checkpoints__of_several_seconds__are_the_last_value_of_each(pair: Pair) -> None:
    expected, votes = [], 0
    for number in range(1, 6):
        for _ in range(number):
            pair.accept(HOLDER, number * SHARES)
        votes += number**2 * SHARES
        expected.append((pair.chain.timestamp, votes))
        assert written(pair, HOLDER) == expected
        for beyond in (number, number + 1, 2**32 - 1):
            with refused(pair.reader(HOLDER).words, "Panic", OUT_OF_BOUNDS):
                pair.token.checkpoints(HOLDER.address, beyond)
        pair.chain.warp(number)
    assert [pair.token.getPastVotes(HOLDER.address, second) for second, _ in expected] == [v for _, v in expected]
