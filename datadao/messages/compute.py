"""What is agreed of a program that goes to the data, and how a run of it can end."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar

from datadao.errors import InvalidArgument

PAGE = 65_536
"""Bytes of a page of WebAssembly's memory."""
MAX_PROGRAM = 8 * 1024**2
"""Bytes of a module."""


class Ending(IntEnum):
    """How a run ended. Only OK has an output; of the others nothing is known but the class.

    TRAP: the program did what the engine forbids, as reading past its memory. FUEL, MEMORY, OUTPUT: it asked for more
    than agreed. WALL: its time was over. CRASH: the process is gone. INVALID: it is no program that may run at all.
    """

    OK, TRAP, FUEL, MEMORY, OUTPUT, WALL, CRASH, INVALID = range(8)


@dataclass(frozen=True)
class Limits:
    """What one run may use: `fuel` in the engine's units, `memory` and `output` in bytes, `seconds` of time, and
    `engine`, its name and exact version, because fuel is counted otherwise by others. A program with `map` and
    `combine` is given `shard` records at a time, all of them at once if it is 0; then `seconds` are for each shard.

    Raises `InvalidArgument` for what no run could have.
    """

    fuel: int
    memory: int
    output: int
    seconds: int
    shard: int = 0
    engine: str = "wasmtime 50.0.1"

    BOUNDS: ClassVar[Mapping[str, tuple[int, int]]] = {
        "fuel": (1, 2**63 - 1),
        "memory": (PAGE, 4 * 1024**3),
        "output": (1, 1024**3),
        "seconds": (1, 604_800),
        "shard": (0, 2**63 - 1),
    }

    def __post_init__(self) -> None:
        for name, (least, most) in self.BOUNDS.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
                raise InvalidArgument(f"{name} {value!r}: expected a whole number from {least} to {most}")
        if not self.engine or not self.engine.isascii() or not self.engine.isprintable() or len(self.engine) > 64:
            raise InvalidArgument(f"engine {self.engine!r}: expected a name and a version, as 'wasmtime 50.0.1'")
