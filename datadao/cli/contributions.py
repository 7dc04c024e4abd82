"""`datadao contributions`: what became of the files handed in from here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from datadao.cli.frame import Outcome, command
from datadao.cli.groups import cli

if TYPE_CHECKING:
    from datadao.cli.session import Session


@command(cli, "contributions")
def contributions(session: Session) -> Outcome:
    """List this account's contributions: handed in, accepted, claimed, erased."""
    from rich.table import Table

    from datadao.cli import receipts
    from datadao.cli.mine import accepted

    sources = {item.submission.file_hash: item for item in receipts.every(session.home)}
    mine = accepted(session, session.address)
    found: list[dict[str, Any]] = []
    for item in mine:
        leaf = item.contribution.leaf
        receipt = sources.get(leaf.file_hash)
        found.append({
            "dataset": item.dataset_id, "batch": item.contribution.batch_id, "standing": item.standing.value,
            "counted": item.counted, "fileHash": leaf.file_hash, "units": leaf.units, "qualityBps": leaf.quality,
            "source": receipt.source if receipt else None,
        })  # fmt: skip
    for item in mine:
        sources.pop(item.contribution.leaf.file_hash, None)
    for file_hash, receipt in sources.items():
        standing = "handed in" if receipt.submitted else "not handed in: run contribute again"
        found.append({
            "dataset": receipt.submission.dataset_id, "batch": None, "standing": standing, "counted": None,
            "fileHash": file_hash, "units": None, "qualityBps": None, "source": receipt.source,
        })  # fmt: skip
    words = [*(item.words for item in mine), *(row["standing"] for row in found[len(mine) :])]
    table = Table("dataset", "batch", "standing", "units", "quality", "file hash", "source")
    for row, standing in zip(found, words, strict=True):
        quality = "" if row["qualityBps"] is None else f"{row['qualityBps'] / 100:g} %"
        cells = (row["dataset"], row["batch"] or "", standing, row["units"] or "", quality)
        table.add_row(*map(str, cells), row["fileHash"].hex(), row["source"] or "")
    return Outcome({"contributions": found}, (table,) if found else ("Nothing was handed in from here.",))
