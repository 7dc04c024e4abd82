"""`datadao custodian`: one round, or rounds until it is stopped."""

from __future__ import annotations

import logging
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event
from typing import Any

import click

from datadao.cli.command import DONE, PARTLY, Outcome, command
from datadao.cli.main import Registered, cli
from datadao.cli.session import Session
from datadao.cli.setup import key_option
from datadao.custodian import succession
from datadao.custodian.custodian import Custodian
from datadao.custodian.manifests import Manifests
from datadao.custodian.slots import Slots, open_slots
from datadao.text import LogFormatter, visible_log
from datadao.types import Contribution


@cli.group(cls=Registered)
def custodian() -> None:
    """Keep shares of file keys, and release them to running leases."""


log = visible_log("datadao.custodian")


@command(custodian, "once")
@key_option("Key of the slot.")
def once(session: Session, key_name: str) -> Outcome:
    """Test-open new submissions, prepare approved leases, release to running ones. Once."""
    with opened(session, key_name) as slots:
        rounds = {service.name: service.round() for service in slots.services}
    tested = sum(done.tested for done in rounds.values())
    refused = sum(len(done.refused) for done in rounds.values())
    leases = [
        {"slot": name, "lease": number, "released": found.released, "held": found.held,
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
@key_option("Key of the slot.")
@click.option("--interval", type=click.FloatRange(0.1), default=15.0, show_default=True, help="Seconds between rounds.")
def run(session: Session, key_name: str, interval: float) -> Outcome:
    """Do what `once` does, round after round, until interrupted or terminated.

    The round under way is finished first. What happens is logged on stderr, one line for each thing that is new.
    """
    stop = Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    with opened(session, key_name) as slots:
        rounds = slots.run(stop, interval)
    return Outcome({"rounds": rounds}, (f"Stopped after {rounds} rounds.",))


@contextmanager
def opened(session: Session, key_name: str) -> Iterator[Slots]:
    """The slots that the role's key holds or held; what goes wrong with them is logged on stderr."""
    stderr = logging.StreamHandler()
    stderr.setFormatter(LogFormatter("%(asctime)s %(levelname)s %(message)s"))
    logging.basicConfig(handlers=[stderr], level=logging.WARNING)
    log.setLevel(logging.INFO)
    slots = open_slots(session.dao, session.profile, session.sign, [key_name])
    try:
        yield slots
    finally:
        slots.close()


@command(custodian, "hand-over")
@key_option("The leaver's key.")
def hand_over(session: Session, key_name: str) -> Outcome:
    """Reseal the shares of slots that this key held to who holds them now.

    Repeat it until every file is confirmed and no more of them come; only then destroy the key.
    """
    with opened(session, key_name) as slots:
        done = [(leaver, succession.hand_over(leaver, _contributions(leaver))) for leaver in slots.left]
    rows = [
        {"committee_version": leaver.committee_version, "slot": leaver.slot, "successor": found.successor.signer,
         "sent": found.sent, "confirmed": found.confirmed,
         "refused": {i.hex(): str(why) for i, why in found.refused.items()}}
        for leaver, found in done
    ]  # fmt: skip
    lines = [
        f"Slot {leaver.committee_version}-{leaver.slot}: {found.sent} files sent to {found.successor.signer}, "
        f"{found.confirmed} confirmed; {len(found.refused)} do not open with this key."
        for leaver, found in done
    ]
    finished = all(found.sent == found.confirmed for _, found in done)
    return Outcome({"slots": rows}, tuple(lines) or ("This key left no slot.",), DONE if finished else PARTLY)


@command(custodian, "take-over")
@key_option("The successor's key.")
def take_over(session: Session, key_name: str) -> Outcome:
    """Check and keep what former holders of this key's slots handed over, and confirm it.

    Stop `run` first, and start it again afterwards.
    """
    with opened(session, key_name) as slots:
        done = [
            (service.name, succession.take_over(service.custodian, _contributions(service.custodian)))
            for service in slots.services
        ]
    rows: list[dict[str, Any]] = [
        {"slot": name, "kept": found.kept, "missing": {i.hex(): str(why) for i, why in found.missing.items()},
         "faults": [{"name": fault.name, "culprit": fault.culprit, "files": len(fault.ids), "reason": str(fault.reason)}
                    for fault in found.faults]}
        for name, found in done
    ]  # fmt: skip
    lines = [f"{row['slot']}: {row['kept']} shares kept, {len(row['missing'])} files missing." for row in rows]
    lines += [
        f"{row['slot']}: {fault['culprit'] or 'no culprit'}: {fault['reason']} ({fault['files']} files)"
        for row in rows
        for fault in row["faults"]
    ]
    whole = not any(row["missing"] or row["faults"] for row in rows)
    return Outcome({"slots": rows}, tuple(lines) or ("This key holds no slot.",), DONE if whole else PARTLY)


def _contributions(custodian: Custodian) -> list[Contribution]:
    return Manifests(custodian.dao, custodian.checks, custodian.store).contributions()
