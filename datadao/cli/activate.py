"""`datadao activate`: a batch whose challenge period is over starts to count and to earn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session


@command(cli, "activate", sends=True)
@click.argument("batch", type=click.IntRange(1))
def activate(session: Session, batch: int) -> Outcome:
    """Activate a published BATCH after its challenge period. Anyone may."""
    from datadao.cli.sending import receipt_json, send

    receipts = send(session, [session.dao.call("registry", "activate", batch, what=f"activate batch {batch}")])
    return Outcome({"batch": batch, "transactions": receipt_json(receipts)}, (f"Batch {batch} is active.",))
