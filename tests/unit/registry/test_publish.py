"""DatasetRegistry.publish: what enters (R-1, R-3), short of signatures, which test_publish_signatures.py covers.

given a batch that attestors signed
    when everything fits: stored as Published, sequence used up, nothing minted, no pool touched
    when the brake is pulled, the deadline passed, root, shares or count are zero, a number is too large, the sequence,
    policy or attestor set is stale, or it exceeds a whole epoch's cap: refused, nothing changes
"""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from eth_utils import keccak

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.registry import LAPSED, PUBLISHED, UNIT, crowd, event, publish, refused, state, voter
from assurance.harness.dao.system import DAY

FIELDS = (
    *("datasetId", "sequence", "root", "totalShares", "count", "manifestHash"),
    *("policyVersion", "attestorSetVersion", "deadline"),
)


def test_publish__signed_by_the_threshold__stores_the_batch_and_changes_nothing_else(dao: Dao) -> None:
    leaves = crowd(dao, 3)
    message, manifest = dao.batch_message(leaves, sequence=7)
    before = state(dao, leaves)
    receipt = publish(dao, message, uri="ipfs://manifest")
    assert receipt.value == 1
    assert len(receipt.events) == 1
    assert event(receipt, "BatchPublished").args == {
        "batchId": 1,
        "datasetId": 1,
        "batch": SimpleNamespace(**dict(zip(FIELDS, message, strict=True))),
        "manifestURI": "ipfs://manifest",
    }
    assert dao.registry.batch(1) == SimpleNamespace(
        status=PUBLISHED,
        datasetId=1,
        sequence=7,
        root=manifest.tree.root,
        totalShares=30 * UNIT,
        unresolvedShares=30 * UNIT,
        unresolvedCount=3,
        sharesPerUnit=UNIT,
        minQuality=5000,
        policyVersion=1,
        attestorSetVersion=1,
        since=dao.chain.timestamp,
        entryIndex=0,
        commonsEntryIndex=0,
    )
    after = state(dao, leaves)
    assert dao.registry.batchCount() == 1
    assert after["datasets"][0].lastSequence == 7
    for same in ("supply", "pools", "records", "balances", "shares", "epoch"):
        assert after[same] == before[same]


def test_publish__second_batch_of_a_dataset__is_emitted_with_its_own_number(dao: Dao) -> None:
    dao.publish(crowd(dao, 1))
    message, _ = dao.batch_message(crowd(dao, 1))
    args = event(publish(dao, message), "BatchPublished").args
    assert (args["batchId"], args["datasetId"]) == (2, 1)


def test_publish__by_anyone__belongs_to_no_account(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    stranger = dao.who("stranger")
    assert dao.registry.publish(message, dao.sign_batch(message), "", sender=stranger.address).value == 1


def test_publish__of_a_digest_seen_before__is_refused_for_ever_R1(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1))
    publish(dao, message)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_StaleSequence", 1, 1, 1)


@pytest.mark.parametrize("sequence", [0, 3, 4])
def test_publish__sequence_not_above_the_last__refused_R1(dao: Dao, sequence: int) -> None:
    dao.publish(crowd(dao, 1), sequence=4)
    message, _ = dao.batch_message(crowd(dao, 2), sequence=sequence)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_StaleSequence", 1, sequence, 4)


def test_publish__with_a_gap_in_the_sequence__accepted_up_to_the_largest_step_R1(dao: Dao) -> None:
    """However far a hostile batch goes, nearly all numbers are left for those who come after."""
    dao.publish(crowd(dao, 1), sequence=4)
    message, _ = dao.batch_message(crowd(dao, 2), sequence=4 + 2**16 + 1)
    name = b"sequence".ljust(32, b"\0")
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_ValueTooLarge", name, 4 + 2**16 + 1, 4 + 2**16)
    batch = dao.publish(crowd(dao, 2), sequence=4 + 2**16)
    assert dao.registry.batch(batch.id).sequence == dao.registry.dataset(1).lastSequence == 4 + 2**16


def test_publish__sequences_of_another_dataset__do_not_matter_R1(dao: Dao) -> None:
    member = voter(dao)
    dao.govern(member, dao.registry, "createDataset", vars(dao.registry.currentPolicy(1)))
    dao.publish(crowd(dao, 1), sequence=9)
    other = dao.publish(crowd(dao, 1), dataset=2, sequence=2)
    assert (dao.registry.batch(other.id).datasetId, dao.registry.dataset(1).lastSequence) == (2, 9)


