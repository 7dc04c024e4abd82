"""Re-reads a recorded deployment from the chain: every immutable, role, code hash and parameter."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import ape
import click

from datadao.text import Terminal
from deployer.config import Config
from deployer.console import run, show_checks
from deployer.networks import CONFIGS, DEPLOYMENTS, network_option
from deployer.publish.check import check_published
from deployer.publish.options import SERVICES, service_options, services
from deployer.record import newest
from deployer.verify import remarks, verify
from deployer.verify.configuration import recorded_config

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.command()
@network_option
@click.option("--config", "file", type=_FILE, help="The agreed one, instead of deploy-config/<recorded name>.")
@click.option("--recorded", is_flag=True, help="Against the configuration in the record, whoever wrote it.")
@click.option("--deployments", type=click.Path(path_type=Path), default=DEPLOYMENTS, help="Folder of the record.")
@click.option("--published", "names", type=SERVICES, multiple=True, help="Ask this service whether it has the sources.")
@service_options
def cli(
    network: str,
    file: Path | None,
    recorded: bool,
    deployments: Path,
    names: Sequence[str],
    sourcify_url: str,
    etherscan_url: str,
) -> None:
    """Verify the newest recorded deployment with view calls only; exit code 1 if anything is not as it should be."""

    def work(out: Terminal) -> bool:
        entry = newest(deployments)
        config = Config.load(file) if file else recorded_config(entry, CONFIGS, embedded=recorded)
        chain_id = ape.networks.provider.chain_id
        asked = services(names, chain_id, sourcify_url, etherscan_url)
        out.print("Reading every role, parameter and code back from the chain ...")
        checks = [*verify(entry, config), *check_published(asked, chain_id, entry)]
        return show_checks(out, checks, remarks(entry, config))

    run(network, work)
