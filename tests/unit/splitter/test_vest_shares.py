"""`vestShares`: pending shares become an account's own, with what they earned since activation; the registry alone.

given a first claim: shares, income since the entry, no event of its own; the pool itself does not change
given shares held already: their income stays (the index is an average), within one unit, never more (S-3, S-5)
given an entry, or shares, beyond what the books can hold: refused
given any other caller: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, SHARES, Pair

MIN_SHARES, MAX_SHARES, MAX_ACC = 10**9, 2**63 - 1, 2**176 - 1


def test_claim__vests_in_both_pools_with_income_since_activation(dao: Dao) -> None:
    member, data = dao.who("member"), leaf(dao.who("member"), "data", units=2)
    batch = dao.publish([data, leaf(dao.who("sleeper"), "other", units=2)])
    dao.activate(batch)
    dao.deposit(0, INCOME)
    dao.deposit(1, 2 * INCOME)
    pools = dao.splitter.pool(0), dao.splitter.pool(1)
    receipt = dao.claim(batch, data)
    assert [e.name for e in receipt.events if e.address == dao.splitter.address] == [], "the registry emits it"
    reported = receipt.named("ContributionClaimed")
    assert [(e.args["contributor"], e.args["shares"]) for e in reported] == [(member.address, 2 * MIN_SHARES)]
    assert (dao.splitter.pool(0), dao.splitter.pool(1)) == pools, "they were counted since activation"
    for pool in (0, 1):
        assert dao.splitter.sharesOf(pool, member.address) == 2 * MIN_SHARES
    assert dao.splitter.claimable(member.address, [0]) == INCOME // 2
    assert dao.splitter.claimable(member.address, [1]) == INCOME


def test_claim__joiner__gets_none_of_an_earlier_deposit__s5_ab31_b01(dao: Dao) -> None:
    first, joiner = dao.who("first member"), dao.who("joiner")
    dao.contribute(leaf(first, "first data"))
    dao.deposit(1, INCOME)
    dao.contribute(leaf(joiner, "joiner's data", units=3))
    assert dao.splitter.claimable(joiner.address, [0, 1]) == 0
    assert dao.splitter.claimable(first.address, [1]) == INCOME
    dao.deposit(1, INCOME)
    assert dao.splitter.claimable(joiner.address, [1]) == 3 * INCOME // 4


def test_vest_shares__on_top_of_others__keeps_both_incomes_within_a_unit__s3(pair: Pair) -> None:
    member = pair.payer
    pair.accept(member, 3 * SHARES)
    pair.deposit(1, 1_000)
    lot = pair.activate(1, 5 * SHARES + 7)
    pair.deposit(1, 1_000)
    held, growth = pair.claimable(member, 1), pair.splitter.pool(1)[0] - lot.entry
    waiting = (5 * SHARES + 7) * growth // 2**64
    pair.vest(lot, member)
    assert 0 <= held + waiting - pair.claimable(member, 1) <= 1
    assert pair.splitter.sharesOf(1, member.address) == 8 * SHARES + 7


def test_vest_shares__part_of_a_lot__leaves_the_rest_pending(pair: Pair) -> None:
    lot = pair.activate(1, 4 * SHARES)
    pair.deposit(1, 400)
    pair.vest(lot, pair.payer, SHARES)
    assert pair.claimable(pair.payer, 1) == 100
    pair.deposit(1, 400)
    pair.vest(lot, pair.payer)
    assert pair.claimable(pair.payer, 1) == 800


def test_vest_shares__none__changes_nothing(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    pair.deposit(1, 400)
    state = pair.reader(pair.payer).words
    before = state()
    pair.splitter.vestShares(1, pair.payer.address, 0, 0, sender=pair.registry.address)
    assert state() == before


def test_vest_shares__entry_wider_than_an_accumulator__refused(pair: Pair) -> None:
    pair.activate(1, SHARES)
    registry = pair.registry.address
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_InvalidEntryIndex", 1, MAX_ACC + 1, MAX_ACC):
        pair.splitter.vestShares(1, pair.payer.address, SHARES, MAX_ACC + 1, sender=registry)
    pair.splitter.vestShares(1, pair.payer.address, SHARES, MAX_ACC, sender=registry)


def test_vest_shares__account_beyond_the_widest_pool__refused(pair: Pair) -> None:
    pair.accept(pair.payer, SHARES)
    account, registry, most = pair.payer.address, pair.registry.address, MAX_SHARES - SHARES
    lot = pair.activate(1, most)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_TooManyShares", 1, MAX_SHARES + 1):
        pair.splitter.vestShares(1, account, most + 1, lot.entry, sender=registry)
    pair.splitter.vestShares(1, account, most, lot.entry, sender=registry)
    assert pair.splitter.sharesOf(1, account) == MAX_SHARES


@pytest.mark.parametrize("caller", ["payer", "token", "leases", "timelock"])
def test_vest_shares__other_caller__refused(pair: Pair, caller: str) -> None:
    pair.activate(1, SHARES)
    sender = {"payer": pair.payer.address, **pair.addresses}[caller]
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NotRegistry", sender):
        pair.splitter.vestShares(1, pair.payer.address, SHARES, 0, sender=sender)
    pair.splitter.vestShares(1, pair.payer.address, SHARES, 0, sender=pair.registry.address)
