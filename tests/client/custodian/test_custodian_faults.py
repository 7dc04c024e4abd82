"""A custodian fails closed: what the chain or storage does not answer, or answers absurdly, releases nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from assurance.harness.dao.parties import (
    LEASE,
    TAGS,
    World,
    ids_of,
    published,
    released_ids,
)
from datadao.chain.rpc import Block
from datadao.chain.view import Standing
from datadao.custodian import custodian as custody
from datadao.custodian.journal import Journal
from datadao.errors import (
    ChainUnavailable,
    DataDAOError,
    ObjectTaken,
    StoreUnavailable,
)
from datadao.types import Contribution

FAULTS: list[Callable[[], object]] = [
    lambda: (_ for _ in ()).throw(TimeoutError("no answer")),
    lambda: (_ for _ in ()).throw(KeyError("lease")),
    lambda: (_ for _ in ()).throw(DataDAOError("an implementation's own error")),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_publish__gate_fails_at_any_question__publishes_nothing(
    world: World, listed: list[Contribution], fault: Callable[[], object]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.asked.clear()
    questions = 0
    while True:
        asked = len(world.view.asked)

        def fail(what: str, tag: str, start: int = asked, at: int = questions) -> None:
            if len(world.view.asked) - start - 1 == at:
                fault()

        world.view.fault = fail
        try:
            custodian.publish(LEASE, listed)
            break
        except ChainUnavailable:
            assert published(world) == []
            questions += 1
    assert questions == 5  # lease and slot at both blocks, standing: each one, unanswered, stopped it
    assert len(published(world)) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_prepare__gate_fails_at_any_question__holds_nothing(
    world: World, listed: list[Contribution], fault: Callable[[], object]
) -> None:
    for at in range(5):  # lease, slot at both blocks, batch, standing
        world.view.asked.clear()
        world.view.fault = lambda *_, at=at: fault() if len(world.view.asked) == at + 1 else None
        custodian = world.custodian(0)
        with pytest.raises(ChainUnavailable):
            custodian.prepare(LEASE, listed)
        custodian.close()
    assert [entry["event"] for entry in Journal(world.home / "custodian-0" / "journal.jsonl").entries] == ["slot"]


@pytest.mark.parametrize("answer", [[], [Standing.INCLUDED], ["included"] * 4 + ["maybe"], [True] * 5, None])
def test_publish__standing_of_the_wrong_shape__publishes_nothing(
    world: World, listed: list[Contribution], answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    monkeypatch.setattr(world.view, "standing", lambda *_: answer)
    with pytest.raises(ChainUnavailable):
        custodian.publish(LEASE, listed)
    assert published(world) == []


@pytest.mark.parametrize("change", [{"lease_id": 12}, {"hpke_key": b""}, {"hpke_key": None}, {"block": None}], ids=str)
def test_publish__lease_of_the_wrong_shape__publishes_nothing(
    world: World, listed: list[Contribution], change: dict[str, object]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    for tag in TAGS:
        before = world.view.leases[tag][LEASE]
        world.view.leases[tag][LEASE] = replace(before, **change)
        with pytest.raises(ChainUnavailable):
            custodian.publish(LEASE, listed)
        world.view.leases[tag][LEASE] = before
    assert published(world) == []


def test_publish__final_block_moves_back__refused_also_after_a_restart_K3_AB86(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A final block cannot be undone: a node that says so is another chain's, or lies."""
    monkeypatch.setattr(custody, "MAX_FILES", 3)
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    first = custodian.state.of(LEASE)[0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.store, "put", lambda *_: (_ for _ in ()).throw(StoreUnavailable("down")))
        with pytest.raises(StoreUnavailable):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.view.set_lease("finalized", block=Block(99, bytes(32), 2_000))
    with pytest.raises(ChainUnavailable, match="100 was final"):
        world.custodian(0).publish(LEASE, listed)
    assert first.name not in published(world)


def test_publish__latest_behind_finalized__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.set_lease("latest", block=Block(99, bytes(32), 2_000))
    with pytest.raises(ChainUnavailable):
        custodian.publish(LEASE, listed)


# Storage in the way


def test_publish__name_squatted__refused_and_not_counted_as_released(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.store.put(custodian.state.of(LEASE)[0].name, b"storage made something of this")
    for _ in range(2):  # also not on the second run, when the journal says that publishing had begun
        with pytest.raises(ObjectTaken):
            custodian.publish(LEASE, listed)
    assert custodian.released(LEASE) == frozenset()


def test_prepare__storage_down__refused_and_complete_when_it_is_back(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "get", lambda *_: (_ for _ in ()).throw(StoreUnavailable("down")))
        with pytest.raises(StoreUnavailable):
            custodian.prepare(LEASE, listed)
    assert custodian.prepare(LEASE, listed).held == 5


def test_publish__held_back_file_lost_or_damaged__is_made_anew(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    (path,) = (world.home / "custodian-0").glob("*.bundle")
    path.write_bytes(path.read_bytes()[:-1])
    assert custodian.publish(LEASE, listed) == {}
    assert sorted(released_ids(world)) == sorted(ids_of(world, listed))
