"""`datadao erase`: a contributor takes its data back."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.mine import Mine
    from datadao.cli.session import Session


@command(cli, "erase", sends=True)
@click.argument("names", nargs=-1, metavar="FILE...")
@click.option("--all", "everything", is_flag=True, help="All contributions of this account.")
def erase(session: Session, names: Sequence[str], everything: bool) -> Outcome:
    """Erase contributions, each named by its source file or its file hash (`datadao contributions`). For good.

    Custodians release their keys to nobody any more, licensees have to delete them; shares and tokens go, what was
    earned stays claimable. The same data can never be contributed again.
    """
    from datadao.cli.mine import Standing, accepted
    from datadao.cli.sending import receipt_json, send
    from datadao.errors import NothingToDo

    if bool(names) is everything:
        raise click.UsageError("name the contributions to erase, or --all of them")
    standing = [
        item for item in accepted(session, session.address) if item.standing in (Standing.CLAIMABLE, Standing.CLAIMED)
    ]
    chosen = standing if everything else [_find(session, standing, name) for name in dict.fromkeys(names)]
    if not chosen:
        raise NothingToDo(f"{session.address} has no accepted contribution to erase")
    dao = session.dao
    calls = [
        dao.call("registry", "erase", c.batch_id, tuple(c.leaf), list(c.proof), what=f"erase {c.leaf.file_hash.hex()}")
        for c in (item.contribution for item in chosen)
    ]
    receipts = send(session, calls, note="Erasure cannot be undone.")
    hashes = [item.contribution.leaf.file_hash for item in chosen]
    document = {"erased": hashes, "transactions": receipt_json(receipts)}
    return Outcome(document, tuple(f"Erased {file_hash.hex()}." for file_hash in hashes))


def _find(session: Session, standing: list[Mine], name: str) -> Mine:
    from datadao.cli import receipts
    from datadao.errors import InvalidArgument

    wanted = name.removeprefix("0x").lower()
    path = Path(name)
    if path.is_file():
        digest = receipts.digest_of(path)
        every = receipts.every(session.home)
        known = {r.submission.file_hash.hex() for r in every if digest in (r.digest, r.converted and r.converted[1])}
    else:
        known = {wanted}
    for item in standing:
        if item.contribution.leaf.file_hash.hex() in known:
            return item
    raise InvalidArgument(
        f"{name}: no accepted contribution of {session.address}; `datadao contributions` lists them, and what is not "
        "accepted is not on chain and needs no erasure"
    )
