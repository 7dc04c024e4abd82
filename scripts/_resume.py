"""Goes on where an interrupted deployment stopped, if what it did still fits."""

from __future__ import annotations

import ape
from web3.exceptions import TransactionNotFound

from datadao.deployment import Config
from scripts._deploy import DeploymentError
from scripts._plan import Plan, Planned, make_plan
from scripts._record import Journal, Step


class NotResumable(Exception):
    """There is nothing to resume (no reason given), or it does not fit any more."""


def resume(deployer: str, config: Config, journal: Journal) -> tuple[Plan, tuple[Step, ...]]:
    """The plan of the interrupted run and the contracts that it created.

    Raises `NotResumable` when a new run has to start over, `DeploymentError` while a transaction is under way.
    """
    note = journal.read()
    if note is None:
        raise NotResumable
    if note["deployer"] != deployer:
        raise NotResumable(f"it was {note['deployer']}'s")
    sent: dict[str, list[str]] = note["transactions"]
    created = ape.networks.provider.get_nonce(deployer) - note["nonce"]
    for transaction in sent.get(str(created), []):
        if _is_waiting(transaction):
            raise DeploymentError(f"{transaction} waits to be mined; run the same command again when it is")
    if created <= 0:
        raise NotResumable
    plan = make_plan(deployer, config, nonce=note["nonce"], now=note["now"])
    if plan.fingerprint != note["fingerprint"]:
        raise NotResumable("configuration or contracts have changed since")
    if created > len(plan.contracts):
        raise NotResumable(f"{deployer} has sent other transactions since")
    steps = [_step(item, sent.get(str(i), [])) for i, item in enumerate(plan.contracts[:created])]
    return plan, tuple(steps)


def _step(item: Planned, transactions: list[str]) -> Step:
    for transaction in transactions:
        try:
            receipt = ape.networks.provider.web3.eth.get_transaction_receipt(transaction)
        except TransactionNotFound:
            continue
        if receipt["status"] == 1 and receipt["contractAddress"] == item.address:
            return Step(item.key, item.contract, item.address, transaction, receipt["blockNumber"], receipt["gasUsed"])
    raise NotResumable(f"{item.contract} is not at {item.address}")


def _is_waiting(transaction: str) -> bool:
    try:
        found = ape.networks.provider.web3.eth.get_transaction(transaction)
    except TransactionNotFound:
        return False
    return found.get("blockNumber") is None
