"""`refund`: a request that came to nothing returns whole, exactly once, by anyone's call (L-2, L-4; AB-67, AB-69,
AB-73).

given a proposal that is Defeated, Expired (never queued, never executed) or Canceled: from the first second on
given an approved lease that did not start: from `startBy` on
given any living proposal, a started, ended or refunded lease: refused
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import AGAINST, CANCELED, DEFEATED, EXPIRED, QUEUED, Proposal
from assurance.harness.dao.leases import (
    ACTIVE,
    APPROVED,
    BOND,
    COST,
    ENDED,
    PENDING,
    PERIODS,
    PRICE,
    REFUNDED,
    START_WINDOW,
    Market,
)
from assurance.harness.dao.system import DAY


def defeated(market: Market, proposal: Proposal) -> int:
    market.dao.to_vote(proposal.id)
    market.dao.vote(proposal.id, market.founder, support=AGAINST)
    return int(market.dao.governor.proposalDeadline(proposal.id)) + 1


def without_quorum(market: Market, proposal: Proposal) -> int:
    return int(market.dao.governor.proposalDeadline(proposal.id)) + 1


def never_queued(market: Market, proposal: Proposal) -> int:
    market.dao.to_vote(proposal.id)
    market.dao.vote(proposal.id, market.founder)
    return int(market.dao.governor.proposalDeadline(proposal.id)) + 14 * DAY


def never_executed(market: Market, proposal: Proposal) -> int:
    market.queue(proposal)
    return int(market.dao.governor.proposalEta(proposal.id)) + 14 * DAY


DEAD_ENDS = [(defeated, DEFEATED), (without_quorum, DEFEATED), (never_queued, EXPIRED), (never_executed, EXPIRED)]


@pytest.mark.parametrize(("happens", "state"), DEAD_ENDS, ids=[f.__name__ for f, _ in DEAD_ENDS])
def test_refund__proposal_came_to_nothing__whole_from_that_second_on_L4_B11(
    market: Market, happens: Callable[[Market, Proposal], int], state: int
) -> None:
    lease, proposal = market.request()
    at = happens(market, proposal)
    with market.moment(at - 1):
        with refused(market.picture, "DataLeases_NotRefundable", lease):
            market.send("refund", lease, by=market.stranger)
        with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
            market.send("claimRefund", lease, by=market.stranger)
    for when in (at, at + 1, at + 3650 * DAY):
        with market.moment(when):
            assert market.dao.governor.state(proposal.id) == state
            assert market.effects(lambda: market.send("refund", lease, by=market.stranger)) == {
                "lease 1 status": (PENDING, REFUNDED),
                "lease 1 escrow": (PRICE * PERIODS, 0),
                "lease 1 bond": (BOND, 0),
                "lease 1 returnable": (0, COST),
            }
    market.warp_to(at)
    receipt = market.send("refund", lease, by=market.stranger)
    assert market.said(receipt) == [("LeaseRefunded", {"leaseId": lease, "amount": COST})]
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("refund", lease)


def test_refund__guardian_cancels_a_queued_proposal__at_once(market: Market) -> None:
    lease, proposal = market.request()
    market.queue(proposal)
    with refused(market.picture, "DataLeases_NotRefundable", lease):
        market.send("refund", lease)
    market.dao.governor.cancel(*proposal.action, sender=market.dao.who("guardian").address)
    assert market.dao.governor.state(proposal.id) == CANCELED
    market.send("refund", lease)
    assert (market.lease(lease).status, market.lease(lease).returnable) == (REFUNDED, COST)
    market.warp_to(market.now + 2 * DAY)
    with refused(
        market.picture,
        "GovernorUnexpectedProposalState",
        proposal.id,
        CANCELED,
        (1 << QUEUED).to_bytes(32, "big"),
    ):
        market.carry_out(proposal)


def test_refund__guardian_cancels_before_the_vote__from_the_snapshot_on(market: Market) -> None:
    lease, proposal = market.request()
    snapshot = market.dao.governor.proposalSnapshot(proposal.id)
    market.dao.governor.cancel(*proposal.action, sender=market.dao.who("guardian").address)
    with market.moment(snapshot - 1), refused(market.picture, "DataLeases_NotRefundable", lease):
        market.send("refund", lease)
    market.warp_to(snapshot)
    market.send("refund", lease)


def test_refund__approved_and_never_delivered__whole_from_start_by_on(market: Market) -> None:
    lease = market.approved()
    start_by = market.now + START_WINDOW
    with market.moment(start_by - 1):
        with refused(market.picture, "DataLeases_NotRefundable", lease):
            market.send("refund", lease, by=market.stranger)
        market.send("start", lease)
        assert market.lease(lease).status == ACTIVE
    for at in (start_by, start_by + 1):
        with market.moment(at):
            assert market.effects(lambda: market.send("refund", lease, by=market.stranger)) == {
                "lease 1 status": (APPROVED, REFUNDED),
                "lease 1 escrow": (PRICE * PERIODS, 0),
                "lease 1 bond": (BOND, 0),
                "lease 1 returnable": (0, COST),
                "dataset 1 live": (1, 0),
            }
    market.warp_to(start_by)
    receipt = market.send("refund", lease)
    assert market.said(receipt) == [
        ("LeaseSettled", {"leaseId": lease}),
        ("LeaseRefunded", {"leaseId": lease, "amount": COST}),
    ]


def test_refund__lease_of_an_offer__frees_its_capacity_once(market: Market) -> None:
    offer = market.create_offer(seats=1)
    lease = market.accept(offer)
    market.warp_to(market.lease(lease).startBy)
    assert market.effects(lambda: market.send("refund", lease)) == {
        "lease 1 status": (APPROVED, REFUNDED),
        "lease 1 escrow": (PRICE * PERIODS, 0),
        "lease 1 bond": (BOND, 0),
        "lease 1 returnable": (0, COST),
        "offer 1 seatsTaken": (1, 0),
        "dataset 1 live": (1, 0),
    }
    again = market.accept(offer)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("refund", lease)
    assert market.dao.leases.offer(offer).seatsTaken == 1
    assert market.lease(again).status == APPROVED


def test_refund__settled_before__counted_down_once(market: Market) -> None:
    lease = market.approved()
    market.warp_to(market.lease(lease).startBy)
    market.send("settle", lease, by=market.stranger)
    assert market.dao.leases.datasetLeases(1) == (0, 0, 0)
    market.send("refund", lease)
    assert market.dao.leases.datasetLeases(1) == (0, 0, 0)


def test_refund__started_or_ended_or_unknown__refused_AB69_L2(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("refund", 1)
    lease = market.active()
    for status in (ACTIVE, ENDED):
        with refused(market.picture, "DataLeases_WrongStatus", lease, status):
            market.send("refund", lease)
        market.warp_to(market.now + 400 * DAY)
        with refused(market.picture, "DataLeases_WrongStatus", lease, status):
            market.send("refund", lease)
        if status == ACTIVE:
            market.send("end", lease)


def test_refund__brake_pulled__accepted_G8(market: Market) -> None:
    lease, proposal = market.request()
    market.warp_to(without_quorum(market, proposal))
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.send("refund", lease, by=market.stranger)
    market.send("claimRefund", lease, by=market.stranger)
    assert market.dao.asset.balanceOf(market.licensee.address) == COST


def test_refund__one_of_several__touches_no_other_request_AB67(market: Market) -> None:
    """Each request has its own book: paying one never changes another's."""
    rival = market.dao.who("rival")
    first, proposal = market.request()
    second, _ = market.request(rival, pricePerPeriod=2 * PRICE)
    market.warp_to(without_quorum(market, proposal))
    assert market.effects(lambda: market.send("claimRefund", first, by=market.stranger)) == {
        "lease 1 status": (PENDING, REFUNDED),
        "lease 1 escrow": (PRICE * PERIODS, 0),
        "lease 1 bond": (BOND, 0),
        "owed": (2 * COST + PRICE * PERIODS, COST + PRICE * PERIODS),
        "asset leases": (2 * COST + PRICE * PERIODS, COST + PRICE * PERIODS),
        "asset licensee": (0, COST),
    }
    market.send("claimRefund", second, by=market.stranger)
    assert market.dao.asset.balanceOf(rival.address) == COST + PRICE * PERIODS
    assert market.dao.leases.solvency() == (0, 0)
