"""Numbers that are kept in fewer bits than they are counted in: the last one that fits is given out, and after it there
is an error by name and nothing changed. No life is long enough to count so far: the counter is set, in process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_utils import keccak

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import crowd, name32, voter
from tests.unit.registry.test_create_dataset import FIELDS
from tests.unit.registry.test_set_attestors import people

BATCHES, ATTESTOR_SETS, DATASETS = 2**24 - 1, 2**24 - 1, 2**16 - 1


def slot_of(dao: Dao, counter: str) -> int:
    """Where the registry keeps what this view answers."""
    evm, registry = dao.chain.evm, dao.registry.address
    for slot in range(32):
        kept = evm.storage(registry, slot)
        evm.insert_account_storage(registry, slot, 0xC0FFEE)
        found = getattr(dao.registry, counter)() == 0xC0FFEE
        evm.insert_account_storage(registry, slot, kept)
        if found:
            return slot
    raise AssertionError(f"no slot holds {counter}")


def preset(dao: Dao, counter: str, value: int) -> None:
    dao.chain.evm.insert_account_storage(dao.registry.address, slot_of(dao, counter), value)
    assert getattr(dao.registry, counter)() == value


def test_publish__last_batch_number_taken__refused() -> None:
    dao = Dao()
    preset(dao, "batchCount", BATCHES - 1)
    (item,) = leaves = crowd(dao, 1)
    batch = dao.publish(leaves)
    assert batch.id == BATCHES and dao.registry.batch(BATCHES).sequence == 1
    with pytest.raises(Reverted) as caught:
        dao.publish(crowd(dao, 1))
    assert caught.value == Reverted("DatasetRegistry_ValueTooLarge", name32("batchId"), BATCHES + 1, BATCHES)
    assert (dao.registry.batchCount(), dao.registry.dataset(1).lastSequence) == (BATCHES, 1)
    dao.activate(batch)
    dao.claim(batch, item)
    assert dao.registry.contribution(item.fingerprint).batchId == BATCHES


def test_publish__sequence_as_high_as_all_batches_could_bring_it__accepted_R1() -> None:
    """Each batch by the largest step; a sequence has no error for being too wide because none can be."""
    dao = Dao()
    top = 2**40 - 1
    registry, datasets = dao.registry.address, slot_of(dao, "datasetCount") + 1
    slot = int.from_bytes(keccak(encode(["uint256", "uint256"], [1, datasets])), "big")
    dao.chain.set_storage(registry, slot, dao.chain.storage(registry, slot) | (top - 2**16) << 64)
    assert dao.registry.dataset(1).lastSequence == top - 2**16
    batch = dao.publish(crowd(dao, 1), sequence=top)
    assert dao.registry.batch(batch.id).sequence == dao.registry.dataset(1).lastSequence == top


@pytest.mark.parametrize(
    ("counter", "last", "call", "refusal"),
    [
        (
            "attestorSetVersion",
            ATTESTOR_SETS,
            lambda dao: ("setAttestors", people(dao, 2), 2),
            ("InvalidParameter", name32("attestorSetVersion"), ATTESTOR_SETS + 1, 1, ATTESTOR_SETS),
        ),
        ("datasetCount", DATASETS, lambda dao: ("createDataset", FIELDS), ("TooManyDatasets", DATASETS)),
    ],
    ids=["attestors", "datasets"],
)
def test_timelock__last_number_taken__refused(
    counter: str, last: int, call: Callable[[Dao], Any], refusal: tuple[Any, ...]
) -> None:
    dao = Dao()
    member = voter(dao)
    preset(dao, counter, last - 1)
    dao.govern(member, dao.registry, *call(dao))
    assert getattr(dao.registry, counter)() == last
    with pytest.raises(Reverted) as caught:
        dao.govern(member, dao.registry, *call(dao))
    error, *args = refusal
    assert caught.value == Reverted(f"DatasetRegistry_{error}", *args)
    assert getattr(dao.registry, counter)() == last
