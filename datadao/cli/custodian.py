"""`datadao custodian`: one round, or rounds until it is stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING

import click

from datadao.cli.frame import DONE, PARTLY, Outcome, command
from datadao.cli.groups import custodian
from datadao.cli.keys import key_option
from datadao.text import LogFormatter, visible_log

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.seats import Seats

log = visible_log("datadao.custodian")


@command(custodian, "once")
@key_option("Key of the seat.")
def once(session: Session, key_name: str) -> Outcome:
    """Test-open new submissions, prepare approved leases, release to running ones. Once."""
    with opened(session, key_name) as seats:
        rounds = {watch.name: watch.round() for watch in seats.watches}
    tested = sum(done.tested for done in rounds.values())
    refused = sum(len(done.refused) for done in rounds.values())
    leases = [
        {"seat": name, "lease": number, "released": found.released, "held": found.held,
         "refused": {i.hex(): str(reason) for i, reason in found.refused.items()},
         "error": str(found.error) if found.error else None}
        for name, done in rounds.items()
        for number, found in done.leases.items()
    ]  # fmt: skip
    served = [f"{name}: lease {i}: {found}" for name, done in rounds.items() for i, found in done.leases.items()]
    stopped = [f"{name}: submissions: {done.error}" for name, done in rounds.items() if done.error]
    document = {"testOpened": tested, "testRefused": refused, "leases": leases}
    trouble = refused or stopped or any(item["refused"] or item["error"] for item in leases)
    lines = (f"{tested} new submissions open, {refused} do not.", *stopped, *served)
    return Outcome(document, lines, PARTLY if trouble else DONE)


@command(custodian, "run")
@key_option("Key of the seat.")
@click.option("--interval", type=click.FloatRange(0.1), default=15.0, show_default=True, help="Seconds between rounds.")
def run(session: Session, key_name: str, interval: float) -> Outcome:
    """Do what `once` does, round after round, until interrupted or told to terminate.

    The round under way is finished first. What happens is logged on stderr, one line for each thing that is new.
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened(session, key_name) as seats:
        rounds = seats.run(stop, interval)
    return Outcome({"rounds": rounds}, (f"Stopped after {rounds} rounds.",))


@contextmanager
def opened(session: Session, key_name: str) -> Iterator[Seats]:
    """The seats that the role's key holds or held; what goes wrong with them is logged on stderr."""
    from datadao.seats import open_seats

    stderr = logging.StreamHandler()
    stderr.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[stderr], level=logging.WARNING)
    log.setLevel(logging.INFO)
    seats = open_seats(session.dao, session.profile, session.sign, [key_name])
    try:
        yield seats
    finally:
        seats.close()
