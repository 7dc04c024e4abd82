"""`datadao withdraw`: money that models and leases owe, to whom they owe it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session


@command(cli, "withdraw", sends=True)
@click.option("--treasury", is_flag=True, help="What leases owe the treasury, to the treasury. Anyone may.")
def withdraw(session: Session, treasury: bool) -> Outcome:
    """Pay out this account's credit from model payments."""
    from datadao.cli.sending import receipt_json, send

    dao, money = session.dao, session.money
    owed = dao.read("leases", "treasuryOwed") if treasury else dao.read("models", "creditOf", session.address)
    if not owed:
        return Outcome({"amount": "0", "transactions": []}, ("Nothing is owed.",))
    what = f"pay {money.text(owed)} to {'the treasury' if treasury else session.address}"
    call = (
        dao.call("leases", "withdrawTreasury", what=what)
        if treasury
        else dao.call("models", "withdraw", session.address, what=what)
    )
    receipts = send(session, [call])
    return Outcome({"amount": str(owed), "transactions": receipt_json(receipts)}, (f"Paid {money.text(owed)}.",))
