"""What a contribution is worth. `Scorer` is the plug; the default scores JSON Lines against the dataset's schema.

Scores are integers only and depend on nothing but the bytes, the schema and the DAO's fingerprint secret, so that
honest attestors agree to the unit. Which records are new, and so what a file earns, `datadao.attestor.units` decides
for a whole batch.
"""

from __future__ import annotations

import hmac
import json
import struct
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from datadao.attestor.marks import FILE, MARK, Marker, Table
from datadao.crypto.lock import lock
from datadao.errors import ScoreRefused
from datadao.records import ValidRecord, judged
from datadao.schema import Schema
from datadao.schema_rules import SCORING
from datadao.types import BPS

_PLACE = struct.Struct(">II")
"""Of a record: its line, and how many properties it has."""


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
        # By the first byte of their marks: sorted and compared one heap at a time, they are never all objects at once.
        heaps = [bytearray() for _ in range(256)]
        for number, record in judged(file, self.schema):
            lines += 1
            if record is None:
                wrong += 1
                continue
            marks = self._marks(record)
            heaps[marks[0]] += marks + _PLACE.pack(number, self._filled(record.value))
        if lines == wrong:
            raise ScoreRefused(f"none of {lines} lines is a record of this dataset; check the file against its schema")
        size = MARK * (2 if self.schema.identity else 1)
        filled = 0
        columns = bytearray(), bytearray(), array("I")
        for marks, line, count in _distinct(heaps, size):
            columns[0].extend(marks[:MARK])
            columns[1].extend(marks[MARK:])
            columns[2].append(line)
            filled += count
        units, cells = len(columns[2]), len(columns[2]) * len(self._properties)
        if units < self.schema.least_records:
            least = self.schema.least_records
            raise ScoreRefused(f"it has {units} records; this dataset takes files of {least} or more")
        quality = BPS * units * (filled if cells else 1) // ((units + wrong) * (cells or 1))
        fingerprint = hmac.new(self._secret, b"datadao/fingerprint/2" + columns[0], "sha256").digest()
        table = Table(bytes(32), columns[2], bytes(columns[0]), bytes(columns[1]))
        return ScoringResult(units, quality, fingerprint, SCORING), table

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


def _distinct(heaps: list[bytearray], size: int) -> Iterator[tuple[bytes, int, int]]:
    """Sorted by mark, of each the first line; a heap is emptied when it is done."""
    step = size + _PLACE.size
    for heap in heaps:
        first: dict[bytes, bytes] = {}
        for at in range(0, len(heap), step):
            first.setdefault(bytes(heap[at : at + MARK]), bytes(heap[at : at + step]))
        heap.clear()
        for mark in sorted(first):
            yield first[mark][:size], *_PLACE.unpack(first[mark][size:])
