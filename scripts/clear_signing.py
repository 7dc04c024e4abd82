"""Writes what wallets show of the DAO's calls and messages (ERC-7730) to erc7730/; `--check` only compares."""

from __future__ import annotations

import json
from pathlib import Path

import ape
import click

from datadao.chain.abi import ORDER, create_address, predict
from datadao.chain.arguments import ConfigError
from datadao.text import Terminal
from deployer.config import Config
from deployer.console import offline
from deployer.networks import CONFIGS, ROOT
from deployer.publish.sources import Recorded
from scripts._clear_signing.descriptors import Place, descriptors

FOLDER = ROOT / "erc7730"
_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is stale, missing or left over.")
@click.option("--record", type=_FILE, help="Name the contracts and the asset of the newest deployment in this record.")
@click.option("--output", type=click.Path(path_type=Path, file_okay=False), help="Instead of erc7730/.")
def cli(check: bool, record: Path | None, output: Path | None) -> None:
    """Write the clear signing descriptors, for all DAOs or, with --record and --output, for one."""

    def work(out: Terminal) -> bool:
        ape.project.load_contracts()
        if record and not output:
            raise ConfigError("--record: descriptors of one DAO go into a folder of their own: name it with --output")
        stale = write(output or FOLDER, place_of(Recorded.load(record)) if record else local(), check=check)
        if check and stale:
            out.print("Stale, run `make interfaces`: " + ", ".join(stale))
            return False
        out.print(f"{len(stale)} files written." if stale else "Descriptors are up to date.")
        return True

    offline(work)


def local() -> Place:
    """The DAO that `ape run deploy` makes on a fresh local node, from its first account."""
    config, deployer = Config.load(CONFIGS / "local.yaml"), str(ape.accounts.test_accounts[0].address)
    system = predict(deployer, 1)
    addresses = {name: system[key] for key, name in ORDER}
    names = {name: str(config.contracts[name]["name"]) for name in ("DataToken", "DataGovernor")}
    return Place(config.chain_id, addresses, create_address(deployer, 0), names)


def place_of(recorded: Recorded) -> Place:
    """Where a recorded DAO is, and what it calls its token and its governor."""
    contracts = recorded.entry["contracts"]
    names = {
        "DataToken": contracts["DataToken"]["arguments"]["name_"],
        "DataGovernor": contracts["DataGovernor"]["arguments"]["name_"],
    }
    addresses = {name: contracts[name]["address"] for _, name in ORDER}
    return Place(recorded.chain_id, addresses, recorded.entry["asset"], names)


def write(folder: Path, place: Place, *, check: bool = False) -> list[str]:
    """Brings the descriptors in a folder up to date; returns the names of those that were not."""
    files = {name: json.dumps(content, indent=2) + "\n" for name, content in descriptors(place).items()}
    stale = [name for name, text in files.items() if not _holds(folder / name, text)]
    left_over = [path for kind in ("calldata", "eip712") for path in folder.glob(f"{kind}-*.json")]
    left_over = [path for path in left_over if path.name not in files]
    if not check:
        folder.mkdir(parents=True, exist_ok=True)
        for name in stale:
            (folder / name).write_text(files[name], encoding="utf-8")
        for path in left_over:
            path.unlink()
    return sorted(stale + [path.name for path in left_over])


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
