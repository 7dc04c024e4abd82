"""A vote that reaches quorum late leaves at least the extension to answer it, once, and by the setting of the
proposal's creation (G-3, AB-11)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import ABSTAIN, ACTIVE, AGAINST, DEFEATED, FOR, SUCCEEDED, Dao, Proposal
from assurance.harness.dao.governance import (
    EXTENSION,
    PERIOD,
    TOKEN,
    founder,
    member,
    only_events,
    text_proposal,
    warp_to,
)
from assurance.harness.dao.system import DAY, Actor


def vote_at(dao: Dao, when: int, proposal: Proposal, voter: Actor, support: int = FOR) -> Receipt:
    warp_to(dao, when)
    receipt: Receipt = dao.governor.castVote(proposal.id, support, sender=voter.address)
    return receipt


def extended(receipt: Receipt) -> list[int]:
    return [event.args["extendedDeadline"] for event in receipt.named("ProposalExtended")]


@pytest.mark.parametrize("support", [FOR, ABSTAIN])
@pytest.mark.parametrize("before_deadline", [EXTENSION + 1, EXTENSION, EXTENSION - 1, 1, 0])
def test_quorum__reached_by_a_vote_this_late__extends_exactly_below_the_extension(
    dao: Dao, before_deadline: int, support: int
) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    deadline = dao.governor.proposalDeadline(proposal.id)
    now = deadline - before_deadline
    receipt = vote_at(dao, now, proposal, voter, support)
    vote = (
        dao.governor,
        "VoteCast",
        {
            "voter": voter.address,
            "proposalId": proposal.id,
            "support": support,
            "weight": 300 * TOKEN,
            "reason": "",
        },
    )
    if before_deadline >= EXTENSION:
        only_events(receipt, vote)
        assert dao.governor.proposalDeadline(proposal.id) == deadline
    else:
        moved = {"proposalId": proposal.id, "extendedDeadline": now + EXTENSION}
        only_events(receipt, vote, (dao.governor, "ProposalExtended", moved))
        assert dao.governor.proposalDeadline(proposal.id) == now + EXTENSION
    end = dao.governor.proposalDeadline(proposal.id)
    warp_to(dao, end)
    assert dao.governor.state(proposal.id) == ACTIVE
    warp_to(dao, end + 1)
    assert dao.governor.state(proposal.id) == (SUCCEEDED if support == FOR else DEFEATED)


def test_votes_against__do_not_reach_the_quorum_however_many(dao: Dao) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    deadline = dao.governor.proposalDeadline(proposal.id)
    assert extended(vote_at(dao, deadline, proposal, voter, AGAINST)) == []
    assert dao.governor.proposalDeadline(proposal.id) == deadline


def test_extension__happens_once__however_many_late_votes_follow(dao: Dao) -> None:
    voters = [member(dao, f"voter-{i}", 250) for i in range(3)]
    proposal = text_proposal(dao, voters[0])
    deadline = dao.governor.proposalDeadline(proposal.id)
    assert extended(vote_at(dao, deadline, proposal, voters[0])) == [deadline + EXTENSION]
    for voter in voters[1:]:
        assert extended(vote_at(dao, deadline + EXTENSION, proposal, voter)) == []
    assert dao.governor.proposalDeadline(proposal.id) == deadline + EXTENSION


def test_extension__after_a_quorum_reached_in_time__never(dao: Dao) -> None:
    early, late = member(dao, "early", 250), member(dao, "late", 250)
    proposal = text_proposal(dao, early)
    deadline = dao.governor.proposalDeadline(proposal.id)
    vote_at(dao, deadline - EXTENSION, proposal, early)
    assert extended(vote_at(dao, deadline, proposal, late)) == []
    assert dao.governor.proposalDeadline(proposal.id) == deadline


def test_extension__after_exactly_the_quorum_was_reached_in_time__never(dao: Dao) -> None:
    early, late = member(dao, "early", 250), member(dao, "late", 1)
    proposal = text_proposal(dao, early)
    deadline = dao.governor.proposalDeadline(proposal.id)
    vote_at(dao, deadline - EXTENSION, proposal, early)
    assert dao.governor.quorum(dao.governor.proposalSnapshot(proposal.id)) == 250 * TOKEN
    assert extended(vote_at(dao, deadline, proposal, late)) == []
    assert dao.governor.proposalDeadline(proposal.id) == deadline


def test_extension__by_a_late_vote_against__never(dao: Dao) -> None:
    """It is no part of the quorum, though it is as large as what reached it in time."""
    early, late = member(dao, "early", 250), member(dao, "late", 100)
    proposal = text_proposal(dao, early)
    deadline = dao.governor.proposalDeadline(proposal.id)
    vote_at(dao, deadline - EXTENSION, proposal, early)
    assert extended(vote_at(dao, deadline, proposal, late, AGAINST)) == []
    assert dao.governor.proposalDeadline(proposal.id) == deadline


@pytest.mark.parametrize(
    ("function", "more"),
    [("castVote", ()), ("castVoteWithReason", ("why",)), ("castVoteWithReasonAndParams", ("why", b"\1"))],
)
def test_extension__is_emitted_whichever_way_the_vote_was_cast(
    dao: Dao, function: str, more: tuple[object, ...]
) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    deadline = dao.governor.proposalDeadline(proposal.id)
    warp_to(dao, deadline)
    receipt = getattr(dao.governor, function)(proposal.id, FOR, *more, sender=voter.address)
    assert extended(receipt) == [deadline + EXTENSION]


def test_extension__by_the_vote_that_completes_the_quorum__not_by_those_before_it(dao: Dao) -> None:
    """249.9999 of 250 is no quorum; one ten-thousandth of a token more is."""
    big, small = member(dao, "big", 249), member(dao, "small", 1)
    proposal = text_proposal(dao, big)
    deadline = dao.governor.proposalDeadline(proposal.id)
    assert extended(vote_at(dao, deadline - 2, proposal, big)) == []
    dao.governor.castVote(proposal.id, FOR, sender=dao.who("stranger").address)
    assert extended(vote_at(dao, deadline, proposal, small, ABSTAIN)) == [deadline + EXTENSION]


def test_extension__of_a_proposal__is_that_of_its_creation_not_a_later_one(dao: Dao) -> None:
    voter = founder(dao)
    change = dao.propose(voter, (dao.governor, "setLateQuorumVoteExtension", (0,)), text="no extension")
    dao.to_vote(change.id)
    dao.vote(change.id, voter)
    dao.to_end_of_vote(change.id)
    dao.queue(change)
    dao.chain.warp(DAY)
    old = text_proposal(dao, voter, "old")
    dao.execute(change)
    assert dao.governor.lateQuorumVoteExtension() == 0
    new = text_proposal(dao, voter, "new")
    for proposal, extension in ((old, EXTENSION), (new, 0)):
        deadline = dao.governor.proposalDeadline(proposal.id)
        receipt = vote_at(dao, deadline, proposal, voter)
        assert extended(receipt) == ([deadline + extension] if extension else [])


def test_extension__as_long_as_the_whole_period__watches_from_the_first_vote(dao: Dao) -> None:
    voter = founder(dao)
    dao.govern(voter, dao.governor, "setLateQuorumVoteExtension", PERIOD)
    proposal = text_proposal(dao, voter)
    snapshot = dao.governor.proposalSnapshot(proposal.id)
    assert extended(vote_at(dao, snapshot + 1, proposal, voter)) == [snapshot + 1 + PERIOD]


def test_extension__of_a_lease_vote__by_the_quorum_of_leases(dao: Dao) -> None:
    voter = founder(dao, 2000)
    dao.govern(voter, dao.governor, "setLeaseQuorumBps", 2000)
    small = member(dao, "small", 300)
    _, own = dao.request(dao.who("licensee"))
    ordinary = text_proposal(dao, small)
    deadline = dao.governor.proposalDeadline(own.id)
    assert dao.governor.proposalDeadline(ordinary.id) == deadline
    # 300 of 2300: a tenth, no fifth.
    assert extended(vote_at(dao, deadline, ordinary, small)) == [deadline + EXTENSION]
    assert extended(vote_at(dao, deadline, own, small)) == []
    assert extended(vote_at(dao, deadline, own, voter)) == [deadline + EXTENSION]


@pytest.mark.parametrize("extension", [1, 30 * DAY])
def test_extension__shortest_and_longest__is_kept_to_the_second(dao: Dao, extension: int) -> None:
    voter = founder(dao)
    dao.govern(voter, dao.governor, "setVotingPeriod", 30 * DAY)
    dao.govern(voter, dao.governor, "setLateQuorumVoteExtension", extension)
    proposal = text_proposal(dao, voter)
    deadline = dao.governor.proposalDeadline(proposal.id)
    assert extended(vote_at(dao, deadline, proposal, voter)) == [deadline + extension]
