"""`datadao index`: what happened in the DAO as tables that anyone can query, kept up to date."""

from __future__ import annotations

import signal
from threading import Event

import click

from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.session import Session
from datadao.errors import ChainUnavailable, NodeRefused
from datadao.index import TABLES, Index


@command(cli, "index")
@click.option("--to", metavar="WHERE", envvar="DATADAO_INDEX",
              help="A file, or postgresql://...; $DATADAO_INDEX, else index.sqlite in the role's folder.")  # fmt: skip
@click.option("--follow", is_flag=True, help="Go on until interrupted or terminated.")
@click.option("--interval", type=click.FloatRange(0.1), default=12.0, show_default=True, help="Seconds between looks.")
def index(session: Session, to: str | None, follow: bool, interval: float) -> Outcome:
    """Write members, contributions, pools, payouts, leases, proposals and ballots into a database, up to the newest
    block.

    Only what is new is read; a file that is deleted is written anew. docs/index.md describes the tables.
    """
    if to is None:
        return _outcome(session.index, session, follow=follow, interval=interval)
    with Index(to, session.dao) as other:
        return _outcome(other, session, follow=follow, interval=interval)


def _outcome(index: Index, session: Session, *, follow: bool, interval: float) -> Outcome:
    head = index.sync_checked()
    if follow:
        stop = Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stop.set())
        session.say(f"Following from block {head.number}.")
        while not stop.wait(interval):
            try:
                head = index.sync_checked()
            except (ChainUnavailable, NodeRefused) as error:
                session.say("[yellow]Waiting:[/yellow]", str(error))
    counts = {name: index.count(name) for name in TABLES}
    shown = ", ".join(f"{count:,} {name}" for name, count in counts.items() if count)
    lines = (f"{index.database.name} is at block {head.number}.", f"It has {shown or 'nothing yet'}.")
    return Outcome({"index": index.database.name, "block": head.number, "rows": counts}, lines)
