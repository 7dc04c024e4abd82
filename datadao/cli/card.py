"""`datadao card`: what a dataset offers, before anyone rents it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import click

from datadao.card import Card
from datadao.card.read import read_card
from datadao.cli.command import Outcome, command
from datadao.cli.main import cli
from datadao.cli.queries import check_dataset
from datadao.cli.session import Session
from datadao.cli.wording import Rows, block
from datadao.crypto.files import write_whole
from datadao.errors import DataDAOError, StoreUnavailable
from datadao.schema import Schema
from datadao.values import moment


@command(cli, "card")
@click.option("--dataset", type=click.IntRange(1), required=True)
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write the card as a page of HTML, too.")
def card(session: Session, dataset: int, out: Path | None) -> Outcome:
    """Show a dataset's data card: records and what they look like, quality, how often batches come, erasures, purposes,
    prices paid so far. All of it is counted from the chain and the manifests; no file is opened.

    The read model in the role's folder is brought up to date first (`datadao index`).
    """
    check_dataset(session, dataset)
    schema = partial(_schema, session)
    made = read_card(session.dao, session.index, session.catalog, session.board, dataset, schema)
    lines: list[Any] = [
        f"Dataset {dataset}, at block {made.block}, {moment(made.time)}",
        block(card_rows(made, session.money.text)),
    ]
    if out:
        from datadao.card.page import page_of

        page = page_of(made, session.money.text)
        write_whole(out, lambda file: file.write(page.encode()))
        lines.append(f"As a page: {out}")
    return Outcome(made.document() | {"page": out}, tuple(lines))


def _schema(session: Session, policy: Any) -> Schema | None:
    """None, and a word why, if it is not to be had."""
    digest = bytes(policy.schemaHash)
    try:
        return Schema(session.store.get(digest), digest)
    except StoreUnavailable:
        raise
    except DataDAOError as error:
        session.say("[yellow]No schema:[/yellow]", str(error))
        return None


def card_rows(made: Card, amount: Callable[[int], str]) -> Rows:
    """What a card says, for people; `amount` says asset units in words."""
    gap = made.median_days_between_batches
    step = 100 // len(made.quality)
    quality = ", ".join(f"{n * step}–{(n + 1) * step} %: {count:,}" for n, count in enumerate(made.quality) if count)
    often = f", {gap:.1f} days apart (median)" if gap is not None else ""
    rows = [
        ("records", f"{made.records:,} in {made.files:,} files of {made.contributors:,} contributors"),
        ("quality", f"records by quality: {quality or 'none'}"),
        ("batches", f"{len(made.batches):,}{often}"),
        ("erased", f"{made.erased:,} of {made.accepted:,} contributions ({100 * made.erasure_rate:.2f} %), "
                   f"{made.erased_recently:,} within 90 days"),
        ("purposes", ", ".join(made.purposes) or "none"),
        *([("held by", "attestors alone: under this policy programs go to it; no licensee ever held it")]
          if made.stays else []),
        ("price", f"at least {amount(made.min_price_per_period)} a period, bond "
                  f"{amount(made.min_bond)}"),
        ("paid", f"{amount(made.rent_paid)} of rent by {sum(1 for x in made.leases if x.rent_paid):,} of "
                 f"{len(made.leases):,} leases"),
    ]  # fmt: skip
    if made.properties is not None:
        named = ", ".join(f"{item.name} ({item.type})" for item in made.properties)
        rows.append(("a record", named or "anything"))
    rows += [("sample", item.record) for item in made.samples]
    return rows
