"""`cancelRequest`: the licensee takes a request back before its vote begins; the money is refundable from the
snapshot on.

given a pending vote: the proposal is canceled at once, the escrow waits for the snapshot (G-5: spam costs that long)
given a vote that began, or a lease that is not pending: refused
given anyone else: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import CANCELED
from assurance.harness.dao.dao import PENDING as PROPOSAL_PENDING
from assurance.harness.dao.leases import APPROVED, COST, PENDING, PRICE, REFUNDED, Market
from assurance.harness.dao.system import DAY


def test_cancel_request__before_the_vote__cancels_at_once_and_refunds_from_the_snapshot_on(market: Market) -> None:
    lease, proposal = market.request()
    snapshot = market.now + DAY
    assert market.dao.governor.proposalSnapshot(proposal.id) == snapshot
    before = market.picture()
    receipt = market.send("cancelRequest", lease)
    assert market.said(receipt) == [("RequestCanceled", {"leaseId": lease})]
    assert [e.args for e in receipt.named("ProposalCanceled")] == [{"proposalId": proposal.id}]
    after = market.picture()
    assert {k: v for k, v in after.items() if before[k] != v} == {"lease 1 proposal": CANCELED}

    with market.moment(snapshot - 1):
        with refused(market.picture, "DataLeases_NotRefundable", lease):
            market.send("refund", lease)
        market.does_nothing(lambda: market.send("claimRefund", lease))
    for at in (snapshot, snapshot + 1):
        with market.moment(at):
            market.send("refund", lease, by=market.stranger)
            assert (market.lease(lease).status, market.lease(lease).returnable) == (REFUNDED, COST)


def test_cancel_request__last_second_before_the_vote__accepted_and_from_the_first_on_refused(market: Market) -> None:
    lease, proposal = market.request()
    snapshot = market.dao.governor.proposalSnapshot(proposal.id)
    # Canceling takes a pending proposal; at its snapshot it still is one.
    for at in (snapshot - 1, snapshot):
        with market.moment(at):
            assert market.dao.governor.state(proposal.id) == PROPOSAL_PENDING
            market.send("cancelRequest", lease)
            assert market.dao.governor.state(proposal.id) == CANCELED
    market.warp_to(snapshot + 1)
    with refused(market.picture, "GovernorUnableToCancel", proposal.id, market.dao.leases.address):
        market.send("cancelRequest", lease)
    market.dao.pass_(proposal, market.founder)
    assert market.lease(lease).status == APPROVED


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder"])
def test_cancel_request__by_anyone_but_the_licensee__refused(market: Market, who: str) -> None:
    lease, _ = market.request()
    caller = market.dao.who(who)
    with refused(market.picture, "DataLeases_NotLicensee", caller.address, market.licensee.address):
        market.send("cancelRequest", lease, by=caller)
    market.send("cancelRequest", lease)


def test_cancel_request__twice_or_of_a_proposal_the_guardian_canceled__refused(market: Market) -> None:
    mine, first = market.request()
    vetoed, second = market.request()
    market.send("cancelRequest", mine)
    market.dao.governor.cancel(*second.action, sender=market.dao.who("guardian").address)
    for lease, proposal in ((mine, first), (vetoed, second)):
        with refused(market.picture, "GovernorUnableToCancel", proposal.id, market.dao.leases.address):
            market.send("cancelRequest", lease)
    market.warp_to(market.now + DAY)
    for lease in (mine, vetoed):
        market.send("claimRefund", lease)
    assert market.dao.asset.balanceOf(market.licensee.address) == 2 * COST


def test_cancel_request__proposer_role_taken_by_the_licensee_itself__refused_by_the_governor(market: Market) -> None:
    lease, proposal = market.request()
    with refused(market.picture, "GovernorUnableToCancel", proposal.id, market.licensee.address):
        market.dao.governor.cancel(*proposal.action, sender=market.licensee.address)
    assert market.lease(lease).status == PENDING


def test_cancel_request__lease_in_any_other_state_or_unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("cancelRequest", 1)
    lease = market.approved(pricePerPeriod=PRICE)
    with refused(market.picture, "DataLeases_WrongStatus", lease, APPROVED):
        market.send("cancelRequest", lease)
    with refused(market.picture, "DataLeases_UnknownLease", lease + 1):
        market.send("cancelRequest", lease + 1)


def test_cancel_request__brake_pulled__accepted(market: Market) -> None:
    lease, proposal = market.request()
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.send("cancelRequest", lease)
    assert market.dao.governor.state(proposal.id) == CANCELED
