"""DataGovernor.cancel: by the proposer while pending, by the guardian until the proposal has ended, by no other
account, and never by the guardian where the proposal only concerns the brake (G-8, AB-14, AB-26)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import ACTIVE, CANCELED, PENDING, QUEUED, Dao, Proposal
from assurance.harness.dao.governance import (
    LIVE,
    STATES,
    TERMINAL,
    bring,
    founder,
    member,
    only_events,
    operation_of,
    picture,
    refused,
    refused_in_state,
    text_proposal,
    warp_to,
)
from assurance.harness.dao.system import DAY, Actor

every = pytest.mark.parametrize


def cancel(dao: Dao, proposal: Proposal, who: Actor):
    return dao.governor.cancel(*proposal.action, sender=who.address)


@every("state", LIVE, ids=lambda s: STATES[s])
def test_cancel__by_the_guardian__ends_what_has_not_ended(dao: Dao, state: int) -> None:
    voter, guardian = founder(dao), dao.actors["guardian"]
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    before, operation = picture(dao, proposal.id), operation_of(dao, proposal)
    receipt = cancel(dao, proposal, guardian)
    assert receipt.value == proposal.id
    canceled = (dao.governor, "ProposalCanceled", {"proposalId": proposal.id})
    removed = (dao.timelock, "Cancelled", {"id": operation})
    only_events(receipt, canceled, *([removed] if state == QUEUED else []))
    before["polls"][0]["state"] = CANCELED
    assert picture(dao, proposal.id) == before, "votes, times and the eta stay readable"
    assert dao.timelock.getTimestamp(operation) == 0
    dao.chain.warp(1000 * DAY)
    assert dao.governor.state(proposal.id) == CANCELED
    assert dao.governor.proposalQuorum(proposal.id) == dao.governor.quorum(dao.governor.proposalSnapshot(proposal.id))


@every("state", TERMINAL, ids=lambda s: STATES[s])
def test_cancel__by_the_guardian__what_has_ended__refused(dao: Dao, state: int) -> None:
    """Also what was defeated, which the original governor lets be canceled."""
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    refused_in_state(dao, lambda: cancel(dao, proposal, dao.actors["guardian"]), proposal.id, state, *LIVE)


def test_cancel__by_the_proposer__while_pending__to_the_snapshot_and_not_after_AB14(dao: Dao) -> None:
    """The proposer holds exactly the threshold: that gives no other account the right to cancel."""
    founder(dao)
    proposer = member(dao, "proposer", 1)
    assert dao.token.getVotes(proposer.address) == dao.governor.proposalThreshold()
    early, kept = text_proposal(dao, proposer, "early"), text_proposal(dao, proposer, "kept")
    warp_to(dao, dao.governor.proposalSnapshot(early.id))
    refused(
        dao,
        lambda: cancel(dao, early, dao.who("stranger")),
        "GovernorUnableToCancel",
        early.id,
        dao.who("stranger").address,
        watch=[early.id],
    )
    only_events(cancel(dao, early, proposer), (dao.governor, "ProposalCanceled", {"proposalId": early.id}))
    assert dao.governor.state(early.id) == CANCELED
    dao.chain.warp(1)
    refused(
        dao,
        lambda: cancel(dao, kept, proposer),
        "GovernorUnableToCancel",
        kept.id,
        proposer.address,
        watch=[kept.id],
    )


@every("state", range(8), ids=lambda s: STATES[s])
def test_cancel__by_anyone_else__refused_in_every_state(dao: Dao, state: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    for who in ("stranger", "other", "deployer", "attestor-0", "custodian-0"):
        caller = dao.who(who)
        refused(
            dao,
            lambda c=caller: cancel(dao, proposal, c),
            "GovernorUnableToCancel",
            proposal.id,
            caller.address,
            watch=[proposal.id],
        )


@every("state", [s for s in range(8) if s != PENDING], ids=lambda s: STATES[s])
def test_cancel__by_the_proposer__in_any_state_but_pending__refused(dao: Dao, state: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    refused(
        dao,
        lambda: cancel(dao, proposal, voter),
        "GovernorUnableToCancel",
        proposal.id,
        voter.address,
        watch=[proposal.id],
    )


Targets = Callable[[Dao], list[tuple]]
BRAKE_ONLY: dict[str, Targets] = {
    "one": lambda dao: [(dao.brake, "setGuardian", (ADDRESS_ZERO, 0))],
    "two": lambda dao: [(dao.brake, "setGuardian", (dao.who("new").address, dao.chain.timestamp + 30 * DAY))] * 2,
}
MIXED: dict[str, Targets] = {
    "brake first": lambda dao: [*BRAKE_ONLY["one"](dao), (dao.governor, "setVotingDelay", (2 * DAY,))],
    "brake last": lambda dao: [(dao.governor, "setVotingDelay", (2 * DAY,)), *BRAKE_ONLY["one"](dao)],
}


@every("state", [PENDING, ACTIVE, 4, QUEUED], ids=lambda s: STATES[s])
@every("targets", BRAKE_ONLY)
def test_cancel__by_the_guardian__of_its_own_replacement__refused_G8(dao: Dao, targets: str, state: int) -> None:
    voter, guardian = founder(dao), dao.actors["guardian"]
    proposal = dao.propose(voter, *BRAKE_ONLY[targets](dao))
    bring(dao, proposal, state, voter)
    refused(
        dao,
        lambda: cancel(dao, proposal, guardian),
        "GovernorUnableToCancel",
        proposal.id,
        guardian.address,
        watch=[proposal.id],
    )


@every("targets", MIXED)
def test_cancel__by_the_guardian__of_a_proposal_that_does_more__accepted(dao: Dao, targets: str) -> None:
    voter = founder(dao)
    proposal = dao.propose(voter, *MIXED[targets](dao))
    cancel(dao, proposal, dao.actors["guardian"])
    assert dao.governor.state(proposal.id) == CANCELED


def test_cancel__by_a_guardian_that_proposed_about_the_brake__like_any_proposer(dao: Dao) -> None:
    guardian = member(dao, "guardian", 300)
    proposal = dao.propose(guardian, *BRAKE_ONLY["one"](dao))
    cancel(dao, proposal, guardian)
    assert dao.governor.state(proposal.id) == CANCELED


def test_cancel__by_the_guardian__to_the_last_second_of_its_term_and_not_after_G8(dao: Dao) -> None:
    voter, guardian = founder(dao), dao.actors["guardian"]
    end = dao.brake.guardianUntil()
    warp_to(dao, end - 3600)
    first, second = text_proposal(dao, voter, "first"), text_proposal(dao, voter, "second")
    warp_to(dao, end - 1)
    cancel(dao, first, guardian)
    for now in (end, end + 1):
        warp_to(dao, now)
        refused(
            dao,
            lambda: cancel(dao, second, guardian),
            "GovernorUnableToCancel",
            second.id,
            guardian.address,
            watch=[second.id],
        )


def test_cancel__by_a_guardian_that_was_replaced__refused_and_by_its_successor_accepted(dao: Dao) -> None:
    voter, old, new = founder(dao), dao.actors["guardian"], dao.who("new")
    dao.govern(voter, dao.brake, "setGuardian", new.address, dao.chain.timestamp + 100 * DAY)
    proposal = text_proposal(dao, voter)
    refused(
        dao, lambda: cancel(dao, proposal, old), "GovernorUnableToCancel", proposal.id, old.address, watch=[proposal.id]
    )
    cancel(dao, proposal, new)


def test_cancel__of_what_does_not_exist__refused(dao: Dao) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    action = proposal.action[:3]
    unknown = dao.governor.getProposalId(*action, bytes(32))
    for who in (voter, dao.actors["guardian"], dao.who("stranger")):
        refused(
            dao,
            lambda w=who: dao.governor.cancel(*action, bytes(32), sender=w.address),
            "GovernorNonexistentProposal",
            unknown,
        )
    # No target at all concerns nothing but the brake; there is no such proposal either.
    nothing = dao.governor.getProposalId([], [], [], bytes(32))
    refused(
        dao,
        lambda: dao.governor.cancel([], [], [], bytes(32), sender=dao.actors["guardian"].address),
        "GovernorNonexistentProposal",
        nothing,
    )


def test_cancel__of_a_lease_request__by_its_licensee_only_through_the_leases(dao: Dao) -> None:
    founder(dao)
    licensee = dao.who("licensee")
    lease, own = dao.request(licensee)
    refused(
        dao,
        lambda: cancel(dao, own, licensee),
        "GovernorUnableToCancel",
        own.id,
        licensee.address,
        watch=[own.id],
    )
    dao.leases.withdraw(lease, sender=licensee.address)
    assert dao.governor.state(own.id) == CANCELED


def test_cancel__of_a_lease_request__by_the_guardian__returns_the_escrow(dao: Dao) -> None:
    founder(dao)
    licensee = dao.who("licensee")
    lease, own = dao.request(licensee)
    dao.to_vote(own.id)
    cancel(dao, own, dao.actors["guardian"])
    dao.leases.claimRefund(lease, sender=dao.who("stranger").address)
    assert dao.asset.balanceOf(licensee.address) == 420_000_000
