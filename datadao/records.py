"""JSON Lines, read strictly: one JSON value a line, UTF-8, no duplicates of meaning between parsers."""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterator
from itertools import accumulate
from typing import Any, BinaryIO

from datadao.errors import ScoreRefused

MAX_RECORD = 1024 * 1024
"""Bytes of one JSON line."""
MAX_DEPTH = 64
"""Arrays and objects inside one another. Counted before parsing: libraries that come with Ape lift Python's recursion
limit so far that a hostile line would otherwise overflow the parser's stack and take the whole process down."""

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


def parse(line: bytes) -> Any:
    """The JSON value of a line. Raises `ValueError` in words, without a value in them."""
    try:
        text = line.decode().rstrip("\r\n")
    except UnicodeDecodeError as error:
        raise ValueError(f"not UTF-8 at byte {error.start + 1}") from None
    if too_deep(text):
        raise ValueError(f"nests deeper than {MAX_DEPTH}")
    try:
        return json.loads(text, parse_float=number_of, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"not JSON: {error.msg}, column {error.pos + 1}") from None


def too_deep(text: str) -> bool:
    """Does the text nest beyond `MAX_DEPTH`, as far as it is JSON at all?"""
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return False
    steps = ({"[": 1, "{": 1, "]": -1, "}": -1}.get(token[0], 0) for token in _TOKEN.finditer(text))
    return any(depth > MAX_DEPTH for depth in accumulate(steps))


def number_of(text: str) -> int | float:
    """1, 1.0 and 1e0 are one number and must give one fingerprint. Raises `ValueError` beyond a double's range."""
    value = float(text)
    if math.isinf(value):
        raise ValueError(f"the number {text[:40]} is out of range")
    return int(value) if value.is_integer() else value


def _no_constant(text: str) -> None:
    raise ValueError(f"{text} is not JSON")
