"""What a contribution is worth. `Scorer` is the plug; the default scores JSON Lines against the dataset's schema.

Scores are integers only and depend on nothing but the bytes, the schema and the DAO's fingerprint secret, so that
honest attestors agree to the unit.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError
from referencing import Registry
from referencing.exceptions import Unresolvable

from datadao.errors import HashMismatch, InvalidArgument, ScoreRefused
from datadao.types import BPS

MAX_RECORD = 1024 * 1024
"""Bytes of one JSON line."""
MAX_DEPTH = 64
"""Arrays and objects inside one another. Counted before parsing: libraries that come with Ape lift Python's recursion
limit so far that a hostile line would otherwise overflow the parser's stack and take the whole process down."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')


@dataclass(frozen=True)
class Score:
    """`units` of data, `quality` in basis points, and a 32-byte `fingerprint` equal for equal data."""

    units: int
    quality: int
    fingerprint: bytes


class Scorer(Protocol):
    def score(self, path: Path) -> Score:
        """Reads one opened contribution. Raises `ScoreRefused` if it holds nothing of value."""


class JsonLinesScorer:
    """units = valid records; quality = validity x completeness x uniqueness, rounded down to basis points.

    validity: valid records among all lines. completeness: schema properties present and not null, over valid records.
    uniqueness: distinct records among valid ones. The fingerprint is an HMAC over the set of distinct valid records, so
    order, white space, repeats, number spelling and added junk do not make old data new.
    """

    def __init__(self, schema: bytes, schema_hash: bytes, fingerprint_secret: bytes) -> None:
        actual = hashlib.sha256(schema).digest()
        if actual != schema_hash:
            raise HashMismatch("dataset schema", schema_hash, actual)
        if len(fingerprint_secret) < 32:
            raise InvalidArgument("the fingerprint secret has at least 32 bytes, or data could be guessed from marks")
        try:
            parsed = json.loads(schema)
            Draft202012Validator.check_schema(parsed)
        except (ValueError, SchemaError) as error:
            raise InvalidArgument(f"the dataset's schema is not JSON Schema 2020-12: {error}") from error
        # An empty registry: a `$ref` must never make an attestor fetch an address.
        self._validator = Draft202012Validator(parsed, registry=Registry())
        self._properties = tuple(parsed.get("properties", ())) if isinstance(parsed, dict) else ()
        self._secret = fingerprint_secret
        self._made_from = schema, schema_hash, fingerprint_secret

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process as what it was made from; a compiled schema does not travel."""
        return type(self), self._made_from

    def score(self, path: Path) -> Score:
        lines = valid = filled = 0
        distinct: set[bytes] = set()
        with path.open("rb") as file:
            for line in _lines(file):
                lines += 1
                record = self._valid(line)
                if record is None:
                    continue
                valid += 1
                if isinstance(record[0], dict):
                    filled += sum(record[0].get(name) is not None for name in self._properties)
                distinct.add(hashlib.sha256(record[1]).digest())
        if not valid:
            raise ScoreRefused(f"none of {lines} lines is a record of this dataset; check the file against its schema")
        cells = valid * len(self._properties)
        quality = BPS * valid * len(distinct) * (filled if cells else 1) // (lines * valid * (cells or 1))
        mark = hmac.new(self._secret, b"datadao/fingerprint/1", hashlib.sha256)
        for item in sorted(distinct):
            mark.update(item)
        return Score(valid, quality, mark.digest())

    def _valid(self, line: bytes) -> tuple[Any, bytes] | None:
        """The record and its canonical bytes, or None if the line is not a valid record."""
        try:
            text = line.decode()
            if _too_deep(text):
                return None
            record = json.loads(text, parse_float=_number, parse_constant=_no_constant)
            if not self._validator.is_valid(record):
                return None
            canonical = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
            return record, canonical.encode()
        except (ValueError, ArithmeticError, RecursionError):  # not JSON, numbers out of range, a schema's endless $ref
            return None
        except Unresolvable as error:
            raise InvalidArgument(f"the schema refers outside itself: {error}; inline what it refers to") from error


def _lines(file: BinaryIO) -> Iterator[bytes]:
    while line := file.readline(MAX_RECORD + 1):
        if len(line) > MAX_RECORD:
            raise ScoreRefused(f"a record is longer than {MAX_RECORD} bytes; split it")
        if line.strip():
            yield line


def _too_deep(text: str) -> bool:
    """Does the text nest beyond `MAX_DEPTH`, as far as it is JSON at all?"""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    steps = ({"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0) for token in _TOKEN.finditer(text))
    return any(depth > MAX_DEPTH for depth in accumulate(steps))


def _number(text: str) -> int | float:
    """1, 1.0 and 1e0 are one number and must give one fingerprint."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"{text} is out of range")
    return int(value) if value.is_integer() else value


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
