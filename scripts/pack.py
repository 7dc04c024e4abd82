"""Builds the npm package and the Python wheel into dist/."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from datadao.errors import DataDAOError
from deployer.networks import ROOT
from scripts._packages import pack_npm, pack_wheel


@click.command()
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=ROOT / "dist", help="Instead of dist/."
)
def cli(out: Path) -> None:
    """Build the packages for integrators: npm's and the wheel, of one version."""
    out.mkdir(parents=True, exist_ok=True)
    try:
        for path in (pack_npm(out), pack_wheel(out)):
            click.echo(path)
    except DataDAOError as error:
        sys.exit(str(error))
