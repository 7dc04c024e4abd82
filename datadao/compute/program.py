"""A program from its beginning to its end: in one piece, or shard by shard and then the parts together."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import BinaryIO

from datadao.compute.sandbox import Ran, Sandbox
from datadao.messages.compute import MAX_OUTPUT, Ending, Limits

Part = tuple[int, int]
"""Where a shard begins in the file of records, and where it ends."""
Map = Callable[[Sequence[Part]], Iterable[Ran]]
"""What `map` gives for each shard, in the order of the shards."""
LENGTH = 8
"""Bytes, little-endian, before each part of what `combine` reads."""


@dataclass(frozen=True)
class Program:
    """A module and what was agreed for a run of it."""

    data: bytes
    limits: Limits
    sandbox: Sandbox = field(default_factory=Sandbox)

    def run(self, records: BinaryIO, spread: Map | None = None, streams: Sequence[Part] | None = None) -> Ran:
        """The result over a file of records: one a line, or columns in these `streams`, a shard each. `spread` maps the
        shards; without it that is done here, one after the other. The result does not depend on it.

        Raises as `Sandbox.run`.
        """
        whole = self.sandbox.run(self.data, self.limits, records, f"run{self._form}")
        if whole.entries != ("combine", f"map{self._form}"):
            return whole
        shards = list(parts(records, self.limits.shard)) if streams is None else streams
        with tempfile.TemporaryFile() as mapped:
            fuel = 0
            for ran in (spread or self._one_by_one(records, whole.code))(shards):
                if ran.ending is not Ending.OK:
                    return ran
                fuel += ran.fuel
                if fuel > self.limits.fuel:
                    return Ran(Ending.FUEL, self.limits.fuel)
                mapped.write(len(ran.output).to_bytes(LENGTH, "little") + ran.output)
            mapped.flush()
            if fuel == self.limits.fuel:
                return Ran(Ending.FUEL, fuel)
            left = replace(self.limits, fuel=self.limits.fuel - fuel)
            ran = self.sandbox.run(self.data, left, mapped, "combine", code=whole.code)
        return replace(ran, fuel=ran.fuel + fuel)

    def map(self, records: BinaryIO, part: Part, code: bytes = b"") -> Ran:
        """What `map` makes of one shard. It stays at the attestors', so that it may be larger than what comes out."""
        limits = replace(self.limits, output=min(self.limits.memory, MAX_OUTPUT))
        return self.sandbox.run(self.data, limits, records, f"map{self._form}", part, code)

    @property
    def _form(self) -> str:
        return "_columns" if self.limits.columns else ""

    def _one_by_one(self, records: BinaryIO, code: bytes) -> Map:
        return lambda shards: (self.map(records, part, code) for part in shards)


def parts(records: BinaryIO, size: int) -> Iterator[Part]:
    """Shards of `size` lines each; one of everything if `size` is 0, or if there is nothing."""
    total = os.fstat(records.fileno()).st_size
    if not size or not total:
        yield 0, total
        return
    records.seek(0)
    start = end = 0
    for number, line in enumerate(records, 1):
        end += len(line)
        if number % size == 0:
            yield start, end
            start = end
    if start < end:
        yield start, end
