"""DataTimelock.updateDelay: by vote alone, within constant bounds, for operations scheduled later (G-6, G-10)."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import EXECUTED, QUEUED, Dao, Proposal
from assurance.harness.dao.governance import bring, founder, only_events, operation_of, refused, settings, warp_to
from assurance.harness.dao.system import DAY, Actor

FLOOR, CEILING = 2 * DAY, 30 * DAY


def due(dao: Dao, voter: Actor, delay: int) -> Proposal:
    proposal = dao.propose(voter, (dao.timelock, "updateDelay", (delay,)), text=f"delay of {delay}")
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    return proposal


@pytest.mark.parametrize("delay", [FLOOR, FLOOR + 1, CEILING - 1, CEILING])
def test_update_delay__by_vote__within_bounds(dao: Dao, delay: int) -> None:
    voter = founder(dao)
    assert (dao.timelock.MIN_DELAY(), dao.timelock.MAX_DELAY()) == (FLOOR, CEILING)
    proposal = due(dao, voter, delay)
    before = settings(dao)
    receipt = dao.execute(proposal)
    executed = {
        "id": operation_of(dao, proposal),
        "index": 0,
        "target": dao.timelock.address,
        "value": 0,
        "data": proposal.calldatas[0],
    }
    only_events(
        receipt,
        (dao.timelock, "MinDelayChange", {"oldDuration": FLOOR, "newDuration": delay}),
        (dao.timelock, "CallExecuted", executed),
        (dao.governor, "ProposalExecuted", {"proposalId": proposal.id}),
    )
    before["delay"] = delay
    assert settings(dao) == before


@pytest.mark.parametrize("delay", [0, 1, FLOOR - 1, CEILING + 1, 2**48, 2**256 - 1])
def test_update_delay__by_vote__out_of_bounds__refused_G10(dao: Dao, delay: int) -> None:
    """Longer than a proposal lives would freeze governance, shorter would leave no time to leave."""
    voter = founder(dao)
    proposal = due(dao, voter, delay)
    refused(
        dao,
        lambda: dao.execute(proposal),
        "DataTimelock_DelayOutOfRange",
        delay,
        FLOOR,
        CEILING,
        watch=[proposal.id],
    )


@pytest.mark.parametrize("who", ["stranger", "founder", "guardian", "deployer", "attestor-0"])
def test_update_delay__by_anyone_but_the_timelock_itself__refused(dao: Dao, who: str) -> None:
    founder(dao)
    caller = dao.who(who).address
    for delay in (0, FLOOR, CEILING):
        refused(dao, lambda d=delay: dao.timelock.updateDelay(d, sender=caller), "TimelockUnauthorizedCaller", caller)


def test_update_delay__leaves_what_is_queued_at_its_time_and_holds_for_what_comes_G3(dao: Dao) -> None:
    voter = founder(dao)
    change = dao.propose(voter, (dao.timelock, "updateDelay", (CEILING,)), text="longer")
    waiting = dao.propose(voter, (dao.governor, "setVotingDelay", (2 * DAY,)), text="waiting")
    dao.to_vote(change.id)
    for proposal in (change, waiting):
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(change.id)
    for proposal in (change, waiting):
        dao.queue(proposal)
    eta = dao.governor.proposalEta(waiting.id)
    dao.execute(change)
    assert dao.governor.proposalEta(waiting.id) == eta == dao.chain.timestamp
    dao.execute(waiting)
    assert dao.governor.state(waiting.id) == EXECUTED
    later = dao.propose(voter, (dao.governor, "setVotingDelay", (DAY,)), text="later")
    bring(dao, later, QUEUED, voter)
    assert dao.governor.proposalEta(later.id) == dao.chain.timestamp + CEILING
