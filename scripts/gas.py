"""Whole-transaction gas of the operations of DESIGN.md section 4, measured on anvil: `make gas`.

Steady state: members, revenue and balances exist, every figure is one receipt, and every storage slot starts cold. The
goals and the best existing systems are those of `research/gas.md`. Exits with an error when a goal is missed.
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

from scripts._gas import PARTS
from tests.support.anvil import Anvil
from tests.support.dao import Dao

RECORD = Path(__file__).parents[1] / "docs" / "gas.json"


@click.command(cls=ConnectedProviderCommand)
@network_option(default="ethereum:local:foundry")
@click.option("--save", is_flag=True, help="write the figures to docs/gas.json")
def cli(save: bool) -> None:
    """Measure the gas of every operation against its goal."""
    figures = [figure for part in PARTS for figure in part(Dao(chain=Anvil(ape.networks.provider.web3)))]
    table = Table(title="Gas, whole transactions", title_justify="left")
    for heading in ("operation", "gas", "goal", "spare", "best existing system"):
        table.add_column(heading, justify="left" if heading in ("operation", "best existing system") else "right")
    for f in figures:
        style = "red" if f.gas > f.goal else ""
        table.add_row(f.operation, f"{f.gas:,}", f"{f.goal:,}", f"{f.goal - f.gas:,}", f.peer, style=style)
    console = Console()
    (console if console.is_terminal else Console(width=130)).print(table)
    if save:
        RECORD.write_text(json.dumps({f.operation: {"gas": f.gas, "goal": f.goal} for f in figures}, indent=1) + "\n")
    if missed := [f.operation for f in figures if f.gas > f.goal]:
        sys.exit(f"above goal: {', '.join(missed)}")
