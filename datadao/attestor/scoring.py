"""What a contribution is worth. `Scorer` is the plug; the default scores JSON Lines against the dataset's schema.

Scores are integers only and depend on nothing but the bytes, the schema and the DAO's fingerprint secret, so that
honest attestors agree to the unit.
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any, BinaryIO, Protocol

from datadao.errors import InvalidArgument, ScoreRefused
from datadao.records import judged
from datadao.schema import Schema
from datadao.types import BPS


@dataclass(frozen=True)
class ScoringResult:
    """`units` of data, `quality` in basis points, and a 32-byte `fingerprint` equal for equal data."""

    units: int
    quality: int
    fingerprint: bytes


class Scorer(Protocol):
    def score(self, file: BinaryIO) -> ScoringResult:
        """Reads one contribution, from its start. Raises `ScoreRefused` if it holds nothing of value."""


class JsonLinesScorer:
    """units = valid records; quality = validity x completeness x uniqueness, rounded down to basis points.

    validity: valid records among all lines. completeness: schema properties present and not null, over valid records.
    uniqueness: distinct records among valid ones. The fingerprint is an HMAC over the set of distinct valid records, so
    order, white space, repeats, number spelling, a byte order mark and added junk do not make old data new.
    """

    def __init__(self, schema: bytes, schema_hash: bytes, fingerprint_secret: bytes) -> None:
        self.schema = Schema(schema, schema_hash)
        if len(fingerprint_secret) < 32:
            raise InvalidArgument("the fingerprint secret has at least 32 bytes, or data could be guessed from marks")
        self._properties = tuple(self.schema.properties)
        self._secret = fingerprint_secret
        self._made_from = schema, schema_hash, fingerprint_secret

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process as what it was made from; a compiled schema does not travel."""
        return type(self), self._made_from

    def score(self, file: BinaryIO) -> ScoringResult:
        count = valid = filled = 0
        distinct: set[bytes] = set()
        for _, record in judged(file, self.schema):
            count += 1
            if record is None:
                continue
            valid += 1
            if isinstance(record.value, dict):
                filled += sum(record.value.get(name) is not None for name in self._properties)
            distinct.add(hashlib.sha256(record.canonical).digest())
        if not valid:
            raise ScoreRefused(f"none of {count} lines is a record of this dataset; check the file against its schema")
        cells = valid * len(self._properties)
        quality = BPS * valid * len(distinct) * (filled if cells else 1) // (count * valid * (cells or 1))
        mark = hmac.new(self._secret, b"datadao/fingerprint/1", hashlib.sha256)
        for item in sorted(distinct):
            mark.update(item)
        return ScoringResult(valid, quality, mark.digest())
