"""DatasetRegistry.discard: the DAO may stop any batch that is not active yet (R-9)."""

from __future__ import annotations

import pytest

from tests.support.dao import Dao, Proposal
from tests.support.registry import (
    ASLEEP,
    DISCARDED,
    LAPSED,
    LIVE,
    PUBLISHED,
    VETOED,
    activate_now,
    crowd,
    event,
    refused,
    state,
    voter,
)


def queued_discard(dao: Dao, batch_id: int) -> Proposal:
    """A vote to discard the batch, ready but for the timelock."""
    member = voter(dao)
    proposal = dao.propose(member, (dao.registry, "discard", (batch_id,)))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, member)
    dao.to_end_of_vote(proposal.id)
    dao.queue(proposal)
    return proposal


def test_discard__published_batch__stops_it_after_the_veto_window_too(dao: Dao) -> None:
    proposal = queued_discard(dao, 2)
    batch = dao.publish(crowd(dao, 1))
    assert batch.id == 2
    dao.chain.warp(dao.registry.challengePeriod())
    before = state(dao)
    receipt = dao.execute(proposal)
    assert event(receipt, "BatchDiscarded").args == {"batchId": 2}
    after = state(dao)
    assert (before["batches"][1].status, after["batches"][1].status) == (PUBLISHED, DISCARDED)
    before["batches"][1].status = DISCARDED
    assert after == before, "nothing but the status"
    refused(dao, lambda: activate_now(dao, batch), "DatasetRegistry_WrongBatchStatus", 2, DISCARDED)


@pytest.mark.parametrize("status", [0, LIVE, ASLEEP, VETOED, LAPSED])
def test_discard__batch_in_any_other_state__refused(dao: Dao, status: int) -> None:
    proposal = queued_discard(dao, 2)
    if status:
        batch = dao.publish(crowd(dao, 1))
    if status == VETOED:
        dao.registry.veto(batch.id, sender=dao.actors["guardian"].address)
    if status == LAPSED:
        dao.chain.warp(dao.registry.challengePeriod() + 2 * dao.registry.epochLength())
    if status in (LIVE, ASLEEP):
        dao.activate(batch)
        # The timelock's delay runs meanwhile; a proposal expires 14 days after it, so sleep comes too late for it.
    if status == ASLEEP:
        dao.chain.warp(dao.registry.claimPeriod())
        dao.registry.sleep(batch.id, sender=dao.who("stranger").address)
        proposal = queued_again(dao, 2)
    error = ("DatasetRegistry_WrongBatchStatus", 2, status) if status else ("DatasetRegistry_UnknownBatch", 2)
    dao.chain.warp(max(0, dao.governor.proposalEta(proposal.id) - dao.chain.timestamp))
    refused(dao, lambda: dao.execute(proposal), *error)


def queued_again(dao: Dao, batch_id: int) -> Proposal:
    member = dao.who("founder")
    proposal = dao.propose(member, (dao.registry, "discard", (batch_id,)), text="again")
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, member)
    dao.to_end_of_vote(proposal.id)
    dao.queue(proposal)
    return proposal


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_discard__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    batch = dao.publish(crowd(dao, 1))
    caller = dao.who(who).address
    refused(dao, lambda: dao.registry.discard(batch.id, sender=caller), "DatasetRegistry_NotTimelock", caller)
