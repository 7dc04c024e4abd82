"""Records as Arrow: the types of a dataset's columns, and batches of rows. What goes where, `datadao.columns` says.

What a licensee gets as Parquet and what a program reads as a stream are made here, so that both hold the same.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from datadao.columns import Column, Kind, record_of, text
from datadao.records import ValidRecord
from datadao.schema import Schema

if TYPE_CHECKING:
    import pyarrow

BESIDE = "_other"
"""Column of what the typed columns of a record do not hold."""
WHOLE = "record"
"""The only column where records are no objects with named properties."""
ROWS, BYTES = 16_384, 8 * 1024 * 1024
"""Of one batch, at most, counted in canonical bytes; a record that goes beyond them is its last."""


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


def arrow_schema(schema: Schema, metadata: dict[bytes, bytes] | None = None) -> pyarrow.Schema:
    """The table's."""
    import pyarrow as pa

    return pa.schema([pa.field(name, _type(pa, column)) for name, column in columns_of(schema)], metadata=metadata)


def for_pandas(schema: Schema) -> bytes:
    """What pandas reads of a table's types. Without a word it would make doubles of integers that may be absent."""
    said = [_for_pandas(name, column) for name, column in columns_of(schema)]
    found = {"index_columns": [], "column_indexes": [], "columns": said, "pandas_version": "2.3.3"}
    return json.dumps(found).encode()


def groups(records: Iterable[ValidRecord]) -> Iterator[list[ValidRecord]]:
    """Records of one batch each, streaming."""
    group: list[ValidRecord] = []
    size = 0
    for record in records:
        group.append(record)
        size += len(record.canonical)
        if len(group) == ROWS or size >= BYTES:
            yield group
            group, size = [], 0
    if group:
        yield group


def batch_of(group: Sequence[ValidRecord], arrow: pyarrow.Schema, schema: Schema) -> pyarrow.RecordBatch:
    """The rows of a group, of the table's `arrow` schema."""
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
