"""Publishes the sources of a recorded deployment, so that wallets, explorers and auditors read what runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from rich.text import Text

from datadao.text import Terminal, visible
from deployer.console import fail, offline
from deployer.networks import DEPLOYMENTS
from deployer.publish.export import export
from deployer.publish.options import SERVICES, service_options, services
from deployer.publish.service import Service, State
from deployer.publish.sources import Publication, Recorded, publications
from deployer.publish.submit import Jobs, publish
from deployer.record import RecordError, commit

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.command()
@click.option("--record", type=_FILE, help="The record of the deployment; without it the only one in deployments/.")
@click.option(
    "--export",
    "folder",
    type=_FOLDER,
    help="Write standard JSON inputs, constructor arguments and compiler versions to a new folder, without a network.",
)
@click.option(
    "--to",
    "names",
    type=SERVICES,
    multiple=True,
    help="Where to publish: Sourcify unless said, but nowhere with --export. Etherscan's key is in ETHERSCAN_API_KEY.",
)
@service_options
def cli(record: Path | None, folder: Path | None, names: Sequence[str], sourcify_url: str, etherscan_url: str) -> None:
    """Publish the sources of the newest deployment in a record. What was interrupted is resumed."""

    def work(out: Terminal) -> bool:
        recorded = Recorded.load(record or _only_record())
        wanted = names or ([] if folder else ["sourcify"])
        to = services(wanted, recorded.chain_id, sourcify_url, etherscan_url)
        _remark_on_commit(out, recorded)
        found = publications(recorded)
        out.print(f"{len(found)} contracts on chain {recorded.chain_id}, compiled with {found[0].compiler}:")
        for item in found:
            out.print(f"  {item.contract:<16} {item.address}")
        if folder:
            out.print(f"Written to {export(folder, recorded.chain_id, found)} and the files that it names.")
        done = [_submitted(out, service, recorded, found) for service in to]
        return all(done)

    offline(work)


def _submitted(out: Terminal, service: Service, recorded: Recorded, found: Sequence[Publication]) -> bool:
    out.print(f"Publishing at {service.name} ...")
    jobs, refused = Jobs.beside(recorded.path, service, recorded.chain_id), 0
    for item, outcome in publish(service, recorded.chain_id, found, jobs):
        ok = outcome.state is State.PUBLISHED
        refused += not ok
        line = f"  {item.contract:<16} {'' if ok else 'refused: '}{visible(outcome.words)}"
        out.print(out.as_line(Text(line, style="" if ok else "red")))
        if outcome.remark:
            out.print(out.as_line(Text(f"  {'':<16} {outcome.remark}", style="yellow")))
    if refused:
        return fail(out, f"{service.name} did not publish {refused} of {len(found)} contracts.")
    out.print(f"All {len(found)} contracts are published at {service.name}.", style="green")
    return True


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
