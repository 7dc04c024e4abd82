"""What no leaf used leaves pools and supply when the last leaf is resolved, whichever way (R-4, R-12)."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Batch, Dao, changed
from assurance.harness.dao.registry import UNIT, claim_many, crowd, drop, event, live, refused
from datadao.types import Leaf


def resolve(dao: Dao, batch: Batch, item: Leaf, way: str):
    if way == "claim":
        return dao.claim(batch, item)
    if way == "claimMany":
        return claim_many(dao, batch, [item])
    if way == "erase":
        return dao.erase(batch, item)
    return drop(dao, batch, item)


@pytest.mark.parametrize("asleep", [False, True])
@pytest.mark.parametrize("way", ["claim", "claimMany", "erase", "drop"])
def test_last_leaf__resolved_in_any_way__takes_the_leftover_out_R12(dao: Dao, way: str, asleep: bool) -> None:
    item, last = crowd(dao, 2)
    if way == "drop":
        original = changed(last, contributor=dao.who("earlier").address)
        dao.contribute(original)
    base = dao.token.totalSupply()
    batch = live(dao, [item, last], totalShares=27 * UNIT)
    dao.claim(batch, item)
    if asleep:
        dao.chain.warp(dao.registry.claimPeriod())
        dao.registry.sleep(batch.id, sender=item.contributor)
    receipt = resolve(dao, batch, last, way)
    assert event(receipt, "BatchCompleted").args == {"batchId": batch.id, "leftover": 7 * UNIT}
    left = 20 * UNIT if way.startswith("claim") else 10 * UNIT
    info = dao.registry.batch(batch.id)
    assert (info.unresolvedShares, info.unresolvedCount) == (0, 0)
    assert dao.token.totalSupply() == base + left
    assert dao.token.balanceOf(dao.registry.address) == 0
    assert dao.splitter.pool(1)[1] == dao.splitter.pool(0)[1] == base + left


def test_last_leaf__with_a_single_share_left_over__takes_that_out_too_R12(dao: Dao) -> None:
    (item,) = crowd(dao, 1)
    batch = live(dao, [item], totalShares=10 * UNIT + 1)
    assert event(dao.claim(batch, item), "BatchCompleted").args == {"batchId": batch.id, "leftover": 1}
    assert dao.token.totalSupply() == dao.splitter.pool(1)[1] == dao.splitter.pool(0)[1] == 10 * UNIT


def test_last_leaf__of_an_exact_batch__completes_in_silence(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves)
    assert dao.claim(batch, item).named("BatchCompleted") == []
    assert dao.token.totalSupply() == 10 * UNIT


def test_batch_signed_for_more_leaves_than_it_has__keeps_its_leftover_pending(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1)
    batch = live(dao, leaves, count=2, totalShares=11 * UNIT)
    dao.claim(batch, item)
    info = dao.registry.batch(batch.id)
    assert (info.unresolvedCount, info.unresolvedShares) == (1, UNIT)
    assert dao.token.balanceOf(dao.registry.address) == UNIT


def test_batch_signed_for_fewer_leaves_than_it_has__gives_only_what_is_left_R4(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, count=2)
    dao.claim(batch, leaves[0])
    receipt = dao.claim(batch, leaves[1])
    assert event(receipt, "BatchCompleted").args["leftover"] == 10 * UNIT
    refused(
        dao,
        lambda: dao.claim(batch, leaves[2]),
        "DatasetRegistry_SharesExceedBatch",
        batch.id,
        10 * UNIT,
        0,
        watch=leaves,
    )
    args = event(dao.erase(batch, leaves[2]), "ContributionErased").args
    assert (args["shares"], args["burned"]) == (10 * UNIT, 0), "the way out stays open (R-8)"
    assert dao.token.totalSupply() == 20 * UNIT == dao.splitter.pool(1)[1]
    info = dao.registry.batch(batch.id)
    assert (info.unresolvedShares, info.unresolvedCount) == (0, 0)


def test_batch_signed_for_fewer_leaves_than_it_has__claimed_at_once__gives_all_that_it_was_signed_for(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, count=2)
    receipt = claim_many(dao, batch, leaves)
    assert len(receipt.named("ContributionClaimed")) == 3 and not receipt.named("BatchCompleted")
    info = dao.registry.batch(batch.id)
    assert (info.unresolvedShares, info.unresolvedCount) == (0, 0)
    assert [dao.token.balanceOf(item.contributor) for item in leaves] == [10 * UNIT] * 3


def test_erasure_of_a_leaf_larger_than_what_is_left__takes_what_is_left_and_no_more_R4(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, totalShares=13 * UNIT)
    dao.claim(batch, leaves[0])
    args = event(dao.erase(batch, leaves[1]), "ContributionErased").args
    assert (args["shares"], args["burned"]) == (10 * UNIT, 3 * UNIT)
    assert dao.token.totalSupply() == 10 * UNIT == dao.splitter.pool(0)[1]


def test_leaf_erased_for_less_than_its_worth__cannot_be_dropped_for_anyone_elses_shares_R12(dao: Dao) -> None:
    """Its record holds fewer shares than the leaf, so it looks like a duplicate of itself; nothing is left to take."""
    leaves = crowd(dao, 3)
    batch = live(dao, leaves, totalShares=13 * UNIT)
    dao.claim(batch, leaves[0])
    dao.erase(batch, leaves[1])
    other = dao.contribute(*[item._replace(fingerprint=bytes([i]) * 32) for i, item in enumerate(leaves)])
    supply = dao.token.totalSupply()
    drop(dao, batch, leaves[1])
    assert dao.token.totalSupply() == supply == dao.splitter.pool(1)[1]
    assert dao.registry.batch(other.id).unresolvedShares == 0


@pytest.mark.parametrize("way", ["claim", "claimMany", "erase"])
def test_last_leaf__of_a_batch_without_a_leftover__says_nothing_of_one(dao: Dao, way: str) -> None:
    (item,) = crowd(dao, 1)
    receipt = resolve(dao, live(dao, [item]), item, way)
    assert receipt.named("BatchCompleted") == []
    dropped = [fields.args["shares"] for fields in receipt.named("PendingSharesDropped")]
    assert dropped == ([10 * UNIT] if way == "erase" else [])
