"""`moveShares`: commons shares follow a transferred token, incomes do not; the token alone.

given a transfer of a transferable token: both sides settled, shares moved, event, dataset pools untouched (T-6)
given a token that is not transferable: no transfer reaches it
given any other caller, the registry too: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import refused
from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor


def test_transfer__moves_commons_shares_and_no_income__t6(tradable: Pair) -> None:
    seller, buyer = actor("seller"), actor("buyer")
    tradable.accept(seller, 4 * SHARES)
    tradable.deposit(0, 1_001)
    tradable.deposit(1, 500)
    receipt = tradable.token.transfer(buyer.address, 3 * SHARES, sender=seller.address)
    assert receipt.named("SharesMoved") == [
        Event(
            "SharesMoved",
            tradable.splitter.address,
            {"from": seller.address, "to": buyer.address, "shares": 3 * SHARES},
        )
    ]
    assert tradable.claimable(seller, 0) == 1_001
    assert tradable.claimable(buyer, 0, 1) == 0, "AB-31: a first receipt earns nothing of the past"
    assert tradable.splitter.sharesOf(0, seller.address) == SHARES
    assert tradable.splitter.sharesOf(0, buyer.address) == 3 * SHARES
    assert tradable.splitter.sharesOf(1, seller.address) == 4 * SHARES, "a seller keeps its dataset income"
    tradable.deposit(0, 400)
    tradable.deposit(1, 400)
    assert tradable.claimable(buyer) == 300
    assert tradable.claimable(seller, 1) == 900


def test_transfer__to_a_member__blends_without_costing_a_unit(tradable: Pair) -> None:
    seller, buyer = actor("seller"), actor("buyer")
    for account in (seller, buyer):
        tradable.accept(account, 4 * SHARES)
    tradable.deposit(0, 1_000)
    before = tradable.claimable(seller, 0), tradable.claimable(buyer, 0)
    tradable.token.transfer(buyer.address, SHARES + 1, sender=seller.address)
    after = tradable.claimable(seller, 0), tradable.claimable(buyer, 0)
    assert before == (500, 500)
    assert after[0] == before[0]
    assert 0 <= before[1] - after[1] <= 1


@pytest.mark.parametrize("value", [0, 3 * SHARES])
def test_transfer__to_oneself_or_of_nothing__moves_no_shares__t6_ab32(tradable: Pair, value: int) -> None:
    holder, other = actor("holder"), actor("other")
    tradable.accept(holder, 3 * SHARES)
    tradable.deposit(0, 1_001)
    state = tradable.reader(holder, other).words
    before = state()
    for to in (holder, other) if value == 0 else (holder,):
        receipt = tradable.token.transfer(to.address, value, sender=holder.address)
        assert receipt.named("SharesMoved") == []
    assert state() == before


def test_transfer__token_held_for_one_deposit_only__earns_that_deposit_of_the_commons_alone__ab33(
    tradable: Pair,
) -> None:
    seller, buyer = actor("seller"), actor("buyer")
    tradable.accept(seller, 4 * SHARES)
    tradable.token.transfer(buyer.address, SHARES, sender=seller.address)
    tradable.deposit(0, 400)
    tradable.deposit(1, 400)
    tradable.token.transfer(seller.address, SHARES, sender=buyer.address)
    tradable.deposit(0, 400)
    # What `IDataToken` states as the price of transferability, and no more than that.
    assert tradable.claimable(buyer) == 100
    assert tradable.claimable(seller) == 1_100


def test_move_shares__token_not_transferable__never_called__t6(pair: Pair) -> None:
    holder, other = actor("holder"), actor("other")
    pair.accept(holder, SHARES)
    with refused(pair.reader(holder, other).words, "DataToken_NotTransferable", holder.address, other.address):
        pair.token.transfer(other.address, 1, sender=holder.address)


@pytest.mark.parametrize("caller", ["stranger", "registry", "leases", "timelock"])
def test_move_shares__other_caller__refused(tradable: Pair, caller: str) -> None:
    holder, stranger = actor("holder"), actor("stranger")
    tradable.accept(holder, SHARES)
    sender = {"stranger": stranger.address, **tradable.addresses}[caller]
    with refused(tradable.reader(holder, stranger).words, "RevenueSplitter_NotToken", sender):
        tradable.splitter.moveShares(holder.address, stranger.address, 1, sender=sender)
    tradable.token.transfer(stranger.address, 1, sender=holder.address)
    assert tradable.splitter.sharesOf(0, stranger.address) == 1


def test_move_shares__more_than_the_sender_has__refused(tradable: Pair) -> None:
    holder, other = actor("holder"), actor("other")
    tradable.accept(holder, SHARES)
    state = tradable.reader(holder, other).words
    refusal = ("RevenueSplitter_InsufficientShares", 0, holder.address, SHARES + 1, SHARES)
    with refused(state, *refusal):
        tradable.splitter.moveShares(holder.address, other.address, SHARES + 1, sender=tradable.addresses["token"])
