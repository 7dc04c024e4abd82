"""The books of a DAO, rebuilt from its chain's events: X-3, in process without a node."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.system import System
from datadao.chain.events import ASSET
from datadao.chain.rpc import Log
from datadao.errors import Reverted as Refused
from datadao.ledger import Event, Ledger, Report, Rules, View, audit, decode, fold
from datadao.ledger.asset import DOORS
from datadao.ledger.base import RULES
from datadao.ledger.compare import calls, report

_READER = "0x" + "00" * 19 + "fd"


def events_of(dao: System) -> list[Event]:
    """All events of the DAO since its creation, and what the asset says of money that leaves it."""
    addresses = {**dao.addresses, ASSET: dao.asset.address}
    said = zip(dao.chain.logs, dao.chain.log_times, strict=True)
    logs = (Log(log.address, log.topics, log.data, time, f"log {number}") for number, (log, time) in enumerate(said))
    doors = {dao.addresses[key].lower() for key in DOORS}
    return [e for e in decode(logs, addresses) if e.contract != ASSET or e.fields.get("from") in doors]


def fold_of(dao: System, events: Sequence[Event]) -> Ledger:
    """The books of these events, closed now."""
    rules = Rules(*(getattr(getattr(dao, key), view)() for key, view in RULES))
    return fold(events, dao.addresses, rules, dao.chain.timestamp)


def answers_of(dao: System, views: Sequence[View]) -> list[Any]:
    """What the chain answers to the views."""
    answers: list[Any] = []
    for call in calls(views, {**dao.addresses, ASSET: dao.asset.address}):
        try:
            answers.append(call.decode(dao.chain.call(_READER, call.to, call.data)))
        except Reverted as refusal:
            answers.append(Refused(call.function, str(refusal), b""))
    return answers


def audited(dao: System, events: Sequence[Event] | None = None) -> Report:
    """The audit of a DAO; of other events than the DAO's own, if given. On a node it is the one that users run."""
    if isinstance(dao.chain, Anvil):
        assert events is None, "other events are for a DAO in process"
        return audit(_OnNode(dao))
    ledger = fold_of(dao, events_of(dao) if events is None else events)
    return report(ledger, partial(answers_of, dao), dao.chain.number)


class _OnNode:
    """The harness's DAO as `audit` takes one."""

    def __init__(self, dao: System) -> None:
        self.web3, self.addresses, self.since = dao.chain.web3, dao.addresses, 0
