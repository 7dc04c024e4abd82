"""`moveMember`: all that an account has in a pool becomes another's, as a succession will ask; the token alone.

given a member with shares, earnings and a credit: the heir has them, less than a unit short, event; other pools stay
given an heir that is a member already: both incomes stay within a unit
given the same account twice: nothing happens; given one that has nothing: it is paid nothing there from then on
given any other caller, the registry too: refused
given a transfer of a transferable token: no shares and no income move (T-6)
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import Actor, actor

HOLDER, HEIR, OTHER = actor("holder"), actor("heir"), actor("other")


def move(pair: Pair, pool: int = 1, holder: Actor = HOLDER, heir: Actor = HEIR) -> Receipt:
    receipt: Receipt = pair.splitter.moveMember(pool, holder.address, heir.address, sender=pair.addresses["token"])
    return receipt


def test_move_member__shares_earnings_and_credit__become_the_heirs__s5(pair: Pair) -> None:
    pair.accept(HOLDER, 4 * SHARES)
    pair.accept(HOLDER, SHARES, dataset=2)
    pair.deposit(1, 1_000)
    pair.erase(HOLDER, SHARES)
    pair.deposit(1, 600)
    pair.deposit(0, 800)
    owed, other = pair.claimable(HOLDER, 1), pair.claimable(HOLDER, 2)
    receipt = move(pair)
    assert receipt.value == 3 * SHARES
    fields = {"poolId": 1, "from": HOLDER.address, "to": HEIR.address, "shares": 3 * SHARES, "credit": 1_000}
    assert receipt.events == [Event("MemberMoved", pair.splitter.address, fields)]
    assert (pair.claimable(HEIR, 1), pair.claimable(HOLDER, 1)) == (owed, 0)
    assert [pair.splitter.sharesOf(1, a.address) for a in (HOLDER, HEIR)] == [0, 3 * SHARES]
    assert (pair.splitter.sharesOf(2, HOLDER.address), pair.claimable(HOLDER, 2)) == (SHARES, other)
    pair.deposit(1, 300)
    assert pair.claim(HEIR, 1) == owed + 300
    assert pair.claim(HOLDER, 1) == 0


@pytest.mark.parametrize(("left", "credit"), [(SHARES, 1), (1, 1), (1, 1_000)])
def test_move_member__of_a_single_unit_or_share__takes_the_credit_along_once__s5(
    pair: Pair, left: int, credit: int
) -> None:
    pair.accept(OTHER, SHARES)
    pair.accept(HOLDER, SHARES + left)
    pair.deposit(1, 2 * credit * (2 * SHARES + left) // (SHARES + left) + 1)
    pair.erase(HOLDER, SHARES)
    owed = pair.claimable(HOLDER, 1)
    assert owed >= credit
    move(pair)
    assert (pair.claimable(HOLDER, 1), pair.claimable(HEIR, 1)) == (0, owed)
    move(pair, holder=HEIR, heir=HOLDER)
    assert pair.claimable(HEIR, 1) == pair.claim(HEIR, 1) == 0


@pytest.mark.parametrize(("left", "credit"), [(SHARES, 1), (SHARES, 900), (1, 900)])
def test_move_member__twice_with_a_credit_each_time__takes_each_along_once__s5(
    pair: Pair, left: int, credit: int
) -> None:
    """What was claimed late, and lost in part, leaves a credit again."""
    deposited = 0
    for amount in (credit, 3 * credit):
        pair.accept(HOLDER, SHARES + left)
        pair.deposit(1, amount)
        deposited += amount
        pair.erase(HOLDER, SHARES)
        move(pair)
        assert pair.claimable(HOLDER, 1) == 0
    assert 0 <= deposited - pair.claimable(HEIR, 1) <= 2


@pytest.mark.parametrize("left", [1, 2])
def test_claim__of_a_share_with_a_credit__is_paid_once__s5(pair: Pair, left: int) -> None:
    """Also where it comes to more shares, and to another credit, afterwards."""
    pair.accept(OTHER, SHARES)
    pair.accept(HOLDER, SHARES + left)
    pair.deposit(1, 1_000)
    pair.erase(HOLDER, SHARES)
    paid = pair.claim(HOLDER, 1)
    assert (paid, pair.claim(HOLDER, 1), pair.splitter.sharesOf(1, HOLDER.address)) == (500, 0, left)
    pair.accept(HOLDER, SHARES)
    pair.deposit(1, 1_000)
    pair.erase(HOLDER, SHARES)
    assert pair.claim(HOLDER, 1) == 500


def test_move_member__to_a_member__keeps_both_incomes_within_a_unit__s5(pair: Pair) -> None:
    for account, shares in ((HOLDER, 3 * SHARES), (HEIR, 5 * SHARES + 7)):
        pair.accept(account, shares)
        pair.deposit(1, 1_001)
        pair.erase(account, SHARES)
        pair.deposit(0, 777)
    owed = pair.claimable(HOLDER, 1) + pair.claimable(HEIR, 1)
    move(pair)
    assert owed - pair.claimable(HEIR, 1) in (0, 1)
    assert pair.splitter.sharesOf(1, HEIR.address) == 6 * SHARES + 7


def test_move_member__to_itself_or_of_nothing__changes_nothing(pair: Pair) -> None:
    pair.accept(HOLDER, SHARES)
    pair.deposit(1, 500)
    state = pair.reader(HOLDER, HEIR).words
    before = state()
    assert (move(pair, heir=HOLDER).value, move(pair, pool=2).value, move(pair, pool=0).value) == (SHARES, 0, 0)
    assert state() == before


def test_move_member__of_nothing__announced_once_and_the_pool_pays_the_account_nothing_more(pair: Pair) -> None:
    receipt = move(pair)
    fields = {"poolId": 1, "from": HOLDER.address, "to": HEIR.address, "shares": 0, "credit": 0}
    assert receipt.events == [Event("MemberMoved", pair.splitter.address, fields)]
    assert move(pair).events == []
    pair.accept(HOLDER, 2 * SHARES)
    pair.accept(HOLDER, SHARES, dataset=2)
    pair.deposit(1, 1_000)
    pair.deposit(2, 500)
    pair.erase(HOLDER, SHARES)
    assert (pair.claimable(HOLDER), pair.claim(HOLDER, 1), pair.claim(HOLDER)) == (500, 0, 500)
    assert move(pair).value == SHARES
    assert (pair.claimable(HEIR), pair.claim(HEIR)) == (1_000, 1_000)


@pytest.mark.parametrize("caller", ["stranger", "registry", "leases", "timelock"])
def test_move_member__other_caller__refused(pair: Pair, caller: str) -> None:
    pair.accept(HOLDER, SHARES)
    sender = {"stranger": actor("stranger").address, **pair.addresses}[caller]
    with refused(pair.reader(HOLDER, HEIR).words, "RevenueSplitter_NotToken", sender):
        pair.splitter.moveMember(1, HOLDER.address, HEIR.address, sender=sender)
    move(pair)
    assert pair.splitter.sharesOf(1, HEIR.address) == SHARES


def test_transfer__transferable__moves_no_shares_and_no_income__t6_ab31_ab33(tradable: Pair) -> None:
    seller, buyer = actor("seller"), actor("buyer")
    tradable.accept(seller, 4 * SHARES)
    tradable.deposit(0, 1_001)
    tradable.deposit(1, 500)
    owed = tradable.claimable(seller)
    receipt = tradable.token.transfer(buyer.address, 3 * SHARES, sender=seller.address)
    assert {event.address for event in receipt.events} == {tradable.token.address}
    assert (tradable.claimable(seller), tradable.claimable(buyer)) == (owed, 0)
    assert [tradable.splitter.sharesOf(1, a.address) for a in (seller, buyer)] == [4 * SHARES, 0]
    tradable.deposit(0, 400)
    tradable.deposit(1, 400)
    assert tradable.claimable(buyer) == 0, "a token carries votes and nothing else"
    assert tradable.claimable(seller) == owed + 800


@pytest.mark.parametrize("value", [0, 3 * SHARES])
def test_transfer__to_oneself_or_of_nothing__changes_nothing__t6_ab32(tradable: Pair, value: int) -> None:
    holder, other = actor("holder"), actor("other")
    tradable.accept(holder, 3 * SHARES)
    tradable.deposit(0, 1_001)
    state = tradable.reader(holder, other).words
    before = state()
    for to in (holder, other) if value == 0 else (holder,):
        tradable.token.transfer(to.address, value, sender=holder.address)
    assert state() == before


def test_transfer__token_not_transferable__refused__t6(pair: Pair) -> None:
    holder, other = actor("holder"), actor("other")
    pair.accept(holder, SHARES)
    with refused(pair.reader(holder, other).words, "DataToken_NotTransferable", holder.address, other.address):
        pair.token.transfer(other.address, 1, sender=holder.address)
