"""`datadao desk`: the HTTP service for members."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from pathlib import Path

import click

from datadao.chain.signatures import checker
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.relay import journal
from datadao.cli.session import Session
from datadao.errors import InvalidArgument, PackageMissing
from datadao.relay.judge import Judge

_GRACE = 10
"""Seconds in which requests under way may end."""


@command(cli, "desk")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; behind a proxy this one.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8321, show_default=True, help="0 takes a free one.")
@click.option("--page", type=click.Path(path_type=Path), help="Folder of the built page to serve.")
@click.option("--node", "nodes", multiple=True, metavar="URL", help="Node that the page may ask; repeatable.")
def desk(session: Session, host: str, port: int, page: Path | None, nodes: Sequence[str]) -> Outcome:
    """Serve members over HTTP: hand in files and signed requests, read what the chain says, open the page.

    Runs until it is interrupted or terminated. It holds no key; it can withhold what it is given, and neither change
    nor forge it.
    """
    try:
        import uvicorn

        from datadao.desk import web
        from datadao.desk.app import Desk, application
        from datadao.desk.door import Door
        from datadao.desk.inbox import Inbox
        from datadao.desk.reads import Reads
        from datadao.desk.static import Page, policy
        from datadao.desk.usage import Limits, Usage
    except ModuleNotFoundError as error:
        raise PackageMissing(str(error.name), "desk") from error
    allowed = policy(nodes)
    static, limits, folder = Page(page) if page else None, Limits.of(session.profile.desk), session.home / "desk"
    usage, check = Usage(folder), checker(session.dao.web3)
    inbox = Inbox(session.dao, session.store, session.board, usage, limits, check, folder)
    runs = bool(session.profile.relay)
    judge = Judge(session.dao, session.catalog, check)
    door = Door(session.dao, session.board, usage, limits, judge, lambda: journal(session) if runs else None)
    reads = Reads(session.dao, session.catalog, limits, session.address if runs else None)
    app = application(Desk(inbox, reads, session.store, door, static), allowed)
    web.quiet()
    server = uvicorn.Server(
        uvicorn.Config(
            app, host, port, log_level="warning", access_log=False, server_header=False, limit_concurrency=200,
            timeout_graceful_shutdown=_GRACE, lifespan="off",
        )
    )  # fmt: skip
    for number in (signal.SIGINT, signal.SIGTERM):  # which the server hands back when it has ended
        signal.signal(number, lambda *_: None)
    try:
        bound = server.config.bind_socket()
    except SystemExit:
        raise InvalidArgument(f"cannot listen at {host} port {port}: it is taken, or not this machine's") from None
    address = f"http://{host}:{bound.getsockname()[1]}"
    shown = f", page {static.sha256}" if static else ""
    session.say("[bold]Listening:[/bold]", f"{address}{shown}; {address}/api describes it.")
    server.run([bound])
    return Outcome({"address": address}, ("Stopped.",))
