"""Publishes the sources of a recorded deployment, so that wallets, explorers and auditors read what runs."""

from __future__ import annotations

from pathlib import Path

import click

from datadao.text import Terminal
from deployer.console import offline
from deployer.networks import DEPLOYMENTS
from deployer.publish.export import export
from deployer.publish.sources import Recorded, publications
from deployer.record import RecordError, commit

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.command()
@click.option("--record", type=_FILE, help="The record of the deployment; without it the only one in deployments/.")
@click.option(
    "--export",
    "folder",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="Write standard JSON inputs, constructor arguments and compiler versions to a new folder, without a network.",
)
def cli(record: Path | None, folder: Path) -> None:
    """Publish the sources of the newest deployment in a record."""

    def work(out: Terminal) -> bool:
        recorded = Recorded.load(record or _only_record())
        _remark_on_commit(out, recorded)
        found = publications(recorded)
        out.print(f"{len(found)} contracts on chain {recorded.chain_id}, compiled with {found[0].compiler}:")
        for item in found:
            out.print(f"  {item.contract:<16} {item.address}")
        out.print(f"Written to {export(folder, recorded.chain_id, found)} and the files that it names.")
        return True

    offline(work)


def _only_record() -> Path:
    records = sorted(path for path in DEPLOYMENTS.glob("*.json") if not path.name.startswith("."))
    if len(records) != 1:
        there = ", ".join(path.name for path in records) or "none"
        raise RecordError(f"{DEPLOYMENTS} holds {len(records)} records ({there}): name one with --record")
    return records[0]


def _remark_on_commit(out: Terminal, recorded: Recorded) -> None:
    then, now = recorded.entry.get("commit"), commit()
    if then and now and then != now:
        out.print(f"Recorded at commit {then}, and this is {now}: only equal sources give equal code.", style="yellow")
