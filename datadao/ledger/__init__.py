"""Rebuilds a DAO's books from its events alone and compares them with what the chain answers, to the unit.

    report = audit(DataDAO.recorded(Path("deployments"), web3))
    if not report.ok:
        print(report.render())

`fold` is pure and takes events from any source; `audit` reads them, and the chain's answers, at one block.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from eth_utils import to_checksum_address

from datadao.chain.codec import CONTRACTS
from datadao.chain.connected import Connected
from datadao.chain.connection import Web3
from datadao.chain.events import ASSET, Event, decode, topic
from datadao.chain.rpc import Block, Call, Log, confirm, logs_then_block, read_block, read_logs, read_many, try_many
from datadao.errors import ChainUnavailable, InvalidArgument, Malformed
from datadao.ledger.asset import DOORS
from datadao.ledger.base import RULES, Difference, Rules, View
from datadao.ledger.compare import Report, calls, compare, report
from datadao.ledger.ledger import Ledger, fold

if TYPE_CHECKING:
    from datadao.index import Index

__all__ = ["Difference", "Event", "Ledger", "Report", "Rules", "View", "audit", "compare", "decode", "fold"]


def audit(dao: Connected, from_block: int | None = None, index: Index | None = None, *, every: bool = True) -> Report:
    """Rebuilds the books from the events since `from_block`, `dao.since` unless given, and compares every fact.

    Logs are read in as large ranges as the node gives; with `index` only what is new since it was last used. View calls
    go in batches and need no archive, as they ask the block that is the latest once the events are read. Unless `every`
    fact is asked for, those that an earlier audit with this `index` found to be so and that rest on nothing new are
    asked by sample, 250 each time. A difference that the node itself may have made is none: events that it gives
    otherwise when asked again, or fewer than the contracts count.

    Raises `InvalidArgument` when the DAO was deployed before `from_block`, `NodeRefused` when the node does not answer,
    `ChainUnavailable` when the block changed meanwhile or the events are not complete, `IndexUnusable`.
    """
    web3 = dao.web3
    first = dao.since if from_block is None else from_block
    now = read_block(web3, "latest").number
    (asset,) = read_many(web3, [Call(dao.addresses["splitter"], CONTRACTS["splitter"], "asset", ())], now)
    addresses = {**dao.addresses, ASSET: to_checksum_address(asset)}
    if index is not None and first == dao.since:
        with suppress(InvalidArgument, Malformed):
            head, logs = _indexed(index, addresses)
            known = {} if every else index.verified()
            found, asked = _compared(web3, addresses, first, head, logs, known)
            if found.ok:
                index.verify(asked)
                return found
        index.clear()  # it may be the index that is wrong: the chain is asked for everything
    logs, head = logs_then_block(web3, "latest", first, lambda start, last: _logs(web3, addresses, start, last))
    found, _ = _compared(web3, addresses, first, head, logs, {})
    if not found.ok:
        _refuse_incomplete(found)
        if sorted(_again(web3, addresses, first, head)) != sorted(logs):
            raise ChainUnavailable("the node gives other events when it is asked again; try again, or name another")
    return found


def _indexed(index: Index, addresses: Mapping[str, str]) -> tuple[Block, list[Log]]:
    """The newest block, and all events up to it."""
    head = index.sync()
    if index.sync_asset(addresses[ASSET], [addresses[key] for key in DOORS]).number < head.number:
        raise ChainUnavailable(f"the node showed block {head.number}, and not to every question; try again")
    return head, index.logs(last=head.number)


def _compared(
    web3: Web3, addresses: Mapping[str, str], first: int, head: Block, logs: Sequence[Log], known: Mapping[str, str]
) -> tuple[Report, dict[str, str]]:
    """The outcome, and the facts that were asked for; `known` are those that need not be."""
    setup = [Call(addresses[key], CONTRACTS[key], view, ()) for key, view in RULES]
    rules = Rules(*read_many(web3, setup, head.number))
    events = list(decode(logs, addresses))
    # A DAO's first contract emits this in its constructor, and only there with 0.
    if not any(e.name == "MinDelayChange" and e.fields["oldDuration"] == 0 for e in events):
        raise InvalidArgument(
            f"the DAO at {addresses['timelock']} was not deployed in blocks {first} to {head.number}, or the node no "
            "longer has the events of that time"
        )
    ledger = fold(events, addresses, rules, head.timestamp)
    asked: dict[str, str] = {}

    def due(views: Iterable[View]) -> list[View]:
        new: list[View] = []
        old: list[View] = []
        for each in views:
            name, rests = _digest(each[:3] + each[4:6]), _digest(each.rebuilt if each.basis is None else each.basis)
            is_known = known.get(name) == rests and each.arguments and not each.least
            (old if is_known else new).append(each)
            asked[name] = rests
        return new + random.sample(old, min(len(old), _SAMPLE))

    found = report(ledger, lambda views: try_many(web3, calls(views, addresses), head.number), head.number, due)
    confirm(web3, head)
    return found, asked


def _digest(value: Any) -> str:
    return "0x" + sha256(repr(value).encode()).hexdigest()


_SAMPLE = 250
"""Facts that are asked for again although nothing new bears on them: one request."""

_COUNTS = {
    f"{view}()"
    for view in (
        *("registry.datasetCount", "registry.batchCount", "registry.attestorSetVersion", "registry.committeeVersion"),
        *("leases.leaseCount", "leases.offerCount", "models.modelCount"),
    )
}
"""Views that count what events report one by one."""

_PARTS = 8
"""Smaller questions that are asked instead of one, to see whether it was answered in full."""


def _logs(web3: Web3, addresses: Mapping[str, str], first: int, last: Block) -> list[Log]:
    logs = read_logs(web3, [addresses[key] for key in CONTRACTS], first, last)
    paid_by = [bytes.fromhex(addresses[key][2:]).rjust(32, b"\0") for key in DOORS]
    return logs + read_logs(web3, [addresses[ASSET]], first, last, [topic("DataToken", "Transfer")], paid_by)


def _again(web3: Web3, addresses: Mapping[str, str], first: int, last: Block) -> list[Log]:
    """The same in smaller questions, which a node that caps its answers gives more to."""
    size = -(-(last.number + 1 - first) // _PARTS)
    logs: list[Log] = []
    for start in range(first, last.number + 1, size):
        end = start + size - 1
        logs += _logs(web3, addresses, start, last if end >= last.number else read_block(web3, end))
    return logs


def _refuse_incomplete(found: Report) -> None:
    for what, rebuilt, chain in found.differences:
        if what in _COUNTS and isinstance(chain, int) and chain > rebuilt:
            raise ChainUnavailable(
                f"the node's events are not complete: {what.removesuffix('()')} is {chain}, they account for "
                f"{rebuilt}; it cuts its answers short or no longer has old events: try again, or name another"
            )
