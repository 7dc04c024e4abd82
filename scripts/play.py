"""A Data DAO on a node that stays, with named roles and commands to try: `make play`."""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import ape
import click
from ape.logging import LogLevel, logger

from datadao.chain.wallet import connected
from datadao.errors import DataDAOError
from deployer.deploy import FAILURES
from deployer.networks import ROOT
from scripts._play import guide
from scripts._play.desk import PlayDesk
from scripts._play.node import PlaygroundError, PlayNode
from scripts._play.roles import settle

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_LONGEST = 10 * 365 * 86_400
"""Seconds that one command may let pass."""


@click.group(invoke_without_command=True)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False, resolve_path=True),
    default=ROOT / ".play",
    help="Where roles and storage lie; .play unless said.",
)
@click.pass_context
def cli(context: click.Context, folder: Path) -> None:
    """Start a Data DAO on a local node that stays, and print ten commands to try on it."""
    context.obj = folder
    if context.invoked_subcommand is None:
        _refusing(lambda: _start(folder))


@cli.command("wait")
@click.argument("duration")
@click.pass_obj
def wait(folder: Path, duration: str) -> None:
    """Let time pass on the chain: 90s, 15m, 2h, 3d."""

    def act() -> None:
        seconds = _seconds(duration)
        node = PlayNode(folder)
        if not node.running:
            raise PlaygroundError("no playground runs; `make play` starts one")
        now = datetime.fromtimestamp(node.wait(seconds), UTC)
        click.echo(f"On the chain it is {now:%d %B %Y, %H:%M} UTC.")

    _refusing(act)


@cli.command("stop")
@click.pass_obj
def stop(folder: Path) -> None:
    """End the node. The folders stay until the next `make play`."""
    PlayDesk(folder).stop()
    stopped = PlayNode(folder).stop()
    click.echo("The playground has ended; what is in its folders stays." if stopped else "No playground runs.")


def _start(folder: Path) -> None:
    node, desk, name = PlayNode(folder), PlayDesk(folder), guide.shown(folder, ROOT)
    if node.running:
        click.echo("The playground runs already; its commands go on from where you are.\n")
    else:
        _put_away(folder)
        folder.mkdir(mode=0o700)
        click.echo("Starting a node and deploying a Data DAO ...")
        try:
            tests = ape.accounts.test_accounts
            node.start(tests.mnemonic, tests.number_of_accounts)
            with logger.at_level(LogLevel.ERROR), connected(node.url):
                record = settle(folder, node.url)
            node.tick()
            desk.start(folder / "operator", record, node.url)
        except BaseException:
            desk.stop()
            node.stop()
            raise
    click.echo("\n".join(guide.guide(name, node.url, desk.url)))


def _put_away(folder: Path) -> None:
    """Keeps what an earlier playground, whose chain is gone, left in its folders."""
    if re.search(r"\s", guide.shown(folder, ROOT)):
        raise PlaygroundError(f"{folder} has a space in it, which the commands to print could not have")
    if not folder.exists():
        return
    if not (folder / "node.log").exists() and any(folder.iterdir()):
        raise PlaygroundError(f"{folder} is there and is no playground's; name another with --folder")
    before = folder.with_name(f"{folder.name}-before")
    shutil.rmtree(before, ignore_errors=True)
    folder.rename(before)
    click.echo(f"The folders of the playground before this one are in {guide.shown(before, ROOT)}.")


def _seconds(text: str) -> int:
    match = re.fullmatch(r"(\d{1,9})([smhd])", text)
    seconds = int(match[1]) * _UNITS[match[2]] if match else -1
    if not 0 <= seconds <= _LONGEST:
        raise PlaygroundError(f"expected a time like 90s, 15m, 2h or 3d, ten years at most, got {text!r}")
    return seconds


def _refusing(action: Callable[[], None]) -> None:
    try:
        action()
    except DataDAOError as error:
        sys.exit(str(error))
    except FAILURES as error:
        sys.exit(f"The node or a file failed: {error}")
