"""DataGovernor.castVote, castVoteWithReason, castVoteWithReasonAndParams: what is counted, when, once, and by whom
(G-1, G-3, AB-03, AB-07, AB-18, AB-28)."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import ABSTAIN, ACTIVE, AGAINST, CANCELED, DEFEATED, FOR, PENDING, Dao, leaf
from assurance.harness.dao.governance import (
    EXPIRY,
    STATES,
    TOKEN,
    bitmap,
    bring,
    founder,
    member,
    only_events,
    picture,
    refused,
    refused_in_state,
    text_proposal,
    warp_to,
)
from assurance.harness.dao.system import Actor

Cast = Callable[[Dao, int, int, Actor], Receipt]
WAYS: dict[str, Cast] = {
    "plain": lambda dao, p, s, who: dao.governor.castVote(p, s, sender=who.address),
    "with a reason": lambda dao, p, s, who: dao.governor.castVoteWithReason(p, s, "because", sender=who.address),
    "without parameters": lambda dao, p, s, who: dao.governor.castVoteWithReasonAndParams(
        p, s, "because", b"", sender=who.address
    ),
    "with parameters": lambda dao, p, s, who: dao.governor.castVoteWithReasonAndParams(
        p, s, "because", b"\x01\x02", sender=who.address
    ),
}
every_way = pytest.mark.parametrize("way", WAYS)


@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_vote__of_all_tokens_there_can_be__fits_its_side_and_leaves_the_others(dao: Dao, support: int) -> None:
    voter = founder(dao)
    all_there_can_be = 2**63 - 1
    dao.token.mint(voter.address, all_there_can_be - dao.token.totalSupply(), sender=dao.registry.address)
    proposal = text_proposal(dao, voter)
    deadline = dao.governor.proposalDeadline(proposal.id)
    dao.to_vote(proposal.id)
    dao.governor.castVote(proposal.id, support, sender=voter.address)
    votes = [0, 0, 0]
    votes[support] = all_there_can_be
    assert dao.governor.proposalVotes(proposal.id) == tuple(votes)
    assert dao.governor.proposalDeadline(proposal.id) == deadline


@every_way
@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_vote__by_a_member__adds_its_past_votes_to_one_side(dao: Dao, way: str, support: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    before = picture(dao, proposal.id, voters=[voter])
    receipt = WAYS[way](dao, proposal.id, support, voter)
    fields = {"proposalId": proposal.id, "support": support, "weight": 300 * TOKEN, "voter": voter.address}
    fields["reason"] = "" if way == "plain" else "because"
    name = "VoteCastWithParams" if way == "with parameters" else "VoteCast"
    if way == "with parameters":
        fields["params"] = b"\x01\x02"
    only_events(receipt, (dao.governor, name, fields))
    assert receipt.value == 300 * TOKEN
    votes = [0, 0, 0]
    votes[support] = 300 * TOKEN
    before["polls"][0]["votes"], before["voted"] = tuple(votes), [True]
    assert picture(dao, proposal.id, voters=[voter]) == before, "nothing but the count and the receipt"


@every_way
def test_vote__from_the_second_after_the_snapshot_to_the_deadline__and_at_no_other_time(dao: Dao, way: str) -> None:
    early, first, last, late = (member(dao, name, 300) for name in ("early", "first", "last", "late"))
    proposal = text_proposal(dao, early)
    snapshot, deadline = dao.governor.proposalSnapshot(proposal.id), dao.governor.proposalDeadline(proposal.id)
    closed = ("GovernorUnexpectedProposalState", proposal.id)
    for now in (snapshot - 1, snapshot):
        warp_to(dao, now)
        refused(
            dao,
            lambda: WAYS[way](dao, proposal.id, FOR, early),
            *closed,
            PENDING,
            bitmap(ACTIVE),
            watch=[proposal.id],
            voters=[early],
        )
    warp_to(dao, snapshot + 1)
    WAYS[way](dao, proposal.id, AGAINST, first)
    warp_to(dao, deadline)
    WAYS[way](dao, proposal.id, AGAINST, last)
    for now in (deadline + 1, deadline + EXPIRY):
        warp_to(dao, now)
        refused(
            dao,
            lambda: WAYS[way](dao, proposal.id, FOR, late),
            *closed,
            DEFEATED,
            bitmap(ACTIVE),
            watch=[proposal.id],
            voters=[late],
        )
    assert dao.governor.proposalVotes(proposal.id) == (600 * TOKEN, 0, 0)


@pytest.mark.parametrize("state", [s for s in range(8) if s != ACTIVE], ids=lambda s: STATES[s])
def test_vote__in_any_state_but_active__refused(dao: Dao, state: int) -> None:
    voter, other = founder(dao), member(dao, "other", 5)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    for cast in WAYS.values():
        refused_in_state(
            dao, lambda c=cast: c(dao, proposal.id, FOR, other), proposal.id, state, ACTIVE, voters=[other]
        )


def test_vote__in_the_voting_time_of_a_canceled_proposal__refused(dao: Dao) -> None:
    """The tally alone must know: its clock says open."""
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, member(dao, "other", 5))
    dao.governor.cancel(*proposal.action, sender=dao.actors["guardian"].address)
    assert dao.chain.timestamp < dao.governor.proposalDeadline(proposal.id)
    refused_in_state(dao, lambda: dao.vote(proposal.id, voter), proposal.id, CANCELED, ACTIVE, voters=[voter])


@every_way
def test_vote__twice_by_any_mixture_of_ways__refused_G1_AB23(dao: Dao, way: str) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    WAYS[way](dao, proposal.id, FOR, voter)
    for again in WAYS.values():
        for support in (AGAINST, FOR, ABSTAIN):
            refused(
                dao,
                lambda a=again, s=support: a(dao, proposal.id, s, voter),
                "GovernorAlreadyCastVote",
                voter.address,
                watch=[proposal.id],
                voters=[voter],
            )


@every_way
@pytest.mark.parametrize("support", [3, 4, 255])
def test_vote__for_a_fourth_side__refused(dao: Dao, way: str, support: int) -> None:
    """Four would be the deadline's bits of the tally."""
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    refused(
        dao,
        lambda: WAYS[way](dao, proposal.id, support, voter),
        "GovernorInvalidVoteType",
        watch=[proposal.id],
        voters=[voter],
    )


