"""Rebuilds a DAO's books from its events alone and compares them with what the chain answers, to the unit.

    report = audit(DataDAO.recorded(Path("deployments")))
    if not report.ok:
        print(report.render())

`fold` is pure and takes events from any source; `audit` reads them, and the chain's answers, at one block.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from web3 import Web3

from datadao.audit.asset import DOORS
from datadao.audit.book import RULES, Difference, Fact, Rules
from datadao.audit.events import ASSET, Event, decode, topic
from datadao.audit.ledger import Ledger, fold
from datadao.audit.report import Report, calls, compare, report
from datadao.chain import CONTRACTS, Call, read_logs, read_many, try_many
from datadao.errors import GateUnavailable, InvalidArgument

__all__ = ["Difference", "Event", "Fact", "Ledger", "Report", "Rules", "audit", "compare", "decode", "fold"]


class Connected(Protocol):
    """A DAO on a chain: `datadao.client.DataDAO`, for one."""

    @property
    def web3(self) -> Web3: ...

    @property
    def addresses(self) -> Mapping[str, str]: ...

    @property
    def since(self) -> int: ...


def audit(dao: Connected, from_block: int | None = None) -> Report:
    """Rebuilds the books from the events since `from_block`, `dao.since` unless given, and compares every fact.

    Logs are read in as large ranges as the node gives; view calls go in batches and need no archive, as they ask the
    block that was the latest when the audit began. Raises `InvalidArgument` when the DAO was born before `from_block`,
    `NodeRefused` when the node does not answer, `GateUnavailable` when the block changed meanwhile.
    """
    web3, addresses = dao.web3, dao.addresses
    first = dao.since if from_block is None else from_block
    head = web3.eth.get_block("latest")
    number = int(head["number"])
    setup = [Call(addresses[key], CONTRACTS[key], view, ()) for key, view in RULES]
    *rules, asset = read_many(web3, [*setup, Call(addresses["splitter"], CONTRACTS["splitter"], "asset", ())], number)
    addresses = {**addresses, ASSET: Web3.to_checksum_address(asset)}
    logs = read_logs(web3, [addresses[key] for key in CONTRACTS], first, number)
    paid_by = [bytes.fromhex(addresses[key][2:]).rjust(32, b"\0") for key in DOORS]
    logs += read_logs(web3, [addresses[ASSET]], first, number, [topic("DataToken", "Transfer")], paid_by)
    events = list(decode(logs, addresses))
    # The first contract of a DAO speaks in its constructor, and never again in these words.
    if not any(e.name == "MinDelayChange" and e.told["oldDuration"] == 0 for e in events):
        raise InvalidArgument(f"the DAO at {addresses['timelock']} was not born in blocks {first} to {number}")
    ledger = fold(events, addresses, Rules(*rules), int(head["timestamp"]))
    facts = list(ledger.facts())
    answers = try_many(web3, calls(facts, addresses), number)
    if web3.eth.get_block(number)["hash"] != head["hash"]:
        raise GateUnavailable(f"block {number} changed while it was read; try again")
    return report(ledger, facts, answers, number)
