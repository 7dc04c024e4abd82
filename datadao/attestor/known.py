"""The marks of all that was accepted, on this machine's disk: one sorted Parquet file a batch, asked by DuckDB.

A billion marks take 16 GB and are never in memory: a question joins a batch against the files, within a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datadao.attestor.marks import MARK
from datadao.errors import PackageMissing

if TYPE_CHECKING:
    import duckdb

MEMORY = "1GiB"
"""Of one question, at most; beyond it DuckDB works on disk."""


class KnownMarks:
    """In `folder`, which may be deleted at any time: storage has it all. Raises `PackageMissing` without DuckDB."""

    def __init__(self, folder: Path, memory: str = MEMORY) -> None:
        try:
            import duckdb
            import pyarrow  # noqa: F401  # what marks go through
        except ImportError:
            raise PackageMissing("duckdb", "attestor") from None
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._folder = folder
        self._base: duckdb.DuckDBPyConnection = duckdb.connect(
            config={"memory_limit": memory, "temp_directory": str(folder / "spill"), "preserve_insertion_order": False}
        )
        # It would be written into what a command prints.
        self._base.execute("SET enable_progress_bar = false")

    def add(self, name: str, load: Callable[[], Sequence[bytes]]) -> None:
        """Takes in a batch of this name unless it is here: of each leaf the marks, one after the other."""
        path = self._path(name)
        if path.exists():
            return
        leaves = load()
        places = [place for place, marks in enumerate(leaves) for _ in range(len(marks) // MARK)]
        made = self._folder / f".{name}.part"
        with self._base.cursor() as connection:
            connection.register("given", _table(b"".join(leaves), place=places))
            # A path of our own, which COPY takes as a literal only.
            to = str(made).replace("'", "''")
            connection.execute(f"COPY (SELECT mark, place FROM given ORDER BY mark) TO '{to}' (FORMAT parquet)")  # noqa: S608
        made.replace(path)

    def among(self, marks: bytes, standing: Mapping[str, Collection[int]]) -> set[int]:
        """Places (from 0) of those of the given marks that stand in a batch of these names, without the leaves named
        with each, which were erased."""
        if not marks or not standing:
            return set()
        with self._base.cursor() as connection:
            connection.register("given", _table(marks, place=range(len(marks) // MARK)))
            whole = [str(self._path(name)) for name, erased in standing.items() if not erased]
            parts = [_QUERY_ALL] if whole else []
            values: list[Any] = [whole] if whole else []
            for name, erased in standing.items():
                if erased:
                    parts.append(_QUERY_PART)
                    values += [str(self._path(name)), sorted(erased)]
            # The given marks are what is held in memory; the files pass by.
            query = f"SELECT place FROM given SEMI JOIN ({' UNION ALL '.join(parts)}) USING (mark)"  # noqa: S608
            return {place for (place,) in connection.execute(query, values).fetchall()}

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.parquet"


_QUERY_ALL = "SELECT mark FROM read_parquet(?)"
_QUERY_PART = "SELECT mark FROM read_parquet(?) WHERE NOT list_contains(?, place)"


def _table(marks: bytes, *, place: Sequence[int]) -> Any:
    import pyarrow as pa

    count = len(marks) // MARK
    stored = pa.Array.from_buffers(pa.binary(MARK), count, [None, pa.py_buffer(marks)])
    # As UUIDs they take half the room of blobs, and are compared as numbers.
    uuids = pa.ExtensionArray.from_storage(pa.uuid(), stored)
    return pa.table({"mark": uuids, "place": pa.array(place, pa.uint32())})
