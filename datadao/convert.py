"""JSON Lines of what people have instead: CSV, or one JSON array. Streaming; the file itself is not changed.

CSV knows no types, so the schema gives them: of the values that a cell could be (its text, a number, true or false,
JSON, nothing) it becomes the first that its property allows. What none fits stays text, for the schema to refuse.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any, BinaryIO, TextIO

from datadao.crypto.files import write_whole
from datadao.errors import InvalidArgument, ScoreRefused
from datadao.records import MAX_DEPTH, MAX_RECORD, number_of, skip_mark, too_deep
from datadao.schema import Schema

_DELIMITERS = ",;\t|"
_NAMED = (".csv", ".tsv")
_HEAD = 64 * 1024
"""Bytes of a file by which its shape is recognized, characters read at once."""
_SPACE = re.compile(r'"(?:[^"\\]|\\.)*"|\s+')
_CELLS = 65_536
"""Different cells whose values are remembered."""


class Shape(Enum):
    """What a file is that is not JSON Lines."""

    CSV = "CSV"
    ARRAY = "a JSON array"


def shape_of(path: Path, schema: Schema) -> Shape | None:
    """What a file that holds no records of the schema as it is seems to be; None for neither. Raises `ScoreRefused` for
    what is no UTF-8 text."""
    with path.open("rb") as file:
        head = skip_mark(file).read(_HEAD).decode(errors="replace")
    text = head.lstrip()
    if text.startswith("["):
        return Shape.ARRAY
    header = text.partition("\n")[0].rstrip("\r")
    known = any(name in schema.properties for name in _split(header, _delimiter(header, schema)))
    return Shape.CSV if text and not text.startswith("{") and (known or path.suffix.lower() in _NAMED) else None


def convert(source: Path, target: Path, shape: Shape, schema: Schema) -> int:
    """Writes `target` as JSON Lines of `source`, whole or not at all; the number of records.

    Raises `InvalidArgument` naming the line of what cannot be converted, `DiskUnavailable`.
    """
    done = 0

    def fill(out: BinaryIO) -> None:
        nonlocal done
        with source.open("rb") as raw:
            skip_mark(raw)
        with source.open(encoding="utf-8-sig", newline="") as file:
            for record in _READERS[shape](file, schema):
                out.write(record.encode() + b"\n")
                done += 1

    try:
        write_whole(target, fill)
    except UnicodeDecodeError as error:
        raise InvalidArgument(f"it is not UTF-8 ({error.reason} after record {done}); save it as UTF-8") from error
    except ScoreRefused as error:
        raise InvalidArgument(str(error)) from error
    return done


# CSV


def _delimiter(header: str, schema: Schema) -> str:
    """The one that makes most properties of a header."""
    hits = {d: sum(name in schema.properties for name in _split(header, d)) for d in _DELIMITERS}
    return max(_DELIMITERS, key=lambda delimiter: hits[delimiter])


def _split(header: str, delimiter: str) -> list[str]:
    try:
        return [cell.strip() for cell in next(csv.reader([header], delimiter=delimiter), [])]
    except csv.Error:
        return []


def _rows(file: TextIO, schema: Schema) -> Iterator[str]:
    csv.field_size_limit(MAX_RECORD)
    header = file.readline(MAX_RECORD)
    file.seek(0)
    reader = csv.reader(file, delimiter=_delimiter(header.rstrip("\r\n"), schema), strict=True)
    cells = _Cells(schema)
    try:
        names = [name.strip() for name in next(reader, [])]
        _check_header(names, schema)
        for row in reader:
            if not row:
                continue
            if len(row) > len(names):
                raise InvalidArgument(f"line {reader.line_num} has {len(row)} cells, the header {len(names)}")
            found = ((name, cells.value(name, cell)) for name, cell in zip(names, row, strict=False))
            record = {name: value for name, value in found if value is not _NOTHING}
            yield json.dumps(record, ensure_ascii=False, allow_nan=False)
    except csv.Error as error:
        raise InvalidArgument(f"line {reader.line_num} is not CSV: {error}; is a quotation mark missing?") from error


def _check_header(names: Sequence[str], schema: Schema) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise InvalidArgument(f"its first line names {twice[0]!r} twice; each column needs a name of its own")
    if not any(name in schema.properties for name in names):
        known = ", ".join(schema.properties) or "none"
        raise InvalidArgument(f"its first line names no property of the dataset's records; they are {known}")


_NOTHING = object()
"""A cell without which its record is better."""


class _Cells:
    """Values of cells by column. Equal cells of a column, of which there are many, are worked out once."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self.value: Callable[[str, str], Any] = lru_cache(_CELLS)(self._value)

    def _value(self, name: str, cell: str) -> Any:
        empty = not cell.strip()
        if name not in self._schema.properties:
            return _NOTHING if empty else cell
        for value in _candidates(cell):
            if empty and value is not None and name not in self._schema.required:
                break
            if self._schema.allows(name, value):
                return value
        return _NOTHING if empty else cell