def test_publish__vetoed_and_lapsed_numbers__stay_used_R1(dao: Dao) -> None:
    vetoed = dao.publish(crowd(dao, 1))
    dao.registry.veto(vetoed.id, sender=dao.actors["guardian"].address)
    lapsed = dao.publish(crowd(dao, 2))
    dao.chain.warp(dao.registry.challengePeriod() + 2 * dao.registry.epochLength())
    assert dao.registry.batch(lapsed.id).status == LAPSED
    for sequence in (1, 2):
        message, _ = dao.batch_message(crowd(dao, 1), sequence=sequence)
        refused(dao, lambda m=message: publish(dao, m), "DatasetRegistry_StaleSequence", 1, sequence, 2)
    assert dao.publish(crowd(dao, 1)).id == 3, "its leaves may be signed again"


def test_publish__at_its_deadline__accepted_and_a_second_later_refused_R3(dao: Dao) -> None:
    deadline = dao.chain.timestamp + 100
    first, _ = dao.batch_message(crowd(dao, 1), deadline=deadline)
    second, _ = dao.batch_message(crowd(dao, 2), sequence=2, deadline=deadline)
    dao.chain.warp(100)
    publish(dao, first)
    dao.chain.warp(1)
    refused(dao, lambda: publish(dao, second), "DatasetRegistry_DeadlinePassed", deadline, dao.chain.timestamp)


@pytest.mark.parametrize("change", [{"root": bytes(32)}, {"totalShares": 0}, {"count": 0}])
def test_publish__zero_root_shares_or_count__refused(dao: Dao, change: dict) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), **change)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_EmptyBatch")


def test_publish__count_wider_than_its_storage__refused(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), count=2**32)
    name = b"count".ljust(32, b"\0")
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_ValueTooLarge", name, 2**32, 2**32 - 1)


@pytest.mark.parametrize("dataset", [0, 2, 2**16 + 1])
def test_publish__dataset_that_does_not_exist__refused(dao: Dao, dataset: int) -> None:
    # 2**16 + 1 would be dataset 1 if the number were cut before it is checked.
    message, _ = dao.batch_message(crowd(dao, 1))
    message = (dataset, *message[1:])
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_UnknownDataset", dataset)


@pytest.mark.parametrize("version", [0, 2, 2**24 + 1])
def test_publish__policy_version_that_is_not_current__refused_R3(dao: Dao, version: int) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), policyVersion=version)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_StalePolicy", 1, version, 1)


@pytest.mark.parametrize("version", [0, 2, 2**24 + 1])
def test_publish__attestor_set_that_is_not_current__refused_R3(dao: Dao, version: int) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), attestorSetVersion=version)
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_StaleAttestorSet", version, 1)


def test_publish__of_a_whole_epochs_cap__accepted_and_one_share_more_refused_T5(dao: Dao) -> None:
    cap = dao.registry.epochCap()[0]
    assert cap == 2000 * UNIT
    over, _ = dao.batch_message(crowd(dao, 1), totalShares=cap + 1)
    refused(dao, lambda: publish(dao, over), "DatasetRegistry_BatchExceedsCap", cap + 1, cap)
    assert dao.registry.batch(dao.publish(crowd(dao, 1), totalShares=cap).id).totalShares == cap


def test_publish__shares_that_would_wrap_64_bits__refused(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), totalShares=2**64 + 1)
    cap = dao.registry.epochCap()[0]
    refused(dao, lambda: publish(dao, message), "DatasetRegistry_BatchExceedsCap", 2**64 + 1, cap)


def test_publish__while_the_brake_is_pulled__refused_and_accepted_when_it_ends(dao: Dao) -> None:
    message, _ = dao.batch_message(crowd(dao, 1), deadline=dao.chain.timestamp + 10 * DAY)
    dao.brake.pull(sender=dao.actors["guardian"].address)
    until = dao.chain.timestamp + 3 * DAY
    dao.chain.warp(3 * DAY - 1)
    refused(dao, lambda: publish(dao, message), "EmergencyBrake_Pulled", until)
    dao.chain.warp(1)
    assert publish(dao, message).value == 1


def test_publish__copied_by_a_front_runner__has_the_same_effect_and_pays_the_same_people_AB81_B09(dao: Dao) -> None:
    (item,) = leaves = [leaf(dao.who("member"), "data", 5)]
    message, manifest = dao.batch_message(leaves)
    signed = dao.sign_batch(message)
    copier = dao.who("copier")
    batch_id = dao.registry.publish(message, signed, "elsewhere", sender=copier.address).value
    dao.chain.warp(DAY)
    dao.registry.activate(batch_id, sender=copier.address)
    dao.registry.claim(batch_id, tuple(item), list(manifest.tree.proof(0)), sender=copier.address)
    assert dao.token.balanceOf(item.contributor) == 5 * UNIT
    assert dao.token.balanceOf(copier.address) == 0
    assert dao.registry.batch(batch_id).root == message[2] and message[5] == keccak(text="manifest")
