"""DatasetRegistry.sleep: unclaimed tokens leave supply and quorum after a year; income and claims go on (R-12)."""

from __future__ import annotations

from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import warp_to
from assurance.harness.dao.registry import ASLEEP, PUBLISHED, UNIT, crowd, event, live, refused, state


def sleep(dao: Dao, batch_id: int):
    return dao.registry.sleep(batch_id, sender=dao.who("stranger").address)


def test_sleep__after_the_claim_period__burns_unclaimed_tokens_and_leaves_the_pools_R12(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, leaves[0])
    dao.chain.warp(dao.registry.claimPeriod())
    before = state(dao, leaves)
    receipt = sleep(dao, batch.id)
    assert event(receipt, "BatchSlept").args == {"batchId": batch.id, "burned": 20 * UNIT}
    after = state(dao, leaves)
    assert (before["supply"], after["supply"]) == ((30 * UNIT, 20 * UNIT), (10 * UNIT, 0))
    before["batches"][0].status = ASLEEP
    assert after | {"supply": 0, "epoch": 0} == before | {"supply": 0, "epoch": 0}, "pools, records, members: unmoved"
    dao.chain.warp(1)
    assert dao.token.getPastTotalSupply(dao.chain.timestamp - 1) == 10 * UNIT


def test_sleep__a_second_before_the_claim_period_ends__refused(dao: Dao) -> None:
    batch = live(dao, crowd(dao, 1))
    end = dao.chain.timestamp + dao.registry.claimPeriod()
    warp_to(dao, end - 1)
    refused(dao, lambda: sleep(dao, batch.id), "DatasetRegistry_ClaimPeriod", batch.id, end)
    warp_to(dao, end)
    sleep(dao, batch.id)
    refused(dao, lambda: sleep(dao, batch.id), "DatasetRegistry_WrongBatchStatus", batch.id, ASLEEP)


def test_sleep__counts_from_activation_not_publication(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    published = dao.chain.timestamp
    refused(dao, lambda: sleep(dao, batch.id), "DatasetRegistry_WrongBatchStatus", batch.id, PUBLISHED)
    dao.activate(batch)
    warp_to(dao, published + dao.registry.claimPeriod())
    end = dao.registry.batch(batch.id).since + dao.registry.claimPeriod()
    refused(dao, lambda: sleep(dao, batch.id), "DatasetRegistry_ClaimPeriod", batch.id, end)


def test_sleep__batch_that_does_not_exist__refused(dao: Dao) -> None:
    refused(dao, lambda: sleep(dao, 1), "DatasetRegistry_UnknownBatch", 1)


def test_sleep__fully_claimed_batch__burns_nothing(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves, *leaves)
    dao.chain.warp(dao.registry.claimPeriod())
    assert event(sleep(dao, batch.id), "BatchSlept").args["burned"] == 0
    assert dao.token.totalSupply() == 20 * UNIT


def test_claim__of_a_sleeping_batch__mints_its_tokens_and_owns_all_income_R12(dao: Dao) -> None:
    prompt, late = leaves = crowd(dao, 2)
    batch = live(dao, leaves, prompt)
    dao.deposit(1, 1_000_001)
    dao.chain.warp(dao.registry.claimPeriod())
    sleep(dao, batch.id)
    dao.deposit(1, 2_000_003)
    receipt = dao.claim(batch, late)
    transfers = [e.args for e in receipt.named("Transfer")]
    assert transfers == [{"from": ADDRESS_ZERO, "to": late.contributor, "value": 10 * UNIT}]
    assert dao.token.balanceOf(late.contributor) == dao.token.getVotes(late.contributor) == 10 * UNIT
    assert dao.token.totalSupply() == 20 * UNIT == dao.splitter.pool(0)[1]
    owed = [dao.splitter.claimable(i.contributor, [0, 1]) for i in leaves]
    # Half of 3,000,004 units, within one for rounding down.
    assert all(1_500_001 <= amount <= 1_500_002 for amount in owed)


def test_sleep__while_the_brake_is_pulled__accepted(dao: Dao) -> None:
    batch = live(dao, crowd(dao, 1))
    warp_to(dao, dao.brake.guardianUntil() - 1)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    warp_to(dao, dao.chain.timestamp + 2 * 86_400)
    assert dao.brake.isPulled()
    sleep(dao, batch.id)
    assert dao.token.totalSupply() == 0
