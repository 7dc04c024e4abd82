"""The issuance cap: per epoch, from the supply before it, whoever activates (T-5, R-11).

given a new DAO: the floor is the cap
given a supply of which `epochCapBps` exceed the floor: that part, fixed one second before the epoch began
    burns and issues inside the epoch do not move it; batches that do not fit wait for the next epoch, or lapse
"""

from __future__ import annotations

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.governance import warp_to
from assurance.harness.dao.registry import LAPSED, UNIT, activate_now, crowd, next_epoch_at, refused
from assurance.harness.dao.system import DAY

FLOOR = 2000 * UNIT


def published(dao: Dao, name: str, units: int):
    return dao.publish([leaf(dao.who(name), name, units)])


def test_epoch_cap__new_dao__is_the_floor_and_ends_with_the_epoch(dao: Dao) -> None:
    cap, remaining, at = dao.registry.epochCap()
    assert (cap, remaining) == (FLOOR, FLOOR)
    length = dao.registry.epochLength()
    assert at % length == 0 and 0 < at - dao.chain.timestamp <= length
    warp_to(dao, at)
    assert dao.registry.epochCap() == (FLOOR, FLOOR, at + length), "half-open: its last second is one before"


def test_activate__beyond_what_is_left__waits_for_the_next_epoch_T5(dao: Dao) -> None:
    warp_to(dao, next_epoch_at(dao))
    first, second = published(dao, "first", 1500), published(dao, "second", 501)
    small = published(dao, "small", 500)
    dao.activate(first)
    next_at = next_epoch_at(dao)
    refused(
        dao,
        lambda: activate_now(dao, second),
        "DatasetRegistry_EpochCapReached",
        501 * UNIT,
        500 * UNIT,
        next_at,
    )
    activate_now(dao, small)
    assert dao.registry.epochCap() == (FLOOR, 0, next_at)
    warp_to(dao, next_at - 1)
    refused(dao, lambda: activate_now(dao, second), "DatasetRegistry_EpochCapReached", 501 * UNIT, 0, next_at)
    warp_to(dao, next_at)
    activate_now(dao, second)
    assert dao.registry.epochCap()[:2] == (FLOOR, FLOOR - 501 * UNIT)


def test_activate__two_full_caps_across_one_boundary__is_the_worst_there_is_R11(dao: Dao) -> None:
    start = next_epoch_at(dao)
    warp_to(dao, start)
    batches = [published(dao, f"hostile {i}", 2000) for i in range(3)]
    boundary = next_epoch_at(dao)
    warp_to(dao, boundary - 1)
    activate_now(dao, batches[0])
    warp_to(dao, boundary)
    activate_now(dao, batches[1])
    refused(
        dao,
        lambda: activate_now(dao, batches[2]),
        "DatasetRegistry_EpochCapReached",
        FLOOR,
        0,
        boundary + dao.registry.epochLength(),
    )
    assert dao.token.totalSupply() == 2 * FLOOR


def test_epoch_cap__large_supply__is_its_part_before_the_epoch_and_does_not_move_inside_T5(dao: Dao) -> None:
    length = dao.registry.epochLength()
    supply = 0
    at = next_epoch_at(dao)
    # Twelve floors make 10 % of the supply exceed the floor.
    for i in range(12):
        warp_to(dao, at + i * length)
        dao.activate(published(dao, f"member {i}", 2000))
        supply += 2000
    boundary = at + 12 * length
    warp_to(dao, boundary - 1)
    assert dao.registry.epochCap()[0] == 2200 * UNIT, "of the 22,000 units before this epoch, not of the 24,000 now"
    warp_to(dao, boundary)
    cap = supply * UNIT // 10
    assert dao.registry.epochCap()[:2] == (cap, cap) == (2400 * UNIT, 2400 * UNIT)
    batch = published(dao, "whole", 2400)
    dao.activate(batch)
    assert dao.registry.epochCap()[:2] == (cap, 0), "its own issue does not raise it"
    dao.erase(batch, batch.manifest.leaves[0])
    assert dao.registry.epochCap()[:2] == (cap, 0), "a burn gives nothing back"


def test_erasure_in_the_same_epoch__frees_no_issuance_T5(dao: Dao) -> None:
    warp_to(dao, next_epoch_at(dao))
    whole, more = published(dao, "whole", 2000), published(dao, "more", 1)
    dao.activate(whole)
    dao.erase(whole, whole.manifest.leaves[0])
    assert dao.token.totalSupply() == 0
    refused(
        dao,
        lambda: activate_now(dao, more),
        "DatasetRegistry_EpochCapReached",
        UNIT,
        0,
        next_epoch_at(dao),
    )


def test_batch_that_waited_two_epochs__lapses_and_can_be_signed_again(dao: Dao) -> None:
    warp_to(dao, next_epoch_at(dao))
    late = published(dao, "late", 2000)
    rivals = [published(dao, f"rival {i}", 2000) for i in range(3)]
    dao.chain.warp(DAY)
    for rival in rivals:
        activate_now(dao, rival)
        refused(
            dao,
            lambda: activate_now(dao, late),
            "DatasetRegistry_EpochCapReached",
            FLOOR,
            0,
            next_epoch_at(dao),
        )
        if rival is not rivals[-1]:
            warp_to(dao, next_epoch_at(dao))
    dao.chain.warp(DAY)
    refused(dao, lambda: activate_now(dao, late), "DatasetRegistry_WrongBatchStatus", late.id, LAPSED)
    warp_to(dao, next_epoch_at(dao))
    again = published(dao, "late", 2000)
    dao.activate(again)
    dao.claim(again, again.manifest.leaves[0])


def test_epoch_cap__waking_tokens__are_no_issuance_T5(dao: Dao) -> None:
    (item,) = leaves = crowd(dao, 1, units=2000)
    batch = dao.publish(leaves)
    dao.activate(batch)
    dao.chain.warp(dao.registry.claimPeriod())
    dao.registry.sleep(batch.id, sender=item.contributor)
    other = published(dao, "other", 2000)
    dao.activate(other)
    assert dao.registry.epochCap()[1] == 0
    dao.claim(batch, item)
    assert dao.token.totalSupply() == 4000 * UNIT
    assert dao.registry.epochCap()[1] == 0
