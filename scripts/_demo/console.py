"""What the demo prints, and the clock that only a demo can turn."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import ape
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from datadao.chain.connection import ask

FINALITY = 65
"""Blocks after which anvil calls a block final: two epochs of 32 slots, and one."""


@dataclass
class Output:
    """Prints steps, bars and tables, and keeps the gas of every step."""

    console: Console = field(default_factory=lambda: _console())
    _gas: list[tuple[str, Sequence[int]]] = field(default_factory=list)
    _started: float = field(default_factory=time.monotonic)

    def step(self, title: str) -> None:
        self.console.print(f"\n[bold]{title}[/bold]  [dim]{time.monotonic() - self._started:.0f} s[/dim]")

    def say(self, text: str) -> None:
        self.console.print(f"  {text}")

    def gas(self, step: str, used: Any) -> None:
        """Books gas: of a receipt, or of receipts and figures of one step done many times."""
        many = used if isinstance(used, Sequence) else [used]
        self._gas.append((step, [each if isinstance(each, int) else each.gas_used for each in many]))

    @contextmanager
    def bar(self, text: str, total: int) -> Iterator[Any]:
        """A progress bar; yields what to call with the number of items newly done."""
        columns = (
            TextColumn(f"  {text:<44}"),
            BarColumn(bar_width=28),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        with Progress(*columns, console=self.console) as progress:
            task = progress.add_task(text, total=total)
            yield lambda done=1: progress.advance(task, done)

    def table(self, title: str, headings: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        table = Table(title=title, title_justify="left", title_style="bold")
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="left" if number == 0 else "right")
        for row in rows:
            table.add_row(*(f"{cell:,}" if isinstance(cell, int) else str(cell) for cell in row))
        self.console.print()
        self.console.print(table)

    def show_gas(self) -> None:
        rows = [(step, len(used), min(used), sum(used) // len(used), max(used), sum(used)) for step, used in self._gas]
        self.table("Gas per step", ("step", "times", "least", "mean", "most", "sum"), rows)

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self._started


def _console() -> Console:
    """As wide as the terminal; in a file or a pipe, wide enough for the tables."""
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=110)


def wait(seconds: int) -> None:
    """Lets time pass on the node."""
    if seconds > 0:
        _rpc("evm_increaseTime", hex(seconds))
        _rpc("evm_mine")


def wait_until(moment: int) -> None:
    """Lets time pass until `moment` (Unix seconds) has been reached."""
    wait(moment - ape.chain.blocks.head.timestamp)


def finalize() -> None:
    """Mines blocks until what happened so far is final."""
    _rpc("anvil_mine", hex(FINALITY))


def _rpc(method: str, *params: str) -> None:
    """By anvil's own methods: a node that is named by its address is no local one to Ape, which would not mine."""
    ask(ape.networks.provider.web3, method, *params)
