"""Records of opened files as Parquet: one table a batch, one row a record, typed as the dataset's schema says.

A table is made anew only when its files or its schema are others than before, so that a lease's hundredth `open` costs
what is new, and an erased file is out of its table at the next one.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from datadao.columns import Column, Kind, record_of, text
from datadao.crypto.files import write_whole
from datadao.errors import PackageMissing
from datadao.records import ValidRecord, valid_records
from datadao.schema import Schema

if TYPE_CHECKING:
    import pyarrow

FOLDER = "records"
"""Of the tables, below the folder of the description."""
BESIDE = "_other"
"""Column of what the typed columns of a record do not hold."""
WHOLE = "record"
"""The only column where records are no objects with named properties."""

_MADE_FROM = b"datadao"
_ROWS, _BYTES = 16_384, 8 * 1024 * 1024
"""Of one row group, at most, counted in canonical bytes."""


def columns_of(schema: Schema) -> tuple[tuple[str, Column], ...]:
    """Names and kinds of a table's columns, in the schema's order."""
    record = record_of(schema.parsed)
    if record.kind is not Kind.OBJECT:
        return ((WHOLE, Column(Kind.JSON)),)
    return (
        *record.parts,
        (beside_of(record), Column(Kind.JSON, (), "what the other columns do not hold, by JSON Pointer")),
    )


def beside_of(record: Column) -> str:
    """A name that no property has."""
    name = BESIDE
    while name in dict(record.parts):
        name = f"_{name}"
    return name


def write_table(target: Path, files: Sequence[Path], schema: Schema) -> int:
    """Writes the valid records of these opened files, in the order of their names, and returns how many they are.

    Memory does not grow with files or records. Raises `PackageMissing` without pyarrow, `ScoreRefused` for a file that
    attestors cannot have accepted, `DiskUnavailable`.
    """
    try:
        from pyarrow import parquet
    except ImportError:
        raise PackageMissing("pyarrow", "licensee") from None
    ordered = sorted(files, key=lambda path: path.name)
    made_from = _digest(ordered, schema)
    if target.exists() and (parquet.read_schema(target).metadata or {}).get(_MADE_FROM) == made_from:
        return int(parquet.read_metadata(target).num_rows)
    arrow = arrow_schema(schema, made_from)
    count = 0

    def fill(out: BinaryIO) -> None:
        nonlocal count
        with parquet.ParquetWriter(out, arrow, compression="zstd") as writer:
            for group in _groups(_records(ordered, schema)):
                writer.write_batch(_batch(group, arrow, schema))
                count += len(group)

    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, fill)
    return count


def arrow_schema(schema: Schema, made_from: bytes = b"") -> pyarrow.Schema:
    """The table's. Without a word pandas would make doubles of integers that may be absent."""
    import pyarrow as pa

    columns = columns_of(schema)
    said = [_for_pandas(name, column) for name, column in columns]
    pandas = {"index_columns": [], "column_indexes": [], "columns": said, "pandas_version": "2.3.3"}
    metadata = {b"pandas": json.dumps(pandas).encode(), _MADE_FROM: made_from}
    return pa.schema([pa.field(name, _type(pa, column)) for name, column in columns], metadata=metadata)


def _digest(files: Iterable[Path], schema: Schema) -> bytes:
    names = "\n".join(path.name for path in files)
    return hashlib.sha256(f"1\n{text(schema.parsed)}\n{names}".encode()).hexdigest().encode()


def _records(files: Iterable[Path], schema: Schema) -> Iterator[ValidRecord]:
    for path in files:
        with path.open("rb") as file:
            yield from valid_records(file, schema)


def _groups(records: Iterable[ValidRecord]) -> Iterator[list[ValidRecord]]:
    group: list[ValidRecord] = []
    size = 0
    for record in records:
        group.append(record)
        size += len(record.canonical)
        if len(group) == _ROWS or size >= _BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def _batch(group: Sequence[ValidRecord], arrow: pyarrow.Schema, schema: Schema) -> pyarrow.RecordBatch:
    import pyarrow as pa

    record = record_of(schema.parsed)
    rows = []
    for item in group:
        if record.kind is not Kind.OBJECT:
            rows.append({WHOLE: item.canonical.decode()})
            continue
        beside: dict[str, Any] = {}
        held = record.held(item.value, "", beside) or {}
        rows.append(held | {beside_of(record): text(beside) if beside else None})
    return pa.RecordBatch.from_pylist(rows, schema=arrow)


def _type(pa: Any, column: Column) -> Any:
    match column.kind:
        case Kind.OBJECT:
            return pa.struct([pa.field(name, _type(pa, part)) for name, part in column.parts])
        case Kind.LIST:
            return pa.list_(_type(pa, column.parts[0][1]))
        case Kind.INTEGER:
            return pa.int64()
        case Kind.NUMBER:
            return pa.float64()
        case Kind.BOOLEAN:
            return pa.bool_()
    return pa.string()


def _for_pandas(name: str, column: Column) -> dict[str, Any]:
    kinds = {Kind.INTEGER: ("int64", "Int64"), Kind.BOOLEAN: ("bool", "boolean"), Kind.NUMBER: ("float64", "float64")}
    kind, numpy = kinds.get(column.kind, ("unicode", "object"))
    return {"name": name, "field_name": name, "pandas_type": kind, "numpy_type": numpy, "metadata": None}
