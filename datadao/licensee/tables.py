"""Records of opened files as Parquet: one table a batch, one row a record, typed as the dataset's schema says.

A table is made anew only when its files or its schema are others than before, so that a lease's hundredth `open` costs
what is new, and an erased file is out of its table at the next one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

from datadao.arrow import arrow_schema, batch_of, for_pandas, groups
from datadao.columns import text
from datadao.crypto.files import write_whole
from datadao.errors import PackageMissing
from datadao.records import ValidRecord, valid_records
from datadao.schema import Schema

FOLDER = "records"
"""Of the tables, below the folder of the description."""
_MADE_FROM = b"datadao"


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
    arrow = arrow_schema(schema, {b"pandas": for_pandas(schema), _MADE_FROM: made_from})
    count = 0

    def fill(out: BinaryIO) -> None:
        nonlocal count
        with parquet.ParquetWriter(out, arrow, compression="zstd") as writer:
            for group in groups(_records(ordered, schema)):
                writer.write_batch(batch_of(group, arrow, schema))
                count += len(group)

    target.parent.mkdir(parents=True, exist_ok=True)
    write_whole(target, fill)
    return count


def _digest(files: Iterable[Path], schema: Schema) -> bytes:
    names = "\n".join(path.name for path in files)
    return hashlib.sha256(f"1\n{text(schema.parsed)}\n{names}".encode()).hexdigest().encode()


def _records(files: Iterable[Path], schema: Schema) -> Iterator[ValidRecord]:
    for path in files:
        with path.open("rb") as file:
            yield from valid_records(file, schema)
