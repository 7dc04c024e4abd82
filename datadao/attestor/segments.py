"""What asks a run of marks, part by part, here or in a cluster's worker, which loads nothing but numpy for it.

Marks are as good as random, so that two sorted columns are compared block by block within the processor's cache.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Column = NDArray[np.unsignedinteger[Any]]
    Places = NDArray[np.intp]

COLUMNS = {"high": "<u8", "low": "<u8", "batch": "<u4", "place": "<u4"}
"""Of each mark of a run its upper and lower half, as numbers, its batch's place in the run, and its leaf's."""
BLOCK = 1 << 17
"""Marks that are compared at a time."""


@dataclass(frozen=True)
class Standing:
    """Which batches of a run count, by their places, and which of their leaves do not."""

    batches: tuple[bool, ...]
    erased: Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Segment:
    """Some marks of the run in `folder`; it travels to where the folder can be read."""

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

    def find(self, high: Column, low: Column, standing: Standing) -> Places:
        """Of marks sorted by their upper halves the places of those that it has and that stand."""
        column, asked, at = self.column("high"), [np.empty(0, np.intp)], [np.empty(0, np.intp)]
        edges = column[::BLOCK]
        starts, ends = np.searchsorted(high, edges), np.searchsorted(high, edges[1:], "right")
        for block, (start, end) in enumerate(zip(starts, [*ends, len(high)], strict=True)):
            for one, other in _equal(high[start:end], column[block * BLOCK : (block + 1) * BLOCK]):
                asked.append(one + start)
                at.append(other + block * BLOCK)
        wanted: Places = np.concatenate(asked)
        found: Places = np.concatenate(at)
        same = self.column("low")[found] == low[wanted]
        wanted, found = wanted[same], found[same]
        if standing.erased or not all(standing.batches):  # else the other columns need not be read
            batch = self.column("batch")[found]
            stands = np.array(standing.batches)[batch]
            for number, leaves in standing.erased.items():
                of_batch = np.flatnonzero(batch == number)
                stands[of_batch[np.isin(self.column("place")[found[of_batch]], leaves)]] = False
            wanted = wanted[stands]
        return wanted


@dataclass(frozen=True)
class Question:
    """Marks that workers look up, sorted by their upper halves: a file beside the runs, so that a task is small."""

    file: Path
    count: int

    @classmethod
    def written(cls, file: Path, high: Column, low: Column) -> Question:
        with file.open("wb") as out:
            high.tofile(out)
            low.tofile(out)
        return cls(file, len(high))

    def part(self, part: slice) -> tuple[Column, Column]:
        both = np.memmap(self.file, "<u8", "r", shape=(2, self.count)).view(np.ndarray)
        return both[0, part], both[1, part]


def answer(question: Question, segment: Segment, part: slice, standing: Standing) -> Places:
    """Runs in a worker."""
    return segment.find(*question.part(part), standing)


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
