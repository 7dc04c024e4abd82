"""Writes the ABIs of the contracts to interfaces/ and into the client package; `--check` only compares."""

from __future__ import annotations

import sys
from pathlib import Path

import ape
import click

from deployer.networks import DEPLOYMENTS, ROOT
from scripts._interfaces import render


@click.command()
@click.option("--check", is_flag=True, help="Write nothing; fail if a file is stale, missing or left over.")
def cli(check: bool) -> None:
    """Export the ABIs for integrators."""
    ape.project.load_contracts()
    stale = write(ROOT, check=check)
    if check and stale:
        click.echo("Stale, run `make interfaces`:\n  " + "\n  ".join(stale), err=True)
        sys.exit(1)
    click.echo(f"{len(stale)} files written." if stale else "Interfaces are up to date.")


def write(root: Path, *, check: bool = False, deployments: Path = DEPLOYMENTS) -> list[str]:
    """Brings the generated files below `root` up to date; returns those that were not."""
    files = render(deployments)
    stale = [name for name, text in files.items() if not _holds(root / name, text)]
    folders = {(root / name).parent for name in files} | {root / "datadao" / "deployments"}
    present = [path for folder in folders for path in folder.glob("*") if path.is_file()]
    left_over = [path for path in present if str(path.relative_to(root)) not in files]
    if not check:
        for name in stale:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(files[name], encoding="utf-8")
        for path in left_over:
            path.unlink()
    return sorted(stale + [str(path.relative_to(root)) for path in left_over])


def _holds(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text
