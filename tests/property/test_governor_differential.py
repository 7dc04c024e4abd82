"""Our counting and late quorum against OpenZeppelin's own modules, vote by vote (G-1, G-2, G-3).

`GovernorTally` keeps a proposal's count, deadline, extension and flags in one slot, and looks for a late quorum only
where one can matter. `StockGovernor` is GovernorCountingSimple with GovernorPreventLateQuorum over the same token and
quorum. The same proposal is made in both, the same people vote at the same seconds, clustered around the boundaries:
every vote has the same result, or the same refusal, and the same events; deadline, count, receipts and state agree all
the way and after the end.

In process; `DATADAO_DEPTH=50` in the environment makes the run fifty times as long.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.chain.handles import Handle, Receipt, Reverted, deploy
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.system import DAY, Actor, config
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.reaching import live_until_met

PERIOD = 3 * DAY
EXTENSIONS = (0, 1, 3600, DAY, PERIOD - 1, PERIOD)
MATURITIES = (1, 1_000)
"""Twice the quorum floor, in tokens: a floor that never binds, and one that does."""
UNITS = (1, 5, 7, 50, 50, 97, 200, 500)


class World:
    """Two governors over one token; one world for each extension and maturity, put back for every schedule."""

    def __init__(self, extension: int, maturity: int, twins: tuple[str, ...] = ()) -> None:
        self.dao = dao = Dao(
            config(
                DataGovernor__params__lateQuorumExtension=extension,
                DataGovernor__params__proposalThreshold=0,
                DataToken__maturitySupply=maturity * 10**9,
            ),
            twins=twins,
        )
        self.voters = [dao.who(f"voter-{i}") for i in range(len(UNITS))]
        dao.contribute(*(leaf(v, v.name, units) for v, units in zip(self.voters, UNITS, strict=True)))
        self.stock: Handle = deploy(
            dao.chain,
            "StockGovernor",
            dao.governor.address,
            dao.token.address,
            DAY,
            PERIOD,
            extension,
            sender=dao.who("builder").address,
        )
        self.extension = extension
        self.snapshot = dao.chain.snapshot()

    def restore(self) -> None:
        self.dao.chain.revert(self.snapshot)
        self.snapshot = self.dao.chain.snapshot()


WORLDS: dict[tuple[int, int], World] = {}


def world(extension: int, maturity: int) -> World:
    key = (extension, maturity)
    if key not in WORLDS:
        WORLDS[key] = World(*key)
    WORLDS[key].restore()
    return WORLDS[key]


def outcome(governor: Handle, proposal: int, support: int, voter: Actor) -> tuple[Any, ...]:
    """What a vote says to the world: weight and events, or the refusal."""
    try:
        receipt: Receipt = governor.castVote(proposal, support, sender=voter.address)
    except Reverted as refusal:
        return ("refused", refusal.name, refusal.values)
    return ("counted", receipt.value, [(e.name, e.args) for e in receipt.events])


def compared(w: World, proposal: int) -> None:
    ours, stock = w.dao.governor, w.stock
    assert ours.proposalVotes(proposal) == stock.proposalVotes(proposal)
    assert ours.proposalDeadline(proposal) == stock.proposalDeadline(proposal)
    assert ours.proposalSnapshot(proposal) == stock.proposalSnapshot(proposal)
    assert ours.state(proposal) == stock.state(proposal)
    voted = [[g.hasVoted(proposal, v.address) for v in w.voters] for g in (ours, stock)]
    assert voted[0] == voted[1]


# A moment of a vote: relative to the present deadline (its last second is 0), to the moment from which quorum is late,
# to the snapshot, or to now.
moments = st.one_of(
    st.tuples(st.just("deadline"), st.sampled_from([-2, -1, -1, 0, 0, 0, 0, 1])),
    st.tuples(st.just("late"), st.integers(-2, 2)),
    st.tuples(st.just("snapshot"), st.integers(-1, 2)),
    st.tuples(st.just("now"), st.sampled_from([0, 0, 1, 3600, DAY])),
)
ballots = st.tuples(st.integers(0, len(UNITS)), st.sampled_from([0, 1, 1, 2, 2, 3]), moments)
MET = {"counted", "extended", "once more after an extension", "GovernorAlreadyCastVote", "GovernorInvalidVoteType"}
MET |= {"GovernorUnexpectedProposalState", "quorum in time", "ends 3", "ends 4"}


def test_counting_and_late_quorum__any_schedule_of_votes__as_the_stock_modules() -> None:
    """Holds G-1 to G-3."""
    met: Counter[str] = Counter()

    @settings(max_examples=250 * DEPTH)
    @given(
        extension=st.sampled_from(EXTENSIONS),
        maturity=st.sampled_from(MATURITIES),
        schedule=st.lists(ballots, min_size=3, max_size=16),
    )
    def lives(extension: int, maturity: int, schedule: list[tuple[int, int, tuple[str, int]]]) -> None:
        w = world(extension, maturity)
        play(w, schedule, met)

    live_until_met(lives, met, MET)
    print(f"\n{dict(met.most_common())}")


def play(w: World, schedule: list[tuple[int, int, tuple[str, int]]], met: Counter[str]) -> None:
    dao, chain = w.dao, w.dao.chain
    action = ([dao.asset.address], [0], [b"\x01\x02\x03\x04"])
    numbers = {g.propose(*action, "text", sender=w.voters[0].address).value for g in (dao.governor, w.stock)}
    (proposal,) = numbers
    assert proposal == dao.governor.getProposalId(*action, keccak(text="text"))
    first = dao.governor.proposalDeadline(proposal)
    compared(w, proposal)
    people = [*w.voters, dao.who("outsider")]
    for who, support, (mark, offset) in schedule:
        deadline, snapshot = dao.governor.proposalDeadline(proposal), dao.governor.proposalSnapshot(proposal)
        start = {"deadline": deadline, "late": deadline - w.extension, "snapshot": snapshot, "now": chain.timestamp}
        chain.warp(max(0, start[mark] + offset - chain.timestamp))
        ours, stock = (outcome(g, proposal, support, people[who]) for g in (dao.governor, w.stock))
        assert ours == stock
        compared(w, proposal)
        met[ours[1] if ours[0] == "refused" else "counted"] += 1
        if ours[0] == "counted":
            met["extended"] += len(ours[2]) == 2
            met["once more after an extension"] += deadline > first
    chain.warp(max(0, dao.governor.proposalDeadline(proposal) + 1 - chain.timestamp))
    compared(w, proposal)
    against, for_, abstain = dao.governor.proposalVotes(proposal)
    reached = for_ + abstain >= dao.governor.proposalQuorum(proposal)
    met["quorum in time"] += reached and dao.governor.proposalDeadline(proposal) == first
    met[f"ends {dao.governor.state(proposal)}"] += 1
    assert dao.governor.state(proposal) == (4 if reached and for_ > against else 3)


SCHEDULES = {
    "DataGovernor.CountsTwice": [(7, 1, ("snapshot", 1)), (7, 1, ("now", 0))],
    "DataGovernor.NeverExtends": [(7, 1, ("deadline", 0))],
}
"""One voter that votes twice; one that reaches the quorum in the last second."""


@pytest.mark.parametrize("mistake", SCHEDULES)
def test_comparison__of_a_twin_that_counts_twice_or_never_extends__shows_a_difference_G1_G2(mistake: str) -> None:
    schedule = SCHEDULES[mistake]
    with pytest.raises(AssertionError):
        play(World(DAY, 1, (mistake,)), schedule, Counter())
    play(World(DAY, 1, ("DataGovernor",)), schedule, Counter())
