"""DatasetRegistry.discard: the DAO may stop any batch that is not active yet (R-9)."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import (
    ASLEEP,
    DISCARDED,
    LAPSED,
    LIVE,
    PUBLISHED,
    VETOED,
    activate_now,
    crowd,
    event,
    executable,
    refused,
    state,
    voter,
)
from assurance.harness.dao.system import DAY


def test_discard__published_batch__stops_it_after_the_veto_window_too(dao: Dao) -> None:
    proposal = executable(dao, "discard", 2)
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


@pytest.mark.parametrize("status", [LIVE, ASLEEP, VETOED, DISCARDED, LAPSED])
def test_discard__batch_in_any_other_state__does_nothing_and_fails_no_proposal_g14(dao: Dao, status: int) -> None:
    """Whoever was first, the guardian's veto or a stranger's activation, must not undo what else was decided."""
    member = voter(dao)
    batch = dao.publish(crowd(dao, 1))
    if status == DISCARDED:
        dao.execute(executable(dao, "discard", 2))
    if status == VETOED:
        dao.registry.veto(batch.id, sender=dao.actors["guardian"].address)
    if status == LAPSED:
        dao.chain.warp(dao.registry.challengePeriod() + 2 * dao.registry.epochLength())
    if status in (LIVE, ASLEEP):
        dao.activate(batch)
    if status == ASLEEP:
        dao.chain.warp(dao.registry.claimPeriod())
        dao.registry.sleep(batch.id, sender=dao.who("stranger").address)
    assert dao.registry.batch(2).status == status
    actions = ((dao.registry, "discard", (2,)), (dao.governor, "setVotingDelay", (3 * DAY,)))
    before = state(dao)
    receipt = dao.pass_(dao.propose(member, *actions, text="once more"), member)
    assert receipt.named("BatchDiscarded") == []
    assert state(dao)["batches"] == before["batches"]
    assert dao.governor.votingDelay() == 3 * DAY


def test_discard__batch_that_does_not_exist__refused(dao: Dao) -> None:
    voter(dao)
    proposal = executable(dao, "discard", 2)
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_UnknownBatch", 2)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_discard__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    batch = dao.publish(crowd(dao, 1))
    caller = dao.who(who).address
    refused(dao, lambda: dao.registry.discard(batch.id, sender=caller), "DatasetRegistry_NotTimelock", caller)
