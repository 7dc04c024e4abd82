"""What a proposal needs: a fraction of supply at its snapshot, the floor of a young DAO, one vote at least (G-2, G-3,
G-11, AB-07, AB-08)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import ACTIVE, DEFEATED, FOR, PENDING, SUCCEEDED, Dao, leaf
from assurance.harness.dao.governance import FLOOR, TOKEN, bitmap, founder, member, text_proposal, warp_to
from assurance.harness.dao.system import DAY, config


def test_quorum__of_a_young_dao__is_the_floor_whatever_its_supply_G11(dao: Dao) -> None:
    assert dao.governor.quorumFloor() == dao.token.maturitySupply() // 2 == FLOOR
    deployed = dao.chain.timestamp
    dao.chain.warp(1)
    assert dao.governor.quorum(deployed) == FLOOR
    member(dao, "first", 1)
    assert dao.governor.quorum(dao.chain.timestamp - 1) == FLOOR
    member(dao, "second", 498)
    assert (dao.token.totalSupply(), dao.token.matureSince()) == (499 * TOKEN, 0)
    assert dao.governor.quorum(dao.chain.timestamp - 1) == FLOOR


def test_quorum__of_a_dao_that_never_matures__is_a_tenth_of_the_floor_from_floor_until_on_G11_G13(dao: Dao) -> None:
    """A floor set too high would otherwise freeze the treasury; and one unit of supply must not decide it."""
    voter = member(dao, "first", 26)
    until = dao.governor.floorUntil()
    assert until == Dao().chain.timestamp + 365 * DAY
    assert dao.governor.quorum(dao.chain.timestamp - 1) == FLOOR
    warp_to(dao, until + 1)
    assert dao.governor.quorum(until - 1) == FLOOR, "the past stays"
    assert dao.governor.quorum(until) == FLOOR // 10 == 25 * TOKEN
    dao.govern(voter, dao.governor, "setVotingDelay", 2 * DAY)
    assert dao.governor.votingDelay() == 2 * DAY


def test_proposal__with_less_than_a_tenth_of_the_floor__defeated_after_floor_until_too_G11(dao: Dao) -> None:
    voter = member(dao, "first", 24)
    warp_to(dao, dao.governor.floorUntil() + 1)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, voter)
    dao.to_end_of_vote(proposal.id)
    assert dao.governor.state(proposal.id) == DEFEATED


def test_quorum__of_a_dao_that_matured__is_the_fraction_whatever_the_date(dao: Dao) -> None:
    member(dao, "first", 500)
    for time in (dao.chain.timestamp, dao.governor.floorUntil()):
        warp_to(dao, time + 1)
        assert dao.governor.quorum(time) == 50 * TOKEN


def test_quorum__in_the_second_of_its_change__is_the_new_one(dao: Dao) -> None:
    """A proposal whose snapshot is that second; what comes later is asked of the second before."""
    voter = member(dao, "first", 500)
    for bps in (1500, 300):
        before = dao.governor.quorumBps()
        dao.govern(voter, dao.governor, "setQuorumBps", bps)
        changed = dao.chain.timestamp
        dao.chain.warp(1)
        assert [dao.governor.quorum(at) * 20 // TOKEN for at in (changed - 1, changed)] == [before, bps]


def test_quorum_numerator_and_denominator__are_what_front_ends_look_for(dao: Dao) -> None:
    assert (dao.governor.quorumNumerator(), dao.governor.quorumDenominator()) == (1000, 10_000)
    dao.govern(founder(dao), dao.governor, "setQuorumBps", 1234)
    assert dao.governor.quorumNumerator() == dao.governor.quorumBps() == 1234
    assert dao.governor.leaseQuorumBps() == 1000, "lease proposals have their own"


def test_quorum__from_the_very_second_supply_reaches_twice_the_floor__is_the_fraction(dao: Dao) -> None:
    member(dao, "first", 499)
    batch = dao.publish([leaf(dao.who("second"), "data", 1)])
    dao.activate(batch)
    grown = dao.chain.timestamp
    assert dao.token.matureSince() == grown, "counted from activation, claimed or not"
    dao.chain.warp(1)
    assert dao.governor.quorum(grown - 1) == FLOOR
    assert dao.governor.quorum(grown) == 50 * TOKEN


def test_quorum__of_a_dao_that_shrank_after_it_matured__has_no_floor_G11(dao: Dao) -> None:
    """The latch is what leaves a way out of a quorum that can no longer be reached."""
    leaver, rest = dao.who("leaver"), dao.who("rest")
    items = [leaf(leaver, "big", 498), leaf(rest, "small", 2)]
    batch = dao.contribute(*items)
    grown = dao.chain.timestamp - 1
    dao.erase(batch, items[0])
    shrunk = dao.chain.timestamp
    dao.chain.warp(1)
    assert dao.token.getPastTotalSupply(shrunk) == 2 * TOKEN
    assert dao.governor.quorum(shrunk) == 2 * TOKEN // 10
    assert dao.governor.quorum(grown) == 50 * TOKEN, "the past stays"
    assert dao.governor.proposalThreshold() == 2 * TOKEN // 100
    dao.govern(rest, dao.governor, "setVotingDelay", 2 * DAY)
    assert dao.governor.votingDelay() == 2 * DAY


def test_quorum__of_no_supply__is_one_vote_AB08_AB17(dao: Dao) -> None:
    leaver = dao.who("leaver")
    item = leaf(leaver, "everything", 500)
    batch = dao.contribute(item)
    proposal = text_proposal(dao, leaver)
    dao.erase(batch, item)
    empty = dao.chain.timestamp
    assert dao.token.totalSupply() == 0 and dao.token.matureSince()
    dao.chain.warp(1)
    assert dao.governor.quorum(empty) == 1
    dao.to_vote(proposal.id)
    assert dao.governor.proposalQuorum(proposal.id) == 1
    dao.vote(proposal.id, leaver, dao.who("stranger"))
    dao.to_end_of_vote(proposal.id)
    assert dao.governor.state(proposal.id) == DEFEATED, "a vote of nothing reaches no quorum (AB-17)"


def test_quorum__asked_for_now_or_later__refused(dao: Dao) -> None:
    voter = founder(dao)
    now = dao.chain.timestamp
    for timepoint in (now, now + 1):
        with pytest.raises(Reverted) as caught:
            dao.governor.quorum(timepoint)
        assert caught.value == Reverted("ERC5805FutureLookup", timepoint, now)
    proposal = text_proposal(dao, voter)
    warp_to(dao, dao.governor.proposalSnapshot(proposal.id))
    snapshot = dao.chain.timestamp
    with pytest.raises(Reverted) as caught:
        dao.governor.proposalQuorum(proposal.id)
    assert caught.value == Reverted("ERC5805FutureLookup", snapshot, snapshot)
    dao.chain.warp(1)
    assert dao.governor.proposalQuorum(proposal.id) == FLOOR
    with pytest.raises(Reverted) as caught:
        dao.governor.proposalQuorum(77)
    assert caught.value == Reverted("GovernorNonexistentProposal", 77)


def test_quorum__minted_after_the_snapshot__raises_nothing_AB07(dao: Dao) -> None:
    voter = founder(dao, 600)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    needed = dao.governor.proposalQuorum(proposal.id)
    member(dao, "newcomer", 600)
    assert dao.governor.proposalQuorum(proposal.id) == needed == 60 * TOKEN


def test_quorum__of_lease_and_ordinary_proposals__by_a_fraction_each(dao: Dao) -> None:
    voter = founder(dao, 1000)
    dao.govern(voter, dao.governor, "setLeaseQuorumBps", 2000)
    _, own = dao.request(dao.who("licensee"))
    ordinary = text_proposal(dao, voter)
    dao.to_vote(own.id)
    assert dao.governor.proposalQuorum(own.id) == 200 * TOKEN
    assert dao.governor.proposalQuorum(ordinary.id) == 100 * TOKEN
    # And the count is held to it: 150 tokens carry the one and not the other.
    assert dao.governor.state(own.id) == dao.governor.state(ordinary.id) == ACTIVE


@pytest.mark.parametrize(("units", "state"), [(150, SUCCEEDED), (99, DEFEATED)])
def test_lease_quorum__lower_than_the_ordinary_one__carries_what_that_would_not(units: int, state: int) -> None:
    dao = Dao(config(DataGovernor__params__leaseQuorumBps=1000, DataGovernor__params__quorumBps=2000))
    others, voter = member(dao, "others", 1000 - units), member(dao, "voter", units)
    _, own = dao.request(dao.who("licensee"))
    ordinary = text_proposal(dao, others)
    assert dao.governor.state(own.id) == PENDING
    dao.to_vote(own.id)
    for proposal in (own, ordinary):
        dao.vote(proposal.id, voter, support=FOR)
    dao.to_end_of_vote(own.id)
    assert (dao.governor.state(own.id), dao.governor.state(ordinary.id)) == (state, DEFEATED)
    with pytest.raises(Reverted) as caught:
        dao.queue(ordinary)
    assert caught.value == Reverted("GovernorUnexpectedProposalState", ordinary.id, DEFEATED, bitmap(SUCCEEDED))
