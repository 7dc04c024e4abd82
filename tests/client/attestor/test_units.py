"""R-14: units are new records. Whoever brings a record again, in whatever file, to whichever dataset, it earns once."""

from __future__ import annotations

import hashlib
import io
import json
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from eth_utils import keccak
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from datadao.attestor.known import KnownMarks
from datadao.attestor.marks import MARK, Marker, Table
from datadao.attestor.scoring import JsonLinesScorer
from datadao.attestor.units import Lot, Units, left_by
from datadao.crypto.lock import lock
from datadao.errors import DecryptionFailed, InvalidArgument, Malformed, ScoreRefused
from datadao.messages.lines import EarnedLines, lines_key, open_lines, seal_lines
from datadao.messages.manifest import Manifest
from datadao.messages.shards import Earned, Root
from datadao.storage.store import Store
from datadao.types import Dao, Leaf

SECRET, OTHER = b"s" * 32, b"t" * 32
WHOLE: dict[str, Any] = {"type": "object", "properties": {"id": {}, "at": {}}, "required": ["id"]}
SCHEMAS = {1: WHOLE, 2: WHOLE | {"x-identity": ["id"]}}
"""By dataset: in the second the same person at another time is no new record."""
DAO = Dao(31337, "0x" + "a1" * 20, "0x" + "b2" * 20)
Record = tuple[int, int]


@cache
def scorer(dataset: int = 1, secret: bytes = SECRET, **more: Any) -> JsonLinesScorer:
    schema = json.dumps(SCHEMAS[dataset] | more).encode()
    return JsonLinesScorer(schema, hashlib.sha256(schema).digest(), secret, dataset)


def lines(records: Iterable[Record]) -> bytes:
    return b"".join(b'{"at": %d, "id": %d}\n' % (at, who) for who, at in records)


class Few:
    """As `KnownMarks`, of so few marks that a life of batches takes no time."""

    def __init__(self) -> None:
        self.batches: dict[str, list[bytes]] = {}

    def add(self, name: str, load: Callable[[], list[bytes]]) -> None:
        self.batches[name] = load()

    def among(self, marks: bytes, standing: Mapping[str, Collection[int]]) -> set[int]:
        known = {
            left[at : at + MARK]
            for name, erased in standing.items()
            for place, left in enumerate(self.batches[name])
            if place not in erased
            for at in range(0, len(left), MARK)
        }
        return {at // MARK for at in range(0, len(marks), MARK) if marks[at : at + MARK] in known}


@dataclass
class Books:
    """What stands after each block, as `datadao.cli.units` reads it from a chain; a flaw may be set."""

    known_marks: KnownMarks | Few
    flaw: str = ""
    batches: list[Batch] = field(default_factory=list)
    blocks: list[dict[str, set[int]]] = field(default_factory=lambda: [{}])
    dataset: int = 1

    def mine(self) -> None:
        standing = {}
        for batch in self.batches:
            if batch.alive or self.flaw == "a dead batch keeps its marks":
                gone = set() if self.flaw == "an erased contribution keeps its marks" else batch.erased
                standing[batch.name] = set(gone)
        self.blocks.append(standing)

    def known(self, marks: bytes, block: int) -> set[int]:
        standing = self.blocks[block]
        if self.flaw == "marks of other batches are ignored":
            standing = {}
        if self.flaw == "another dataset's marks are ignored":
            datasets = {batch.name: batch.dataset for batch in self.batches}
            standing = {name: gone for name, gone in standing.items() if datasets[name] == self.dataset}
        return self.known_marks.among(marks, standing)


@dataclass
class Batch:
    name: str
    dataset: int
    lots: list[Lot]
    records: list[list[Record]]
    """That each leaf earned."""
    alive: bool = True
    erased: set[int] = field(default_factory=set)


class Bench:
    """Attestors of one DAO over one storage."""

    def __init__(self, known: KnownMarks | Few, flaw: str = "") -> None:
        self.store, self.books, self.count = Store("memory://"), Books(known, flaw), 0

    @property
    def units(self) -> Units:
        return Units(self.store, SECRET, self.books, len(self.books.blocks) - 1)

    def stored(self, dataset: int, data: bytes, key: bytes = bytes(32)) -> bytes:
        judge = scorer(dataset)
        _, table = judge.score(io.BytesIO(data))
        return self.store.put_bytes(judge.sealed(replace(table, key=lines_key(key))))

    def submitted(self, dataset: int, files: Iterable[bytes]) -> dict[bytes, bytes]:
        found = {}
        for data in files:
            self.count += 1
            found[keccak(self.count.to_bytes(4, "big"))] = self.stored(dataset, data)
        return found

    def accept(self, dataset: int, *files: list[Record]) -> Batch:
        """One batch of these files."""
        self.books.dataset = dataset
        submitted = self.submitted(dataset, map(lines, files))
        units = self.units
        lots = units.lots(submitted)
        # An attestor that heard of the files in another order signs the same.
        backwards = Units(self.store, SECRET, self.books, units.block).lots(dict(reversed(submitted.items())))
        assert backwards == lots and units.seal(list(lots.values())) == units.seal([backwards[n] for n in lots])
        if self.books.flaw == "both files earn":
            lots = {name: next(iter(units.lots({name: digest}).values())) for name, digest in submitted.items()}
        earned = [
            [files[at][lot.table.lines[place] - 1] for place in lot.places] for at, lot in enumerate(lots.values())
        ]
        batch = Batch(f"{len(self.books.batches)}", dataset, list(lots.values()), earned)
        self.books.known_marks.add(batch.name, lambda: [lot.left for lot in batch.lots])
        self.books.batches.append(batch)
        self.books.mine()
        return batch


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(KnownMarks(tmp_path / "marks"))


def units_of(batch: Batch) -> list[int]:
    return [len(lot.places) for lot in batch.lots]


FILES = st.lists(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 1)), min_size=1, max_size=6), min_size=1, max_size=3
)


