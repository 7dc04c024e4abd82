"""`addPendingShares`: a batch's shares earn from its activation, before they are claimed; the registry alone.

given an activation: dataset and commons grow, no account's own shares do, the entry index is both accumulators together
given all pools at the widest: one share more is refused with what it would come to
given any other caller: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, Pair
from assurance.harness.models.token_splitter import MAX_SHARES, MIN_SHARES


def test_activate__both_pools_grow_by_the_batch_and_no_account_holds_it(dao: Dao) -> None:
    first, member = dao.who("first member"), dao.who("member")
    dao.contribute(leaf(first, "first data"))
    dao.deposit(0, INCOME)
    dao.deposit(1, 2 * INCOME)
    commons, pool = dao.splitter.pool(0), dao.splitter.pool(1)
    receipt = dao.activate(dao.publish([leaf(member, "data", units=3)]))
    at = dao.splitter.address
    entry = pool[0] + commons[0]
    assert receipt.named("PendingSharesAdded") == [
        Event("PendingSharesAdded", at, {"poolId": 1, "shares": 3 * MIN_SHARES, "entryIndex": entry})
    ]
    assert dao.splitter.pool(1) == (pool[0], 4 * MIN_SHARES, *pool[2:])
    assert dao.splitter.pool(0) == (commons[0], 4 * MIN_SHARES, *commons[2:])
    for account in (member.address, dao.registry.address):
        assert dao.splitter.sharesOf(1, account) == dao.splitter.sharesOf(0, account) == 0
        assert dao.splitter.claimable(account, [0, 1]) == 0
    dao.deposit(1, INCOME)
    assert dao.splitter.claimable(first.address, [1]) == 3 * INCOME + INCOME // 4, "a quarter of the new deposit"


def test_add_pending_shares__returns_both_accumulators_as_entry_index(pair: Pair) -> None:
    lot = pair.activate(1, MIN_SHARES)
    assert lot.entry == 0
    pair.deposit(1, 12)
    pair.deposit(0, 30)
    second = pair.activate(1, MIN_SHARES)
    assert second.entry == 12 * 2**64 // MIN_SHARES + 30 * 2**64 // MIN_SHARES
    assert pair.activate(2, MIN_SHARES).entry == 30 * 2**64 // MIN_SHARES


def test_add_pending_shares__widest_pool__filled_to_the_last_share_and_no_further(pair: Pair) -> None:
    registry = pair.registry.address
    state = pair.reader(pair.payer).words
    with refused(state, "RevenueSplitter_TooManyShares", 1, MAX_SHARES + 1):
        pair.splitter.addPendingShares(1, MAX_SHARES + 1, sender=registry)
    pair.activate(1, MAX_SHARES)
    for pool in (1, 2):
        with refused(state, "RevenueSplitter_TooManyShares", pool, MAX_SHARES + 1):
            pair.splitter.addPendingShares(pool, 1, sender=registry)
    pair.deposit(1, 1000)
    assert pair.splitter.pool(1)[1] == pair.splitter.MAX_POOL_SHARES() == MAX_SHARES


@pytest.mark.parametrize("caller", ["payer", "token", "splitter", "timelock"])
def test_add_pending_shares__other_caller__refused(pair: Pair, caller: str) -> None:
    sender = {"payer": pair.payer.address, **pair.addresses}[caller]
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NotRegistry", sender):
        pair.splitter.addPendingShares(1, MIN_SHARES, sender=sender)
    pair.splitter.addPendingShares(1, MIN_SHARES, sender=pair.registry.address)


def test_add_pending_shares__member_of_a_real_dao__refused(dao: Dao) -> None:
    member = dao.who("member")
    dao.contribute(leaf(member, "data"))

    def state() -> tuple[object, ...]:
        return dao.splitter.pool(1), dao.splitter.sharesOf(1, member.address)

    with refused(state, "RevenueSplitter_NotRegistry", member.address):
        dao.splitter.addPendingShares(1, MIN_SHARES, sender=member.address)
