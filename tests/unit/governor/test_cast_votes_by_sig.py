"""DataGovernor.castVotesBySig: many signed ballots in one transaction (G-12).

given ballots of members near and far by number, with and without votes: tally, receipts and events as one by one
given a ballot that does not count, for each cause: skipped and named, the others count
given a proposal that is not active: refused whole
given what reaches the quorum late: the vote is extended as by the ballot that reached it
given an account that gets its first token during the vote: votes once, by a list, alone or in person (G-1)
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import ABSTAIN, ACTIVE, AGAINST, FOR, PENDING, SUCCEEDED, Dao, leaf
from assurance.harness.dao.governance import (
    EXTENSION,
    FLOOR,
    TOKEN,
    ballot,
    bitmap,
    compact,
    founder,
    member,
    picture,
    poll,
    refused,
    text_proposal,
    warp_to,
)

INVALID_SIGNATURE, INVALID_SUPPORT, ALREADY_VOTED, LICENSEE = range(4)
"""`IDataGovernor.BallotFault`."""


def cast(dao: Dao, proposal: int, *ballots: tuple[str, int, bytes, bytes]) -> Receipt:
    receipt: Receipt = dao.governor.castVotesBySig(proposal, list(ballots), sender=dao.who("relayer").address)
    return receipt


def skipped(receipt: Receipt) -> list[tuple[str, int]]:
    return [(event.args["voter"], event.args["fault"]) for event in receipt.named("BallotSkipped")]


def test_list__equals_single_ballots__g12(dao: Dao) -> None:
    voters = [member(dao, f"voter {i}", i + 1) for i in range(5)] + [dao.who("without votes")]
    proposal = text_proposal(dao, voters[0])
    dao.to_vote(proposal.id)
    choices = [FOR, AGAINST, ABSTAIN, FOR, AGAINST, FOR]
    snapshot = dao.chain.snapshot()
    told = []
    for voter, support in zip(voters, choices, strict=True):
        signature = ballot(dao, proposal.id, support, voter)
        receipt = dao.governor.castVoteBySig(proposal.id, support, voter.address, signature, sender=voter.address)
        told += receipt.events
    alone = picture(dao, proposal.id, voters=voters)
    dao.chain.revert(snapshot)
    receipt = cast(dao, proposal.id, *(compact(dao, proposal.id, s, v) for v, s in zip(voters, choices, strict=True)))
    assert receipt.events == told
    assert picture(dao, proposal.id, voters=voters) == alone


def test_list__with_every_fault__counts_the_sound_ones_and_names_the_others__g12(dao: Dao) -> None:
    sound, other, doubled, late = (member(dao, name, 10) for name in ("sound", "other", "doubled", "late"))
    licensee = member(dao, "licensee", 10)
    _, proposal = dao.request(licensee)
    twin = text_proposal(dao, founder(dao))
    dao.to_vote(twin.id)
    dao.vote(proposal.id, late, support=AGAINST)
    good = compact(dao, proposal.id, FOR, sound)
    malleable = compact(dao, proposal.id, FOR, other)
    receipt = cast(
        dao,
        proposal.id,
        compact(dao, proposal.id, FOR, other, signer=sound),
        compact(dao, twin.id, FOR, other),
        compact(dao, proposal.id, FOR, other, nonce=1),
        (other.address, AGAINST, *malleable[2:]),
        ("0x" + "00" * 20, FOR, bytes(32), bytes(32)),
        compact(dao, proposal.id, 3, other),
        compact(dao, proposal.id, FOR, licensee),
        compact(dao, proposal.id, FOR, late),
        good,
        compact(dao, proposal.id, ABSTAIN, doubled),
        compact(dao, proposal.id, FOR, doubled),
        good,
    )
    assert skipped(receipt) == [
        *((other.address, INVALID_SIGNATURE) for _ in range(4)),
        ("0x" + "00" * 20, INVALID_SIGNATURE),
        (other.address, INVALID_SUPPORT),
        (licensee.address, LICENSEE),
        (late.address, ALREADY_VOTED),
        (doubled.address, ALREADY_VOTED),
        (sound.address, ALREADY_VOTED),
    ]
    assert dao.governor.proposalVotes(proposal.id) == (10 * TOKEN, 10 * TOKEN, 10 * TOKEN)
    voted = [dao.governor.hasVoted(proposal.id, v.address) for v in (sound, other, doubled, late, licensee)]
    assert voted == [True, False, True, True, False]
    assert skipped(cast(dao, proposal.id, good)) == [(sound.address, ALREADY_VOTED)]


def test_list__of_two_ballots_of_one_voter__the_relayer_chooses_and_a_vote_in_person_revokes_both__g12(
    dao: Dao,
) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    yes, no = compact(dao, proposal.id, FOR, voter), compact(dao, proposal.id, AGAINST, voter)
    for first, second, votes in ((yes, no, (0, 300 * TOKEN, 0)), (no, yes, (300 * TOKEN, 0, 0))):
        snapshot = dao.chain.snapshot()
        assert skipped(cast(dao, proposal.id, first, second)) == [(voter.address, ALREADY_VOTED)]
        assert dao.governor.proposalVotes(proposal.id) == votes
        dao.chain.revert(snapshot)
    dao.vote(proposal.id, voter, support=ABSTAIN)
    assert skipped(cast(dao, proposal.id, yes, no)) == [(voter.address, ALREADY_VOTED)] * 2


@pytest.mark.parametrize("when", ["before", "after", "unknown"])
def test_list__on_a_proposal_that_is_not_active__refused_whole__g12(dao: Dao, when: str) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    signed = compact(dao, proposal.id, FOR, voter)
    if when == "after":
        dao.to_vote(proposal.id)
        dao.vote(proposal.id, voter)
        dao.to_end_of_vote(proposal.id)
    if when == "unknown":
        refused(dao, lambda: cast(dao, 7, signed), "GovernorNonexistentProposal", 7)
        return
    state = {"before": PENDING, "after": SUCCEEDED}[when]
    refused(
        dao,
        lambda: cast(dao, proposal.id, signed),
        "GovernorUnexpectedProposalState",
        proposal.id,
        state,
        bitmap(ACTIVE),
        watch=[proposal.id],
        voters=[voter],
    )


def test_list__empty__does_nothing(dao: Dao) -> None:
    proposal = text_proposal(dao, founder(dao))
    dao.to_vote(proposal.id)
    before = picture(dao, proposal.id)
    assert cast(dao, proposal.id).logs == []
    assert picture(dao, proposal.id) == before


def test_list__that_reaches_the_quorum_late__extends_the_vote_once__g12(dao: Dao) -> None:
    units = FLOOR // TOKEN
    voters = [member(dao, "most", units - 1), member(dao, "one", 1), member(dao, "more", 7)]
    proposal = text_proposal(dao, voters[0])
    warp_to(dao, dao.governor.proposalDeadline(proposal.id) - 10)
    receipt = cast(dao, proposal.id, *(compact(dao, proposal.id, FOR, voter) for voter in voters))
    extended = dao.chain.timestamp + EXTENSION
    assert [e.name for e in receipt.events] == ["VoteCast", "VoteCast", "ProposalExtended", "VoteCast"]
    assert dao.governor.proposalDeadline(proposal.id) == extended


def test_receipts__of_members_in_many_words__are_their_own(dao: Dao) -> None:
    """Members 1, 255, 256, 257 and 511 to 513: the first, last and neighbouring bits of three words."""
    dao.contribute(*(leaf(dao.who(f"member {i}"), f"data {i}") for i in range(1, 514)))
    wanted = (1, 255, 256, 257, 511, 512, 513)
    voters = [dao.who(f"member {i}") for i in wanted]
    assert tuple(dao.token.memberNumber(v.address) for v in voters) == wanted
    proposal = text_proposal(dao, voters[0])
    dao.to_vote(proposal.id)
    everyone = [dao.who(f"member {i}") for i in range(1, 514)]
    receipt = cast(dao, proposal.id, *(compact(dao, proposal.id, FOR, v) for v in (*voters, *voters)))
    assert skipped(receipt) == [(v.address, ALREADY_VOTED) for v in voters]
    voted = {v.address for v in everyone if dao.governor.hasVoted(proposal.id, v.address)}
    assert voted == {v.address for v in voters}
    assert poll(dao, proposal.id)["votes"] == (0, len(voters) * TOKEN, 0)


WAYS = ["in person", "by signature", "by list"]


@pytest.mark.parametrize("first", WAYS)
@pytest.mark.parametrize("second", WAYS)
def test_account_without_votes__that_gets_its_first_token_during_the_vote__votes_once__g1(
    dao: Dao, first: str, second: str
) -> None:
    """The second trap of the prototype: by number alone the second receipt would be another one."""
    newcomer, voter = dao.who("newcomer"), founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)

    def vote(way: str) -> Any:
        if way == "in person":
            return dao.vote(proposal.id, newcomer)
        if way == "by signature":
            signature = ballot(dao, proposal.id, FOR, newcomer)
            return dao.governor.castVoteBySig(proposal.id, FOR, newcomer.address, signature, sender=voter.address)
        return cast(dao, proposal.id, compact(dao, proposal.id, FOR, newcomer))

    assert dao.token.memberNumber(newcomer.address) == 0
    vote(first)
    assert dao.governor.hasVoted(proposal.id, newcomer.address)
    deadline = dao.governor.proposalDeadline(proposal.id)
    batch = dao.publish([leaf(newcomer, "first data")])
    dao.activate(batch)
    dao.claim(batch, leaf(newcomer, "first data"))
    assert dao.token.memberNumber(newcomer.address) == 2
    assert dao.chain.timestamp <= deadline
    assert dao.governor.hasVoted(proposal.id, newcomer.address)
    if second == "by list":
        assert skipped(vote(second)) == [(newcomer.address, ALREADY_VOTED)]
    else:
        refused(dao, lambda: vote(second), "GovernorAlreadyCastVote", newcomer.address, watch=[proposal.id])