class Life(RuleBasedStateMachine):
    """Batches of files of few records by any accounts, that die and are erased from, against plain sets."""

    flaw = ""

    def __init__(self) -> None:
        super().__init__()
        self.bench = Bench(Few(), self.flaw)

    def standing(self, dataset: int | None = None) -> list[Record]:
        return [
            record
            for batch in self.bench.books.batches
            if batch.alive and dataset in (None, batch.dataset)
            for at, records in enumerate(batch.records)
            if at not in batch.erased
            for record in records
        ]

    @initialize(files=FILES)
    def first(self, files: list[list[Record]]) -> None:
        self.hand_in(1, files)

    @rule(dataset=st.sampled_from([1, 2]), files=FILES)
    def hand_in(self, dataset: int, files: list[list[Record]]) -> None:
        known, people = set(self.standing()), {who for who, _ in self.standing(2)}
        batch = self.bench.accept(dataset, *files)
        if dataset == 1:
            expected = {record for records in files for record in records} - known
            assert sum(units_of(batch)) == len(expected)
            assert {record for records in batch.records for record in records} == expected
            return
        # Of a person the first line in a file stands for it, whichever file earns it.
        firsts = [{who: (who, at) for who, at in reversed(records)} for records in files]
        new = {who for found in firsts for who, record in found.items() if who not in people and record not in known}
        assert sum(units_of(batch)) == len(new)

    @rule(at=st.integers(0, 9))
    def die(self, at: int) -> None:
        batches = self.bench.books.batches
        batches[at % len(batches)].alive = False
        self.bench.books.mine()

    @rule(at=st.integers(0, 9), leaf=st.integers(0, 2))
    def erase(self, at: int, leaf: int) -> None:
        batch = self.bench.books.batches[at % len(self.bench.books.batches)]
        batch.erased.add(leaf % len(batch.lots))
        self.bench.books.mine()

    @invariant()
    def nothing_earns_twice(self) -> None:
        standing, people = self.standing(), [who for who, _ in self.standing(2)]
        assert len(standing) == len(set(standing)) and len(people) == len(set(people))


def play(flaw: str = "", examples: int = 25) -> None:
    machine = type("Life", (Life,), {"flaw": flaw})
    # What is found needs no shrinking: a life has eight steps.
    run_state_machine_as_test(
        machine,
        settings=settings(max_examples=examples, stateful_step_count=8, deadline=None, phases=[Phase.generate]),
    )


