"""Scoring many submissions at once, on Dask: processes of this machine, or a cluster.

The attestor's own key stays here. A worker gets the key of the one file it is to score, the storage's address and the
scorer, so it sees what the attestor sees: a cluster belongs to the attestor, and its scheduler speaks `tls://`.
"""

from __future__ import annotations

import pickle
from collections.abc import Hashable, Iterable, Iterator, Mapping, Set
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from datadao.attestor.attestor import Attestor, Examination
from datadao.attestor.scoring import ScoringResult
from datadao.errors import ClusterUnavailable, DataDAOError, PackageMissing, ScoreRefused, StoreUnavailable
from datadao.messages.submission import Submission

if TYPE_CHECKING:
    from distributed import Client

TASK = 16
"""Files a worker scores in a row: below, Dask's own millisecond per task shows; above, so does waiting for the last."""

_PATIENCE = 10
"""Seconds to wait for a cluster's scheduler."""

_LOCALLY = {
    # What workers hold is secret: it must not be spilled to their disks.
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    # What every process looks at many times a second: its stacks, its clock, its memory.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "1m",
    "distributed.worker.memory.monitor-interval": "2s",
    # What the scheduler and its clients do for results that stay in the workers, or to draw a page of; none do here.
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.client.scheduler-info-interval": "1m",
    # Processes a task may take down before it is given up.
    "distributed.scheduler.allowed-failures": 1,
}

_ANY = "127.0.0.1:0"
"""Where Dask's own status page goes: any free port, open to this machine alone."""

Name = TypeVar("Name", bound=Hashable)


@dataclass(frozen=True)
class _File:
    """What a worker needs of one submission. Dask logs what it fails at, so the key keeps out of `repr`."""

    digest: bytes
    secret: bytes = field(repr=False)


def assess_all(
    attestor: Attestor,
    submissions: Mapping[Name, Submission],
    opened: Mapping[bytes, Set[int]],
    *,
    scheduler: str | None = None,
    workers: int | None = None,
) -> Iterator[tuple[Name, ScoringResult | DataDAOError]]:
    """The score of each submission, in no particular order, or why there is none, as `attestor.assess` has it.

    `scheduler` is a Dask scheduler's address; without one, `workers` processes of this machine do it, one a core unless
    said. Raises `StoreUnavailable` where `assess` would, `ClusterUnavailable`, and `PackageMissing` without Dask,
    which more than a few files need; what was yielded stands.
    """
    files: dict[Name, _File] = {}
    for name, submission in submissions.items():
        try:
            files[name] = _File(submission.file_hash, attestor.open(submission, opened))
        except StoreUnavailable:
            raise
        except DataDAOError as error:
            yield name, error
    for name, result in _scores(attestor.examination, files, scheduler, workers):
        if isinstance(result, StoreUnavailable):
            raise result
        yield name, result


def _scores(
    examination: Examination, files: Mapping[Name, _File], scheduler: str | None, workers: int | None
) -> Iterator[tuple[Name, ScoringResult | DataDAOError]]:
    if scheduler is None and len(files) <= TASK:
        yield from zip(files, _results(examination, files.values()), strict=True)
        return
    packed = pickle.dumps(examination)  # a store that cannot travel says so here
    with connected(scheduler, workers) as client:
        from distributed import as_completed

        tasks: dict[Hashable, list[Name]] = {}
        suspects: list[Name] = []

        def send(names: list[Name]) -> Any:
            # With each task, not scattered: Dask cannot bring back what was scattered to a worker that died.
            future = client.submit(_examine, packed, [files[name] for name in names], pure=False)
            tasks[future.key] = names
            return future

        rest = iter(files)
        for future in as_completed([send(names) for names in iter(lambda: list(islice(rest, TASK)), [])]):
            names = tasks.pop(future.key)
            if future.status == "finished":
                yield from zip(names, future.result(), strict=True)
            else:
                suspects += names
        # Some file took its worker down, and Dask blames all that waited there. Alone, only the culprit does it again.
        for name in suspects:
            future = send([name])
            if error := future.exception():
                why = f"the process that scores it dies ({type(error).__name__}); look at the file apart"
                yield name, ScoreRefused(why)
            else:
                yield name, future.result()[0]


def _examine(examination: bytes, files: Iterable[_File]) -> list[ScoringResult | DataDAOError]:
    """Runs in a worker."""
    return _results(_unpacked(examination), files)


@lru_cache(1)
def _unpacked(examination: bytes) -> Examination:
    """Once a worker, not once a task: making a schema ready takes as long as scoring a few small files."""
    made: Examination = pickle.loads(examination)  # noqa: S301  # of the attestor's own
    return made


def _results(examination: Examination, files: Iterable[_File]) -> list[ScoringResult | DataDAOError]:
    """Refusals are results: a raised one would end the task, and Dask would log it."""
    results: list[ScoringResult | DataDAOError] = []
    for file in files:
        try:
            results.append(examination(file.digest, file.secret))
        except DataDAOError as error:
            results.append(error)
    return results


@contextmanager
def connected(scheduler: str | None, workers: int | None) -> Iterator[Client]:
    """A cluster at this address, or processes of this machine, one a core unless said. Raises `ClusterUnavailable`,
    `PackageMissing`."""
    try:
        import dask
        from distributed import Client, LocalCluster
    except ModuleNotFoundError:
        raise PackageMissing("distributed", "attestor") from None

    with dask.config.set(_LOCALLY):
        if scheduler is None:
            with (
                LocalCluster(
                    n_workers=workers, threads_per_worker=1, processes=True, silence_logs=50, dashboard_address=_ANY
                ) as cluster,
                Client(cluster) as client,
            ):
                yield client
            return
        try:
            client = Client(scheduler, timeout=_PATIENCE)
        except (OSError, ValueError) as error:
            raise ClusterUnavailable(f"no Dask scheduler answers at {scheduler}: {error}; is it running?") from None
        with client:
            if not client.scheduler_info()["workers"]:
                raise ClusterUnavailable(f"the Dask scheduler at {scheduler} has no workers; start some")
            yield client
