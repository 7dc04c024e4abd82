"""`deposit`: anyone pays a pool, its shares at that moment are credited to the last 1/SCALE of a unit, and a pool that
has too few of them refuses, as all do while too much is owed.

given a live pool: books, payer and event; the remainder carried (S-2); a second deposit; zero
given a dead pool: `NoShares`, before and after it lived (S-10, AB-29)
given all owed that can be: `TooMuchOwed` at the first unit too many, until claims make room (S-8, X-6, AB-30)
given a payer without money or approval: the asset's own refusal
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, Pair
from assurance.harness.dao.system import actor
from assurance.harness.models.token_splitter import MIN_SHARES

SCALE = 2**64
MAX_OWED = 2**111 - 1


def test_deposit__live_pool__shares_out_and_emits(dao: Dao) -> None:
    member = dao.who("member")
    dao.contribute(leaf(member, "data", units=3))
    receipt = dao.deposit(1, 1_000_000)
    growth = 1_000_000 * SCALE // (3 * 10**9)
    payer = dao.who("payer").address
    assert receipt.events == [
        Event("Transfer", dao.asset.address, {"from": payer, "to": dao.splitter.address, "value": 1_000_000}),
        Event(
            "Deposited",
            dao.splitter.address,
            {"poolId": 1, "payer": payer, "amount": 1_000_000, "accumulator": growth},
        ),
    ]
    carry = 1_000_000 * SCALE % (3 * 10**9)
    assert dao.splitter.pool(1) == (growth, 3 * 10**9, 1_000_000, carry)
    assert dao.splitter.conservation(0, 2) == (1_000_000, 0, (1_000_000 * SCALE - carry) // SCALE, carry)
    assert dao.asset.balanceOf(payer) == 0
    assert dao.splitter.claimable(member.address, [1]) == 999_999, "rounded down by less than one unit"
    assert dao.splitter.claimable(member.address, [0]) == 0, "the commons is another pool"


def test_deposit__after_a_remainder__carries_it_exactly__s2(pair: Pair) -> None:
    member, shares = pair.payer, 3 * MIN_SHARES + 1
    pair.accept(member, shares)
    acc = carry = 0
    for amount in (1, 2, 999_999, 1):
        pair.deposit(1, amount)
        new_acc, _, _, new_carry = pair.splitter.pool(1)
        assert amount * SCALE + carry == (new_acc - acc) * shares + new_carry
        assert 0 <= new_carry < shares
        acc, carry = new_acc, new_carry
    assert acc * shares + carry == 1_000_003 * SCALE


def test_deposit__zero__does_nothing_in_any_pool(pair: Pair) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    state = pair.reader(pair.payer).words
    before = state()
    for pool in (0, 1, 2):
        assert pair.splitter.deposit(pool, 0, sender=pair.payer.address).logs == []
    assert state() == before


@pytest.mark.parametrize("pool", [0, 1, 7])
def test_deposit__pool_never_had_shares__refused__s10_b03(dao: Dao, pool: int) -> None:
    payer = dao.who("payer")
    dao.fund(payer, 100, dao.splitter)
    assert not dao.splitter.acceptsDeposit(pool, 100)

    def state() -> tuple[object, ...]:
        return dao.splitter.pool(pool), dao.splitter.conservation(0, 8), dao.asset.balanceOf(payer.address)

    with refused(state, "RevenueSplitter_NoShares", pool):
        dao.splitter.deposit(pool, 100, sender=payer.address)


def test_deposit__one_share_below_the_minimum__refused__one_more_accepted__s10_b20(pair: Pair) -> None:
    lot = pair.activate(1, MIN_SHARES - 1)
    pair.fund(pair.payer, 100)
    assert not pair.splitter.acceptsDeposit(1, 100)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NoShares", 1):
        pair.splitter.deposit(1, 100, sender=pair.payer.address)
    pair.activate(1, 1)
    assert pair.splitter.acceptsDeposit(1, 100)
    pair.splitter.deposit(1, 100, sender=pair.payer.address)
    assert pair.splitter.pool(1)[2] == 100
    assert lot.entry == 0


def test_deposit__last_member_erased__refused_until_a_member_joins_who_gets_nothing_of_the_past__ab29_b16(
    dao: Dao,
) -> None:
    leaver, joiner = dao.who("leaver"), dao.who("joiner")
    data = leaf(leaver, "leaver's data", units=2)
    batch = dao.contribute(data)
    dao.deposit(1, INCOME)
    dao.erase(batch, data)
    payer = dao.who("payer")
    dao.fund(payer, INCOME, dao.splitter)

    def state() -> tuple[object, ...]:
        return dao.splitter.pool(1), dao.splitter.conservation(0, 8), dao.asset.balanceOf(payer.address)

    with refused(state, "RevenueSplitter_NoShares", 1):
        dao.splitter.deposit(1, INCOME, sender=payer.address)
    dao.contribute(leaf(joiner, "joiner's data", units=2))
    assert dao.splitter.claimable(joiner.address, [0, 1]) == 0
    dao.splitter.deposit(1, INCOME, sender=payer.address)
    assert dao.splitter.claimable(joiner.address, [1]) == INCOME
    assert dao.splitter.claimable(leaver.address, [1]) == INCOME


def test_deposit__unclaimed_shares_only__accepted(dao: Dao) -> None:
    batch = dao.publish([leaf(dao.who("late member"), "data")])
    dao.activate(batch)
    dao.deposit(1, 100)
    assert dao.splitter.pool(1)[2] == 100


@pytest.mark.parametrize("pool", [0, 1])
@pytest.mark.parametrize("shares", [MIN_SHARES, 10**15 + 3, 2**63 - 1])
def test_deposit__too_much_would_be_owed__refused_at_the_first_unit__s8_x6_ab30(
    pair: Pair, shares: int, pool: int
) -> None:
    pair.accept(pair.payer, shares)
    pair.deposit(1, 1_000)
    fits = MAX_OWED - 1_000
    pair.fund(pair.payer, fits + 1)
    assert pair.splitter.acceptsDeposit(pool, fits)
    assert not pair.splitter.acceptsDeposit(pool, fits + 1)
    state = pair.reader(pair.payer).words
    with refused(state, "RevenueSplitter_TooMuchOwed", 1_000, fits + 1, MAX_OWED):
        pair.splitter.deposit(pool, fits + 1, sender=pair.payer.address)
    pair.splitter.deposit(pool, fits, sender=pair.payer.address)
    assert not pair.splitter.acceptsDeposit(pool, 1)
    # Full as it is, everything else goes on, and a claim makes room.
    assert MAX_OWED - pair.claimable(pair.payer) in (0, 1, 2)
    pair.accept(pair.payer, 2**63 - 1 - shares)
    pair.erase(pair.payer, shares)
    claimed = pair.claim(pair.payer)
    assert MAX_OWED - claimed in (0, 1, 2)
    pair.accept(actor("neighbour"), shares)
    assert pair.splitter.acceptsDeposit(pool, claimed)
    assert not pair.splitter.acceptsDeposit(pool, claimed + 1)


def test_deposit__donor_raised_the_balance_beyond_any_use__is_refused_for_what_is_owed_alone__x6(pair: Pair) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    pair.deposit(1, 1_000)
    pair.asset.mint(pair.splitter.address, 2**200, sender=pair.payer.address)
    assert pair.splitter.acceptsDeposit(1, MAX_OWED - 1_000)
    assert not pair.splitter.acceptsDeposit(1, MAX_OWED - 999)
    pair.deposit(1, MAX_OWED - 1_000)
    assert MAX_OWED - pair.claim(pair.payer) in (0, 1)


def test_deposit__dead_pool_and_no_approval__is_refused_for_the_pool(pair: Pair) -> None:
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NoShares", 1):
        pair.splitter.deposit(1, 1, sender=pair.payer.address)


def test_deposit__smallest_pool_pumped_with_every_unit_in_existence__stays_open__s10_ab30(pair: Pair) -> None:
    everything = 2**96 - 1
    pair.accept(pair.payer, MIN_SHARES)
    for _ in range(3):
        pair.deposit(1, everything)
        assert pair.claim(pair.payer) in (everything - 1, everything, everything + 1)
    pair.accept(pair.payer, MIN_SHARES)
    assert pair.splitter.acceptsDeposit(1, everything)


def test_deposit__borrowed_money_sent_round_without_end__closes_no_pool__s8_s10_x6_ab30(pair: Pair) -> None:
    """The first trap of the prototype, which bounded lifetime totals at 2**96: 64 rounds of 2**90 closed it for all."""
    pair.accept(pair.payer, MIN_SHARES)
    pair.accept(actor("neighbour"), MIN_SHARES)
    pair.deposit(1, 7)
    paid = pair.claim(actor("neighbour"), 1) + pair.claim(pair.payer, 1)
    for pool, borrowed in ((1, 2**90), (0, 2**90), (1, 2**110), (0, 2**110)):
        for _ in range(70):
            pair.deposit(pool, borrowed)
            back = pair.claim(pair.payer, 1) + pair.claim(actor("neighbour"), 1)
            assert borrowed - back in range(-2, 3)
            paid += back
    received, stated, owed, _ = pair.splitter.conservation(0, 2)
    assert received == (7 + 140 * 2**90 + 140 * 2**110) % 2**128
    assert (received - stated) % 2**128 - owed in (0, 1, 2)
    assert pair.splitter.acceptsDeposit(0, 2**110)
    assert pair.splitter.acceptsDeposit(1, 2**110)
    # Nor does a gift, after which what the splitter holds says no longer how little it owes.
    pair.asset.mint(pair.splitter.address, MAX_OWED, sender=pair.payer.address)
    assert pair.splitter.acceptsDeposit(0, 2**110)
    assert pair.splitter.acceptsDeposit(1, 2**110)


@pytest.mark.parametrize("amount", [2**111, 2**176, 2**256 - 1])
def test_deposit__wider_than_anything_owed__refused(pair: Pair, amount: int) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    pair.fund(pair.payer, amount)
    assert not pair.splitter.acceptsDeposit(1, amount)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_TooMuchOwed", 0, amount, MAX_OWED):
        pair.splitter.deposit(1, amount, sender=pair.payer.address)


def test_deposit__payer_lacks_approval_or_money__refused_by_the_asset(pair: Pair) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    state, payer = pair.reader(pair.payer).words, pair.payer.address
    pair.asset.mint(payer, 9, sender=payer)
    with refused(state, "ERC20InsufficientAllowance", pair.splitter.address, 0, 10):
        pair.splitter.deposit(1, 10, sender=payer)
    pair.asset.approve(pair.splitter.address, 10, sender=payer)
    with refused(state, "ERC20InsufficientBalance", payer, 9, 10):
        pair.splitter.deposit(1, 10, sender=payer)
    pair.splitter.deposit(1, 9, sender=payer)


def test_deposit__stranger_with_another_payers_approval__pulls_from_itself_only__ab47(pair: Pair) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    pair.fund(pair.payer, 1000)
    with refused(pair.reader(pair.payer).words, "ERC20InsufficientAllowance", pair.splitter.address, 0, 10):
        pair.splitter.deposit(1, 10, sender=pair.registry.address)
