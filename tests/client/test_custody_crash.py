"""K-5: a custodian that crashes at any point finishes later what it may, and repeats nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from datadao import custody
from datadao.errors import (
    LeaseEnded,
)
from datadao.journal import Journal
from datadao.types import Contribution

from .world import (
    LEASE,
    World,
    contributions,
    ids_of,
    published,
    released_ids,
    run_all,
)


class Crash(BaseException):
    """The power went. Not an `Exception`: nothing may handle it."""


def crash_at(monkeypatch: pytest.MonkeyPatch, world: World, step: int) -> list[str]:
    """Crashes before the `step`th write: a journal line, a held-back file, an upload, an unlink. Returns the trace."""
    trace: list[str] = []

    def guard(owner: object, name: str, label: str) -> None:
        original = getattr(owner, name)

        def guarded(*args: object, **settings: object) -> object:
            if len(trace) == step:
                raise Crash
            trace.append(label)
            return original(*args, **settings)

        monkeypatch.setattr(owner, name, guarded)

    guard(Journal, "append", "journal")
    guard(world.store, "put", "upload")
    guard(Path, "unlink", "unlink")
    guard(Path, "replace", "hold")
    return trace


def test_k5__crash_at_every_write__ends_with_everything_released_exactly_once(tmp_path: Path) -> None:
    step, traces = 0, []
    while True:
        world = World(tmp_path / str(step))
        listed = contributions(world.activate(world.members(b"a", b"b", b"c")))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(custody, "MAX_FILES", 2)
            trace = crash_at(patched, world, step)
            try:
                run_all(world, listed)
            except Crash:
                traces.append(trace)
            else:
                break
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(custody, "MAX_FILES", 2)
            run_all(world, listed)
        assert sorted(released_ids(world)) == sorted(ids_of(world, listed)), f"crash after {trace}"
        assert len(published(world)) == 2
        world.custodian(0).close()  # opening sweeps up what the crash left
        assert [path.name for path in (world.home / "custodian-0").iterdir()] == ["journal.jsonl"]
        step += 1
    assert {"journal", "upload", "unlink", "hold"} == set(traces[-1])
    assert step >= 12


def test_k5__crash_after_the_upload_and_then_the_lease_ends__counts_as_released(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    put = world.store.put
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "put", lambda *args: (put(*args), (_ for _ in ()).throw(Crash())))
        with pytest.raises(Crash):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.gate.set_lease(ended=True)
    again = world.custodian(0)
    again.publish(LEASE, listed)
    assert again.released(LEASE) == set(ids_of(world, listed))
    assert len(published(world)) == 1


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
    world.gate.set_lease(ended=True)
    again = world.custodian(0)
    with pytest.raises(LeaseEnded):
        again.publish(LEASE, listed)
    assert published(world) == []
    assert again.released(LEASE) == frozenset()
