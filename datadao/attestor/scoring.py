"""What a contribution is worth. `Scorer` is the plug; the default scores JSON Lines against the dataset's schema.

Scores are integers only and depend on nothing but the bytes, the schema and the DAO's fingerprint secret, so that
honest attestors agree to the unit. Which records are new, and so what a file earns, `datadao.attestor.units` decides
for a whole batch.
"""

from __future__ import annotations

import hmac
import json
import struct
import tempfile
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, Any, BinaryIO, Protocol

from datadao.attestor.marks import FILE, MARK, Marker, Table
from datadao.crypto.lock import lock
from datadao.errors import ScoreRefused
from datadao.records import ValidRecord, judged
from datadao.schema import Schema
from datadao.schema_rules import SCORING
from datadao.types import BPS

_PLACE = struct.Struct(">II")
"""Of a record: its line, and how many properties it has."""
_HELD = 512 * 1024
"""Bytes of rows, or of a column, in memory; the rest waits on disk."""


@dataclass(frozen=True)
class ScoringResult:
    """`units` of data, `quality` in basis points, a 32-byte `fingerprint` equal for equal data. `marks` is the hash of
    the stored table of the file's records; zero, as `scoring`, where the units are something else than records."""

    units: int
    quality: int
    fingerprint: bytes
    scoring: int = 0
    marks: bytes = bytes(32)


class Scorer(Protocol):
    def score(self, file: BinaryIO) -> tuple[ScoringResult, Table | None]:
        """Reads one contribution, from its start; its records are a table where these are the units. Raises
        `ScoreRefused` if it holds nothing of value."""

    def sealed(self, table: Table) -> bytes:
        """A table of records, to be stored."""


class JsonLinesScorer:
    """units = distinct valid records; quality = validity x completeness, rounded down to basis points.

    validity: distinct records, beside lines that are none. completeness: schema properties present and not null, over
    distinct records. A repeat counts nowhere. The fingerprint is an HMAC over the set of records: order, white space,
    repeats, number spelling, a byte order mark and added junk do not make old data new.
    """

    def __init__(self, schema: bytes, schema_hash: bytes, fingerprint_secret: bytes, dataset_id: int = 0) -> None:
        self.schema = Schema(schema, schema_hash)
        self._marker = Marker(fingerprint_secret)
        self._properties = tuple(self.schema.properties)
        self._secret, self._space = fingerprint_secret, b"%d" % dataset_id
        self._made_from = schema, schema_hash, fingerprint_secret, dataset_id

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process as what it was made from; a compiled schema does not travel."""
        return type(self), self._made_from

    def score(self, file: BinaryIO) -> tuple[ScoringResult, Table]:
        wrong, lines = 0, 0
        size = MARK * (2 if self.schema.identity else 1)
        heaps = _Heaps(size + _PLACE.size)
        for number, record in judged(file, self.schema):
            lines += 1
            if record is None:
                wrong += 1
                continue
            marks = self._marks(record)
            heaps.add(marks + _PLACE.pack(number, self._filled(record.value)))
        if lines == wrong:
            raise ScoreRefused(f"none of {lines} lines is a record of this dataset; check the file against its schema")
        filled = 0
        mac = hmac.new(self._secret, b"datadao/fingerprint/2", "sha256")
        columns = [tempfile.SpooledTemporaryFile(_HELD) for _ in range(size // MARK)]  # noqa: SIM115  # see `_whole`
        places = array("I")
        for marks, line, count in _distinct(heaps, size):
            for at, column in enumerate(columns):
                column.write(marks[MARK * at : MARK * (at + 1)])
            mac.update(marks[:MARK])
            places.append(line)
            filled += count
        units, cells = len(places), len(places) * len(self._properties)
        if units < self.schema.least_records:
            least = self.schema.least_records
            raise ScoreRefused(f"it has {units} records; this dataset takes files of {least} or more")
        quality = BPS * units * (filled if cells else 1) // ((units + wrong) * (cells or 1))
        table = Table(bytes(32), places, *map(_whole, columns))
        return ScoringResult(units, quality, mac.digest(), SCORING), table

    def sealed(self, table: Table) -> bytes:
        return lock(self._secret, FILE, table.encode())

    def _filled(self, record: Any) -> int:
        if not isinstance(record, dict):
            return 0
        return sum(record.get(name) is not None for name in self._properties)

    def _marks(self, record: ValidRecord) -> bytes:
        whole = self._marker.mark(record.canonical)
        if not self.schema.identity:
            return whole
        same = json.dumps([record.value[name] for name in self.schema.identity], sort_keys=True, ensure_ascii=False)
        return self._marker.mark(same.encode(), self._space) + whole


class _Heaps:
    """Rows of one size, by the first byte of their marks: sorted and compared one heap at a time, they are never all
    objects at once, and beyond `_HELD` bytes wait on disk, where they tell nobody anything without the secret."""

    def __init__(self, size: int) -> None:
        self.size, self._held = size, 0
        self._heaps = [bytearray() for _ in range(256)]
        self._parts: list[list[tuple[int, int]]] = [[] for _ in range(256)]
        self._file: IO[bytes] | None = None

    def add(self, row: bytes) -> None:
        self._heaps[row[0]] += row
        self._held += self.size
        if self._held > _HELD:
            self._spill()

    def __iter__(self) -> Iterator[bytes]:
        """Each heap, in the order of first bytes, its rows as they were added."""
        for heap, parts in zip(self._heaps, self._parts, strict=True):
            yield b"".join([*map(self._read, parts), heap])

    def _spill(self) -> None:
        self._file = self._file or tempfile.TemporaryFile()  # noqa: SIM115  # closed as it goes
        for heap, parts in zip(self._heaps, self._parts, strict=True):
            if heap:
                parts.append((self._file.tell(), len(heap)))
                self._file.write(heap)
                heap.clear()
        self._held = 0

    def _read(self, part: tuple[int, int]) -> bytes:
        assert self._file is not None
        self._file.seek(part[0])
        return self._file.read(part[1])


def _distinct(heaps: _Heaps, size: int) -> Iterator[tuple[bytes, int, int]]:
    """Sorted by mark, of each the first line."""
    for heap in heaps:
        first: dict[bytes, bytes] = {}
        for at in range(0, len(heap), heaps.size):
            first.setdefault(heap[at : at + MARK], heap[at : at + heaps.size])
        for mark in sorted(first):
            yield first[mark][:size], *_PLACE.unpack(first[mark][size:])


def _whole(column: IO[bytes]) -> bytes:
    """In one piece: reading to the end without its size would copy it."""
    with column:
        size = column.tell()
        column.seek(0)
        return column.read(size)
