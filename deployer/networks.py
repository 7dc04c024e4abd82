"""What a network has for a deployment: its configuration, its accounts, the path of its record."""

from __future__ import annotations

from pathlib import Path

import ape
import click

from datadao.chain import wallet
from datadao.chain.abi import LOCAL_CHAIN_IDS
from datadao.chain.arguments import ConfigError
from datadao.errors import AccountRefused
from deployer.config import Config

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "deploy-config"
DEPLOYMENTS = ROOT / "deployments"

network_option = click.option(
    "--network",
    default="ethereum:local:foundry",
    show_default=True,
    help="Ape's name of a network, with a node's address in WEB3_PROVIDER_URI; or the address.",
)
"""`--network`, for commands that connect with `datadao.chain.wallet.connected`, which refuses in one line."""


def is_fork() -> bool:
    """Whether the connected node is a fork of a public chain, whose chain id it has."""
    return bool(ape.networks.provider.network.name.endswith("-fork"))


def record_path(folder: Path) -> Path:
    """Where deployments on the connected chain are recorded; those on a fork of it apart."""
    return folder / f"{ape.networks.provider.chain_id}{'-fork' if is_fork() else ''}.json"


def public_records(folder: Path) -> list[Path]:
    """The records in a folder that are of public chains: what packages ship."""
    records = (path for path in folder.glob("*.json") if path.stem.isdigit())
    return sorted(path for path in records if int(path.stem) not in LOCAL_CHAIN_IDS)


def config_path() -> Path:
    """The configuration of the connected network: `local`, `sepolia`, `base` (for base:mainnet), `base-sepolia` ...

    A node given by its URL has no such name; the configuration of its chain is taken.
    """
    provider = ape.networks.provider
    if provider.chain_id in LOCAL_CHAIN_IDS:
        return CONFIGS / "local.yaml"
    ecosystem, network = provider.network.ecosystem.name, provider.network.name.removesuffix("-fork")
    if network in ("custom", "node"):
        return _of_chain(provider.chain_id)
    if ecosystem != "ethereum":
        network = ecosystem if network == "mainnet" else f"{ecosystem}-{network}"
    return CONFIGS / f"{network}.yaml"


def address_of(alias: str) -> str:
    """Address of `TEST::n` or of an Ape account; `ConfigError` for any other name."""
    try:
        return str(wallet.find(alias).address)
    except AccountRefused as error:
        raise ConfigError(str(error)) from None


def _of_chain(chain_id: int) -> Path:
    for path in sorted(CONFIGS.glob("*.yaml")):
        if Config.load(path).chain_id == chain_id:
            return path
    raise ConfigError(f"no file in {CONFIGS.name}/ has chain_id {chain_id}; write one, or name one with --config")
