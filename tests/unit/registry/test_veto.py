"""DatasetRegistry.veto: the guardian, in the challenge period, never after (R-9, G-8)."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import warp_to
from assurance.harness.dao.registry import LIVE, VETOED, activate_now, crowd, event, refused, state, voter
from assurance.harness.dao.system import DAY


def veto(dao: Dao, batch_id: int, who: str = "guardian"):
    return dao.registry.veto(batch_id, sender=dao.who(who).address)


def test_veto__in_the_challenge_period__stops_the_batch_for_ever(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    before = state(dao)
    warp_to(dao, dao.chain.timestamp + DAY - 1)
    receipt = veto(dao, batch.id)
    guardian = dao.actors["guardian"].address
    assert [e.args for e in receipt.events] == [{"batchId": batch.id, "guardian": guardian}]
    assert event(receipt, "BatchVetoed")
    after = state(dao)
    before["batches"][0].status = VETOED
    assert after == before, "nothing but the status"
    dao.chain.warp(1)
    refused(dao, lambda: activate_now(dao, batch), "DatasetRegistry_WrongBatchStatus", batch.id, VETOED)
    refused(dao, lambda: veto(dao, batch.id), "DatasetRegistry_WrongBatchStatus", batch.id, VETOED)


def test_veto__from_the_end_of_the_challenge_period__refused_R9(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    end = dao.chain.timestamp + DAY
    for now in (end, end + 1):
        warp_to(dao, now)
        refused(dao, lambda: veto(dao, batch.id), "DatasetRegistry_ChallengePeriodOver", batch.id, end)
    activate_now(dao, batch)
    refused(dao, lambda: veto(dao, batch.id), "DatasetRegistry_WrongBatchStatus", batch.id, LIVE)


@pytest.mark.parametrize("who", ["stranger", "deployer", "attestor-0", "custodian-0", "founder"])
def test_veto__by_anyone_else__refused(dao: Dao, who: str) -> None:
    batch = dao.publish(crowd(dao, 1))
    refused(dao, lambda: veto(dao, batch.id, who), "DatasetRegistry_NotGuardian", dao.who(who).address)
    veto(dao, batch.id)


def test_veto__batch_that_does_not_exist__refused(dao: Dao) -> None:
    refused(dao, lambda: veto(dao, 1), "DatasetRegistry_UnknownBatch", 1)


def test_veto__by_a_guardian_whose_term_is_over_or_who_was_replaced__refused_G8(dao: Dao) -> None:
    member = voter(dao)
    old, new = dao.actors["guardian"], dao.who("new guardian")
    dao.govern(member, dao.brake, "setGuardian", new.address, dao.chain.timestamp + 30 * DAY)
    batch = dao.publish(crowd(dao, 1))
    refused(dao, lambda: veto(dao, batch.id), "DatasetRegistry_NotGuardian", old.address)
    veto(dao, batch.id, "new guardian")
    warp_to(dao, dao.brake.guardianUntil() - 1)
    first, second = dao.publish(crowd(dao, 1)), dao.publish(crowd(dao, 1))
    veto(dao, first.id, "new guardian")
    dao.chain.warp(1)
    refused(dao, lambda: veto(dao, second.id, "new guardian"), "DatasetRegistry_NotGuardian", new.address)


def test_veto__while_the_brake_is_pulled__accepted(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    dao.brake.pull(sender=dao.actors["guardian"].address)
    veto(dao, batch.id)
    assert dao.registry.batch(batch.id).status == VETOED
