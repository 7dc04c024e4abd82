"""`datadao status`: the DAO, and this role's part in it."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from typing import Any

import click
from rich.table import Table

from datadao.chain.rpc import read_block
from datadao.cli.command import DONE, REFUSED, Outcome, command
from datadao.cli.main import cli
from datadao.cli.money import decimal
from datadao.cli.queries import TOKEN_DECIMALS
from datadao.cli.session import Session
from datadao.client import Terms
from datadao.proposals import Succession
from datadao.types import BatchStatus, LeaseStatus, word
from datadao.values import moment

_SUMMARY = (
    ("token", "symbol"),
    ("token", "totalSupply"),
    ("registry", "datasetCount"),
    ("registry", "batchCount"),
    ("leases", "leaseCount"),
)


@command(cli, "status")
def status(session: Session) -> Outcome:
    """Show supply, datasets, batches, leases, and what this account holds and may claim.

    In JSON, amounts are strings: of the asset in its smallest unit, of tokens and shares in units of 10^-9.
    """
    dao, money = session.dao, session.money
    head = read_block(dao.web3, "latest")
    symbol, supply, datasets, batches, leases = dao.read_together(_SUMMARY, head.number)
    views = {"dataset": datasets, "currentPolicy": datasets, "batch": batches, "lease": leases, "leaseTerms": leases}
    keys = dict.fromkeys(views, "registry") | {"lease": "leases", "leaseTerms": "leases"}
    asked = [(keys[view], view, number) for view, count in views.items() for number in range(1, count + 1)]
    mine = session.address if session.alias or session.profile.account else None
    # All in one request: what is counted, view by view, then what the account holds.
    answers = iter(dao.read_together([*asked, *(_held(mine, datasets) if mine else ())], head.number))
    found = {view: list(islice(answers, count)) for view, count in views.items()}
    document: dict[str, Any] = {
        "chainId": dao.id.chain_id,
        "block": head.number,
        "time": head.timestamp,
        "contracts": dao.addresses,
        "asset": {"address": money.address, "symbol": money.asset.symbol, "decimals": money.decimals},
        "token": {"symbol": symbol, "supply": str(supply)},
        "datasets": _datasets(zip(found["dataset"], found["currentPolicy"], strict=True)),
        "batches": _batches(found["batch"]),
        "leases": _leases(zip(found["lease"], found["leaseTerms"], strict=True)),
        "me": _me(mine, str(money.read("balanceOf", mine, block=head.number)), answers) if mine else None,
    }
    return Outcome(document, tuple(_lines(session, document)))


def _fields(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


def _datasets(found: Iterable[tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": number, "policyVersion": info.policyVersion, "purposes": policy.purposes,
         "minQualityBps": policy.minQuality, "minPricePerPeriod": str(policy.minPricePerPeriod),
         "minBond": str(policy.minBond), **_fields(policy, "schemaHash", "uri"),
         **_fields(info, "lastSequence", "erasures")}
        for number, (info, policy) in enumerate(found, 1)
    ]  # fmt: skip


def _batches(found: Iterable[Any]) -> list[dict[str, Any]]:
    return [
        {"id": number, **_fields(info, "datasetId", "sequence"), "status": word(BatchStatus(info.status)),
         "since": info.since, "shares": str(info.unresolvedShares), "unresolved": info.unresolvedCount}
        for number, info in enumerate(found, 1)
    ]  # fmt: skip


def _leases(found: Iterable[tuple[Any, Any]]) -> list[dict[str, Any]]:
    return [
        {"id": number, "datasetId": terms.dataset_id, "status": word(LeaseStatus(info.status)),
         "licensee": info.licensee, "purposes": terms.purposes, "pricePerPeriod": str(terms.price_per_period),
         "paidPeriods": info.paidPeriods, "periods": terms.periods, "paidUntil": info.paidUntil,
         "returnable": str(info.returnable)}
        for number, (info, asked) in enumerate(found, 1)
        for terms in (Terms(*asked[0]),)
    ]  # fmt: skip


def _held(account: str, datasets: int) -> list[tuple[Any, ...]]:
    """What says how much the account holds and may claim."""
    return [
        ("token", "balanceOf", account),
        ("token", "getVotes", account),
        ("splitter", "claimable", account, list(range(datasets + 1))),
        ("models", "creditOf", account),
        ("token", "succession", account),
        *(("splitter", "sharesOf", pool, account) for pool in range(1, datasets + 1)),
    ]


def _me(account: str, asset: str, held: Iterable[Any]) -> dict[str, Any]:
    tokens, votes, claimable, credit, succession, *shares = held
    tokens, votes, claimable, credit = map(str, (tokens, votes, claimable, credit))
    found = Succession(*succession)
    return {
        "account": account,
        "tokens": tokens,
        "votes": votes,
        "shares": {str(pool): str(amount) for pool, amount in enumerate(shares, 1)},
        "claimable": claimable,
        "modelCredit": credit,
        "asset": asset,
        "heir": found.heir,
        "vetoUntil": None if found.is_succeeded else found.due or None,
        "succeeded": found.is_succeeded,
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
        if me["succeeded"]:
            lines.append("An heir has taken the place of this account; see `datadao heir show`.")
        elif me["vetoUntil"] and found["time"] >= me["vetoUntil"]:
            lines.append(
                f"WARNING: a veto comes too late. Any account can give {me['heir']} all that this account has since "
                f"{moment(me['vetoUntil'])}; see `datadao heir show`."
            )
        elif me["vetoUntil"]:
            lines.append(
                f"WARNING: {me['heir']} has opened the succession of this account and gets all it has at "
                f"{moment(me['vetoUntil'])}, unless you run `datadao heir veto` before."
            )
    return lines


def _dataset_line(session: Session, item: dict[str, Any]) -> str:
    money = session.money
    return (
        f"Dataset {item['id']} ({item['uri']}): rent at least {money.text(int(item['minPricePerPeriod']))} a period, "
        f"bond {money.text(int(item['minBond']))}, quality {item['minQualityBps'] / 100:g} %, {item['erasures']} erased"
    )


@command(cli, "audit")
@click.option("--from-block", type=click.IntRange(0), help="Read events from here on; the deployment's block if not.")
@click.option("--all", "every", is_flag=True, help="Compare again what an earlier audit found equal.")
def audit(session: Session, from_block: int | None, every: bool) -> Outcome:
    """Rebuild all books from events and compare them with the chain, to the unit.

    Tokens, votes, shares, income, batches, leases, models and proposals; needs no account and no archive node. Lists
    every difference, and exits with 1 if there is one. In JSON, values are strings.

    Repeated, it reads what is new, and compares what that bears on, all totals, and a sample of the rest.
    """
    from datadao.ledger import audit as rebuild  # books that `status` does without

    report = rebuild(session.dao, from_block, session.index, every=every)
    return Outcome(report.as_json(), tuple(report.render().splitlines()), DONE if report.ok else REFUSED)
