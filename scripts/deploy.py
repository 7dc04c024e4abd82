"""Deploys a Data DAO: checks, rehearses, shows, asks, sends, records, verifies."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
from ape.cli import AccountAliasPromptChoice, account_option

from datadao.chain import wallet
from datadao.chain.arguments import ConfigError
from datadao.text import Terminal
from deployer.config import Config
from deployer.console import run, show_plan
from deployer.deploy import execute
from deployer.estimate import Estimate, estimate, refuse_unaffordable
from deployer.factory import existing
from deployer.networks import DEPLOYMENTS, config_path, network_option
from deployer.plan import NEW, Plan, alone, make_plan
from deployer.record import Journal, Step, append, append_factory, factory_given, new_entry, newest_factory
from deployer.send import RECORDED, NotResumable, resume
from scripts._deploy.recorded import remark_on_earlier, verified
from scripts._deploy.safe import create_by_safe

_FILE = click.Path(path_type=Path, exists=True, dir_okay=False, resolve_path=True)


@click.command()
@network_option
@account_option(prompt=False)
@click.option("--config", "file", type=_FILE, help="Instead of deploy-config/<network>.yaml.")
@click.option(
    "--factory",
    is_flag=False,
    flag_value=RECORDED,
    metavar="[FACTORY]",
    help="In two transactions, through the factory that transaction FACTORY created, or the recorded one at that "
    "address; without FACTORY the newest recorded, or a new one.",
)
@click.option(
    "--safe",
    "safe_address",
    metavar="ADDRESS",
    help="With --factory on chain: write the calls of the Safe at ADDRESS as files; run again when it has made them.",
)
@click.option(
    "--alone",
    "only_factory",
    is_flag=True,
    help="With --factory: deploy a new factory and no DAO, for a Safe or others.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--unrehearsed", is_flag=True, help="Send even if the node cannot try out whether values are in range.")
@click.option("--restart", is_flag=True, help="Start over at new addresses instead of resuming an earlier run.")
@click.option("--deployments", type=click.Path(path_type=Path), default=DEPLOYMENTS, help="Folder of the record.")
def cli(
    network: str,
    account: Any,
    file: Path | None,
    factory: str | None,
    safe_address: str | None,
    only_factory: bool,
    yes: bool,
    unrehearsed: bool,
    restart: bool,
    deployments: Path,
) -> None:
    """Deploy a Data DAO with the parameters of deploy-config/<network>.yaml."""

    def work(out: Terminal) -> bool:
        config = Config.load(file or config_path())
        if only_factory and (factory != RECORDED or safe_address is not None):
            raise ConfigError("--alone: deploys a new factory: give --factory without a name, and no --safe")
        if safe_address is not None:
            if account is not None:
                raise ConfigError("--safe: its owners send the calls; leave --account out")
            return create_by_safe(out, safe_address, config, deployments, factory, restart=restart)
        sender, journal = account or AccountAliasPromptChoice().select_account(), Journal(deployments)
        plan, done = _plan(out, sender.address, config, journal, factory, restart=restart, only_factory=only_factory)
        return _carry_out(out, sender, plan, done, journal, yes=yes, unrehearsed=unrehearsed)

    run(network, work)


def _plan(
    out: Terminal,
    deployer: str,
    config: Config,
    journal: Journal,
    factory: str | None,
    *,
    restart: bool,
    only_factory: bool = False,
) -> tuple[Plan, tuple[Step, ...]]:
    if factory not in (None, RECORDED, NEW):
        factory = factory_given(journal.path.parent, factory)
    try:
        if not restart:
            return resume(deployer, config, journal, factory, only_factory=only_factory)
    except NotResumable as reason:
        if str(reason):
            out.print(f"An earlier run is not resumed: {reason}. Starting over.")
    if only_factory:
        return alone(make_plan(deployer, config, factory=NEW)), ()
    if factory == RECORDED:
        factory = _recorded_or_new(out, journal.path.parent)
    return make_plan(deployer, config, factory=factory), ()


def _recorded_or_new(out: Terminal, folder: Path) -> str:
    recorded = newest_factory(folder)
    if recorded is None:
        return NEW
    try:
        existing(recorded)
    except ConfigError as error:
        out.print(f"The recorded factory is not used: {error}.")
        return NEW
    return recorded


def _carry_out(
    out: Terminal,
    account: Any,
    plan: Plan,
    done: tuple[Step, ...],
    journal: Journal,
    *,
    yes: bool,
    unrehearsed: bool = False,
) -> bool:
    out.print("Rehearsing on the node what is to be sent ...")
    expected = _expected(plan, done)
    show_plan(out, plan, expected, done)
    folder = journal.path.parent
    if not done and not plan.alone:
        remark_on_earlier(out, folder)
    if not expected.rehearsed and not unrehearsed:
        # Types alone do not show that a constructor refuses, and the first that does makes the rest worthless.
        raise ConfigError("Nothing was sent. Take another node, or --unrehearsed to send nevertheless.")
    refuse_unaffordable(plan, expected)
    if not yes and not click.confirm("Deploy?"):
        out.print("Nothing was sent.")
        return False
    wallet.unlock(account)
    if not done:
        journal.begin(plan)

    steps = list(done)
    # An earlier run may have been killed before it could.
    append_factory(folder, plan, steps)

    def report(step: Step) -> None:
        steps.append(step)
        out.print(f"  {step.contract:<16} {step.address}  block {step.block}, gas {step.gas:,}")
        # At once: a deployment that stops later can use it.
        append_factory(folder, plan, steps)

    def say(text: str) -> None:
        out.print(f"  {text}", style="dim")

    deployment = execute(
        account,
        plan,
        done=done,
        journal=journal,
        report=report,
        say=say,
        expected=expected.gas if expected.rehearsed else {},
    )
    if plan.alone:
        journal.forget()
        return _created_alone(out, deployment.steps[-1])
    entry = new_entry(plan, deployment.steps)
    out.print(f"Recorded in {append(folder, entry)}")
    out.print()
    journal.forget()
    return verified(out, entry, plan.config)


def _created_alone(out: Terminal, step: Step) -> bool:
    """Says where the factory is, once the chain shows that it is this project's. Raises `ConfigError`."""
    existing(step.transaction)
    out.print(f"The factory is at {step.address}, checked and recorded. Elsewhere: --factory {step.transaction}")
    return True


def _expected(plan: Plan, done: tuple[Step, ...]) -> Estimate:
    try:
        return estimate(plan, len(done))
    except ConfigError as error:
        if not done:
            raise
        # Time has passed, or the chain is another: the same command would always stop here.
        raise ConfigError(f"{error}\nWhat is on chain cannot go on; start over with --restart") from None
