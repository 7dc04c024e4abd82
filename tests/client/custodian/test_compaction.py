"""A journal that begins anew: small, without what is over, and still one chain.

given a custodian whose leases ended
  its journal          should begin anew, behind a checkpoint that the slot's holder signed over the former head
  what still counts    should be as before, also after a crash at any moment
  a checkpoint that was altered, or that another signed          should be refused
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.dao.parties import DAO, LEASE, TAGS, Wallet, World, contributions
from datadao.custodian import state as states
from datadao.custodian.journal import Checkpoint, Journal
from datadao.custodian.numbers import Numbers
from datadao.custodian.service import Service
from datadao.errors import JournalBusy, JournalCorrupt
from datadao.messages import eip712
from datadao.storage.board import Board
from tests.client.crashing import Crash, Power

FILES, LEASES = 6, 5


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    return prepared(tmp_path, monkeypatch)


def prepared(home: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Slot 0 has released files to five leases, of which all but the last two are over."""
    world = World(home)
    world.manifest = world.activate(world.members(*(b"%d" % i for i in range(FILES))))
    for tag in TAGS:
        first = world.view.leases[tag][LEASE]
        for number in range(LEASE, LEASE + LEASES):
            world.view.leases[tag][number] = replace(first, lease_id=number)
    round_(world)
    for tag in TAGS:
        for number in range(LEASE, LEASE + LEASES - 2):
            world.view.leases[tag][number] = replace(world.view.leases[tag][number], ended=True)
    monkeypatch.setattr(states, "_FEW", 1)
    return world


def round_(world: World) -> None:
    custodian = world.custodian(0)
    try:
        Service(custodian, Board(DAO, world.store)).round()
    finally:
        custodian.close()


def path_of(world: World) -> Path:
    return world.home / "custodian-0" / "journal.jsonl"


def released(world: World) -> dict[int, frozenset[bytes]]:
    custodian = world.custodian(0)
    try:
        return {number: custodian.released(number) for number in range(LEASE, LEASE + LEASES)}
    finally:
        custodian.close()


def test_ended_leases__leave_the_journal_and_the_chain_goes_on(busy: World) -> None:
    before, long = released(busy), path_of(busy).read_bytes()
    with Journal(path_of(busy)) as journal:
        head, count = journal.head, len(journal.entries)
    round_(busy)
    lines = [json.loads(line) for line in path_of(busy).read_text().splitlines()]
    first, *rest = lines
    over = LEASES - 2
    # The rounds' last entries, of which the former journal ends, say that these leases are over.
    assert first["event"] == "checkpoint" and first["entries"] == count + over
    assert {line.get("lease") for line in rest} == {None, LEASE + over, LEASE + over + 1}
    assert path_of(busy).stat().st_size < len(long) / 2
    assert released(busy) == {n: ids if n >= LEASE + over else frozenset() for n, ids in before.items()}
    with Journal(path_of(busy)) as journal:
        point = journal.checkpoint
        journal.append("after")
    assert point is not None and point.head.hex() == first["head"] != head
    holder = busy.custodians.parties[0].signer
    assert point.signer == holder and eip712.signed_by(holder, point.typed(DAO), point.signature)
    with Journal(path_of(busy)) as journal:
        assert (journal.entries[-1], journal.checkpoint) == ({"event": "after"}, point)


def test_begun_anew_twice__counts_all_entries_there_ever_were(busy: World) -> None:
    round_(busy)
    with Journal(path_of(busy)) as journal:
        first, restated = journal.checkpoint, len(journal.entries)
    for tag in TAGS:
        for number in (LEASE + LEASES - 2, LEASE + LEASES - 1):
            busy.view.leases[tag][number] = replace(busy.view.leases[tag][number], ended=True)
    round_(busy)
    with Journal(path_of(busy)) as journal:
        assert journal.checkpoint is not None and first is not None
        assert journal.checkpoint.entries == first.entries + restated + 2
        assert [entry["event"] for entry in journal.entries] == ["slot", "final"]