def test_r14__any_files_in_any_batches__earn_their_union_once() -> None:
    play()


@pytest.mark.parametrize(
    "flaw",
    [
        "marks of other batches are ignored",
        "another dataset's marks are ignored",
        "a dead batch keeps its marks",
        "an erased contribution keeps its marks",
        "both files earn",
    ],
)
def test_r14__broken_twin__is_noticed(flaw: str) -> None:
    with pytest.raises(BaseException) as noticed:  # Hypothesis may raise a group of failures
        play(flaw, examples=200)
    assert isinstance(noticed.value, AssertionError | BaseExceptionGroup)


ALICE = [(who, 0) for who in range(1_000)]


def test_r14__farming_by_one_new_record_in_a_thousand__earns_one(bench: Bench) -> None:
    assert units_of(bench.accept(1, ALICE)) == [1_000]
    assert [units_of(bench.accept(1, [(-round_, 0), *ALICE[1:]])) for round_ in (1, 2, 3)] == [[1], [1], [1]]


@pytest.mark.parametrize(
    ("again", "units"),
    [
        (ALICE[500:] + [(who, 1) for who in range(10)], 10),  # overlapping exports
        ([*ALICE, (5_000, 0)], 1),  # one more line
        ([*reversed(ALICE)], 0),
        (ALICE * 2, 0),
        (ALICE[:3], 0),
    ],
    ids=["overlap", "one more", "other order", "repeated", "a part"],
)
def test_r14__the_same_data_in_another_file__earns_what_is_new(bench: Bench, again: list[Record], units: int) -> None:
    bench.accept(1, ALICE)
    assert units_of(bench.accept(1, again)) == [units]


def test_r14__keys_in_another_order_and_numbers_spelled_otherwise__are_the_same_record(bench: Bench) -> None:
    bench.accept(1, [(7, 1)])
    lots = bench.units.lots(bench.submitted(1, [b'{"id": 7.0, "at": 1e0}\n', b' {"at":1,"id":7}']))
    assert [len(lot.places) for lot in lots.values()] == [0, 0]


def test_r14__two_accounts_of_one_person__share_what_one_would_earn(bench: Bench) -> None:
    assert sum(units_of(bench.accept(1, ALICE, [*ALICE[:900], (-1, 0)]))) == 1_001


def test_r14__shared_records__are_drawn_record_by_record_whatever_the_files_are_called(bench: Bench) -> None:
    """Were they given by name, whoever makes files until one has a low hash would take them all."""
    records = lines(ALICE[:400])
    low, high = bytes(32), b"\xff" * 32
    lots = bench.units.lots({low: bench.stored(1, records), high: bench.stored(1, records, b"k" * 32)})
    assert 140 < len(lots[low].places) < 260 and len(lots[low].places) + len(lots[high].places) == 400
    other = Units(bench.store, OTHER, bench.books, 0)
    assert other.first([low, high], keccak(b"1")) in (low, high)
    firsts = [bench.units.first([low, high], keccak(bytes([seed]))) for seed in range(64)]
    assert 12 < firsts.count(low) < 52


def test_r14__to_another_dataset__earns_nothing_and_by_its_identity_once(bench: Bench) -> None:
    bench.accept(1, [(1, 0), (2, 0)])
    assert units_of(bench.accept(2, [(1, 0), (2, 5), (2, 6), (3, 0)])) == [2]
    assert units_of(bench.accept(2, [(2, 7), (3, 8)])) == [0]
    assert units_of(bench.accept(1, [(2, 5), (3, 0), (3, 8)])) == [1]


def test_lines__that_earned__open_with_the_files_key_alone(bench: Bench) -> None:
    bench.accept(1, [(1, 0)])
    data = b'junk\n\n{"id": 1, "at": 0}\n{"id": 2, "at": 0}\n{"id": 2, "at": 0}\n{"id": 3}\n'
    lot = bench.units.lots({bytes(32): bench.stored(1, data, b"k" * 32)})[bytes(32)]
    earned = bench.units.seal([lot])
    (sealed,) = EarnedLines.decode(bench.store.get(earned.lines)).items
    assert open_lines(lines_key(b"k" * 32), sealed) == [(4, 4), (6, 6)]
    with pytest.raises(DecryptionFailed):
        open_lines(lines_key(b"x" * 32), sealed)


