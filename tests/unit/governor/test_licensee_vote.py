"""The licensee's address does not vote on its own request, and no other account is banned in its place (G-1).

A lease proposal's tally carries only the last seven bits of the licensee's address; an account that shares them is
distinguished by the whole address. Both sides are tried here: with accounts that share the seven bits, and with the 128
possible endings."""

from __future__ import annotations

import itertools

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ABSTAIN, AGAINST, FOR, Dao
from assurance.harness.dao.governance import ballot, founder, refused
from assurance.harness.dao.system import Actor, actor

TAG = 0x7F


def tag(account: Actor) -> int:
    return int(account.address, 16) & TAG


def lookalike(of: Actor) -> Actor:
    """Another account whose address ends in the same seven bits."""
    return next(a for a in (actor(f"lookalike {i}") for i in itertools.count()) if tag(a) == tag(of))


@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_licensee_votes_on_its_own_request__refused_every_way_G1_B13(dao: Dao, support: int) -> None:
    licensee = founder(dao)
    _, own = dao.request(licensee)
    dao.to_vote(own.id)
    governor, sender = dao.governor, licensee.address
    relayer = dao.who("relayer").address
    plain = ballot(dao, own.id, support, licensee)
    extended = ballot(dao, own.id, support, licensee, reason="why", params=b"\x01")
    ways = [
        lambda: governor.castVote(own.id, support, sender=sender),
        lambda: governor.castVoteWithReason(own.id, support, "why", sender=sender),
        lambda: governor.castVoteWithReasonAndParams(own.id, support, "why", b"\x01", sender=sender),
        lambda: governor.castVoteBySig(own.id, support, sender, plain, sender=relayer),
        lambda: governor.castVoteWithReasonAndParamsBySig(
            own.id, support, sender, "why", b"\x01", extended, sender=relayer
        ),
    ]
    for way in ways:
        refused(dao, way, "DataGovernor_LicenseeCannotVote", own.id, sender, watch=[own.id], voters=[licensee])


def test_licensee_votes_on_other_proposals_and_on_other_requests__counted(dao: Dao) -> None:
    licensee, rival = founder(dao), dao.who("rival")
    _, own = dao.request(licensee)
    _, other = dao.request(rival)
    ordinary = dao.propose(licensee, (dao.asset, "approve", (rival.address, 0)))
    dao.to_vote(ordinary.id)
    for proposal in (other, ordinary):
        dao.vote(proposal.id, licensee)
        assert dao.governor.hasVoted(proposal.id, licensee.address)
    assert not dao.governor.hasVoted(own.id, licensee.address)


def test_account_with_the_licensees_last_seven_bits__votes_like_anyone(dao: Dao) -> None:
    licensee = dao.who("licensee")
    stranger = lookalike(licensee)
    assert stranger.address != licensee.address and tag(stranger) == tag(licensee)
    _, own = dao.request(licensee)
    dao.to_vote(own.id)
    dao.vote(own.id, stranger)
    assert dao.governor.hasVoted(own.id, stranger.address)
    refused(
        dao,
        lambda: dao.vote(own.id, licensee),
        "DataGovernor_LicenseeCannotVote",
        own.id,
        licensee.address,
        watch=[own.id],
    )


def test_licensees_of_every_ending__are_banned_and_their_neighbours_are_not() -> None:
    """All 128 tags, in process: no tag spills into the flags beside it, none is missed, none bans the account one bit
    away."""
    dao = Dao()
    by_tag: dict[int, Actor] = {}
    for i in itertools.count():
        candidate = actor(f"licensee {i}")
        by_tag.setdefault(tag(candidate), candidate)
        if len(by_tag) == TAG + 1:
            break
    terms = dao.terms(periods=1)
    own = {t: dao.request(licensee, terms)[1] for t, licensee in sorted(by_tag.items())}
    dao.chain.warp(dao.governor.proposalSnapshot(own[TAG].id) + 1 - dao.chain.timestamp)
    for t, licensee in sorted(by_tag.items()):
        refused_by = own[t].id
        with pytest.raises(Reverted) as caught:
            dao.vote(refused_by, licensee)
        assert caught.value == Reverted("DataGovernor_LicenseeCannotVote", refused_by, licensee.address)
        neighbour = by_tag[t ^ (1 << t % 7)]
        dao.vote(refused_by, neighbour)
        assert dao.governor.hasVoted(refused_by, neighbour.address)
        assert not dao.governor.hasVoted(refused_by, licensee.address)
        assert dao.governor.proposalLicensee(refused_by) == licensee.address


def test_licensee_that_withdrew__proposal_and_ban_stay_as_they_were(dao: Dao) -> None:
    licensee = founder(dao)
    lease, own = dao.request(licensee)
    dao.leases.withdraw(lease, sender=licensee.address)
    assert dao.governor.proposalLicensee(own.id) == licensee.address
    # A second request is a proposal of its own.
    _, again = dao.request(licensee)
    dao.to_vote(again.id)
    refused(
        dao,
        lambda: dao.vote(again.id, licensee),
        "DataGovernor_LicenseeCannotVote",
        again.id,
        licensee.address,
        watch=[own.id, again.id],
    )
