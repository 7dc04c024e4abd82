"""A node with the rules of a hard fork, for as long as it or a command with it runs:
`python -m assurance.harness.chain.door`."""

from __future__ import annotations

import contextlib
import subprocess
import sys

import click

from assurance.harness.chain.door import AMSTERDAM, Door
from assurance.harness.chain.node import roll_up

_PLACE = "{}"
"""In a command, the address of the node."""


@click.command()
@click.argument("rules", default=AMSTERDAM)
@click.argument("command", nargs=-1, type=click.UNPROCESSED)
@click.option("--port", default=8545, show_default=True, help="0 takes a free one.")
@click.option("--block-gas", default=200_000_000, show_default=True, help="Gas that a block has.")
@click.option("--call-gas", type=int, help="Gas that a call may take; as much as a block unless said.")
@click.option("--data-fee", type=int, metavar="WEI", help="A rollup's: asked for each byte of a transaction.")
def cli(
    rules: str, command: tuple[str, ...], port: int, block_gas: int, call_gas: int | None, data_fee: int | None
) -> None:
    """A local node with the rules of a hard fork, osaka or amsterdam. A COMMAND runs with its address in place of
    {}, and the node ends with it; options of this command stand before it, behind them `--`."""
    try:
        door = Door(rules, block_gas=block_gas, call_gas=call_gas, port=port)
    except OSError as error:
        raise click.ClickException(str(error)) from None
    try:
        if data_fee is not None:
            roll_up(door, data_fee)
        click.echo(f"{rules} at {door.url}" + ("" if command else "; Ctrl-C ends it"))
        with contextlib.suppress(KeyboardInterrupt):
            if command:
                sys.exit(subprocess.run([word.replace(_PLACE, door.url) for word in command], check=False).returncode)
            door.process.wait()
    finally:
        door.stop()


cli()
