"""What `deploy` and `verify` show."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

import ape
from rich.table import Table
from rich.text import Text

from datadao.chain.arguments import leaves, spelled
from datadao.chain.asset import Asset, read_asset
from datadao.chain.connection import discreet
from datadao.chain.fees import choose, gwei
from datadao.chain.wallet import connected
from datadao.errors import DataDAOError
from datadao.text import Terminal, lines, visible
from datadao.values import is_moment, moment
from deployer.deploy import FAILURES
from deployer.estimate import Estimate, ether
from deployer.plan import Plan
from deployer.record import Step
from deployer.verify.reader import Check

_WIDE = 200
"""Columns of a log file, so that its lines are not broken."""


def console() -> Terminal:
    """A console as wide as the terminal."""
    out = Terminal()
    return out if out.is_terminal else Terminal(width=_WIDE)


def run(network: str, work: Callable[[Terminal], bool]) -> NoReturn:
    """Connects to the network, does the work of a command and ends the process: with 0 if it returned true, else with 1
    after one line that says why."""

    def online(out: Terminal) -> bool:
        try:
            with connected(network):
                return work(out)
        except DataDAOError as error:
            return fail(out, discreet(str(error), network))
        except FAILURES as error:
            return fail(out, discreet(f"The node does not answer: {error}", network))

    offline(online)


def offline(work: Callable[[Terminal], bool]) -> NoReturn:
    """The same for a command that needs no node."""
    out = console()
    try:
        ok = work(out)
    except DataDAOError as error:
        ok = fail(out, str(error))
    sys.exit(0 if ok else 1)


def fail(out: Terminal, message: str) -> bool:
    """Prints why a command stops; lines after the first are indented, so that a node's text cannot pass for others."""
    for number, line in enumerate(lines(message)):
        out.print(out.as_line(Text(f"  {line}" if number else line, style="red")))
    return False


def show_plan(out: Terminal, plan: Plan, expected: Estimate, done: Sequence[Step]) -> None:
    """Everything that will be sent; contracts that a factory creates are above the call that creates them."""
    out.print(f"Deployment to chain {plan.chain_id} with {plan.config.path.name}, from {plan.deployer}")
    figure = "about" if expected.rehearsed else "at least"
    table = Table("contract", "address", "arguments", f"gas, {figure}", f"its limit, {figure}", show_lines=True)
    for column in table.columns[3:]:
        column.justify = "right"
    for transaction in plan.transactions:
        gas = expected.gas.get(transaction.key)
        state = ("done", "") if gas is None else (f"{gas:,}", f"{expected.limit(transaction.key):,}")
        if not transaction.creates:
            table.add_row(transaction.name, transaction.address, "", *state)
        for item in transaction.creates:
            text = "\n".join(map(visible, _arguments(item.arguments, plan.config.contracts.get(item.contract) or {})))
            own = () if transaction.calls else state
            table.add_row(item.contract, item.address, Text(text or "none", overflow="fold"), *own)
        if transaction.calls:
            table.add_row(transaction.name, f"called at {transaction.address}", "", *state)
    out.print(table)
    if not isinstance(plan.config.asset, Mapping):
        _show_asset(out, read_asset(ape.networks.provider.web3, plan.asset))
    if done:
        spent = sum(step.gas for step in done)
        out.print(f"{len(done)} of {len(plan.transactions)} transactions are on chain and took {spent:,} gas.")
    if expected.gas:
        _show_costs(out, plan, expected, "What is left: " if done else "In all ")


def _show_asset(out: Terminal, asset: Asset) -> None:
    """Its own name, symbol and decimals: it cannot be changed later, and amounts are shown in it."""
    named = f", {asset.title!r}" if asset.title else ""
    out.print(f"Asset {asset.address}{named}: amounts are shown like 1 {asset.label}, with {asset.decimals} decimals.")
    for sentence in asset.seen:
        out.print(Text(f"The asset's {sentence}.", style="yellow"))


def _show_costs(out: Terminal, plan: Plan, expected: Estimate, what: str) -> None:
    total, fee = expected.total, choose(ape.networks.provider.web3)
    if expected.rehearsed:
        out.print(f"Every constructor was rehearsed on the node. {what}about {total:,} gas, as an estimate,")
        if expected.state:
            out.print(f"of it {expected.state:,} for new state, which this chain's rules price apart,")
    else:
        out.print("Not rehearsed: this node cannot try a deployment out, and no value was checked against its range.")
        out.print(f"{what}at least {total:,} gas, as an estimate without the constructors' own work,")
    if expected.posted:
        out.print(f"and {ether(expected.posted)} for the data, as the chain's oracle says,")
    cost, balance = total * fee.now + expected.posted, ape.networks.provider.get_balance(plan.deployer)
    out.print(f"at {gwei(fee.now)} gwei: {ether(cost)} of {ether(balance)};")
    out.print("no set-up transaction follows.")


def show_checks(out: Terminal, checks: Sequence[Check], said: Sequence[str]) -> bool:
    """The table of a verification; true iff every check passed."""
    table = Table("check", "expected", "actual", "ok")
    for check in checks:
        verdict = Text("yes", style="green") if check.ok else Text("NO", style="bold red")
        table.add_row(f"{check.contract}.{check.field}", check.expected, check.actual, verdict)
    out.print(table)
    for sentence in said:
        out.print(Text(sentence, style="yellow"))
    failed = [check for check in checks if not check.ok]
    for check in failed:
        line = f"{check.contract}.{check.field}: expected {check.expected}, is {check.actual}"
        out.print(out.as_line(Text(visible(line), style="red")))
    if failed:
        return fail(out, f"{len(failed)} of {len(checks)} checks failed.")
    out.print(
        Text(f"All {len(checks)} checks passed: no power outside the timelock but the guardian's.", style="green")
    )
    return True


def _arguments(arguments: Mapping[str, Any], configured: Mapping[str, Any]) -> Iterator[str]:
    """`name: value`, with the configuration's words beside a number: `votingPeriod: 259200 (3 days)`."""
    words = dict(leaves("", configured))
    for name, value in arguments.items():
        if name == "system":
            continue
        for path, leaf in leaves("." + name.rstrip("_"), value):
            notes = [words[path]] if isinstance(words.get(path), str) and isinstance(leaf, int) else []
            notes += [moment(leaf)] if is_moment(path.rpartition(".")[2]) else []
            note = f" ({', '.join(dict.fromkeys(notes))})" if notes else ""
            yield f"{path[1:]}: {spelled(leaf)}{note}"
