"""A member's receipt is one bit, by its number, in words of 256 behind the number of a lease (G-1).

given members whose numbers lie in several words, next to one another and at their edges
  when they vote alone or by a list, in any order
    it should know of each whether it voted, refuse a second vote, and forget nobody's
given the first member and a licensee
  when the first member has voted on the request
    it should still know the lease, and so its licensee
given a vote of the least weight
  when it is cast
    it should leave others' receipts, and be counted once
"""

from __future__ import annotations

from random import Random

import pytest

from assurance.harness.dao.dao import AGAINST, FOR, Dao, leaf
from assurance.harness.dao.governance import compact, founder, member, refused, text_proposal
from assurance.harness.dao.system import Actor, config

NUMBER_AT, NUMBER = 198, 2**32 - 1
NUMBERS = (2, 3, 31, 32, 95, 96, 97, 224, 225, 226, 353, 354, 480, 481, 482, 993)
"""A number n has bit n + 31: the edges of words, of halves of words, and of pairs of words."""


def give_next(dao: Dao, number: int) -> None:
    """Lets the next new member have this number, as if so many others had been there before: no test has so many."""
    token, supply, count = dao.token.address, dao.token.totalSupply(), dao.token.memberCount()
    words = {slot: dao.chain.storage(token, slot) for slot in range(32)}
    fits = [slot for slot, word in words.items() if (word >> 63) % 2**63 == supply]
    (slot,) = [slot for slot in fits if words[slot] >> NUMBER_AT & NUMBER == count]
    dao.chain.set_storage(token, slot, words[slot] & ~(NUMBER << NUMBER_AT) | (number - 1) << NUMBER_AT)


def numbered(dao: Dao, number: int) -> Actor:
    """A member of this number."""
    give_next(dao, number)
    made = member(dao, f"number {number}", 1)
    assert dao.token.memberNumber(made.address) == number
    return made


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("way", ["alone", "list", "both"])
def test_receipts__of_members_far_apart__are_one_each_g1_g12(way: str, seed: int) -> None:
    dao = Dao()
    first = founder(dao)
    voters = [first, *(numbered(dao, number) for number in NUMBERS)]
    silent = [numbered(dao, number) for number in (1_100, 1_101)]
    proposal = text_proposal(dao, first)
    dao.to_vote(proposal.id)
    Random(seed).shuffle(voters)
    alone = {"alone": len(voters), "list": 0, "both": len(voters) // 2}[way]
    for voter in voters[:alone]:
        dao.vote(proposal.id, voter)
    ballots = [compact(dao, proposal.id, FOR, voter) for voter in voters[alone:]]
    if ballots:
        receipt = dao.governor.castVotesBySig(proposal.id, ballots, sender=first.address)
        assert not receipt.named("BallotSkipped")
    assert [dao.governor.hasVoted(proposal.id, voter.address) for voter in voters] == [True] * len(voters)
    assert [dao.governor.hasVoted(proposal.id, other.address) for other in silent] == [False, False]
    for voter in voters:
        refused(
            dao, lambda v=voter: dao.vote(proposal.id, v), "GovernorAlreadyCastVote", voter.address,
            watch=[proposal.id], voters=voters,
        )  # fmt: skip
    again = dao.governor.castVotesBySig(
        proposal.id, [compact(dao, proposal.id, AGAINST, voter) for voter in voters], sender=first.address
    )
    assert len(again.named("BallotSkipped")) == len(voters)


@pytest.mark.parametrize("word", [1, 2, 3, 8_192])
def test_list__of_a_member_in_any_word_and_then_the_first__gives_each_its_own_receipt_g12(word: int) -> None:
    dao = Dao()
    first, far = founder(dao), numbered(dao, 256 * word - 31)
    proposal = text_proposal(dao, first)
    dao.to_vote(proposal.id)
    ballots = [compact(dao, proposal.id, FOR, voter) for voter in (far, first)]
    dao.governor.castVotesBySig(proposal.id, ballots, sender=first.address)
    for voter in (far, first):
        assert dao.governor.hasVoted(proposal.id, voter.address)


def test_has_voted__before_the_vote_and_of_no_proposal__is_false(dao: Dao) -> None:
    first = founder(dao)
    proposal = text_proposal(dao, first)
    assert not dao.governor.hasVoted(proposal.id, first.address)
    assert not dao.governor.hasVoted(proposal.id + 1, first.address)


def test_request__voted_on_by_the_first_member__still_refuses_its_licensee_g6(dao: Dao) -> None:
    first, licensee = founder(dao), member(dao, "licensee", 10)
    assert dao.token.memberNumber(first.address) == 1
    _, proposal = dao.request(licensee)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, first)
    refused(
        dao, lambda: dao.vote(proposal.id, licensee), "DataGovernor_LicenseeCannotVote", proposal.id, licensee.address,
        watch=[proposal.id], voters=[first, licensee],
    )  # fmt: skip


@pytest.mark.parametrize("number", [3, 300])
@pytest.mark.parametrize("way", ["alone", "list"])
def test_vote__of_a_single_unit__is_counted_once_and_leaves_others_g1(way: str, number: int) -> None:
    dao = Dao(config(DataToken__transferable=True))
    first, least = founder(dao), dao.who("least")
    dao.contribute(leaf(dao.who("second"), "more data", 5))
    give_next(dao, number)
    dao.token.transfer(least.address, 1, sender=first.address)
    proposal = text_proposal(dao, first)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, first)
    if way == "alone":
        dao.vote(proposal.id, least)
    else:
        dao.governor.castVotesBySig(proposal.id, [compact(dao, proposal.id, FOR, least)], sender=first.address)
    assert dao.governor.proposalVotes(proposal.id)[1] == dao.token.totalSupply() - 5 * 10**9
    assert dao.governor.hasVoted(proposal.id, least.address)
    for voter in (first, least):
        refused(
            dao, lambda v=voter: dao.vote(proposal.id, v), "GovernorAlreadyCastVote", voter.address,
            watch=[proposal.id], voters=[first, least],
        )  # fmt: skip
