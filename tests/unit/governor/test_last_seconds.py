"""Proposals at the end of the time that a tally can hold: 36 bits of seconds, in the year 4147. Until then every field
keeps its neighbours' values; after it there is an error and not a wrong deadline."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ABSTAIN, AGAINST, EXECUTED, FOR, SUCCEEDED, Dao
from assurance.harness.dao.governance import DELAY, EXTENSION, PERIOD, TOKEN, member, text_proposal
from assurance.harness.dao.system import DAY, Actor

END = 2**36 - 1


@pytest.fixture(scope="module")
def aged_dao() -> Dao:
    """A DAO a year before the end, with three members."""
    dao = Dao(chain=Revm(timestamp=END - 365 * DAY))
    for name, units in (("ayes", 300), ("noes", 200), ("neither", 100)):
        member(dao, name, units)
    return dao


@pytest.fixture
def aged(aged_dao: Dao) -> Iterator[Dao]:
    snapshot = aged_dao.chain.snapshot()
    yield aged_dao
    aged_dao.chain.revert(snapshot)


def warp_to(dao: Dao, time: int) -> None:
    dao.chain.warp(time - dao.chain.timestamp)


def people(dao: Dao) -> tuple[Actor, Actor, Actor]:
    return dao.who("ayes"), dao.who("noes"), dao.who("neither")


def test_vote__whose_last_second_is_the_last_that_fits__is_counted_to_the_unit(aged: Dao) -> None:
    ayes, noes, neither = people(aged)
    warp_to(aged, END - PERIOD - DELAY)
    proposal = text_proposal(aged, ayes)
    assert aged.governor.proposalDeadline(proposal.id) == END
    aged.to_vote(proposal.id)
    for voter, support in ((noes, AGAINST), (neither, ABSTAIN), (ayes, FOR)):
        aged.governor.castVote(proposal.id, support, sender=voter.address)
    assert aged.governor.proposalVotes(proposal.id) == (200 * TOKEN, 300 * TOKEN, 100 * TOKEN)
    assert aged.governor.proposalDeadline(proposal.id) == END
    warp_to(aged, END + 1)
    assert aged.governor.state(proposal.id) == SUCCEEDED
    aged.queue(proposal)
    aged.execute(proposal)
    assert aged.governor.state(proposal.id) == EXECUTED


def test_propose__last_second_a_second_beyond__refused(aged: Dao) -> None:
    ayes, _, _ = people(aged)
    warp_to(aged, END + 1 - PERIOD - DELAY)
    with pytest.raises(Reverted) as caught:
        text_proposal(aged, ayes)
    assert caught.value == Reverted("SafeCastOverflowedUintDowncast", 36, END + 1)


@pytest.mark.parametrize("beyond", [0, 1])
def test_late_quorum__extended_to_the_last_second_that_fits__and_refused_beyond_it(aged: Dao, beyond: int) -> None:
    ayes, noes, _ = people(aged)
    proposed = END - EXTENSION - PERIOD - DELAY + 1
    warp_to(aged, proposed)
    proposal = text_proposal(aged, noes)
    warp_to(aged, END - EXTENSION + beyond)
    vote = (proposal.id, FOR)
    if not beyond:
        aged.governor.castVote(*vote, sender=ayes.address)
        assert aged.governor.proposalDeadline(proposal.id) == END
        return
    with pytest.raises(Reverted) as caught:
        aged.governor.castVote(*vote, sender=ayes.address)
    assert caught.value == Reverted("SafeCastOverflowedUintDowncast", 36, END + 1)
    assert not aged.governor.hasVoted(proposal.id, ayes.address)
