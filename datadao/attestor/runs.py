"""Sorted runs of marks on disk: what `datadao.attestor.known` keeps, and asks.

A run is a folder of columns, flat arrays of one width: of each mark its upper and lower half, as numbers, its batch's
place in `batches`, and its leaf's. They are read through maps of a few MiB at a time, so that memory does not grow with
them. Marks are as good as random, so that two sorted columns are compared block by block within the processor's cache.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from datadao.attestor.marks import MARK

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.unsignedinteger[Any]]
    Places = NDArray[np.intp]

COLUMNS = {"high": "<u8", "low": "<u8", "batch": "<u4", "place": "<u4"}
SEGMENT = 1 << 24
"""Marks of a run that are mapped at a time."""
MERGED = 1 << 22
"""Marks of a run that are merged at a time."""
BLOCK = 1 << 17
"""Marks that are compared at a time."""
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


@dataclass(frozen=True)
class Segment:
    """Some marks of a run; it travels to where the folder can be read."""

    folder: Path
    first: int
    count: int

    def column(self, name: str) -> Column:
        kind = np.dtype(COLUMNS[name])
        mapped = np.memmap(self.folder / name, kind, "r", self.first * kind.itemsize, self.count)
        return mapped.view(np.ndarray)  # of which parts are made quicker

    def range_of(self, high: Column) -> slice:
        """Where, among sorted upper halves, stand those that it may have."""
        column = self.column("high")
        return slice(int(np.searchsorted(high, column[0])), int(np.searchsorted(high, column[-1], "right")))

    def find(self, high: Column, low: Column) -> tuple[Places, Column, Column]:
        """Of marks sorted by their upper halves those that it has: their places, with batch and leaf of each."""
        column, asked, at = self.column("high"), [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        edges = column[::BLOCK]
        starts, ends = np.searchsorted(high, edges), np.searchsorted(high, edges[1:], "right")
        for block, (start, end) in enumerate(zip(starts, [*ends, len(high)], strict=True)):
            for one, other in _equal(high[start:end], column[block * BLOCK : (block + 1) * BLOCK]):
                asked.append(one + start)
                at.append(other + block * BLOCK)
        wanted, found = np.concatenate(asked), np.concatenate(at)
        same = self.column("low")[found] == low[wanted]
        wanted, found = wanted[same], found[same]
        return wanted, self.column("batch")[found], self.column("place")[found]


def _equal(one: Column, other: Column) -> Iterator[tuple[Places, Places]]:
    """Places of all pairs of equal numbers in two sorted columns: the shorter is looked up in the longer."""
    if len(one) > len(other):
        yield from ((first, second) for second, first in _equal(other, one))
        return
    at = other.searchsorted(one)
    inside = len(one) if len(one) and one[-1] <= other[-1] else int(at.searchsorted(len(other)))
    place = np.flatnonzero(other[at[:inside]] == one[:inside])
    at = at[place]
    while len(place):
        yield place, at
        at = at + 1
        inside = int(at.searchsorted(len(other)))
        same = np.flatnonzero(other[at[:inside]] == one[place[:inside]])
        place, at = place[same], at[same]
