"""`approve`: by the timelock, in the execution of this lease's own proposal, with these terms; no other way (L-3).

given the lease's own proposal, executed: approved from now to `startBy`, opening nothing
given any other caller, an ordinary proposal, or a proposal that is not executed: refused
given the brake: refused, and executable when it is released
given other leases: the ninth live one of a licensee refused; exclusivity has test_reserve.py and test_exclusive.py
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import EXECUTED, QUEUED
from assurance.harness.dao.leases import ACTIVE, APPROVED, PENDING, START_WINDOW, Market
from assurance.harness.dao.system import DAY

ONLY_QUEUED = (1 << QUEUED).to_bytes(32, "big")
"""What the governor demands of a proposal to execute, in its error."""


def test_approve__own_proposal_executed__lives_until_start_by_and_opens_nothing(market: Market) -> None:
    lease, proposal = market.request()
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    before = market.picture()
    receipt = market.carry_out(proposal)
    start_by = market.now + START_WINDOW
    assert market.said(receipt) == [
        ("LeaseApproved", {"leaseId": lease, "offerId": 0, "committeeEpoch": 1, "startBy": start_by})
    ]
    after = market.picture()
    assert {k: (before[k], v) for k, v in after.items() if before[k] != v} == {
        "lease 1 status": (PENDING, APPROVED),
        "lease 1 committeeEpoch": (0, 1),
        "lease 1 startBy": (0, start_by),
        "lease 1 live": (False, True),
        "lease 1 proposal": (QUEUED, EXECUTED),
        "dataset 1 live": (0, 1),
    }
    assert market.dao.leases.leasesOf(1, market.licensee.address) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert not market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
    for at, live in ((start_by - 1, True), (start_by, False), (start_by + 1, False)):
        with market.moment(at):
            assert market.lease(lease).live is live


def test_approve__after_erasures_and_a_new_committee__starts_with_the_counts_at_approval(market: Market) -> None:
    batch, item = market.new_member("leaver")
    lease, proposal = market.request()
    market.queue(proposal)
    custodians = [(market.dao.who(f"new custodian {i}").address, b"\1" * 32, "file:new") for i in range(3)]
    change = market.dao.propose(
        market.founder, (market.dao.registry, "setCommittee", (custodians, 2)), text="committee"
    )
    market.queue(change)
    market.dao.execute(change)
    market.dao.erase(batch, item)
    market.carry_out(proposal)
    assert (market.lease(lease).committeeEpoch, market.lease(lease).acknowledged) == (2, 1)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "licensee"])
def test_approve__by_anyone_but_the_timelock__refused(market: Market, who: str) -> None:
    lease, proposal = market.request()
    terms_hash = market.dao.leases.hashTerms(market.dao.terms())
    caller = market.dao.who(who)
    with refused(market.picture, "DataLeases_NotTimelock", caller.address):
        market.send("approve", lease, terms_hash, by=caller)
    market.queue(proposal)
    with refused(market.picture, "DataLeases_NotTimelock", caller.address):
        market.send("approve", lease, terms_hash, by=caller)
    market.dao.execute(proposal)
    assert market.lease(lease).status == APPROVED


def test_approve__proposal_not_yet_executable__refused_by_the_governor_at_each_step(market: Market) -> None:
    lease, proposal = market.request()
    for step, state in ((lambda: None, 0), (lambda: market.dao.to_vote(proposal.id), 1)):
        step()
        with refused(market.picture, "GovernorUnexpectedProposalState", proposal.id, state, ONLY_QUEUED):
            market.carry_out(proposal)
    market.dao.vote(proposal.id, market.founder)
    market.dao.to_end_of_vote(proposal.id)
    market.dao.queue(proposal)
    eta = market.dao.governor.proposalEta(proposal.id)
    with (
        market.moment(eta - 1),
        refused(
            market.picture,
            "TimelockUnexpectedOperationState",
            operation(market, lease),
            (1 << 2).to_bytes(32, "big"),
        ),
    ):
        market.carry_out(proposal)
    for at in (eta, eta + 14 * DAY - 1):
        with market.moment(at):
            market.carry_out(proposal)
            assert market.lease(lease).status == APPROVED
    market.warp_to(eta + 14 * DAY)
    with refused(market.picture, "GovernorUnexpectedProposalState", proposal.id, 6, ONLY_QUEUED):
        market.carry_out(proposal)


def operation(market: Market, lease: int) -> bytes:
    """The timelock's id of the lease's approval."""
    targets, values, calldatas, description = market.dao.leases.proposalOf(lease)
    governor = bytes.fromhex(market.dao.governor.address[2:])
    salt = bytes(a ^ b for a, b in zip(governor.ljust(32, b"\0"), description, strict=True))
    found: bytes = market.dao.timelock.hashOperationBatch(targets, values, calldatas, b"\0" * 32, salt)
    return found


def test_approve__executed_twice__refused_AB22(market: Market) -> None:
    lease, proposal = market.request()
    market.dao.pass_(proposal, market.founder)
    with refused(market.picture, "GovernorUnexpectedProposalState", proposal.id, EXECUTED, ONLY_QUEUED):
        market.carry_out(proposal)
    assert market.lease(lease).status == APPROVED


def test_approve__in_an_ordinary_proposal__refused_wherever_it_hides_L3(market: Market) -> None:
    dao = market.dao
    lease, _ = market.request()
    approval = (dao.leases, "approve", (lease, dao.leases.hashTerms(dao.terms())))
    other = (dao.leases, "withdrawTreasury", ())
    for actions, index in (([approval], 0), ([other, approval], 1), ([other, other, approval, other], 2)):
        with refused(market.picture, "DataGovernor_ReservedAction", index):
            dao.propose(market.founder, *actions, text="harmless")


def test_approve__by_proposing_leases_oneself__refused_L3(market: Market) -> None:
    dao = market.dao
    lease, _ = market.request()
    caller = market.founder.address
    with refused(market.picture, "DataGovernor_NotLeases", caller):
        dao.governor.proposeLease(lease, dao.leases.hashTerms(dao.terms()), caller, "mine", sender=caller)


def test_approve__brake_pulled__waits_and_is_executed_once_it_is_released(market: Market) -> None:
    lease, proposal = market.request()
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    until = market.now + 3 * DAY
    for at in (market.now, until - 1):
        market.warp_to(at)
        with refused(market.picture, "EmergencyBrake_Pulled", until):
            market.carry_out(proposal)
    market.warp_to(until)
    market.carry_out(proposal)
    assert market.lease(lease).status == APPROVED


def test_approve__ninth_live_lease_of_a_licensee__refused_until_one_is_over(market: Market) -> None:
    """Access is looked for among eight: a live one must not fall off the list, a dead one may."""
    offer = market.create_offer(seats=9, periods=1)
    leases = [market.accept(offer) for _ in range(8)]
    assert market.dao.leases.leasesOf(1, market.licensee.address) == leases[::-1]
    for lease in leases[1:]:
        market.send("start", lease)
    lease, proposal = market.request()
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with refused(market.picture, "DataLeases_TooManyLeases", market.licensee.address, 1, 8):
        market.carry_out(proposal)
    rival = market.dao.who("rival")
    other = market.accept(offer, rival)
    assert market.lease(other).status == APPROVED, "another licensee has a list of its own"

    market.warp_to(market.lease(leases[0]).startBy)
    market.carry_out(proposal)
    assert market.dao.leases.leasesOf(1, market.licensee.address) == [lease, *leases[:0:-1]]
    assert market.dao.leases.datasetLeases(1) == (9, 0, 0), "the one that made room was settled on the way"
    assert all(market.dao.leases.leaseAccess(i)[0] for i in leases[1:])
    assert market.lease(leases[1]).status == ACTIVE
