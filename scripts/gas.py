"""Whole-transaction gas of the operations of DESIGN.md section 4, measured on anvil, and contract sizes: `make gas`.

Steady state: members, revenue and balances exist, every figure is one receipt, and every storage slot starts cold. The
goals and the best existing systems are those of `research/gas.md`. Exits with an error when a goal is missed or a
contract is larger than a chain takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ape
import click
from ape.cli import ConnectedProviderCommand, network_option
from rich.console import Console
from rich.table import Table

# `ape run` takes the project off the path after each script it reads, and an installed package is called `tests` too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from datadao.factory import CODE_LIMIT
from scripts._gas import PARTS, Figure
from scripts._sizes import CREATION_LIMIT, Size, sizes
from tests.support.anvil import Anvil
from tests.support.dao import Dao

RECORD = Path(__file__).parents[1] / "docs" / "gas.json"


@click.command(cls=ConnectedProviderCommand)
@network_option(default="ethereum:local:foundry")
@click.option("--save", is_flag=True, help="write the figures to docs/gas.json")
def cli(save: bool) -> None:
    """Measure the gas of every operation against its goal, and every contract against the size limits."""
    built = sizes()
    figures = [figure for part in PARTS for figure in part(Dao(chain=Anvil(ape.networks.provider.web3)))]
    console = Console()
    console = console if console.is_terminal else Console(width=130)
    console.print(_gas_table(figures))
    console.print(_size_table(built))
    if save:
        RECORD.write_text(json.dumps({f.operation: {"gas": f.gas, "goal": f.goal} for f in figures}, indent=1) + "\n")
    missed = [f.operation for f in figures if f.gas > f.goal]
    too_large = [s.contract for s in built if s.headroom < 0 or s.creation_headroom < 0]
    if missed or too_large:
        faults = {"above goal": missed, "too large": too_large}
        sys.exit("; ".join(f"{fault}: {', '.join(names)}" for fault, names in faults.items() if names))


def _gas_table(figures: list[Figure]) -> Table:
    table = Table(title="Gas, whole transactions", title_justify="left")
    for heading in ("operation", "gas", "goal", "spare", "best existing system"):
        table.add_column(heading, justify="left" if heading in ("operation", "best existing system") else "right")
    for f in figures:
        style = "red" if f.gas > f.goal else ""
        table.add_row(f.operation, f"{f.gas:,}", f"{f.goal:,}", f"{f.goal - f.gas:,}", f.peer, style=style)
    return table


def _size_table(built: list[Size]) -> Table:
    table = Table(
        title=f"Bytes; chains take {CODE_LIMIT:,} of code and {CREATION_LIMIT:,} to create it", title_justify="left"
    )
    table.add_column("contract")
    for heading in ("code", "headroom", "creation code", "headroom"):
        table.add_column(heading, justify="right")
    for s in built:
        style = "red" if s.headroom < 0 or s.creation_headroom < 0 else ""
        table.add_row(
            s.contract, f"{s.code:,}", f"{s.headroom:,}", f"{s.creation:,}", f"{s.creation_headroom:,}", style=style
        )
    return table
