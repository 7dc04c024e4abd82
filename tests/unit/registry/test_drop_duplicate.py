"""DatasetRegistry.dropDuplicate: a second leaf with a recorded fingerprint stops to earn (R-6, R-12).

given a fingerprint recorded by one leaf
    any other leaf with it, in the same batch, another batch or another dataset: its pending shares go, once; what
        they earned stays
    the leaf that made the record: not a duplicate
given a fingerprint that is not recorded: not a duplicate
"""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao, changed, leaf
from assurance.harness.dao.registry import (
    CLAIMED,
    UNIT,
    activate_now,
    claim_many,
    crowd,
    drop,
    event,
    live,
    refused,
    state,
    voter,
)
from datadao.types import Leaf


def twins(dao: Dao) -> tuple[Leaf, Leaf, Leaf]:
    """A leaf, another contributor's leaf with the same fingerprint, and an unrelated one."""
    item, other = crowd(dao, 2)
    return item, changed(item, contributor=dao.who("copier").address, units=4), other


@pytest.mark.parametrize("record", ["claim", "erase"])
def test_drop_duplicate__fingerprint_recorded_in_another_batch__removes_its_shares_R12(dao: Dao, record: str) -> None:
    item, copy, other = twins(dao)
    first, second = live(dao, [item]), live(dao, [copy, other])
    dao.claim(first, item)
    if record == "erase":
        dao.erase(first, item)
    dao.deposit(1, 1_000_000)
    before = state(dao, [item, copy, other])
    proof = second.proof(copy)
    receipt = dao.registry.dropDuplicate(second.id, tuple(copy), proof, sender=dao.who("stranger").address)
    assert event(receipt, "DuplicateDropped").args == {
        "batchId": second.id,
        "fingerprint": item.fingerprint,
        "leaf": second.manifest.ids[0],
        "shares": 4 * UNIT,
    }
    after = state(dao, [item, copy, other])
    assert after["supply"] == tuple(n - 4 * UNIT for n in before["supply"])
    assert [a[1] - b[1] for a, b in zip(after["pools"], before["pools"], strict=True)] == [-4 * UNIT] * 2
    assert (after["batches"][1].unresolvedShares, after["batches"][1].unresolvedCount) == (10 * UNIT, 1)
    for same in ("records", "balances", "shares", "datasets"):
        assert after[same] == before[same]
    assert after["batches"][0] == before["batches"][0]
    units = 24 if record == "claim" else 14
    assert dao.splitter.claimable(copy.contributor, [0, 1]) == 1_000_000 * 4 // units, "what was earned stays"
    dao.deposit(1, 1_000_000)
    assert dao.splitter.claimable(copy.contributor, [0, 1]) == 1_000_000 * 4 // units, "and nothing follows"


def test_drop_duplicate__of_a_leaf_whose_rival_was_erased_first__keeps_its_accrued_income_X1(dao: Dao) -> None:
    """Hostile attestors sign a worthless rival of data that is not claimed yet. They spend its fingerprint, but take
    none of what it had earned; and whoever is claimed in time is out of their reach."""
    victim, prompt = crowd(dao, 2)
    batch = live(dao, [victim, prompt])
    dao.deposit(1, 1_000_000)
    dao.claim(batch, prompt)
    hostile = [changed(item, contributor=dao.who("attacker").address, units=1) for item in (victim, prompt)]
    rivals = live(dao, hostile)
    dao.erase(rivals, hostile[0])
    refused(
        dao,
        lambda: dao.erase(rivals, hostile[1]),
        "DatasetRegistry_RecordedElsewhere",
        prompt.fingerprint,
        batch.id,
        prompt.contributor,
    )
    refused(dao, lambda: dao.claim(batch, victim), "DatasetRegistry_FingerprintUsed", victim.fingerprint)
    assert dao.splitter.claimable(victim.contributor, [0, 1]) == 0
    drop(dao, batch, victim)
    owed = dao.splitter.claimable(victim.contributor, [0, 1])
    assert owed == dao.splitter.claimable(prompt.contributor, [0, 1]) > 0


@pytest.mark.parametrize("same", ["batch", "dataset"])
def test_drop_duplicate__in_the_same_batch_or_another_dataset__dropped_R12(dao: Dao, same: str) -> None:
    item, copy, other = twins(dao)
    if same == "batch":
        first = second = live(dao, [item, copy, other])
    else:
        member = voter(dao)
        dao.govern(member, dao.registry, "createDataset", vars(dao.registry.currentPolicy(1)))
        first, second = live(dao, [item]), live(dao, [copy], dataset=2)
    dao.claim(first, item)
    supply = dao.token.totalSupply()
    drop(dao, second, copy)
    assert dao.token.totalSupply() == supply - 4 * UNIT
    assert dao.splitter.pool(1 if same == "batch" else 2)[1] == (20 * UNIT if same == "batch" else 0)


@pytest.mark.parametrize("differs", ["batch", "contributor", "shares"])
def test_drop_duplicate__unlike_the_recorded_one_in_a_single_thing__dropped_R12(dao: Dao, differs: str) -> None:
    item, other = crowd(dao, 2)
    if differs == "batch":
        dao.claim(live(dao, [item]), item)
        copy, batch = item, live(dao, [item, other])
    else:
        change = {"contributor": other.contributor} if differs == "contributor" else {"units": 2 * item.units}
        copy = changed(item, **change)
        batch = live(dao, [item, copy, other])
        dao.claim(batch, item)
    pending = dao.registry.batch(batch.id).unresolvedShares
    proof = batch.proof(copy)
    assert not dao.registry.isIncluded(batch.id, copy, proof)
    drop(dao, batch, copy)
    assert dao.registry.batch(batch.id).unresolvedShares < pending


