"""`datadao audit`: the books rebuilt from events alone, against the chain's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from datadao.cli.frame import DONE, REFUSED, Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session


@command(cli, "audit")
@click.option("--from-block", type=click.IntRange(0), help="Read events from here on; the deployment's block if not.")
def audit(session: Session, from_block: int | None) -> Outcome:
    """Rebuild all books from events and compare them with the chain, to the unit.

    Tokens, votes, shares, income, batches, leases, models and proposals; needs no account and no archive node. Lists
    every difference, and exits with 1 if there is one. In JSON, values are strings.
    """
    from datadao.audit import audit as rebuild

    report = rebuild(session.dao, from_block)
    return Outcome(report.as_json(), tuple(report.render().splitlines()), DONE if report.ok else REFUSED)