@given(st.sets(st.integers(1, 60)))
def test_lines__any__open_as_ranges_in_order(lines: set[int]) -> None:
    found = open_lines(bytes(32), seal_lines(bytes(32), lines))
    assert [line for first, last in found for line in range(first, last + 1)] == sorted(lines)
    assert all(last + 1 < first for (_, last), (first, _) in pairwise(found)), "as long as they can be"


def manifest(bench: Bench, units: int, earned: Earned | None) -> Manifest:
    leaf = Leaf("0x" + "11" * 20, keccak(b"f"), keccak(b"g"), keccak(b"h"), units, 10_000)
    return Manifest(DAO, 1, 1, (leaf,), earned)


def test_marks__in_storage__are_checked_against_the_manifest(bench: Bench) -> None:
    lot = bench.accept(1, [(1, 0), (2, 0)]).lots[0]
    earned = bench.units.seal([lot])
    assert left_by(manifest(bench, 2, earned), bench.store, SECRET) == [lot.left] and len(lot.left) == 2 * MARK
    assert left_by(manifest(bench, 2, None), bench.store, SECRET) == [b""]
    with pytest.raises(Malformed, match="which are not those of its units"):
        left_by(manifest(bench, 3, earned), bench.store, SECRET)
    with pytest.raises(DecryptionFailed, match="compare the secrets"):
        left_by(manifest(bench, 2, earned), bench.store, OTHER)
    data = manifest(bench, 2, earned).encode()
    assert Root.decode(data, DAO, hashlib.sha256(data).digest()).earned == earned


def test_marks__say_nothing_without_the_secret_and_are_spaced_by_dataset() -> None:
    mark = Marker(SECRET).mark
    assert (
        mark(b"[1]") != Marker(OTHER).mark(b"[1]") and len({mark(b"[1]"), mark(b"[1]", b"1"), mark(b"[1]", b"2")}) == 3
    )
    with pytest.raises(InvalidArgument):
        Marker(b"short")


@pytest.mark.parametrize("spoil", [lambda data: data[:36], lambda data: data + b"x", lambda data: b""])
def test_table__damaged__is_malformed(spoil: Callable[[bytes], bytes]) -> None:
    data = Table(bytes(32), [1, 2], bytes(32)).encode()
    assert Table.decode(data) == Table(bytes(32), (1, 2), bytes(32))
    with pytest.raises(Malformed):
        Table.decode(spoil(data))


def test_table__equal_files__are_the_same_bytes_of_every_attestor() -> None:
    sealed = {scorer().sealed(scorer().score(io.BytesIO(lines(ALICE[:9])))[1]) for _ in range(2)}
    assert len(sealed) == 1 and sealed != {lock(OTHER, b"datadao/marks/file/1", b"")}


def test_score__fewer_records_than_the_schema_asks__refused() -> None:
    made = scorer(**{"x-least-records": 3})
    with pytest.raises(ScoreRefused, match="it has 2 records; this dataset takes files of 3 or more"):
        made.score(io.BytesIO(lines([(1, 0), (2, 0), (2, 0)])))


def _named(known: KnownMarks, names: Mapping[str, int]) -> None:
    for name, first in names.items():
        known.add(name, lambda first=first: [(first + at).to_bytes(MARK, "big") for at in range(3)])


def test_known__asked_of_batches__answers_of_those_named_without_what_was_erased(tmp_path: Path) -> None:
    known = KnownMarks(tmp_path / "it's")
    _named(known, {"a": 0, "b": 10})
    asked = b"".join(number.to_bytes(MARK, "big") for number in (0, 2, 10, 12, 99, 2))
    assert known.among(asked, {"a": ()}) == {0, 1, 5} and known.among(asked, {}) == set()
    assert known.among(asked, {"a": {2}, "b": ()}) == {0, 2, 3}
    assert known.among(asked, {"a": {0, 1, 2}, "b": {0}}) == {3}
    again = KnownMarks(tmp_path / "it's")
    again.add("a", lambda: pytest.fail("it is here"))
    assert again.among(asked, {"a": ()}) == {0, 1, 5}