def test_drop_duplicate__twice__refused_R12(dao: Dao) -> None:
    item, copy, other = twins(dao)
    first, second = live(dao, [item]), live(dao, [copy, other])
    dao.claim(first, item)
    drop(dao, second, copy)
    refused(
        dao,
        lambda: drop(dao, second, copy),
        "DatasetRegistry_AlreadyDropped",
        second.manifest.ids[0],
        watch=[item, copy, other],
    )


def test_drop_duplicate__same_leaf_content_in_two_batches__is_dropped_in_each_once(dao: Dao) -> None:
    item, copy, _ = twins(dao)
    first = live(dao, [item])
    dao.claim(first, item)
    for second in (live(dao, [copy]), live(dao, [copy])):
        drop(dao, second, copy)
        refused(dao, lambda s=second: drop(dao, s, copy), "DatasetRegistry_AlreadyDropped", second.manifest.ids[0])
    assert dao.token.totalSupply() == 10 * UNIT


@pytest.mark.parametrize("record", ["none", "claimed", "erased", "claimed and erased"])
def test_drop_duplicate__leaf_that_is_the_first__refused_R12(dao: Dao, record: str) -> None:
    leaves = crowd(dao, 2)
    batch = live(dao, leaves)
    if "claimed" in record:
        dao.claim(batch, leaves[0])
    if "erased" in record:
        dao.erase(batch, leaves[0])
    refused(
        dao,
        lambda: drop(dao, batch, leaves[0]),
        "DatasetRegistry_NotADuplicate",
        leaves[0].fingerprint,
        watch=leaves,
    )


def test_drop_duplicate__without_a_proof__refused_R7(dao: Dao) -> None:
    item, copy, other = twins(dao)
    first, second = live(dao, [item]), live(dao, [other])
    dao.claim(first, item)
    bad = dao.registry.leafOf(second.id, tuple(copy))
    refused(
        dao,
        lambda: dao.registry.dropDuplicate(second.id, tuple(copy), [], sender=copy.contributor),
        "DatasetRegistry_InvalidProof",
        second.id,
        bad,
        watch=[item, copy, other],
    )


def test_drop_duplicate__of_an_unknown_batch__refused(dao: Dao) -> None:
    (item,) = crowd(dao, 1)
    refused(
        dao,
        lambda: dao.registry.dropDuplicate(1, tuple(item), [], sender=item.contributor),
        "DatasetRegistry_UnknownBatch",
        1,
    )


def test_drop_duplicate__asleep__burns_nothing_more_R12(dao: Dao) -> None:
    item, copy, other = twins(dao)
    first, second = live(dao, [item]), live(dao, [copy, other])
    dao.claim(first, item)
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(second.id, sender=other.contributor)
    supply = dao.token.totalSupply()
    drop(dao, second, copy)
    assert dao.token.totalSupply() == supply == 10 * UNIT
    assert dao.splitter.pool(1)[1] == 20 * UNIT
    dao.claim(second, other)
    assert dao.token.totalSupply() == 20 * UNIT


def test_duplicate__claimed_and_erased_in_any_order__never_harms_the_recorded_one_R12(dao: Dao) -> None:
    item, copy, other = twins(dao)
    first, second = live(dao, [item]), live(dao, [copy, other])
    dao.claim(first, item)
    refused(dao, lambda: dao.claim(second, copy), "DatasetRegistry_FingerprintUsed", item.fingerprint)
    refused(
        dao,
        lambda: dao.erase(second, copy),
        "DatasetRegistry_RecordedElsewhere",
        item.fingerprint,
        first.id,
        item.contributor,
    )
    drop(dao, second, copy)
    assert not dao.registry.isIncluded(second.id, tuple(copy), second.proof(copy))
    assert dao.registry.isIncluded(first.id, tuple(item), first.proof(item))
    assert dao.registry.contribution(item.fingerprint).status == CLAIMED
    dao.erase(first, item)
    assert dao.splitter.pool(1)[1] == dao.splitter.pool(0)[1] == 10 * UNIT


def test_duplicate__one_contributors_in_one_claim__refused_and_the_rest_claimable_R6(dao: Dao) -> None:
    owner = dao.who("collector")
    item, other = leaf(owner, "one", 3), leaf(owner, "two", 5)
    leaves = [item, changed(item, units=7), other]
    batch = live(dao, leaves)
    refused(
        dao,
        lambda: claim_many(dao, batch, leaves),
        "DatasetRegistry_FingerprintUsed",
        item.fingerprint,
        watch=leaves,
    )
    claim_many(dao, batch, [leaves[0], other])
    drop(dao, batch, leaves[1])
    assert dao.token.balanceOf(owner.address) == dao.token.totalSupply() == 8 * UNIT


def test_duplicate__same_contributor_and_shares_in_one_batch__cannot_be_distinguished(dao: Dao) -> None:
    """Documented on `Contributions`: attestors must not sign such a tree; its second leaf stays pending."""
    item, other = crowd(dao, 2)
    leaves = [item, changed(item, file_hash=b"\7" * 32), other]
    batch = live(dao, leaves)
    dao.claim(batch, item)
    refused(
        dao,
        lambda: drop(dao, batch, leaves[1]),
        "DatasetRegistry_NotADuplicate",
        item.fingerprint,
        watch=leaves,
    )


def test_drop_duplicate__batch_activated_later_than_its_rival__does_not_matter(dao: Dao) -> None:
    item, copy, _ = twins(dao)
    first, second = dao.publish([item]), dao.publish([copy])
    dao.activate(second)
    activate_now(dao, first)
    dao.claim(second, copy)
    drop(dao, first, item)
    assert dao.token.totalSupply() == dao.token.balanceOf(copy.contributor) == 4 * UNIT
