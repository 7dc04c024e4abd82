"""Gas of every function, beside that of other systems, and contract sizes: `make gas`.

What is measured is compared with the committed record, `docs/gas.json` and `docs/gas.md`. Exits with an error when
anything differs from it, when a goal is missed, a function has no figure, or a contract is larger than a chain takes.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import ape
import click
from rich.console import Console

# `ape run` takes the project off the path after each script it reads, and an installed package is called `tests` too.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from assurance.bench.gas import document, functions, measure, record
from assurance.bench.gas.meter import UnmeasuredError
from assurance.bench.gas.replay import ReplayError
from assurance.bench.gas.sizes import sizes, too_large
from assurance.bench.gas.world import FIRST_SECOND
from assurance.harness.chain.anvil import Anvil
from datadao.chain.wallet import connected
from datadao.errors import DataDAOError
from deployer.networks import network_option

WRITE = 'make gas ARGS="--write"'


@click.command()
@network_option
@click.option("--write", is_flag=True, help="write what was measured to docs/gas.json and docs/gas.md")
def cli(network: str, write: bool) -> None:
    """Measure every function and compare with the committed record."""
    try:
        with connected(network):
            _compare(write=write)
    except DataDAOError as error:
        sys.exit(str(error))


def _compare(*, write: bool) -> None:
    network = ape.networks.provider.network
    if not network.is_local:
        sys.exit(f"Gas is measured on a local anvil node, which can move its clock; {network.name} is not one.")
    committed = record.load()
    chain = Anvil(ape.networks.provider.web3, FIRST_SECOND)
    try:
        figures = measure.figures(chain)
    except (UnmeasuredError, ReplayError) as error:
        sys.exit(str(error))
    measured = record.record(figures, sizes())

    console = Console()
    for table in document.tables(measured):
        table.show(console if console.is_terminal else Console(width=160))
    if write:
        record.DATA.write_text(json.dumps(measured, indent=1) + "\n")
        record.DOCUMENT.write_text(document.markdown(measured))
    faults = functions.gaps(figure.function for figure in figures) + document.faults(measured)
    faults += [f"{contract} is too large" for contract in too_large(measured["sizes"])]
    if not write:
        faults += [f"{name}: recorded {old}, now {new}" for name, old, new in record.differences(committed, measured)]
        if faults:
            faults.append(f"If a difference is meant: {WRITE}, and commit it with its reason.")
    sys.exit("\n".join(faults) if faults else 0)