def test_crash_at_any_moment_of_it__leaves_one_journal_or_the_other_K5(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Power()
    monkeypatch.setattr("os.fsync", lambda _: None)
    with pytest.MonkeyPatch.context() as patched:
        world = prepared(tmp_path / "whole", patched)
        wanted = {n: ids for n, ids in released(world).items() if n >= LEASE + LEASES - 2}
        whole.wire(patched)
        round_(world)
    assert "Path.replace" in whole.acts
    for step in range(len(whole.acts)):
        with pytest.MonkeyPatch.context() as patched:
            world = prepared(tmp_path / str(step), patched)
            Power(step).wire(patched)
            with pytest.raises(Crash):
                round_(world)
        found = released(world)
        assert {n: len(found[n]) for n in wanted} == {n: len(ids) for n, ids in wanted.items()}
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(states, "_FEW", 1)
            round_(world)
        with Journal(path_of(world)) as journal:
            assert journal.checkpoint is not None
        assert not list(path_of(world).parent.glob(".part-*"))


@pytest.mark.parametrize(
    ("change", "reason"),
    [({"entries": 1}, "did not sign"), ({"head": "00" * 32}, "was altered"), ({"restated": 2}, "did not sign"),
     ({"restated": 99}, "99 entries should follow"), ({"signer": Wallet("another").address}, "did not sign"),
     ({"signature": "00" * 65}, "did not sign"), ({"signature": "x"}, "begins with no checkpoint")],
    ids=str,
)  # fmt: skip
def test_checkpoint_that_was_altered__refused(busy: World, change: dict[str, object], reason: str) -> None:
    round_(busy)
    first, *rest = path_of(busy).read_text().splitlines(keepends=True)
    path_of(busy).write_text("".join((json.dumps(json.loads(first) | change) + "\n", *rest)))
    with pytest.raises(JournalCorrupt, match=reason):
        busy.custodian(0)


def test_restated_entry_that_another_wrote__refused(busy: World) -> None:
    """Who can write the file can make hashes that fit; not a signature."""
    round_(busy)
    path = path_of(busy)
    with Journal(path) as journal:
        point = journal.checkpoint
        assert point is not None
        entries = [entry for entry in journal.entries if entry["event"] != "released"]
        journal.restart(
            entries, lambda new: Checkpoint(new.head, new.entries, new.restated, point.signer, point.signature)
        )
    with pytest.raises(JournalCorrupt, match="did not sign"):
        busy.custodian(0)


def test_process_that_opened_the_file_that_was_replaced__refused(busy: World, monkeypatch: pytest.MonkeyPatch) -> None:
    path = path_of(busy)
    with Journal(path) as journal, monkeypatch.context() as patched:
        late = path.open("a+b")
        journal.restart(journal.entries, lambda point: point)
        patched.setattr(Path, "open", lambda *_, **__: late)
        with pytest.raises(JournalBusy, match="begun anew"):
            Journal(path)


@given(st.lists(st.lists(st.integers(0, 40), max_size=30, unique=True), max_size=8))
def test_numbers__give_back_the_files_in_their_order(groups: list[list[int]]) -> None:
    one, other = Numbers(), Numbers()
    for group in groups:
        ids = [number.to_bytes(32, "big") for number in group]
        words = one.named(ids)
        other.add(words.get("new", ""))
        assert other.ids(words["files"]) == tuple(ids)


@pytest.mark.parametrize("runs", ["0", "7-9", "x", "3-1"])
def test_numbers__of_files_that_are_not_there__refused(runs: str) -> None:
    with pytest.raises(JournalCorrupt, match="keep it, restore a copy"):
        Numbers().ids(runs)
    with pytest.raises(JournalCorrupt, match="no base64"):
        Numbers().add("?")


def test_what_a_journal_says_of_many_leases_over_the_same_files__is_bytes_a_file(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, leases = 1_000, 40
    members = contributions(world.activate(world.members(b"one")))
    custodian = world.custodian(0)
    names = [number.to_bytes(32, "big") for number in range(count)]
    for lease in range(leases):
        for start in range(0, count, 500):
            name = f"bundles/31337/{'b2' * 20}/{lease}/2-0-{'ab' * 32}{start}"
            custodian.state.hold(lease, name, tuple(names[start : start + 500]), bytes(32), b"x")
            held = custodian.state.of(lease)[0]
            custodian.state.publishing(held, 1, 2)
            custodian.state.published(held)
    path = path_of(world)
    assert path.stat().st_size <= 8 * count * leases
    custodian.tidy()
    assert path.stat().st_size <= 2 * count * leases
    custodian.close()
    assert world.custodian(0).released(leases - 1) == set(names) and members
