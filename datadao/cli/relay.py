"""`datadao relay`: sends what members signed, and pays."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

import click

from datadao.cli.command import DONE, PARTLY, Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.money import decimal
from datadao.cli.session import Session
from datadao.relay.journal import Batch
from datadao.relay.relay import Relay, open_journal, open_relay, rounds, summary
from datadao.text import LogFormatter, visible_log

_NATIVE = 18


@cli.group(cls=Registered)
def relay() -> None:
    """Send ballots, claims, erasures and heirs' messages that members signed, and pay for them within limits."""


@command(relay, "once")
def once(session: Session) -> Outcome:
    """Send what is due, once. Budgets stand in config.yaml under `relay`."""
    done = opened(session).round()
    lines = [summary(batch) for batch in done.sent]
    lines.append(f"{done.dropped} requests dropped, {done.waiting} wait.")
    if done.stopped:
        lines.append(f"Stopped: {done.stopped}")
    document = {
        "batches": [_batch(batch) for batch in done.sent], "dropped": done.dropped, "waiting": done.waiting,
        "stopped": done.stopped or None,
    }  # fmt: skip
    return Outcome(document, tuple(lines), PARTLY if done.stopped else DONE)


@command(relay, "run")
@click.option("--interval", type=click.FloatRange(0.1), default=15.0, show_default=True, help="Seconds between rounds.")
def run(session: Session, interval: float) -> Outcome:
    """Do what `once` does, round after round, until interrupted or terminated; a round under way is finished."""
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    logged()
    count = rounds(opened(session), stop, interval)
    return Outcome({"rounds": count}, (f"Stopped after {count} rounds.",))


@command(relay, "report")
@click.option("--last", type=click.IntRange(1, 10_000), default=20, show_default=True, help="So many of each.")
def report(session: Session, last: int) -> Outcome:
    """Show what the newest batches cost and saved, what today cost, and why requests were dropped."""
    kept = open_journal(session.dao, session.profile)
    batches, dropped, spent = kept.batches(last), kept.dropped(last), kept.spent()
    lines = [summary(batch) for batch in batches]
    lines += [f"{row['kind']} of {row['account']} dropped: {row['reason']}" for row in dropped]
    lines.append(f"Today {decimal(spent, _NATIVE)} {session.symbol} are spent.")
    rows = [row | {"id": row["id"]} for row in dropped]
    document = {"batches": [_batch(batch) for batch in batches], "dropped": rows, "spentToday": str(spent)}
    return Outcome(document, tuple(lines))


@contextmanager
def beside(session: Session, interval: float = 15.0) -> Iterator[None]:
    """A relay in a thread while this is entered; its round under way is finished at the end."""
    stop, opened_ = Event(), opened(session)
    logged()
    thread = Thread(target=rounds, args=(opened_, stop, interval), name="relay")
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def logged() -> None:
    """What happens is logged on stderr, one line for each thing that is new."""
    stderr = logging.StreamHandler()
    stderr.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[stderr], level=logging.WARNING)
    visible_log("datadao.relay").setLevel(logging.INFO)


def opened(session: Session) -> Relay:
    """The relay of a role's folder, whose account is unlocked."""
    session.unlock()
    return open_relay(session.dao, session.profile, session.account, session.board, session.catalog, session.patience)


def _batch(batch: Batch) -> dict[str, Any]:
    return {
        "kind": batch.kind, "state": batch.state, "requests": len(batch.items), "gas": batch.gas,
        "gasLimit": batch.attempts[-1].gas, "wei": str(batch.wei), "aloneGas": batch.alone,
        "transaction": batch.attempts[-1].hash,
    }  # fmt: skip
