"""`datadao status`: the DAO, and this role's part in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
from rich.table import Table

from datadao.chain.rpc import read_block
from datadao.cli.command import DONE, REFUSED, Outcome, command
from datadao.cli.main import cli
from datadao.cli.money import decimal
from datadao.cli.queries import TOKEN_DECIMALS
from datadao.cli.session import Session
from datadao.client import DataDAO, Terms
from datadao.ledger import audit as rebuild
from datadao.types import BatchStatus, LeaseStatus, word
from datadao.values import moment


@command(cli, "status")
def status(session: Session) -> Outcome:
    """Show supply, datasets, batches, leases, and what this account holds and may claim.

    In JSON, amounts are strings: of the asset in its smallest unit, of tokens and shares in units of 10^-9.
    """
    dao, money = session.dao, session.money
    head = read_block(dao.web3, "latest")
    document: dict[str, Any] = {
        "chainId": dao.id.chain_id,
        "block": head.number,
        "time": head.timestamp,
        "contracts": dao.addresses,
        "asset": {"address": money.address, "symbol": money.asset.symbol, "decimals": money.decimals},
        "token": {"symbol": dao.read("token", "symbol"), "supply": str(dao.read("token", "totalSupply"))},
        "datasets": _datasets(dao),
        "batches": _batches(dao),
        "leases": _leases(dao),
        "me": _me(session) if session.alias or session.profile.account else None,
    }
    return Outcome(document, tuple(_lines(session, document)))


def _numbered(dao: DataDAO, key: str, count: str, *views: str) -> Iterator[tuple[Any, ...]]:
    """Of everything that the contract counts: its number, and what the views say of it."""
    numbers = [(number,) for number in range(1, dao.read(key, count) + 1)]
    found = (dao.read_all(key, view, numbers) for view in views)
    return ((number, *answers) for (number,), *answers in zip(numbers, *found, strict=True))


def _fields(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


def _datasets(dao: DataDAO) -> list[dict[str, Any]]:
    return [
        {"id": number, "policyVersion": info.policyVersion, "purposes": policy.purposes,
         "minQualityBps": policy.minQuality, "minPricePerPeriod": str(policy.minPricePerPeriod),
         "minBond": str(policy.minBond), **_fields(policy, "schemaHash", "uri"),
         **_fields(info, "lastSequence", "erasures")}
        for number, info, policy in _numbered(dao, "registry", "datasetCount", "dataset", "currentPolicy")
    ]  # fmt: skip


def _batches(dao: DataDAO) -> list[dict[str, Any]]:
    return [
        {"id": number, **_fields(info, "datasetId", "sequence"), "status": word(BatchStatus(info.status)),
         "since": info.since, "shares": str(info.unresolvedShares), "unresolved": info.unresolvedCount}
        for number, info in _numbered(dao, "registry", "batchCount", "batch")
    ]  # fmt: skip


def _leases(dao: DataDAO) -> list[dict[str, Any]]:
    return [
        {"id": number, "datasetId": terms.dataset_id, "status": word(LeaseStatus(info.status)),
         "licensee": info.licensee, "purposes": terms.purposes, "pricePerPeriod": str(terms.price_per_period),
         "paidPeriods": info.paidPeriods, "periods": terms.periods, "paidUntil": info.paidUntil,
         "returnable": str(info.returnable)}
        for number, info, asked in _numbered(dao, "leases", "leaseCount", "lease", "leaseTerms")
        for terms in (Terms(*asked[0]),)
    ]  # fmt: skip


def _me(session: Session) -> dict[str, Any]:
    dao, address = session.dao, session.address
    pools = list(range(dao.read("registry", "datasetCount") + 1))
    shares = dao.read_all("splitter", "sharesOf", [(pool, address) for pool in pools[1:]])
    return {
        "account": address,
        "tokens": str(dao.read("token", "balanceOf", address)),
        "votes": str(dao.read("token", "getVotes", address)),
        "shares": {str(pool): str(held) for pool, held in zip(pools[1:], shares, strict=True)},
        "claimable": str(dao.read("splitter", "claimable", address, pools)),
        "modelCredit": str(dao.read("models", "creditOf", address)),
        "asset": str(session.money.read("balanceOf", address)),
    }


def _lines(session: Session, found: dict[str, Any]) -> list[Any]:
    def tokens(units: str) -> str:
        return decimal(int(units), TOKEN_DECIMALS)

    money, me = session.money, found["me"]
    symbol = found["token"]["symbol"]
    batches = Table("batch", "dataset", "status", "since", "shares left", "leaves left", title="Batches")
    for item in found["batches"]:
        shares, since = tokens(item["shares"]), moment(item["since"])
        cells: tuple[Any, ...] = (item["id"], item["datasetId"], item["status"], since, shares, item["unresolved"])
        batches.add_row(*map(str, cells))
    leases = Table("lease", "dataset", "status", "licensee", "rent a period", "paid", "until", title="Leases")
    for item in found["leases"]:
        paid, rent = f"{item['paidPeriods']}/{item['periods']}", money.text(int(item["pricePerPeriod"]))
        cells = (item["id"], item["datasetId"], item["status"], item["licensee"], rent, paid, moment(item["paidUntil"]))
        leases.add_row(*map(str, cells))
    lines: list[Any] = [
        f"Chain {found['chainId']}, block {found['block']}, {moment(found['time'])}",
        f"Supply {tokens(found['token']['supply'])} {symbol}; asset {money.symbol} at {money.address}",
        *(_dataset_line(session, item) for item in found["datasets"]),
        *(table for table in (batches, leases) if table.rows),
    ]
    if me:
        lines += [
            f"{me['account']}: {tokens(me['tokens'])} {symbol}, {tokens(me['votes'])} votes, "
            f"{money.text(int(me['asset']))}",
            f"Claimable income {money.text(int(me['claimable']))}; model credit {money.text(int(me['modelCredit']))}",
        ]
    return lines


def _dataset_line(session: Session, item: dict[str, Any]) -> str:
    money = session.money
    return (
        f"Dataset {item['id']} ({item['uri']}): rent at least {money.text(int(item['minPricePerPeriod']))} a period, "
        f"bond {money.text(int(item['minBond']))}, quality {item['minQualityBps'] / 100:g} %, {item['erasures']} erased"
    )


@command(cli, "audit")
@click.option("--from-block", type=click.IntRange(0), help="Read events from here on; the deployment's block if not.")
def audit(session: Session, from_block: int | None) -> Outcome:
    """Rebuild all books from events and compare them with the chain, to the unit.

    Tokens, votes, shares, income, batches, leases, models and proposals; needs no account and no archive node. Lists
    every difference, and exits with 1 if there is one. In JSON, values are strings.
    """
    report = rebuild(session.dao, from_block)
    return Outcome(report.as_json(), tuple(report.render().splitlines()), DONE if report.ok else REFUSED)
