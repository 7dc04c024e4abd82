"""`map` of a program on a Dask cluster, shard by shard. The result is that of one process, whatever ends first."""

from __future__ import annotations

import os
import tempfile
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, BinaryIO

from datadao.compute.program import Map, Part, Program
from datadao.compute.sandbox import Ran
from datadao.crypto.files import on_disk
from datadao.errors import ClusterUnavailable, DataDAOError

if TYPE_CHECKING:
    from distributed import Client


def on(client: Client, program: Program, records: BinaryIO, ahead: int = 8) -> Map:
    """Maps the shards of a file of records, with `ahead` of them under way, so that memory does not grow with the file.

    A worker gets the records of its shard, so the cluster is the attestor's own. What is mapped raises
    `ClusterUnavailable` for a worker that dies.
    """

    def mapped(parts: Sequence[Part]) -> Iterator[Ran]:
        rest = iter(parts)
        waiting: deque[Any] = deque(send(part) for part in islice(rest, ahead))
        while waiting:
            yield _result(waiting.popleft())
            waiting.extend(send(part) for part in islice(rest, 1))

    def send(part: Part) -> Any:
        start, end = part
        return client.submit(_map, program, os.pread(records.fileno(), end - start, start), pure=False)

    return mapped


def _result(future: Any) -> Ran:
    try:
        ran: Ran = future.result()
    except DataDAOError:
        raise
    except Exception as error:
        raise ClusterUnavailable(f"a shard was not mapped ({type(error).__name__}); run the same again") from error
    return ran


def _map(program: Program, data: bytes) -> Ran:
    """Runs in a worker."""
    with on_disk("a shard"), tempfile.TemporaryFile() as shard:
        shard.write(data)
        shard.flush()
        return program.map(shard, (0, len(data)))