@every_way
def test_vote__on_a_proposal_that_does_not_exist__refused(dao: Dao, way: str) -> None:
    voter = founder(dao)
    refused(dao, lambda: WAYS[way](dao, 77, FOR, voter), "GovernorNonexistentProposal", 77, voters=[voter])


def test_vote__with_tokens_that_came_at_or_after_the_snapshot__weighs_what_was_held_before_AB02_AB03(
    dao: Dao,
) -> None:
    """Delegation moved at the snapshot itself counts, one second later it does not: nothing votes twice."""
    voter, friend = founder(dao), dao.who("friend")
    proposal = text_proposal(dao, voter)
    snapshot = dao.governor.proposalSnapshot(proposal.id)
    warp_to(dao, snapshot)
    dao.token.delegate(friend.address, sender=voter.address)
    warp_to(dao, snapshot + 1)
    dao.token.delegate(voter.address, sender=voter.address)
    assert dao.governor.castVote(proposal.id, FOR, sender=friend.address).value == 300 * TOKEN
    assert dao.governor.castVote(proposal.id, AGAINST, sender=voter.address).value == 0
    assert dao.governor.proposalVotes(proposal.id) == (0, 300 * TOKEN, 0)


def test_vote__after_erasing_everything__still_weighs_what_was_held_at_the_snapshot(dao: Dao) -> None:
    voter = dao.who("leaver")
    item = leaf(voter, "data", 300)
    batch = dao.contribute(item)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    dao.erase(batch, item)
    assert dao.token.totalSupply() == 0
    assert dao.governor.castVote(proposal.id, FOR, sender=voter.address).value == 300 * TOKEN
    assert dao.governor.proposalQuorum(proposal.id) == 250 * TOKEN, "of the supply at the snapshot"


def test_vote__of_unclaimed_data_and_of_the_protocol_itself__has_no_weight_AB18(dao: Dao) -> None:
    voter, absent = founder(dao), dao.who("absent")
    batch = dao.publish([leaf(absent, "unclaimed", 500)])
    dao.activate(batch)
    dao.chain.warp(1)
    assert dao.token.balanceOf(dao.registry.address) == 500 * TOKEN
    for contract in (dao.registry, dao.token, dao.splitter, dao.leases, dao.models, dao.timelock, dao.governor):
        assert dao.token.getVotes(contract.address) == 0
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    assert dao.governor.castVote(proposal.id, FOR, sender=absent.address).value == 0
    assert dao.token.getPastTotalSupply(dao.governor.proposalSnapshot(proposal.id)) == 800 * TOKEN


def test_vote__a_member_of_no_weight__is_recorded_and_counts_nothing(dao: Dao) -> None:
    voter, stranger = founder(dao), dao.who("stranger")
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    assert dao.governor.castVote(proposal.id, FOR, sender=stranger.address).value == 0
    assert dao.governor.hasVoted(proposal.id, stranger.address)
    assert dao.governor.proposalVotes(proposal.id) == (0, 0, 0)


def test_vote__with_a_very_long_reason__changes_what_a_short_one_does_AB28(dao: Dao) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    receipt = dao.governor.castVoteWithReason(proposal.id, FOR, "x" * 10_000, sender=voter.address)
    assert receipt.named("VoteCast")[0].args["reason"] == "x" * 10_000
    assert dao.governor.proposalVotes(proposal.id) == (0, 300 * TOKEN, 0)
