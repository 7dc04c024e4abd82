"""What records cost an attestor: scoring them, and looking a batch of them up among all that was accepted before."""

from __future__ import annotations

import hashlib
import io
import resource
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import numpy as np
import psutil  # type: ignore[import-untyped]

from assurance.bench.report import Stopwatch, Table, alone
from assurance.harness.dao.parties import DAO, Wallet, World
from assurance.harness.odd_records import differences
from datadao.attestor.cluster import TASK, assess_all, connected
from datadao.attestor.known import KnownMarks
from datadao.attestor.marks import MARK
from datadao.attestor.scoring import JsonLinesScorer
from datadao.storage.store import Store

HEADINGS = ("step", "count", "CPU s", "wall s", "µs CPU each", "peak MiB", "goal")
HOW = (
    "Each part in a process of its own; on Dask, with the CPU of its processes. Marks: random, stored in batches of 10 "
    "million; half of a batch that is looked up is known. Records: an integer and a text of 40 characters each. Small "
    "files in turns, the least of three: what else the machine does adds to a turn."
)
SCHEMA = b'{"type":"object","properties":{"a":{"type":"integer"},"n":{"type":"string"}},"required":["a"]}'
FILE = 10_000_000
"""Marks of one stored batch."""
RECORDS = 16
"""Of a small file, of 1 KB."""
TURNS = 3


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


def store(folder: str, stored: int) -> None:
    """So many random marks, as they are added batch by batch."""
    known, random = KnownMarks(Path(folder)), np.random.default_rng(1)
    for first in range(0, stored, FILE):
        marks = random.bytes(MARK * min(FILE, stored - first))
        known.add(str(first), lambda marks=marks: [marks])  # type: ignore[misc]


def join(folder: str, stored: int, batch: int, workers: int = 0) -> list[tuple[str, ...]]:
    """A batch, half of which is among so many stored marks; with `workers`, on a Dask cluster of so many processes."""
    half = batch // 2
    asked = np.random.default_rng(1).bytes(MARK * min(FILE, stored))[: MARK * half]  # the first that were stored
    asked += np.random.default_rng(2).bytes(MARK * (batch - half))
    names = dict.fromkeys(map(str, range(0, stored, FILE)), ())
    what, address = f"anti-join with {stored:,} marks", None
    with ExitStack() as running:
        if workers:
            address = running.enter_context(_cluster(workers))
            what += f", on Dask, {workers} processes"
            # Workers load what they need with their first marks.
            KnownMarks(Path(folder), address).among(asked[: MARK * 1000], names)
        before = _cpu_of_others()
        with Stopwatch() as watch:
            found = KnownMarks(Path(folder), address).among(asked, names)
        watch.cpu += _cpu_of_others() - before
    if len(found) != half:
        raise RuntimeError(f"{len(found)} of {half} known marks were found")
    return [_row(what, batch, watch, "1/20 of scoring it, 2,048 MiB")]


def spread(files: int, workers: int = 2) -> list[tuple[str, ...]]:
    """Small files, scored in a loop, then by a Dask cluster of so many processes: what all of them spend."""
    with tempfile.TemporaryDirectory() as folder, _cluster(workers) as address:
        world = World(Path(folder), Store(f"file://{folder}/objects", create=True))
        who = world.attestor(scorer=JsonLinesScorer(SCHEMA, hashlib.sha256(SCHEMA).digest(), bytes(range(32))))
        data = [b"".join(b'{"a": %d, "n": "%040d"}\n' % (i, j) for j in range(RECORDS)) for i in range(files)]
        submissions = {i: world.contribute(data[i], Wallet(f"{i}")) for i in range(files)}
        opened = {item.id(DAO): set(range(5)) for item in submissions.values()}
        # Workers load what they need at their first files.
        list(assess_all(who, dict(islice(submissions.items(), 4 * TASK)), opened, scheduler=address))
        loops, spreads = [], []
        for _ in range(TURNS):
            with Stopwatch() as loop:
                for item in submissions.values():
                    who.assess(item, opened)
            before = _cpu_of_others()
            with Stopwatch() as dask:
                scored = dict(assess_all(who, submissions, opened, scheduler=address))
            dask.cpu += _cpu_of_others() - before
            if any(isinstance(result, Exception) for result in scored.values()):
                raise RuntimeError("a file was not scored")
            loops.append(loop)
            spreads.append(dask)
        loop, dask = (min(watches, key=lambda watch: watch.cpu) for watches in (loops, spreads))
        rows = [_row(f"files of {RECORDS} records, in a loop", files, loop)]
        part = f"the loop's and 0.3 of it (it is {dask.cpu / loop.cpu - 1:.2f})"
        rows.append(_row(f"the same on Dask, {workers} processes", files, dask, part))
    return rows


@contextmanager
def _cluster(workers: int) -> Iterator[str]:
    """The address of a cluster on this machine, as `attest score` starts one."""
    with connected(None, workers) as client:
        yield client.scheduler_info()["address"]


def _cpu_of_others() -> float:
    """Processor seconds of the processes that this one started."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return float(sum(time.user + time.system for time in times))


def validators(count: int) -> list[tuple[str, ...]]:
    """Two validators on odd records."""
    with warnings.catch_warnings(), Stopwatch() as watch:
        warnings.simplefilter("ignore", FutureWarning)
        found = list(differences(1, count))
    if found:
        raise RuntimeError(f"two validators differ in {len(found)} records: {found[0]}")
    return [_row("odd records on which two validators agree", count, watch, "60,000, all")]


def table(stored: int, batch: int, odd: int, files: int) -> Table:
    result = Table("Records and marks", HOW, HEADINGS)
    result.rows += alone(score, batch)
    for size in (max(stored // 10, batch), stored):  # what it costs grows no faster than the marks
        with tempfile.TemporaryDirectory() as folder:
            alone(store, folder, size)
            result.rows += alone(join, folder, size, batch)
            if size == stored:
                result.rows += alone(join, folder, size, batch, 2)
    result.rows += alone(spread, files)
    result.rows += alone(validators, odd)
    return result
