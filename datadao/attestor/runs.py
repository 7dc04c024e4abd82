"""Sorted runs of marks on disk: what `datadao.attestor.known` keeps, and asks.

A run is a folder of columns, flat arrays of one width, and of `batches`. They are read through maps of a few MiB at a
time, so that memory does not grow with them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from datadao.attestor.marks import MARK
from datadao.attestor.segments import COLUMNS, Segment

if TYPE_CHECKING:
    from datadao.attestor.segments import Column

SEGMENT = 1 << 24
"""Marks of a run that are mapped at a time."""
MERGED = 1 << 22
"""Marks of a run that are merged at a time."""
_NAMES = "batches"


@dataclass(frozen=True)
class Marks:
    """Columns of marks, sorted by their upper halves."""

    high: Column
    low: Column
    batch: Column
    place: Column

    def sorted(self) -> Marks:
        # Of runs one after the other, which this sort merges.
        order = np.argsort(self.high, kind="stable")
        return Marks(*(getattr(self, name)[order] for name in COLUMNS))


def halves(marks: bytes) -> tuple[Column, Column]:
    """Of marks one after the other."""
    both = np.frombuffer(marks, ">u8").reshape(-1, 2)
    return both[:, 0].astype("<u8"), both[:, 1].astype("<u8")


def of_batch(leaves: Sequence[bytes]) -> Marks:
    """Of each leaf of one batch its marks, one after the other."""
    sizes = [len(marks) // MARK for marks in leaves]
    place = np.repeat(np.arange(len(leaves), dtype="<u4"), sizes)
    return Marks(*halves(b"".join(leaves)), np.zeros(len(place), "<u4"), place).sorted()


@dataclass(frozen=True)
class Run:
    """The one in `folder`, which does not change."""

    folder: Path

    @cached_property
    def batches(self) -> tuple[str, ...]:
        return tuple(json.loads((self.folder / _NAMES).read_text()))

    def __len__(self) -> int:
        return (self.folder / "high").stat().st_size // 8

    @property
    def segments(self) -> Iterator[Segment]:
        count = len(self)
        return (Segment(self.folder, first, min(SEGMENT, count - first)) for first in range(0, count, SEGMENT))

    def between(self, least: int, most: int | None) -> Marks:
        """Those whose upper halves are `least` or more, and below `most`."""
        if not len(self):
            return Marks(*(np.empty(0, kind) for kind in COLUMNS.values()))
        whole = Segment(self.folder, 0, len(self))
        cuts = [np.uint64(edge) for edge in (least, most) if edge is not None]
        first, *last = np.searchsorted(whole.column("high"), cuts).tolist()
        return Marks(*(np.array(whole.column(name)[first : last[0] if last else None]) for name in COLUMNS))


def write(folder: Path, batches: Sequence[str], parts: Iterator[Marks]) -> None:
    """A run of these parts, one after the other; there is no such folder yet."""
    folder.mkdir()
    files = {name: (folder / name).open("wb") for name in COLUMNS}
    try:
        for part in parts:
            for name, file in files.items():
                getattr(part, name).tofile(file)
    finally:
        for file in files.values():
            file.close()
    (folder / _NAMES).write_text(json.dumps(batches))


def merged(runs: Sequence[Run]) -> Iterator[Marks]:
    """All marks of these runs in their order, `MERGED` at a time; batches are counted through all of them."""
    parts = sum(map(len, runs)) // MERGED + 1
    edges: list[int | None] = [(at << 64) // parts for at in range(parts)]
    before = np.cumsum([0, *(len(run.batches) for run in runs)]).astype("<u4")
    for least, most in zip(edges, [*edges[1:], None], strict=True):
        found = [run.between(least or 0, most) for run in runs]
        for marks, shift in zip(found, before, strict=False):
            marks.batch[:] += shift
        yield Marks(*(np.concatenate([getattr(marks, name) for marks in found]) for name in COLUMNS)).sorted()
