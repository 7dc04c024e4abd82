"""`dropPendingShares`: unclaimed shares leave; their owner, if there is one, is credited what they earned.

given an erasure before the claim: credit, event, dataset and commons shrink, no one ever held the shares
given no owner (leftovers, duplicates): no credit, and no one else gains (S-9)
given an entry ahead of the pool, or more shares than the pool has: refused
given any other caller: refused
"""

from __future__ import annotations

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, SHARES, Pair
from assurance.harness.models.token_splitter import MIN_SHARES


def test_erase__unclaimed__credits_what_it_earned_and_stops__s5(dao: Dao) -> None:
    leaver, stayer = dao.who("leaver"), dao.who("stayer")
    data = leaf(leaver, "leaver's data", units=3)
    batch = dao.publish([data, leaf(stayer, "stayer's data", units=1)])
    dao.activate(batch)
    dao.deposit(0, INCOME)
    dao.deposit(1, 2 * INCOME)
    receipt = dao.erase(batch, data)
    assert receipt.named("PendingSharesDropped") == [
        Event(
            "PendingSharesDropped",
            dao.splitter.address,
            {"poolId": 1, "account": leaver.address, "shares": 3 * MIN_SHARES, "earned": 9 * INCOME // 4},
        )
    ]
    assert dao.splitter.pool(1)[1] == dao.splitter.pool(0)[1] == MIN_SHARES
    dao.deposit(1, INCOME)
    assert dao.splitter.claimable(leaver.address, [0, 1]) == 9 * INCOME // 4
    assert dao.splitter.sharesOf(1, leaver.address) == 0
    assert dao.splitter.claim(leaver.address, [0, 1], sender=stayer.address).value == 9 * INCOME // 4


def test_drop_pending_shares__of_a_member__adds_to_what_it_is_owed(pair: Pair) -> None:
    member = pair.payer
    pair.accept(member, SHARES)
    lot = pair.activate(1, SHARES)
    pair.deposit(1, 1_000)
    pair.splitter.dropPendingShares(1, member.address, SHARES, lot.entry, sender=pair.registry.address)
    assert pair.claimable(member, 1) == 1_000
    assert pair.splitter.sharesOf(1, member.address) == SHARES


def test_drop_pending_shares__that_earned_single_units__credits_each_of_them(pair: Pair) -> None:
    member = pair.payer
    for owed in (1, 2):
        lot = pair.activate(1, SHARES)
        pair.deposit(1, 1)
        pair.splitter.dropPendingShares(1, member.address, SHARES, lot.entry, sender=pair.registry.address)
        assert pair.claimable(member, 1) == owed
    assert pair.claim(member, 1) == 2


def test_drop_pending_shares__of_no_account__credits_none_and_income_stays__s9(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    lot = pair.activate(1, SHARES)
    pair.deposit(1, 1_000)
    receipt = pair.splitter.dropPendingShares(1, ADDRESS_ZERO, SHARES, lot.entry, sender=pair.registry.address)
    assert receipt.events == [
        Event(
            "PendingSharesDropped",
            pair.splitter.address,
            {"poolId": 1, "account": ADDRESS_ZERO, "shares": SHARES, "earned": 0},
        )
    ]
    assert pair.splitter.claimable(ADDRESS_ZERO, [1]) == 0
    assert pair.claim(pair.payer) == 500
    assert pair.asset.balanceOf(pair.splitter.address) == 500
    assert pair.splitter.conservation(0, 2) == (1_000, 500, 500, 0), "they still count as owed, to no one"


def test_drop_pending_shares__entry_ahead_of_the_pool__refused(pair: Pair) -> None:
    lot = pair.activate(1, SHARES)
    pair.deposit(1, 3)
    acc, account, registry = pair.splitter.pool(1)[0], pair.payer.address, pair.registry.address
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_InvalidEntryIndex", 1, acc + 1):
        pair.splitter.dropPendingShares(1, account, SHARES, acc + 1, sender=registry)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_InvalidEntryIndex", 1, 2**176):
        pair.splitter.dropPendingShares(1, account, SHARES, 2**176, sender=registry)
    pair.splitter.dropPendingShares(1, account, lot.shares, acc, sender=registry)
    assert pair.claimable(pair.payer, 1) == 0


def test_drop_pending_shares__entry_as_far_behind_as_incomes_go__accepted_and_none_farther(pair: Pair) -> None:
    """Of no shares: they would have earned more than there is."""
    pair.activate(1, SHARES)
    account, registry, index = pair.payer.address, pair.registry.address, pair.splitter.pool(1)[0]
    for behind, accepted in ((1, True), (2**175 - 1, True), (2**175, False)):
        entry = (index - behind) % 2**176
        if accepted:
            pair.splitter.dropPendingShares(1, account, 0, entry, sender=registry)
        else:
            with refused(pair.reader(pair.payer).words, "RevenueSplitter_InvalidEntryIndex", 1, entry):
                pair.splitter.dropPendingShares(1, account, 0, entry, sender=registry)


def test_drop_pending_shares__more_than_the_pool_has__refused(pair: Pair) -> None:
    pair.activate(1, SHARES)
    account, registry = pair.payer.address, pair.registry.address
    refusal = ("RevenueSplitter_InsufficientShares", 1, account, SHARES + 1, SHARES)
    with refused(pair.reader(pair.payer).words, *refusal):
        pair.splitter.dropPendingShares(1, account, SHARES + 1, 0, sender=registry)
    pair.splitter.dropPendingShares(1, account, SHARES, 0, sender=registry)
    assert pair.splitter.pool(1)[1] == 0


@pytest.mark.parametrize("caller", ["payer", "token", "leases", "timelock"])
def test_drop_pending_shares__other_caller__refused(pair: Pair, caller: str) -> None:
    pair.activate(1, SHARES)
    sender = {"payer": pair.payer.address, **pair.addresses}[caller]
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NotRegistry", sender):
        pair.splitter.dropPendingShares(1, pair.payer.address, SHARES, 0, sender=sender)
    pair.splitter.dropPendingShares(1, pair.payer.address, SHARES, 0, sender=pair.registry.address)
