"""`removeShares`: an erased contribution stops earning, and what it earned stays; the registry alone.

given an erasure: shares leave dataset and commons, claimable does not change by a unit, event (S-5)
given part of the shares, none, all and back again
given more than the account holds: refused
given any other caller: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor
from assurance.harness.models.token_splitter import MIN_SHARES


def test_erase__claimed__settles_and_takes_the_shares__s5_ab39(dao: Dao) -> None:
    leaver, stayer = dao.who("leaver"), dao.who("stayer")
    data = leaf(leaver, "leaver's data", units=3)
    batch = dao.contribute(data, leaf(stayer, "stayer's data"))
    dao.deposit(0, 11)
    dao.deposit(1, 403)
    owed = dao.splitter.claimable(leaver.address, [1])
    assert owed == 310, "three quarters of both deposits, rounded down once"
    receipt = dao.erase(batch, data)
    assert receipt.named("SharesRemoved") == [
        Event(
            "SharesRemoved",
            dao.splitter.address,
            {"poolId": 1, "account": leaver.address, "shares": 3 * MIN_SHARES},
        )
    ]
    assert dao.splitter.claimable(leaver.address, [1]) == owed
    assert dao.splitter.sharesOf(1, leaver.address) == 0
    assert [dao.splitter.pool(pool)[1] for pool in (0, 1)] == [MIN_SHARES, MIN_SHARES]
    dao.deposit(1, 1_000)
    assert dao.splitter.claimable(leaver.address, [1]) == owed


@pytest.mark.parametrize("removed", [0, 1, SHARES, 3 * SHARES])
def test_remove_shares__any_part__leaves_claimable_as_it_was(pair: Pair, removed: int) -> None:
    member = pair.payer
    pair.accept(member, 3 * SHARES)
    pair.accept(actor("neighbour"), 4 * SHARES)
    pair.deposit(1, 1_000_003)
    owed = pair.claimable(member, 1)
    pair.splitter.removeShares(1, member.address, removed, sender=pair.registry.address)
    assert pair.claimable(member, 1) == owed
    assert pair.splitter.sharesOf(1, member.address) == 3 * SHARES - removed
    assert pair.splitter.pool(1)[1] == 7 * SHARES - removed


def test_remove_shares__leave_and_come_back__earns_for_each_stay_alone(pair: Pair) -> None:
    member = pair.payer
    pair.accept(actor("neighbour"), SHARES)
    for stay in range(1, 4):
        pair.accept(member, SHARES)
        pair.deposit(1, 1_000)
        pair.erase(member, SHARES)
        pair.deposit(1, 777)
        assert pair.claimable(member, 1) == stay * 500


def test_remove_shares__in_two_parts_without_income_between__keeps_what_the_first_one_credited(pair: Pair) -> None:
    member = pair.payer
    pair.accept(actor("neighbour"), 2 * SHARES)
    pair.accept(member, 2 * SHARES)
    pair.deposit(1, 1_000)
    for _ in range(2):
        pair.splitter.removeShares(1, member.address, SHARES, sender=pair.registry.address)
        assert pair.claimable(member, 1) == 500
    assert pair.claim(member, 1) == 500


def test_remove_shares__part_then_all_and_part_again__pays_what_was_kept_once_s1(pair: Pair) -> None:
    """The slot that kept the first part's income must be empty when the second stay adds to it."""
    member, registry = pair.payer, pair.registry.address
    pair.accept(actor("neighbour"), 2 * SHARES)
    pair.accept(member, 2 * SHARES)
    pair.deposit(1, 1_000)
    for _ in range(2):
        pair.splitter.removeShares(1, member.address, SHARES, sender=registry)
    assert pair.claim(member, 1) == 500
    pair.accept(member, 2 * SHARES)
    pair.deposit(1, 1_000)
    pair.splitter.removeShares(1, member.address, SHARES, sender=registry)
    assert pair.claimable(member, 1) == pair.claim(member, 1) == 500


def test_remove_shares__a_single_unit_earned__stays(pair: Pair) -> None:
    member = pair.payer
    pair.accept(actor("neighbour"), SHARES)
    pair.accept(member, SHARES)
    pair.deposit(1, 2)
    pair.splitter.removeShares(1, member.address, SHARES, sender=pair.registry.address)
    assert pair.claim(member, 1) == 1


def test_remove_shares__more_than_held__refused(pair: Pair) -> None:
    member, registry = pair.payer, pair.registry.address
    pair.accept(member, SHARES)
    pair.accept(actor("neighbour"), SHARES)
    refusal = ("RevenueSplitter_InsufficientShares", 1, member.address, SHARES + 1, SHARES)
    with refused(pair.reader(member).words, *refusal):
        pair.splitter.removeShares(1, member.address, SHARES + 1, sender=registry)
    wide = ("RevenueSplitter_InsufficientShares", 1, member.address, 2**64, SHARES)
    with refused(pair.reader(member).words, *wide):
        pair.splitter.removeShares(1, member.address, 2**64, sender=registry)
    pair.splitter.removeShares(1, member.address, SHARES, sender=registry)


@pytest.mark.parametrize("caller", ["payer", "token", "leases", "timelock"])
def test_remove_shares__other_caller__refused(pair: Pair, caller: str) -> None:
    pair.accept(pair.payer, SHARES)
    sender = {"payer": pair.payer.address, **pair.addresses}[caller]
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NotRegistry", sender):
        pair.splitter.removeShares(1, pair.payer.address, SHARES, sender=sender)
    pair.splitter.removeShares(1, pair.payer.address, SHARES, sender=pair.registry.address)
