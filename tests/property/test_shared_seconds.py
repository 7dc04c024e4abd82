"""Blocks of less than a second share timestamps, as on rollups: what counts by time counts the same in each of them.

On a node, where every transaction here has a block of its own and time stands still until it is told to pass.
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ACTIVE, DEFEATED, FOR, PENDING, Dao
from assurance.harness.dao.governance import TOKEN, member, refused, text_proposal, warp_to
from assurance.harness.dao.leases import Market
from assurance.harness.dao.system import config

pytestmark = pytest.mark.node


@pytest.fixture
def tradable(dao: Dao) -> Dao:
    """A DAO whose votes can move within a second."""
    return Dao(config(DataToken__transferable=True), chain=dao.chain)


def blocks(dao: Dao) -> list[tuple[int, int]]:
    """Number and time of each block so far."""
    eth = dao.chain.web3.eth
    return [(number, eth.get_block(number)["timestamp"]) for number in range(eth.block_number + 1)]


def test_votes__changed_in_three_blocks_of_a_second__past_votes_are_those_after_the_last(tradable: Dao) -> None:
    dao = tradable
    whale, other = member(dao, "whale", 400), dao.who("other")
    dao.chain.warp(1)
    first, now = dao.chain.web3.eth.block_number, dao.chain.timestamp
    dao.token.transfer(other.address, 100 * TOKEN, sender=whale.address)
    dao.token.transfer(other.address, 100 * TOKEN, sender=whale.address)
    dao.token.transfer(whale.address, 50 * TOKEN, sender=other.address)
    assert [time for number, time in blocks(dao) if number > first] == [now] * 3
    # No block of this second can read the second itself: a later one may still change it.
    refused(dao, lambda: dao.token.getPastVotes(other.address, now), "ERC5805FutureLookup", now, now)
    assert dao.token.getPastVotes(other.address, now - 1) == 0
    dao.chain.warp(1)
    assert dao.token.getPastVotes(other.address, now) == 150 * TOKEN
    assert dao.token.getPastVotes(whale.address, now) == 250 * TOKEN
    assert dao.token.getPastTotalSupply(now) == 400 * TOKEN


def test_snapshot__in_a_second_of_several_blocks__no_vote_is_open_and_the_last_block_counts(tradable: Dao) -> None:
    dao = tradable
    whale, small, other = member(dao, "whale", 400), member(dao, "small", 2), dao.who("other")
    proposal = text_proposal(dao, whale)
    snapshot, deadline = dao.governor.proposalSnapshot(proposal.id), dao.governor.proposalDeadline(proposal.id)
    warp_to(dao, snapshot)
    for _ in range(2):
        # In every block of the snapshot's second votes move, and none is cast.
        dao.token.transfer(other.address, 100 * TOKEN, sender=whale.address)
        assert dao.governor.state(proposal.id) == PENDING
        with pytest.raises(Reverted) as caught:
            dao.governor.castVote(proposal.id, FOR, sender=whale.address)
        assert caught.value.name == "GovernorUnexpectedProposalState"
    warp_to(dao, snapshot + 1)
    dao.token.transfer(other.address, 100 * TOKEN, sender=whale.address)
    assert dao.governor.state(proposal.id) == ACTIVE
    assert dao.governor.castVote(proposal.id, FOR, sender=other.address).value == 200 * TOKEN
    # The deadline's second is the last one in which votes are cast, in each of its blocks.
    warp_to(dao, deadline)
    dao.token.transfer(other.address, 1, sender=whale.address)
    assert dao.governor.state(proposal.id) == ACTIVE
    assert dao.governor.castVote(proposal.id, FOR, sender=small.address).value == 2 * TOKEN
    dao.chain.warp(1)
    assert dao.governor.state(proposal.id) == DEFEATED, "202 of the 250 that it takes"


def test_lease__its_last_second_and_the_first_one_after__are_told_apart_in_every_block(dao: Dao) -> None:
    market = Market(dao)
    lease = market.active()
    until = market.paid_until(lease)
    warp_to(dao, until - 1)
    for _ in range(2):
        assert dao.leases.leaseAccess(lease)[0]
        dao.asset.mint(dao.who("any").address, 1, sender=dao.who("any").address)
    dao.chain.warp(1)
    for _ in range(2):
        assert not dao.leases.leaseAccess(lease)[0]
        dao.asset.mint(dao.who("any").address, 1, sender=dao.who("any").address)
