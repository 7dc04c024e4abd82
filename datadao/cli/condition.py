"""`datadao lease condition`: a lease as an access condition of another network of key keepers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import lease

if TYPE_CHECKING:
    from datadao.cli.session import Session


@command(lease, "condition")
@click.argument("number", metavar="LEASE", type=click.IntRange(1))
@click.option("--for", "keeper", type=click.Choice(["lit", "taco"]), required=True, help="Whose document.")
@click.option("--purposes", type=click.IntRange(1), help="Mask of what it is to open for; all that is leased.")
@click.option("--lit-chain", metavar="NAME", help="What Lit calls the chain, where this program does not know.")
def condition(session: Session, number: int, keeper: str, purposes: int | None, lit_chain: str | None) -> Outcome:
    """Print the access condition that opens something to the licensee while LEASE is paid."""
    from datadao import conditions
    from datadao.cli.reading import check_lease, terms_of
    from datadao.errors import InvalidArgument

    check_lease(session, number)
    terms = terms_of(session.dao, number)
    purposes = purposes or terms.purposes
    if purposes & ~terms.purposes:
        raise InvalidArgument(f"lease {number} is for purposes {terms.purposes:#x} and would never open {purposes:#x}")
    access = conditions.Access(session.dao.id, number, terms.dataset_id, purposes)
    document = conditions.taco(access) if keeper == "taco" else conditions.lit(access, lit_chain)
    return Outcome(document, tuple(json.dumps(document, indent=2).splitlines()))
