"""`datadao custodian`: one round, or rounds until it is stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import TYPE_CHECKING, Any

import click

from datadao.cli.frame import DONE, PARTLY, Outcome, command
from datadao.cli.groups import custodian
from datadao.cli.keys import key_option
from datadao.errors import DataDAOError

if TYPE_CHECKING:
    from datadao.cli.session import Session
    from datadao.seats import Seats
    from datadao.witnessing import Bench

log = logging.getLogger("datadao.custodian")


@command(custodian, "once")
@key_option("Key of the seat.")
def once(session: Session, key_name: str) -> Outcome:
    """Test-open new submissions, prepare approved leases, release to running ones. Once."""
    with _opened(session, key_name) as (seats, benches):
        tested = [_test(session, bench) for bench in benches]
        rounds = {watch.name: watch.round() for watch in seats.watches}
    opened, refused = sum(number for number, _ in tested), sum(len(left) for _, left in tested)
    leases = [
        {"seat": name, "lease": number, "released": found.released, "held": found.held,
         "refused": {i.hex(): str(reason) for i, reason in found.refused.items()},
         "error": str(found.error) if found.error else None}
        for name, outcomes in rounds.items()
        for number, found in outcomes.items()
    ]  # fmt: skip
    lines = [f"{name}: lease {number}: {found}" for name, served in rounds.items() for number, found in served.items()]
    document = {"testOpened": opened, "testRefused": refused, "leases": leases}
    trouble = refused or any(item["refused"] or item["error"] for item in leases)
    return Outcome(document, (f"{opened} new submissions open, {refused} do not.", *lines), PARTLY if trouble else DONE)


@command(custodian, "run")
@key_option("Key of the seat.")
@click.option("--interval", type=click.FloatRange(0.1), default=15.0, show_default=True, help="Seconds between rounds.")
def run(session: Session, key_name: str, interval: float) -> Outcome:
    """Do what `once` does, round after round, until interrupted or told to terminate.

    The round under way is finished first. What happens is logged on stderr, one line for each thing that is new.
    """
    stop, rounds, told = Event(), 0, ""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with _opened(session, key_name) as (seats, benches):
        while not stop.is_set():
            try:
                for bench in benches:
                    _test(session, bench)
                for watch in seats.watches:
                    watch.round()
                rounds, told = rounds + 1, ""
            except DataDAOError as error:  # nodes and storage come back
                if str(error) != told:
                    told = str(error)
                    log.warning("%s: %s", type(error).__name__, session.discreet(told))
            stop.wait(interval)
    return Outcome({"rounds": rounds}, (f"Stopped after {rounds} rounds.",))


@contextmanager
def _opened(session: Session, key_name: str) -> Iterator[tuple[Seats, list[Bench]]]:
    """The seats of this role, and for those of the current committee what test-opens submissions."""
    from datadao.seats import open_seats
    from datadao.witnessing import Bench

    logging.basicConfig(format="%(asctime)s %(levelname)s %(message)s", level=logging.WARNING)
    log.setLevel(logging.INFO)
    dao = session.dao
    session.key(key_name)
    seats = open_seats(dao, session.profile, session.sign, [key_name])
    try:
        current = dao.registry.committeeEpoch()
        seated = [watch.custodian for watch in seats.watches if watch.custodian.epoch == current]
        yield seats, [Bench(each, session.board) for each in seated]
    finally:
        seats.close()


def _test(session: Session, bench: Bench) -> tuple[int, Any]:
    opened, refused = bench.round(range(1, session.dao.registry.datasetCount() + 1))
    if opened:
        log.info("%d submissions test-opened", opened)
    for name, reason in refused.items():
        log.warning("submission %s: %s: %s", name.hex(), type(reason).__name__, reason)
    return opened, refused
