"""The custodian's log: complete, in order, for one writer; what was altered is refused, what was torn is dropped."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from assurance.harness.dao.parties import (
    DAO,
    LEASE,
    World,
    run_all,
)
from datadao.custodian.journal import Journal
from datadao.errors import (
    JournalBusy,
    JournalCorrupt,
    SlotMismatch,
)
from datadao.types import Contribution


@pytest.fixture
def log(world: World, listed: list[Contribution]) -> Path:
    run_all(world, listed)
    return world.home / "custodian-0" / "journal.jsonl"


def test_journal__records_what_happened_in_order(log: Path) -> None:
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events == ["slot", "held", "publishing", "published"]
    publishing = json.loads(log.read_text().splitlines()[2])
    assert (publishing["finalized"], publishing["latest"]) == (100, 110)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0].replace("31337", "31338"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:2], "{}\n", *lines[2:]],
        lambda lines: [*lines[:2], "junk\n", *lines[2:]],
        lambda lines: [*lines[:2], "[]\n", *lines[2:]],
    ],
    ids=["altered", "first removed", "middle removed", "swapped", "repeated", "empty entry", "junk", "list"],
)
def test_journal__altered__refused(world: World, log: Path, spoil: Callable[[list[str]], list[str]]) -> None:
    log.write_text("".join(spoil(log.read_text().splitlines(keepends=True))))
    with pytest.raises(JournalCorrupt):
        world.custodian(0)


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_journal__last_line_torn_by_a_crash__is_dropped(world: World, log: Path, cut: int) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole[:-cut])
    with Journal(log) as journal:
        assert [entry["event"] for entry in journal.entries] == ["slot", "held", "publishing"]
        assert journal.torn == len(whole.splitlines(keepends=True)[-1]) - cut
        journal.append("after")
    with Journal(log) as journal:
        assert (journal.entries[-1], journal.torn) == ({"event": "after"}, 0)


def test_vault__torn_line__is_noted_in_the_log(world: World, log: Path) -> None:
    log.write_bytes(log.read_bytes()[:-10])
    dropped = len(log.read_bytes().splitlines()[-1])
    for _ in range(2):  # once
        world.custodian(0).close()
        entries = [json.loads(line) for line in log.read_text().splitlines()]
        assert [entry["event"] for entry in entries] == ["slot", "held", "publishing", "repaired"]
        assert entries[-1]["dropped"] == dropped


def test_journal__disk_full_in_the_middle_of_a_line__takes_no_more_until_it_is_opened_again(
    world: World, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(log)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space"):
            journal.append("half")
    with pytest.raises(ValueError, match="closed"):
        journal.append("after")
    with Journal(log) as again:
        again.append("after")
    assert json.loads(log.read_text().splitlines()[-1])["event"] == "after"


def test_hold__bundle_and_its_name_are_on_disk_before_the_journal_says_so(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    synced: list[int | str] = []
    fsync, append = os.fsync, Journal.append

    def spy(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    def note(journal: Journal, event: str, **details: object) -> None:
        synced.append(event)
        append(journal, event, **details)

    monkeypatch.setattr(os, "fsync", spy)
    monkeypatch.setattr(Journal, "append", note)
    custodian.prepare(LEASE, listed)
    home = world.home / "custodian-0"
    (kept,) = home.rglob("*.shares")
    written = (kept, kept.parent, *home.glob("*.bundle"), home, home / "journal.jsonl")
    shares, beside, bundle, folder, journal = (path.stat().st_ino for path in written)
    assert synced == [shares, beside, bundle, folder, "held", journal]


def test_journal__held_by_another_process__refused(world: World) -> None:
    first = world.custodian(0)
    with pytest.raises(JournalBusy):
        world.custodian(0)
    first.close()
    world.custodian(0).close()


@pytest.mark.parametrize("change", [{"slot": 1}, {"committee_version": 3}, {"dao": replace(DAO, chain_id=1)}], ids=str)
def test_custodian__folder_of_another_slot__refused(world: World, change: dict[str, object]) -> None:
    world.custodian(0).close()
    with pytest.raises(SlotMismatch):
        world.custodian(0, **{"home": world.home / "custodian-0"} | change)
    world.custodian(0).close()  # and the lock was let go
