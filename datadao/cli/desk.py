"""`datadao desk`: the HTTP service for members."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path

import click

from datadao.cli import relay as relaying
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.session import Session
from datadao.errors import InvalidArgument, PackageMissing
from datadao.relay.relay import open_journal

_GRACE = 10
"""Seconds in which requests under way may end."""


@command(cli, "desk")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; behind a proxy this one.")
@click.option("--port", type=click.IntRange(0, 65_535), default=8321, show_default=True, help="0 takes a free one.")
@click.option("--page", type=click.Path(path_type=Path), help="Folder of the built page to serve.")
@click.option("--relay", "relays", is_flag=True, help="Relay too, in this process, as `datadao relay run`.")
@click.option("--node", "nodes", multiple=True, metavar="URL", help="Node that the page may ask; repeatable.")
def desk(session: Session, host: str, port: int, page: Path | None, relays: bool, nodes: Sequence[str]) -> Outcome:
    """Serve members over HTTP: hand in files and signed requests, read what the chain says, open the page.

    Runs until it is interrupted or terminated. It holds no key but, with --relay, the one that pays; it can withhold
    what it is given, and neither change nor forge it.
    """
    try:
        import uvicorn

        from datadao.desk import web
        from datadao.desk.app import Desk, application
        from datadao.desk.static import Page, policy
        from datadao.desk.usage import Limits
    except ModuleNotFoundError as error:
        raise PackageMissing(str(error.name), "desk") from error
    allowed, static, limits = policy(nodes), Page(page) if page else None, Limits.of(session.profile.desk)
    beside = bool(session.profile.relay)
    kept = open_journal(session.dao, session.profile) if beside else None
    made = Desk.of(
        session.dao, session.store, session.board, session.catalog, session.index, session.home / "desk", limits,
        page=static, relay=session.address if beside else None, journal=lambda: kept,
    )  # fmt: skip
    app = application(made, allowed)
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
    with relaying.beside(session) if relays else nullcontext():
        server.run([bound])
    return Outcome({"address": address}, ("Stopped.",))
