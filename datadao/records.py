"""JSON Lines, read strictly: one JSON value a line, UTF-8, nothing that two readers would understand differently.

`valid_records` is the one way from a file to the records of a dataset: what it gives is scored, leased and computed on.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, BinaryIO, NamedTuple, Protocol

from datadao.errors import ScoreRefused

MAX_RECORD = 1024 * 1024
"""Bytes of one JSON line."""
MAX_DEPTH = 64
"""Arrays and objects inside one another. Counted before parsing: libraries that come with Ape lift Python's recursion
limit so far that a hostile line would otherwise overflow the parser's stack and take the whole process down."""

BITS = 64
"""Of an integer, with its sign. Some readers wrap a larger one, some make it a double, some refuse it."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[{]|[\]}]')
_FOREIGN = {
    # The longer marks first: that of UTF-16 begins one of UTF-32.
    codecs.BOM_UTF32_LE: "UTF-32",
    codecs.BOM_UTF32_BE: "UTF-32",
    codecs.BOM_UTF16_LE: "UTF-16",
    codecs.BOM_UTF16_BE: "UTF-16",
    b"PK\x03\x04": "a spreadsheet or a ZIP archive",
    b"\x1f\x8b": "compressed",
    b"PAR1": "Parquet",
}


def skip_mark(file: BinaryIO) -> BinaryIO:
    """The file, after its byte order mark if it begins with one. Raises `ScoreRefused` for what is no UTF-8 text."""
    head = file.read(4)
    for mark, kind in _FOREIGN.items():
        if head.startswith(mark):
            raise ScoreRefused(f"it is {kind}, not UTF-8 text; save it as JSON Lines or CSV in UTF-8")
    file.seek(len(codecs.BOM_UTF8) if head.startswith(codecs.BOM_UTF8) else 0)
    return file


def lines(file: BinaryIO) -> Iterator[tuple[int, bytes]]:
    """Lines with their numbers from 1, without empty ones. Raises `ScoreRefused` for another encoding, and for a line
    that is too long."""
    skip_mark(file)
    number = 0
    while line := file.readline(MAX_RECORD + 1):
        number += 1
        if len(line) > MAX_RECORD:
            raise ScoreRefused(f"line {number} is longer than {MAX_RECORD} bytes; split it")
        if line.strip():
            yield number, line


class ValidRecord(NamedTuple):
    """A record of a dataset as it was scored. `canonical` is its UTF-8 JSON with sorted names, no white space, and one
    spelling of each number (an integer without a point): equal records have equal bytes."""

    line: int
    """In the file, from 1."""
    value: Any
    """Of JSON's types as Python has them; an integral number within 64 bits is an `int`, however it was spelled."""
    canonical: bytes


class Judge(Protocol):
    """What decides whether a value is a record: a `datadao.schema.Schema`."""

    def holds(self, record: Any, canonical: bytes) -> bool: ...


def valid_records(file: BinaryIO, schema: Judge) -> Iterator[ValidRecord]:
    """The records of an opened file (its plaintext), in the order of their lines, repeats included; streaming, so that
    memory does not grow with the file.

    A byte order mark and empty lines are passed over, lines that are no records of the schema left out. Raises
    `ScoreRefused` for a file that is no UTF-8 text, and for a line longer than `MAX_RECORD`.
    """
    return (record for _, record in judged(file, schema) if record is not None)


def judged(file: BinaryIO, schema: Judge) -> Iterator[tuple[int, ValidRecord | None]]:
    """As `valid_records`, with the number of each line that is not empty, and None for one that is no record."""
    for number, line in lines(file):
        try:
            value, canonical = read(line)
            valid = schema.holds(value, canonical)
        except (ValueError, RecursionError):
            valid = False
        yield number, ValidRecord(number, value, canonical) if valid else None


def read(line: bytes) -> tuple[Any, bytes]:
    """The JSON value of a line, and its canonical bytes (see `ValidRecord`). Raises `ValueError` in words, which may
    quote a name or a number of the line."""
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    if too_deep(text):
        raise ValueError(f"nests deeper than {MAX_DEPTH}")
    try:
        # Looking at names one by one takes as long as all the rest; a quotation mark that is lost shows them too.
        escaped = "\\" in text
        value = (_STRICT if escaped else _FAST).decode(text)
        canonical = _ENCODER.encode(value)
        if not escaped and text.count('"') != canonical.count('"'):
            _STRICT.decode(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}, column {error.pos + 1}") from None
    try:
        return value, canonical.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair is no character") from None


def parse(line: bytes) -> Any:
    """The value alone. Raises as `read`."""
    return read(line)[0]


def too_deep(text: str) -> bool:
    """Does the text nest beyond `MAX_DEPTH`, as far as it is JSON at all?"""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    steps = ({"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0) for token in _TOKEN.finditer(text))
    return any(depth > MAX_DEPTH for depth in accumulate(steps))


def number_of(text: str) -> int | float:
    """1, 1.0 and 1e0 are one number and must give one fingerprint; 6e23 stays a double, as every reader has it. Raises
    `ValueError` beyond a double's range."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return int(value) if value.is_integer() and _LEAST <= value < -_LEAST else value


def integer_of(text: str) -> int:
    """Raises `ValueError` beyond 64 bits."""
    value = int(text) if len(text) <= _DIGITS else _LEAST - 1
    if not _LEAST <= value < -_LEAST:
        raise ValueError(f"the number {text[:40]} is beyond {BITS} bits; write it as text")
    return value


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")


def _names(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the name {twice[:40]!r} stands twice in one object")
    return found


_LEAST = -(2 ** (BITS - 1))
_DIGITS = 20
_FAST = json.JSONDecoder(parse_float=number_of, parse_int=integer_of, parse_constant=_no_constant)
_STRICT = json.JSONDecoder(
    parse_float=number_of, parse_int=integer_of, parse_constant=_no_constant, object_pairs_hook=_names
)
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
