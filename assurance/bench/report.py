"""What a benchmark reports: tables with a sentence on how each was measured, printed or written as Markdown."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from pathlib import Path
from textwrap import fill
from typing import Any

from rich.console import Console
from rich.table import Table as RichTable


@dataclass
class Table:
    title: str
    how: str
    """How to read and repeat it."""
    headings: Sequence[str]
    rows: list[Sequence[str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    """What was not as it must be, whatever the speed."""

    def show(self, console: Console) -> None:
        table = RichTable(title=self.title, title_justify="left", caption=self.how, caption_justify="left")
        for heading in self.headings:
            table.add_column(heading, justify="left" if heading == self.headings[0] else "right")
        for row in self.rows:
            table.add_row(*row)
        console.print(table)
        for fault in self.faults:
            console.print(f"[red]{fault}[/red]")

    def markdown(self) -> str:
        rules = [":---", *["---:"] * (len(self.headings) - 1)]
        lines = [f"| {' | '.join(row)} |" for row in (self.headings, rules, *self.rows)]
        return f"## {self.title}\n\n{fill(self.how, 120, break_on_hyphens=False)}\n\n" + "\n".join(lines) + "\n"


def alone(function: Any, *args: Any) -> Any:
    """The function's result, computed in a fresh process: its memory and its caches are its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(function, *args).result()


class Stopwatch:
    """`with Stopwatch() as watch`: wall seconds, and the processor seconds of this process."""

    def __enter__(self) -> Stopwatch:
        self._wall, self._cpu = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall, self.cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu


def machine() -> str:
    """Processor, cores, interpreter and what else is going on, as far as the system reports."""
    cpu = platform.processor()
    info = Path("/proc/cpuinfo")
    if info.exists():
        names = [line.partition(":")[2].strip() for line in info.read_text().splitlines() if "model name" in line]
        cpu = f"{names[0]}, {len(names)} cores" if names else cpu
    load = f"; load average {os.getloadavg()[1]:.1f} over the last five minutes" if hasattr(os, "getloadavg") else ""
    return f"{cpu or platform.machine()}; {platform.system()}; Python {platform.python_version()}{load}"
