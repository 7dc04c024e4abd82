"""K-5: a custodian that crashes at any point finishes later what it may, and repeats nothing.

given a custodian, a leaver or a successor at work
  when it dies at any read or write          it should end, restarted, as if nothing had happened
  when meanwhile the lease ended             it should release nothing more
  when the process is killed              the same, on a real node, with real files
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path

import pytest

from assurance.harness.dao.parties import (
    COMMITTEE_VERSION,
    DAO,
    LEASE,
    World,
    contributions,
    hpke_key,
    ids_of,
    published,
    released_ids,
)
from datadao.custodian import custodian as custody
from datadao.custodian import succession
from datadao.custodian.journal import Journal
from datadao.custodian.service import Service
from datadao.custodian.succession import Exchange, hand_over, take_over
from datadao.errors import LeaseEnded
from datadao.storage.board import Board
from datadao.types import Contribution, Party
from tests.client.crashing import Crash, Power

Life = Callable[[World], None]
DATA = (b"a", b"b", b"c")


def release(world: World) -> None:
    """From approval to the last bundle."""
    custodian = world.custodian(0)
    try:
        service = Service(custodian, Board(DAO, world.store))
        service.round()
        world.view.set_lease(started=True, paid_until=9_000)
        service.round()
    finally:
        custodian.close()


def succeed(world: World) -> None:
    """Both sides of a hand-over of slot 0, one after the other."""
    listed = contributions(world.manifest)
    leaver = world.custodian(0)
    heir = None
    try:
        hand_over(leaver, listed)
        heir = world.custodian(
            0, private_key=hpke_key("heir"), signer=world.custodians.wallets[0], home=world.home / "heir"
        )
        assert take_over(heir, listed).faults == []
        hand_over(leaver, listed)
    finally:
        leaver.close()
        if heir is not None:
            heir.close()


def approved(home: Path) -> World:
    world = World(home)
    world.manifest = world.activate(world.members(*DATA))
    world.view.set_lease(started=False, paid_until=0)
    return world


def replaced(home: Path) -> World:
    world = approved(home)
    leaver = world.view.custodians[0]
    world.view.leavers[0] = [leaver]
    world.view.custodians[0] = Party(leaver.signer, custody_key("heir"))
    return world


def custody_key(seed: str) -> bytes:
    return hpke_key(seed).public_key().public_bytes_raw()


def entries(home: Path) -> list[dict[str, object]]:
    """The log, whose hashes are checked as it is opened."""
    with Journal(home / "journal.jsonl") as journal:
        return [entry for entry in journal.entries if entry["event"] != "repaired"]


def crashes(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, build: Callable[[Path], World], life: Life, after: Life
) -> list[str]:
    """Lives a life once, then with a crash at each of its acts, which `after` follows. Returns the acts."""
    monkeypatch.setattr(custody, "MAX_FILES", 2)
    monkeypatch.setattr(succession, "MAX_FILES", 2)
    # Waiting for disks takes most of the time and no part in this; what is on disk before what is another test's.
    monkeypatch.setattr("os.fsync", lambda _: None)
    whole = Power()
    with pytest.MonkeyPatch.context() as patched:
        whole.wire(patched)
        life(build(tmp_path / "whole"))
    for step, act in enumerate(whole.acts):
        for torn in (False, True) if act == "Journal.append" else (False,):
            world, power = build(tmp_path / f"{step}-{torn}"), Power(step, torn=torn)
            with pytest.MonkeyPatch.context() as patched:
                power.wire(patched)
                with pytest.raises(Crash):
                    life(world)
            after(world)
    return whole.acts


def test_k5__crash_at_every_read_and_write__everything_is_released_exactly_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def after(world: World) -> None:
        world.view.set_lease(started=False, paid_until=0)
        release(world)
        assert sorted(released_ids(world)) == sorted(world.manifest.ids)
        assert len(published(world)) == 2
        assert len(list(Board(DAO, world.store).readiness(LEASE))) == 1
        home = world.home / "custodian-0"
        assert [e["event"] for e in entries(home)].count("ready") == 1
        world.custodian(0).close()  # opening sweeps up what the crash left
        assert [path.name for path in home.iterdir() if path.suffix != ".shares"] == ["journal.jsonl"]

    acts = crashes(monkeypatch, tmp_path, approved, release, after)
    assert set(acts) >= {"Store.put", "Store.get", "Journal.append", "Path.unlink", "Path.replace", "FakeView._ask"}
    assert len(acts) > 40


def test_k5__crash_anywhere_and_then_the_lease_ends__nothing_more_is_released(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def after(world: World) -> None:
        out = published(world)
        world.view.set_lease("latest", ended=True)
        custodian = world.custodian(0)
        service = Service(custodian, Board(DAO, world.store))
        service.round()
        assert published(world) == out
        assert custodian.released(LEASE) == set(released_ids(world))  # what is out is known to be out
        world.view.set_lease(ended=True)
        assert service.round().leases == {}
        assert custodian.state.of(LEASE) == []
        custodian.close()
        assert list((world.home / "custodian-0").glob("*.bundle")) == []

    crashes(monkeypatch, tmp_path, approved, release, after)


def test_k5__crash_anywhere_in_a_hand_over__every_share_arrives_and_is_sent_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def after(world: World) -> None:
        succeed(world)
        sent = [
            name for _, _, record in Exchange(DAO, COMMITTEE_VERSION, 0, world.store).records() for name in record.ids
        ]
        assert sorted(sent) == sorted(world.manifest.ids)
        kept = [e["ids"] for e in entries(world.home / "heir") if e["event"] == "inherited"]
        assert sorted(itertools.chain(*kept)) == sorted(name.hex() for name in sent)
        assert len(list((world.home / "heir").glob("*.handover"))) == 2

    acts = crashes(monkeypatch, tmp_path, replaced, succeed, after)
    assert set(acts) >= {"Store.put", "Store.get", "Store.names", "Journal.append", "Path.replace", "FakeView._ask"}


def test_k5__crash_before_the_upload_and_then_the_lease_ends__stays_unreleased(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "put", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.view.set_lease(ended=True)
    again = world.custodian(0)
    with pytest.raises(LeaseEnded):
        again.publish(LEASE, listed)
    assert published(world) == []
    assert again.released(LEASE) == frozenset()


def crash_after_the_upload(world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch) -> None:
    """Custodian 0 prepares, and stops right after its bundle is in storage."""
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    put = world.store.put
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "put", lambda *args: (put(*args), (_ for _ in ()).throw(Crash())))
        with pytest.raises(Crash):
            custodian.publish(LEASE, listed)
    custodian.close()


def test_k5__crash_after_the_upload_and_then_the_lease_ends__counts_as_released(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_after_the_upload(world, listed, monkeypatch)
    world.view.set_lease(ended=True)
    again = world.custodian(0)
    again.publish(LEASE, listed)
    assert again.released(LEASE) == set(ids_of(world, listed))
    assert len(published(world)) == 1


def test_publish__bundle_out_and_its_own_copy_lost__is_not_made_again(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    crash_after_the_upload(world, listed, monkeypatch)
    (path,) = (world.home / "custodian-0").glob("*.bundle")
    path.unlink()
    again = world.custodian(0)
    assert again.publish(LEASE, listed) == {}
    assert len(published(world)) == 1
