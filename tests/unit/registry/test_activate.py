"""DatasetRegistry.activate: from signed to earning (R-9, R-10; AB-63). The epoch's cap has test_epoch_cap.py.

given a published batch
    before the challenge period ends: refused
    from then on, by anyone, in any order: tokens minted to the registry, shares pending in both pools
    two epochs after that, or once the attestor set moved on: lapsed permanently
    while the brake is pulled: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.governance import warp_to
from assurance.harness.dao.registry import (
    LAPSED,
    LIVE,
    PUBLISHED,
    UNIT,
    VETOED,
    activate_now,
    attestors,
    claim_many,
    crowd,
    drop,
    event,
    refused,
    state,
    voter,
)
from assurance.harness.dao.system import DAY


def test_activate__after_the_challenge_period__mints_to_the_registry_and_opens_both_pools(dao: Dao) -> None:
    first = dao.publish(crowd(dao, 1, units=4))
    dao.activate(first)
    dao.deposit(1, 1_000_000)
    dao.deposit(0, 500_000)
    leaves = crowd(dao, 3)
    batch = dao.publish(leaves)
    published = dao.registry.batch(batch.id)
    before = state(dao, leaves)
    dao.chain.warp(dao.registry.challengePeriod())
    receipt = dao.registry.activate(batch.id, sender=dao.who("stranger").address)

    pool, commons = (dao.splitter.pool(p)[0] for p in (1, 0))
    assert (pool, commons) == (1_000_000 * 2**64 // (4 * UNIT), 500_000 * 2**64 // (4 * UNIT))
    assert event(receipt, "BatchActivated").args == {
        "batchId": batch.id,
        "shares": 30 * UNIT,
        "entryIndex": pool,
        "commonsEntryIndex": commons,
    }
    info = dao.registry.batch(batch.id)
    assert vars(info) == vars(published) | {
        "status": LIVE,
        "since": dao.chain.timestamp,
        "entryIndex": pool,
        "commonsEntryIndex": commons,
    }
    after = state(dao, leaves)
    assert after["supply"] == (34 * UNIT, 34 * UNIT), "accepted counts at once, claimed or not"
    assert [p[1] for p in after["pools"]] == [34 * UNIT, 34 * UNIT]
    for same in ("datasets", "records", "balances", "shares", "policies"):
        assert after[same] == before[same]


@pytest.mark.parametrize("early", [1, DAY])
def test_activate__in_the_challenge_period__refused_to_its_last_second_R9(dao: Dao, early: int) -> None:
    batch = dao.publish(crowd(dao, 1))
    end = dao.chain.timestamp + DAY
    warp_to(dao, end - early)
    refused(dao, lambda: activate_now(dao, batch), "DatasetRegistry_ChallengePeriod", batch.id, end)
    warp_to(dao, end)
    activate_now(dao, batch)


def test_activate__twice__refused(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    dao.activate(batch)
    refused(dao, lambda: activate_now(dao, batch), "DatasetRegistry_WrongBatchStatus", batch.id, LIVE)


def test_activate__batch_that_does_not_exist__refused(dao: Dao) -> None:
    for batch_id in (0, 1):
        refused(
            dao,
            lambda b=batch_id: dao.registry.activate(b, sender=dao.who("stranger").address),
            "DatasetRegistry_UnknownBatch",
            batch_id,
        )


def test_activate__later_batches_first__accepted_R9_AB50(dao: Dao) -> None:
    batches = [dao.publish(crowd(dao, n)) for n in (1, 2, 3)]
    dao.chain.warp(DAY)
    for batch in (batches[2], batches[0], batches[1]):
        activate_now(dao, batch)
    assert dao.token.totalSupply() == 60 * UNIT


def test_activate__last_second_before_the_lapse__accepted_and_a_second_later_refused_R9(dao: Dao) -> None:
    leaves = crowd(dao, 2)
    first, second = dao.publish(leaves[:1]), dao.publish(leaves[1:])
    lapse = dao.chain.timestamp + DAY + 2 * dao.registry.epochLength()
    warp_to(dao, lapse - 1)
    assert dao.registry.batch(second.id).status == PUBLISHED
    activate_now(dao, first)
    warp_to(dao, lapse)
    assert dao.registry.batch(second.id).status == LAPSED
    refused(dao, lambda: activate_now(dao, second), "DatasetRegistry_WrongBatchStatus", second.id, LAPSED)
    again = dao.publish(leaves[1:])
    dao.activate(again)
    dao.claim(again, leaves[1])
    assert dao.token.balanceOf(leaves[1].contributor) == 10 * UNIT


def test_activate__attestors_replaced_meanwhile__lapsed_for_good_R9_AB63(dao: Dao) -> None:
    member = voter(dao)
    change = dao.propose(member, (dao.registry, "setAttestors", ([(a.address, b"\1" * 32) for a in attestors(dao)], 2)))
    dao.to_vote(change.id)
    dao.vote(change.id, member)
    dao.to_end_of_vote(change.id)
    dao.queue(change)
    batch = dao.publish(crowd(dao, 1))
    earlier = dao.publish(crowd(dao, 2)[1:])
    dao.activate(earlier)
    assert dao.registry.batch(batch.id).status == PUBLISHED
    dao.execute(change)
    assert dao.registry.batch(batch.id).status == LAPSED, "even though the new set has the same members"
    refused(dao, lambda: activate_now(dao, batch), "DatasetRegistry_WrongBatchStatus", batch.id, LAPSED)
    dao.claim(earlier, crowd(dao, 2)[1])
    assert dao.token.balanceOf(crowd(dao, 2)[1].contributor) == 10 * UNIT, "what was active stays (R-10)"


def test_activate__while_the_brake_is_pulled__refused_and_the_lapse_goes_on_running(dao: Dao) -> None:
    batch = dao.publish(crowd(dao, 1))
    dao.brake.pull(sender=dao.actors["guardian"].address)
    until = dao.chain.timestamp + 3 * DAY
    warp_to(dao, until - 1)
    refused(dao, lambda: activate_now(dao, batch), "EmergencyBrake_Pulled", until)
    warp_to(dao, until)
    activate_now(dao, batch)


def test_activate__policy_changed_since_publication__keeps_the_batchs_own_rates_R10(dao: Dao) -> None:
    member = voter(dao)
    richer = vars(dao.registry.currentPolicy(1)) | {"sharesPerUnit": 5 * UNIT, "minQuality": 9000}
    change = dao.propose(member, (dao.registry, "updatePolicy", (1, richer)))
    dao.to_vote(change.id)
    dao.vote(change.id, member)
    dao.to_end_of_vote(change.id)
    dao.queue(change)
    (item,) = leaves = [crowd(dao, 1)[0]._replace(quality=6000)]
    batch = dao.publish(leaves)
    dao.execute(change)
    activate_now(dao, batch)
    dao.claim(batch, item)
    info = dao.registry.batch(batch.id)
    assert (info.sharesPerUnit, info.minQuality, info.policyVersion) == (UNIT, 5000, 1)
    assert dao.token.balanceOf(item.contributor) == 6 * UNIT


def test_functions_of_active_batches__on_one_that_is_not__refused(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    published, discarded = dao.publish(leaves), dao.publish(leaves)
    dao.registry.veto(discarded.id, sender=dao.actors["guardian"].address)
    for batch, status in ((published, PUBLISHED), (discarded, VETOED)):
        for call in (
            lambda b=batch: dao.claim(b, item),
            lambda b=batch: claim_many(dao, b, [item]),
            lambda b=batch: dao.erase(b, item),
            lambda b=batch: drop(dao, b, item),
            lambda b=batch: dao.registry.sleep(b.id, sender=item.contributor),
        ):
            refused(dao, call, "DatasetRegistry_WrongBatchStatus", batch.id, status, watch=leaves)
