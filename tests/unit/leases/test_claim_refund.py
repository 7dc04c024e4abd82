"""`claimRefund` and `refundTo`: what is returnable is pulled, by anyone to the licensee or by the licensee anywhere
(L-4; AB-67, AB-69, AB-70).

given something returnable: paid once, and nothing else moves
given a request that is due and was not refunded: refunds first
given nothing: refused
given a licensee that the asset refuses: only its own withdrawal waits, and it can name another address
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import BOND, COST, PENDING, PERIODS, PRICE, REFUNDED, Market
from assurance.harness.dao.system import DAY


def due(market: Market) -> int:
    """A request that was not carried."""
    lease, proposal = market.request()
    market.dao.to_end_of_vote(proposal.id)
    return lease


def paid(market: Market, to: str) -> dict[str, Any]:
    return {
        "lease 1 status": (PENDING, REFUNDED),
        "lease 1 escrow": (PRICE * PERIODS, 0),
        "lease 1 bond": (BOND, 0),
        "owed": (COST, 0),
        "asset leases": (COST, 0),
        f"asset {to}": (0, COST),
    }


def test_claim_refund__by_anyone_before_a_refund__refunds_and_pays_the_licensee(market: Market) -> None:
    lease = due(market)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("claimRefund", lease, by=market.stranger)) == paid(market, "licensee")
    receipt = market.send("claimRefund", lease, by=market.stranger)
    assert receipt.value == COST
    assert market.said(receipt) == [
        ("LeaseRefunded", {"leaseId": lease, "amount": COST}),
        ("ReturnablePaid", {"leaseId": lease, "recipient": market.licensee.address, "amount": COST}),
    ]
    for by in (market.licensee, market.stranger):
        with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
            market.send("claimRefund", lease, by=by)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("refund", lease)


def test_claim_refund__after_refund__pays_the_same(market: Market) -> None:
    lease = due(market)
    market.send("refund", lease, by=market.stranger)
    receipt = market.send("claimRefund", lease)
    assert receipt.value == COST == market.dao.asset.balanceOf(market.licensee.address)
    assert [name for name, _ in market.said(receipt)] == ["ReturnablePaid"]


def test_claim_refund__approved_lease_past_start_by__refunds_and_pays(market: Market) -> None:
    lease = market.approved()
    start_by = market.lease(lease).startBy
    with market.moment(start_by - 1), refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("claimRefund", lease)
    market.warp_to(start_by)
    assert market.send("claimRefund", lease).value == COST


def test_claim_refund__of_a_lease_that_runs__refused_until_it_ended_and_then_pays_what_is_left(market: Market) -> None:
    lease = market.active()
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("claimRefund", lease)
    market.send("end", lease)
    assert market.effects(lambda: market.send("claimRefund", lease, by=market.stranger)) == {
        "lease 1 returnable": (2 * PRICE, 0),
        "owed": (2 * PRICE + PRICE // 20 + BOND, PRICE // 20 + BOND),
        "asset leases": (2 * PRICE + PRICE // 20 + BOND, PRICE // 20 + BOND),
        "asset licensee": (0, 2 * PRICE),
    }


@pytest.mark.parametrize("name", ["claimRefund", "refundTo"])
def test_claim_refund__unknown_lease__refused(market: Market, name: str) -> None:
    args = (1, market.stranger.address) if name == "refundTo" else (1,)
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send(name, *args)


def test_refund_to__licensee_names_another_address__pays_it(market: Market) -> None:
    lease, refuge = due(market), market.dao.who("refuge")
    with market.moment(market.now):
        call = lambda: market.send("refundTo", lease, refuge.address)  # noqa: E731
        assert market.effects(call) == paid(market, "refuge")
    receipt = market.send("refundTo", lease, refuge.address)
    assert receipt.value == COST
    assert market.said(receipt) == [
        ("LeaseRefunded", {"leaseId": lease, "amount": COST}),
        ("ReturnablePaid", {"leaseId": lease, "recipient": refuge.address, "amount": COST}),
    ]
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("refundTo", lease, refuge.address)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder"])
def test_refund_to__by_anyone_but_the_licensee__refused(market: Market, who: str) -> None:
    lease, caller = due(market), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotLicensee", caller.address, market.licensee.address):
        market.send("refundTo", lease, caller.address, by=caller)
    market.send("refundTo", lease, caller.address)


def test_refund_to__nowhere_or_into_the_escrow__refused(market: Market) -> None:
    lease = due(market)
    for recipient in (ADDRESS_ZERO, market.dao.leases.address):
        with refused(market.picture, "DataLeases_InvalidRecipient", recipient):
            market.send("refundTo", lease, recipient)
    market.send("refundTo", lease, market.licensee.address)


def test_refund_to__nothing_due__refused(market: Market) -> None:
    lease, _ = market.request()
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("refundTo", lease, market.stranger.address)


def test_claim_refund__licensee_blocklisted_by_the_asset__waits_alone_and_may_name_another_address_AB70(
    dao: Dao,
) -> None:
    market = Market(Dao(chain=dao.chain, asset="BlocklistAsset"))
    rival, licensee = market.dao.who("rival"), market.licensee.address
    lease, proposal = market.request()
    other, _ = market.request(rival)
    market.dao.to_end_of_vote(proposal.id)
    market.dao.asset.setBlocked(licensee, True, sender=market.stranger.address)
    market.send("refund", lease, by=market.stranger)
    with refused(market.picture, "BlocklistAsset_Blocked", licensee):
        market.send("claimRefund", lease, by=market.stranger)
    assert market.send("claimRefund", other, by=market.stranger).value == COST
    assert market.send("refundTo", lease, market.dao.who("refuge").address).value == COST
    assert market.dao.leases.solvency() == (0, 0)
    assert market.lease(lease).status == REFUNDED


def test_claim_refund__asset_paused__refused_by_the_asset_and_paid_later(dao: Dao) -> None:
    market = Market(Dao(chain=dao.chain, asset="PausableAsset"))
    lease = due(market)
    market.dao.asset.setPaused(True, sender=market.stranger.address)
    with refused(market.picture, "PausableAsset_Paused"):
        market.send("claimRefund", lease)
    market.send("refund", lease, by=market.stranger)
    market.warp_to(market.now + 400 * DAY)
    market.dao.asset.setPaused(False, sender=market.stranger.address)
    assert market.send("claimRefund", lease).value == COST
