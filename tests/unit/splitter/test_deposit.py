"""`deposit`: anyone pays a pool, its shares at that moment are credited to the last 1/SCALE of a unit, and a pool that
has too few of them, or no room left, refuses.

given a live pool: books, payer and event; the remainder carried (S-2); a second deposit; zero
given a dead pool: `NoShares`, before and after it lived (S-10, AB-29)
given no room: `AccumulatorFull` at the first unit too many (S-8, AB-30)
given a payer without money or approval: the asset's own refusal
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.pair import INCOME, Pair
from assurance.harness.models.token_splitter import MIN_SHARES

SCALE = 2**64
MAX = 2**176 - 1


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
    assert dao.splitter.conservation() == (1_000_000, 0, (1_000_000 * SCALE - carry) // SCALE, carry)
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
        return dao.splitter.pool(pool), dao.splitter.conservation(), dao.asset.balanceOf(payer.address)

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
        return dao.splitter.pool(1), dao.splitter.conservation(), dao.asset.balanceOf(payer.address)

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


@pytest.mark.parametrize("shares", [MIN_SHARES, 10**15 + 3, 2**63 - 1])
def test_deposit__accumulator_would_overflow__refused_at_the_first_unit__s8_ab30(pair: Pair, shares: int) -> None:
    pair.accept(pair.payer, shares)
    # The last amount that fits: amount * SCALE < (MAX + 1) * shares.
    fits = min(MAX, ((MAX + 1) * shares - 1) // SCALE)
    pair.fund(pair.payer, fits + 1)
    assert pair.splitter.acceptsDeposit(1, fits)
    assert not pair.splitter.acceptsDeposit(1, fits + 1)
    state = pair.reader(pair.payer).words
    with refused(state, "RevenueSplitter_AccumulatorFull", 1, fits + 1):
        pair.splitter.deposit(1, fits + 1, sender=pair.payer.address)
    pair.splitter.deposit(1, fits, sender=pair.payer.address)
    # Full as it is, everything else goes on.
    assert pair.claimable(pair.payer) in (fits - 1, fits)
    pair.accept(pair.payer, 2**63 - 1 - shares)
    pair.erase(pair.payer, shares)
    assert pair.claim(pair.payer) in (fits - 1, fits)


def test_deposit__that_fills_the_accumulator_to_its_last_unit__accepted_s8(pair: Pair) -> None:
    """Takes two sizes of a pool: one unit moves the index by 3 in the first, by 4 in the second."""
    shares = SCALE // 3
    pair.accept(pair.payer, shares)
    pair.deposit(1, 1)
    pair.erase(pair.payer, shares - SCALE // 4)
    fits = (MAX - 3) // 4
    pair.fund(pair.payer, fits)
    assert pair.splitter.acceptsDeposit(1, fits)
    pair.splitter.deposit(1, fits, sender=pair.payer.address)
    assert pair.splitter.pool(1)[0] == MAX
    assert not pair.splitter.acceptsDeposit(1, 1)


def test_deposit__dead_pool_and_no_approval__is_refused_for_the_pool(pair: Pair) -> None:
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_NoShares", 1):
        pair.splitter.deposit(1, 1, sender=pair.payer.address)


def test_deposit__smallest_pool_pumped_with_every_unit_in_existence__stays_open__s10_ab30(pair: Pair) -> None:
    everything = 2**96 - 1
    pair.accept(pair.payer, MIN_SHARES)
    for _ in range(3):
        pair.deposit(1, everything)
        assert pair.claim(pair.payer) in (everything - 1, everything, everything + 1)
    growth = pair.splitter.pool(1)[0] // 3
    assert MAX // growth > 2**45, "rounds of the whole supply through the smallest pool before it is full"
    pair.accept(pair.payer, MIN_SHARES)
    assert pair.splitter.acceptsDeposit(1, everything)


@pytest.mark.parametrize("amount", [MAX + 1, 2**192, 2**256 - 1])
def test_deposit__wider_than_any_deposit__refused(pair: Pair, amount: int) -> None:
    pair.accept(pair.payer, MIN_SHARES)
    assert not pair.splitter.acceptsDeposit(1, amount)
    with refused(pair.reader(pair.payer).words, "RevenueSplitter_AccumulatorFull", 1, amount):
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
