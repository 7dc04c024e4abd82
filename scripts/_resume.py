"""Goes on where an interrupted deployment stopped, if what it did still fits."""

from __future__ import annotations

import ape
from web3.exceptions import TransactionNotFound

from datadao.deployment import Config
from scripts._plan import Plan, make_plan
from scripts._record import Journal, Step
from scripts._send import DeploymentError, found

RECORDED = ""
"""In place of a factory's address: the one that is recorded, or a new one."""


class NotResumable(Exception):
    """There is nothing to resume (no reason given), or it does not fit any more."""


def resume(
    deployer: str, config: Config, journal: Journal, factory: str | None = None
) -> tuple[Plan, tuple[Step, ...]]:
    """The plan of the interrupted run and what of it is on chain. `factory` is the address of the one to use,
    `RECORDED`, or None for a deployment without.

    Raises `NotResumable` when a new run has to start over, `DeploymentError` while a transaction is under way.
    """
    note = journal.read()
    if note is None:
        raise NotResumable
    if note["deployer"] != deployer:
        raise NotResumable(f"it was {note['deployer']}'s")
    if (factory is None) != (note["factory"] is None):
        raise NotResumable(f"it was one {'without' if note['factory'] is None else 'through'} a factory")
    if factory and factory.lower() != note["factory"].lower():
        raise NotResumable(f"its factory was {note['factory']}")
    sent: dict[str, list[str]] = note["transactions"]
    for transaction in (hash_ for tries in sent.values() for hash_ in tries):
        if _is_waiting(transaction):
            raise DeploymentError(f"{transaction} waits to be mined; run the same command again when it is")
    nonce = ape.networks.provider.get_nonce(deployer)
    if nonce <= note["nonce"]:
        raise NotResumable
    plan = make_plan(deployer, config, nonce=note["nonce"], now=note["now"], factory=note["factory"])
    if plan.fingerprint != note["fingerprint"]:
        raise NotResumable("configuration or contracts have changed since")
    done: list[Step] = []
    while len(done) < len(plan.transactions):
        step = found(plan, done, sent.get(str(len(done)), []))
        if step is None:
            break
        done.append(step)
    _refuse_other_addresses(plan, len(done), nonce)
    return plan, tuple(done)


def _refuse_other_addresses(plan: Plan, done: int, nonce: int) -> None:
    """What is still to be created must come where its counterparts look for it."""
    if done < len(plan.transactions) and not plan.transactions[done].calls and nonce != plan.nonce + done:
        item = plan.transactions[done]
        raise NotResumable(f"{item.name} is not at {item.address}, and can no longer come there")


def _is_waiting(transaction: str) -> bool:
    try:
        seen = ape.networks.provider.web3.eth.get_transaction(transaction)
    except TransactionNotFound:
        return False
    return seen.get("blockNumber") is None
