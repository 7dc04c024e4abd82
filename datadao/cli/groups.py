"""The groups that commands belong to."""

from __future__ import annotations

import click

CONTEXT = {"help_option_names": ["-h", "--help"], "max_content_width": 110}


class _AsRegistered(click.Group):
    """Lists its commands in the order of their registration, which is the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self.commands)


@click.group(cls=_AsRegistered, context_settings=CONTEXT)
@click.version_option(package_name="datadao")
def cli() -> None:
    """Contribute data to a Data DAO, score it, keep its keys, lease it, govern it.

    Each role keeps its configuration and its keys in a folder of its own (--home, $DATADAO_HOME); `datadao init` makes
    one. Ethereum accounts are Ape's (`ape accounts`). Exit codes: 0 done; 1 refused or failed, the message says what to
    do next; 2 wrong usage; 3 partly done; 130 interrupted.
    """


@cli.group(cls=_AsRegistered)
def keys() -> None:
    """Make and show this role's encryption keys."""


@cli.group(cls=_AsRegistered)
def schema() -> None:
    """What the records of a dataset look like."""


@cli.group(cls=_AsRegistered)
def attest() -> None:
    """Score submissions, agree on batches, publish them."""


@cli.group(cls=_AsRegistered)
def custodian() -> None:
    """Keep shares of file keys, and release them to running leases."""


@cli.group(cls=_AsRegistered)
def lease() -> None:
    """Ask for a dataset, pay for it, end it."""
