"""Records as a program of columns reads them: streams of Arrow IPC, with the types that a licensee's Parquet has."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice
from typing import BinaryIO

from datadao.arrow import arrow_schema, batch_of, groups
from datadao.compute.program import Part
from datadao.errors import PackageMissing
from datadao.messages.compute import SHARD
from datadao.records import ValidRecord
from datadao.schema import Schema


def write_columns(out: BinaryIO, records: Iterable[ValidRecord], schema: Schema, shard: int = SHARD) -> list[Part]:
    """Writes one stream after the other, of `shard` records each, and returns where they are; of no records one stream
    with the schema alone. Memory does not grow with the records. Raises `PackageMissing` without pyarrow."""
    try:
        from pyarrow import ipc
    except ImportError:
        raise PackageMissing("pyarrow", "compute") from None
    arrow, rest = arrow_schema(schema), iter(records)
    written: list[Part] = []
    while (first := list(islice(rest, 1))) or not written:
        start = out.tell()
        with ipc.new_stream(out, arrow) as stream:
            for group in groups(chain(first, islice(rest, shard - 1))):
                stream.write_batch(batch_of(group, arrow, schema))
        written.append((start, out.tell()))
    out.flush()
    return written
