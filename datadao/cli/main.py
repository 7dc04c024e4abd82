"""The command `datadao`. A file of commands is imported when one of them is asked for: its libraries take seconds."""

from __future__ import annotations

from importlib import import_module

import click

COMMANDS = {
    "init": ("setup", "Make this role's folder and write its configuration."),
    "keys": ("setup", "Make and show this role's encryption keys."),
    "status": ("status", "Show supply, datasets, batches, leases, and what this account holds."),
    "audit": ("status", "Rebuild all books from events and compare them with the chain."),
    "index": ("index", "Write what happened in the DAO into a database, and keep it up to date."),
    "card": ("card", "What a dataset offers: records, quality, batches, erasures, prices."),
    "schema": ("schema", "What the records of a dataset look like."),
    "contribute": ("contributor", "Encrypt files and hand them in to a dataset's attestors."),
    "contributions": ("contributor", "List this account's contributions."),
    "erase": ("contributor", "Erase contributions, irrevocably."),
    "claim": ("contributor", "Claim this account's contributions, then its income."),
    "attest": ("attestor", "Score submissions, agree on batches, publish them."),
    "activate": ("attestor", "Activate a published batch after its challenge period."),
    "proposals": ("holder", "Show proposals under way, in words."),
    "queue": ("holder", "Queue a proposal that succeeded."),
    "execute": ("holder", "Execute a queued proposal whose delay is over."),
    "cancel": ("holder", "Cancel a proposal."),
    "vote": ("holder", "Vote on a proposal."),
    "withdraw": ("holder", "Pay out this account's credit from model payments."),
    "heir": ("heir", "Name an heir, or take the place of an account whose key is lost."),
    "lease": ("lease", "Ask for a dataset, pay for it, end it."),
    "custodian": ("custodian", "Keep shares of file keys, and release them to running leases."),
    "relay": ("relay", "Send what members signed, and pay for it."),
    "desk": ("desk", "Serve members over HTTP: inbox, relay's door, what the chain says, the page."),
    "open": ("open", "Open the files of a running lease."),
    "compute": ("compute", "Programs that go to the data: try one, run those of leases, open what came out."),
    "read": ("call", "Ask a view of one of the DAO's contracts."),
    "send": ("call", "Call a function that anyone, or this account, may."),
    "propose": ("call", "Propose to the holders what only they can do."),
}
"""Name: its file in this folder, and a line of help; in the order of use."""


class _Commands(click.Group):
    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        if name in COMMANDS:
            import_module(f"datadao.cli.{COMMANDS[name][0]}")
        return super().get_command(ctx, name)

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(COMMANDS)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


class Registered(click.Group):
    """Lists its commands in the order of their registration, which is the order of use."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  # click's signature
        return list(self.commands)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="datadao")
def cli() -> None:
    """Contribute data to a Data DAO, score it, keep its keys, lease it, govern it.

    Each role keeps its configuration and its keys in a folder of its own (--home, $DATADAO_HOME); `datadao init` makes
    one. Ethereum accounts are Ape's (`ape accounts`). Exit codes: 0 done; 1 refused or failed, the message says what to
    do next; 2 wrong usage; 3 partly done; 130 interrupted.
    """
