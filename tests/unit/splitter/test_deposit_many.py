"""`depositMany`: several deposits with one transfer of their sum, all or none.

given pools and amounts: each pool as by `deposit`, one transfer; a pool twice, zero amounts, an empty list
given a dead pool among them, too much in all, lists of unequal length: refused whole
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor

MAX_OWED = 2**111 - 1


def twins() -> tuple[Pair, Pair]:
    """Two alike, with shares in datasets 1 and 2."""
    pairs = Pair(), Pair()
    for pair in pairs:
        pair.accept(actor("member"), 3 * SHARES)
        pair.accept(actor("neighbour"), SHARES + 7, dataset=2)
        pair.fund(pair.payer, 10_000)
    return pairs


@pytest.mark.parametrize(
    ("pools", "amounts"),
    [([1, 0], [1_001, 77]), ([0, 2, 1, 2], [5, 6, 0, 8]), ([1, 1, 1], [1, 1, 1]), ([7], [0]), ([], [])],
)
def test_deposit_many__is_the_same_as_one_by_one_with_one_transfer(pools: list[int], amounts: list[int]) -> None:
    together, apart = twins()
    receipt = together.splitter.depositMany(pools, amounts, sender=together.payer.address)
    booked = []
    for pool, amount in zip(pools, amounts, strict=True):
        booked += apart.splitter.deposit(pool, amount, sender=apart.payer.address).named("Deposited")
    assert [e.args for e in receipt.named("Deposited")] == [e.args for e in booked]
    assert len(receipt.named("Transfer")) == (1 if sum(amounts) else 0)
    accounts = (actor("member"), actor("neighbour"))
    words = [pair.reader(*accounts).words() for pair in (together, apart)]
    assert words[0] == words[1]


def test_deposit_many__one_pool_dead__refused_whole__s10(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    pair.fund(pair.payer, 100)
    state = pair.reader(pair.payer).words
    with refused(state, "RevenueSplitter_NoShares", 2):
        pair.splitter.depositMany([1, 2], [60, 40], sender=pair.payer.address)
    pair.splitter.depositMany([1, 2], [60, 0], sender=pair.payer.address)


def test_deposit_many__too_much_in_all__refused_whole__x6(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    pair.fund(pair.payer, MAX_OWED + 1)
    state = pair.reader(pair.payer).words
    with refused(state, "RevenueSplitter_TooMuchOwed", 0, MAX_OWED + 1, MAX_OWED):
        pair.splitter.depositMany([1, 0], [MAX_OWED, 1], sender=pair.payer.address)
    pair.splitter.depositMany([1, 0], [MAX_OWED - 1, 1], sender=pair.payer.address)


def test_deposit_many__lists_of_unequal_length__refused(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_LengthMismatch", 2, 1):
        pair.splitter.depositMany([1, 0], [1], sender=pair.payer.address)
