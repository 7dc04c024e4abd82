"""Deploys a Data DAO: checks, rehearses, shows, asks, sends, records, verifies."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
from ape.cli import ConnectedProviderCommand, account_option
from rich.console import Console

from datadao.deployment import Config
from datadao.errors import DataDAOError
from scripts._deploy import FAILURES, execute
from scripts._networks import DEPLOYMENTS, config_path
from scripts._plan import Plan, make_plan
from scripts._print import console, fail, show_checks, show_plan
from scripts._record import Journal, Step, append, new_entry
from scripts._rehearse import refuse_unaffordable, rehearse
from scripts._resume import NotResumable, resume
from scripts._verify import remarks, verify

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.command(cls=ConnectedProviderCommand)
@account_option()
@click.option("--config", "file", type=_FILE, help="Instead of deploy-config/<network>.yaml.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--restart", is_flag=True, help="Start over at new addresses, whatever an earlier run left.")
@click.option("--deployments", type=click.Path(path_type=Path), default=DEPLOYMENTS, help="Folder of the record.")
def cli(account: Any, file: Path | None, yes: bool, restart: bool, deployments: Path) -> None:
    """Deploy a Data DAO with the parameters of deploy-config/<network>.yaml."""
    out = console()
    try:
        config = Config.load(file or config_path())
        journal = Journal(deployments)
        plan, done = _plan(out, account.address, config, journal, restart=restart)
        ok = _carry_out(out, account, plan, done, journal, yes=yes)
    except DataDAOError as error:
        ok = fail(out, str(error))
    except FAILURES as error:
        ok = fail(out, f"The node does not answer: {error}")
    sys.exit(0 if ok else 1)


def _plan(
    out: Console, deployer: str, config: Config, journal: Journal, *, restart: bool
) -> tuple[Plan, tuple[Step, ...]]:
    try:
        if not restart:
            return resume(deployer, config, journal)
    except NotResumable as reason:
        if str(reason):
            out.print(f"An earlier run is not resumed: {reason}. Starting over.", highlight=False)
    return make_plan(deployer, config), ()


def _carry_out(out: Console, account: Any, plan: Plan, done: tuple[Step, ...], journal: Journal, *, yes: bool) -> bool:
    # What is on chain stands in the way of a rehearsal at the same addresses.
    gas = None if done else rehearse(plan)
    show_plan(out, plan, gas, done)
    if gas is not None:
        refuse_unaffordable(plan, gas)
    if not yes and not click.confirm("Deploy?"):
        out.print("Nothing was sent.")
        return False
    if not done:
        journal.begin(plan)

    def report(step: Step) -> None:
        out.print(f"  {step.contract:<16} {step.address}  block {step.block}, gas {step.gas:,}", highlight=False)

    deployment = execute(account, plan, done=done, journal=journal, report=report)
    entry = new_entry(plan, deployment.steps)
    out.print(f"Recorded in {append(journal.path.parent, entry)}\n", highlight=False)
    journal.forget()
    return show_checks(out, verify(entry, plan.config), remarks(entry, plan.config))
