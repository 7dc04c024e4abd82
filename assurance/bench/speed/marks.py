"""What records cost an attestor: scoring them, and looking a batch of them up among all that was accepted before."""

from __future__ import annotations

import hashlib
import io
import resource
import tempfile
import warnings
from pathlib import Path

import duckdb
import pyarrow
import pyarrow.parquet

from assurance.bench.report import Stopwatch, Table, alone
from assurance.harness.odd_records import differences
from datadao.attestor.known import KnownMarks
from datadao.attestor.marks import MARK
from datadao.attestor.scoring import JsonLinesScorer

HEADINGS = ("step", "records", "CPU s", "wall s", "µs CPU a record", "peak MiB", "goal")
HOW = (
    "Each part in a process of its own. Marks: synthetic, in Parquet files of 10 million, of which a batch is joined "
    "against all; half of it is known. Records: an integer and a text of 40 characters each."
)
SCHEMA = b'{"type":"object","properties":{"a":{"type":"integer"},"n":{"type":"string"}},"required":["a"]}'
FILE = 10_000_000
"""Marks of one Parquet file."""


def _row(what: str, count: int, watch: Stopwatch, goal: str = "") -> tuple[str, ...]:
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    figures = (f"{watch.cpu:.1f}", f"{watch.wall:.1f}", f"{watch.cpu / count * 1e6:.2f}", f"{peak:,.0f}")
    return (what, f"{count:,}", *figures, goal)


def score(count: int) -> list[tuple[str, ...]]:
    """A file of so many records."""
    scorer = JsonLinesScorer(SCHEMA, hashlib.sha256(SCHEMA).digest(), bytes(range(32)))
    data = io.BytesIO(b"\n".join(b'{"a": %d, "n": "%040d"}' % (i, i) for i in range(count)))
    with Stopwatch() as watch:
        result, _ = scorer.score(data)
    if result.units != count:
        raise RuntimeError(f"{result.units} of {count} records were scored")
    return [_row("score", count, watch)]


def join(stored: int, batch: int) -> list[tuple[str, ...]]:
    """A batch, half of which is among so many stored marks."""
    with tempfile.TemporaryDirectory() as folder:
        known = KnownMarks(Path(folder))
        names = []
        for first in range(0, stored, FILE):
            names.append(str(first))
            _synthetic(Path(folder) / f"{first}.parquet", min(FILE, stored - first))
        half = batch // 2
        old = _some(Path(folder) / "0.parquet", half)
        new = b"".join(hashlib.sha256(b"%d" % i).digest()[:MARK] for i in range(batch - half))
        with Stopwatch() as watch:
            found = known.among(old + new, dict.fromkeys(names, ()))
        if len(found) != half:
            raise RuntimeError(f"{len(found)} of {half} known marks were found")
    return [_row(f"anti-join with {stored:,} marks", batch, watch, "1/20 of scoring it, 2,048 MiB")]


def _synthetic(path: Path, count: int) -> None:
    """A batch of random marks, written as an attestor writes one."""
    query = f"SELECT uuid() AS mark, 0::UINTEGER AS place FROM range({count}) ORDER BY mark"  # noqa: S608
    with duckdb.connect(config={"memory_limit": "1GiB", "temp_directory": str(path.parent / "made")}) as connection:
        connection.execute("SET enable_progress_bar = false")
        connection.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet)")


def _some(path: Path, count: int) -> bytes:
    found = pyarrow.parquet.ParquetFile(path).iter_batches(count, columns=["mark"])
    marks = next(iter(found)).column(0)
    values = marks.storage if isinstance(marks, pyarrow.ExtensionArray) else marks
    return b"".join(values.to_pylist())


def validators(count: int) -> list[tuple[str, ...]]:
    """Two validators on odd records."""
    with warnings.catch_warnings(), Stopwatch() as watch:
        warnings.simplefilter("ignore", FutureWarning)
        found = list(differences(1, count))
    if found:
        raise RuntimeError(f"two validators differ in {len(found)} records: {found[0]}")
    return [_row("odd records on which two validators agree", count, watch, "60,000, all")]


def table(stored: int, batch: int, odd: int) -> Table:
    result = Table("Records and marks", HOW, HEADINGS)
    result.rows += alone(score, batch)
    result.rows += alone(join, stored, batch)
    result.rows += alone(validators, odd)
    return result
