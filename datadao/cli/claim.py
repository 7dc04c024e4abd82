"""`datadao claim`: shares and tokens of accepted contributions, and the income they earned."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import click

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.chain import Call
    from datadao.cli.mine import Mine
    from datadao.cli.session import Session

_TOGETHER = 20
"""Contributions in one transaction."""


@command(cli, "claim", sends=True)
@click.option("--for", "owner", metavar="ADDRESS", help="Another contributor, who is paid; this account sends.")
def claim(session: Session, owner: str | None) -> Outcome:
    """Claim this account's contributions, then its income. Anyone may claim for anyone; only the owner is paid.

    What stands in two batches counts once: in the one that recorded it, else in the oldest.
    """
    from datadao.cli.mine import Standing, accepted
    from datadao.cli.money import decimal
    from datadao.cli.reading import TOKEN_DECIMALS
    from datadao.cli.sending import after, receipt_json, send
    from datadao.encoding import address

    dao, money = session.dao, session.money
    owner = address(owner) if owner else session.address
    mine = accepted(session, owner)
    waiting = [item for item in mine if item.standing is Standing.CLAIMABLE]
    twice = [item for item in mine if item.standing is Standing.DUPLICATE]
    before = dao.read("token", "balanceOf", owner)
    calls = [call for group in _groups(waiting) for call in _calls(session, group)]
    receipts = send(session, calls, more=True) if calls else []
    # What the contributions earned before they were claimed is owed only now.
    pools = list(range(dao.read("registry", "datasetCount") + 1))

    def earned(block: int | None = None) -> tuple[int, int]:
        held = dao.read("token", "balanceOf", owner, block=block)
        return held - before, dao.read("splitter", "claimable", owner, pools, block=block)

    tokens, income = after(session, receipts[-1], earned) if receipts else earned()
    if income:
        what = f"pay {money.text(income)} of income to {owner}"
        receipts += send(session, [dao.call("splitter", "claim", owner, pools, what=what)])
    duplicates = [
        {"fileHash": i.contribution.leaf.file_hash, "batch": i.contribution.batch_id, "counted": i.counted}
        for i in twice
    ]
    document = {
        "account": owner, "contributions": len(waiting), "tokens": str(tokens), "income": str(income),
        "duplicates": duplicates,
    }  # fmt: skip
    lines = [
        f"Not claimed: {i.contribution.leaf.file_hash.hex()} in batch {i.contribution.batch_id}, a {i.words}."
        for i in twice
    ]
    if not receipts:
        return Outcome(document | {"transactions": []}, ("Nothing to claim.", *lines))
    text = f"{len(waiting)} contributions claimed: {decimal(tokens, TOKEN_DECIMALS)} tokens; {money.text(income)} paid."
    return Outcome(document | {"transactions": receipt_json(receipts)}, (text, *lines))


def _groups(waiting: list[Mine]) -> list[list[Mine]]:
    """Those of one batch together, so many as one transaction takes."""
    batches: defaultdict[int, list[Mine]] = defaultdict(list)
    for item in waiting:
        batches[item.contribution.batch_id].append(item)
    return [items[start : start + _TOGETHER] for items in batches.values() for start in range(0, len(items), _TOGETHER)]


def _calls(session: Session, group: list[Mine]) -> list[Call]:
    dao, first = session.dao, group[0]
    if len(group) == 1:
        return [dao.claim_call(first.contribution)]
    proof, flags = first.manifest.tree.multiproof(item.index for item in group)
    # The proof is of the leaves in ascending order, in which the manifest was read.
    leaves = [tuple(item.contribution.leaf) for item in group]
    arguments = (first.contribution.batch_id, leaves, list(proof), list(flags))
    what = f"claim {len(group)} contributions of batch {first.contribution.batch_id}"
    return [dao.call("registry", "claimMany", *arguments, what=what)]
