"""The marks of all that was accepted, on this machine's disk, in sorted runs that a batch is compared with.

A billion marks take 24 GB and are never in memory. Runs of like size are merged, so that there are few of them however
many batches there were, and each mark is written a handful of times in all.
"""

from __future__ import annotations

import fcntl
import shutil
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from datadao.errors import ClusterUnavailable, PackageMissing

if TYPE_CHECKING:
    from datadao.attestor.runs import Run
    from datadao.attestor.segments import Column, Places, Segment, Standing

    Asked = tuple[Segment, slice, Standing]

ALIKE = 8
"""Runs of like size that become one; those of a size have less than so many times as many marks as one another."""
_RUN, _LOCK = "run-", "lock"


class KnownMarks:
    """In `folder`, which may be deleted at any time: storage has it all. With the address of a Dask scheduler its
    workers, which see the folder under the same path, do the looking up. Raises `PackageMissing` without numpy."""

    def __init__(self, folder: Path, scheduler: str | None = None) -> None:
        try:
            from datadao.attestor import runs
        except ModuleNotFoundError:
            raise PackageMissing("numpy", "attestor") from None
        self._runs, self._folder, self._scheduler = runs, folder, scheduler
        self._opened: dict[Path, Run] = {}
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)

    def add(self, name: str, load: Callable[[], Sequence[bytes]]) -> None:
        """Takes in a batch of this name unless it is here: of each leaf the marks, one after the other."""
        with self._locked(fcntl.LOCK_SH):
            if any(name in run.batches for run in self._all()):
                return
        marks = self._runs.of_batch(load())
        with self._locked(fcntl.LOCK_EX):
            self._sweep()
            if not any(name in run.batches for run in self._all()):
                self._put([name], iter([marks]))
                self._merge()

    def among(self, marks: bytes, standing: Mapping[str, Collection[int]]) -> set[int]:
        """Places (from 0) of those of the given marks that stand in a batch of these names, without the leaves named
        with each, which were erased. Raises `ClusterUnavailable`."""
        import numpy as np

        from datadao.attestor.segments import Standing

        if not marks or not standing:
            return set()
        high, low = self._runs.halves(marks)
        order = np.argsort(high)
        high, low = high[order], low[order]
        found: set[int] = set()
        with self._locked(fcntl.LOCK_SH):
            asked = []
            for run in self._all():
                names = tuple(name in standing for name in run.batches)
                gone = {at: list(standing[name]) for at, name in enumerate(run.batches) if standing.get(name)}
                if any(names):
                    parts = ((segment, segment.range_of(high)) for segment in run.segments)
                    counts = Standing(names, gone)
                    asked += [(segment, part, counts) for segment, part in parts if part.start < part.stop]
            search = self._here if self._scheduler is None else self._on_cluster
            for (_, part, _), places in zip(asked, search(high, low, asked), strict=True):
                found.update(order[part][places].tolist())
        return found

    def _here(self, high: Column, low: Column, asked: Sequence[Asked]) -> Iterable[Places]:
        return (segment.find(high[part], low[part], standing) for segment, part, standing in asked)

    def _on_cluster(self, high: Column, low: Column, asked: Sequence[Asked]) -> Iterable[Places]:
        from datadao.attestor.cluster import connected
        from datadao.attestor.segments import Question, answer

        with connected(self._scheduler, None) as client, TemporaryDirectory(prefix=".asked-", dir=self._folder) as made:
            question = Question.written(Path(made, "marks"), high, low)
            tasks = [client.submit(answer, question, *one, pure=False) for one in asked]
            try:
                return client.gather(tasks)  # type: ignore[no-any-return]
            except OSError as error:
                raise ClusterUnavailable(
                    f"a worker cannot read the marks: {error}; share {self._folder} with all of them"
                ) from None

    def _all(self) -> list[Run]:
        """The oldest first."""
        folders = sorted(self._folder.glob(f"{_RUN}*"), key=_number)
        self._opened = {folder: self._opened.get(folder) or self._runs.Run(folder) for folder in folders}
        return list(self._opened.values())

    def _put(self, batches: Sequence[str], parts: Iterator[Any]) -> None:
        number = max(map(_number, self._folder.glob(f"{_RUN}*")), default=0) + 1
        made = self._folder / ".part"
        self._runs.write(made, batches, parts)
        made.rename(self._folder / f"{_RUN}{number}")

    def _merge(self) -> None:
        while True:
            sizes: defaultdict[int, list[Run]] = defaultdict(list)
            for run in self._all():
                sizes[(len(run).bit_length() + 2) // 3].append(run)  # a third of its bits: ALIKE is 2**3
            alike = next((runs for runs in sizes.values() if len(runs) >= ALIKE), None)
            if alike is None:
                return
            self._put([name for run in alike for name in run.batches], self._runs.merged(alike))
            for run in alike:
                self._drop(run)

    def _sweep(self) -> None:
        """What was left by one that died: a half run, and runs that are in a later one already."""
        for half in self._folder.glob(".*"):
            shutil.rmtree(half)
        seen: set[str] = set()
        for run in reversed(self._all()):
            if seen.issuperset(run.batches):
                self._drop(run)
            seen.update(run.batches)

    def _drop(self, run: Run) -> None:
        gone = run.folder.with_name(".gone")
        run.folder.rename(gone)
        shutil.rmtree(gone)

    @contextmanager
    def _locked(self, how: int) -> Iterator[None]:
        """Beside other processes of this machine; runs are never changed, but merged ones go."""
        with (self._folder / _LOCK).open("w") as file:
            fcntl.flock(file, how)
            yield


def _number(folder: Path) -> int:
    return int(folder.name.removeprefix(_RUN))