def _candidates(cell: str) -> Iterator[Any]:
    """What a cell may stand for: its text first, an empty one null first."""
    text = cell.strip()
    if not text:
        yield None
        yield cell
        return
    yield cell
    if text.lower() in ("true", "false"):
        yield text.lower() == "true"
    elif text[0] in '-0123456789[{"' and not too_deep(text):
        try:
            yield json.loads(text, parse_float=number_of, parse_constant=_refuse)
        except ValueError:
            return


def _refuse(text: str) -> None:
    raise ValueError(text)


# A JSON array


class _Array:
    """Text of an array, read as it is needed. `_at` is where in `_text` the next thing begins."""

    def __init__(self, file: TextIO) -> None:
        self._file, self._text, self._at = file, "", 0
        # Only the ends of elements are looked for; their text stays as it is.
        self._decoder = json.JSONDecoder(parse_float=float, parse_int=float, parse_constant=_refuse)

    def take(self) -> str:
        """The next character that is no space; nothing at the end."""
        while True:
            while self._at < len(self._text):
                self._at += 1
                if not self._text[self._at - 1].isspace():
                    return self._text[self._at - 1]
            if not self._more():
                return ""

    def back(self) -> None:
        """Puts the character back that was taken last."""
        self._at -= 1

    def element(self, number: int) -> str:
        """The next element, on one line."""
        while True:
            end, said = -1, ""
            try:
                _, end = self._decoder.raw_decode(self._text, self._at)
            except ValueError as error:
                said = str(error).partition(":")[0]
            # A number may go on behind what was read, or behind what is one by itself: 1, 1. and 1.5.
            ended = 0 <= end < len(self._text) and (self._text[end].isspace() or self._text[end] in ",]")
            if ended or not self._more():
                break
            if len(self._text) - self._at > MAX_RECORD + _HEAD:
                raise InvalidArgument(f"element {number} is longer than {MAX_RECORD} bytes, or not JSON: {said}")
        if end < 0:
            raise InvalidArgument(f"element {number} is not JSON: {said}")
        text, self._at = self._text[self._at : end], end
        return _SPACE.sub(lambda match: match[0] if match[0][0] == '"' else " ", text)

    def _more(self) -> bool:
        text = self._file.read(_HEAD)
        self._text, self._at = self._text[self._at :] + text, 0
        if too_deep(self._text):
            raise InvalidArgument(f"it nests deeper than {MAX_DEPTH}")
        return bool(text)


def _elements(file: TextIO, _: Schema) -> Iterator[str]:
    array = _Array(file)
    array.take()  # the bracket that it is known by
    if array.take() not in ("]", ""):
        array.back()
        for number in count(1):
            yield array.element(number)
            after = array.take()
            if after == "]":
                break
            if after != ",":
                found = repr(after) if after else "the end of the file"
                raise InvalidArgument(f"it is no JSON array: after element {number} comes {found}, not ',' or ']'")
            if not array.take():
                raise InvalidArgument(f"it is no JSON array: after element {number} comes the end of the file")
            array.back()
    if rest := array.take():
        raise InvalidArgument(f"it is no JSON array: after its end comes {rest!r}")


_READERS = {Shape.CSV: _rows, Shape.ARRAY: _elements}
