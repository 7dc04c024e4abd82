"""One transaction of a plan: sent, or found on chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import ape
from web3.exceptions import TimeExhausted, TransactionNotFound

from datadao.audit.events import topic
from datadao.errors import DataDAOError
from datadao.factory import FACTORY
from scripts._plan import Plan
from scripts._record import Journal, Step
from scripts._transaction import Transaction

_POLL = 0.1
"""Seconds between two looks for a receipt."""
_BLOCKS_POLL = 1.0
"""Seconds between two looks for the blocks that confirm it."""
_PATIENCE = 1.0
"""Seconds without progress after which the command says what it waits for."""

Say = Callable[[str], None]


class DeploymentError(DataDAOError):
    """A deployment stopped half way. Says what is on chain and how to go on."""


class NonceSpent(DeploymentError):
    """The nonce of a transaction went to another one or failed with it, and with a creation its address."""


def send(account: Any, plan: Plan, done: Sequence[Step], journal: Journal | None, say: Say) -> Step:
    """Sends the next transaction, unless somebody else did what it does; says what it waits for, if that takes longer
    than a moment. Raises `DeploymentError`."""
    number = len(done)
    item = plan.transactions[number]
    if item.calls and (step := by_others(plan, item, done)):
        return step
    nonce = account.nonce
    # An address follows from the nonce of its creation; a call may have any.
    if not item.calls and nonce != plan.nonce + number:
        raise NonceSpent(f"{account.address} meanwhile sent a transaction of its own (nonce {nonce})")
    receiver = {"receiver": item.address} if item.calls else {}
    unsigned = ape.networks.ecosystem.create_transaction(
        data=item.data, nonce=nonce, sender=account.address, **receiver
    )
    signed = account.sign_transaction(account.prepare_transaction(unsigned))
    if signed is None:
        raise DeploymentError(f"{account.address} did not sign")
    if journal is not None:
        journal.sending(number, "0x" + bytes(signed.txn_hash).hex())
    receipt = _send(signed, item.name, say)
    if receipt["status"] != 1:
        if item.calls and (step := by_others(plan, item, done)):
            return step
        reason = _failure(item, receipt["gasUsed"], signed.gas_limit)
        raise NonceSpent(f"{reason} (transaction {receipt['transactionHash'].to_0x_hex()})")
    if not item.calls and receipt["contractAddress"] != item.address:
        raise NonceSpent(f"it was created at {receipt['contractAddress']} instead of {item.address}")
    return _step(item, receipt)


def _failure(item: Transaction, used: int, limit: int) -> str:
    if used >= limit:
        return f"it ran out of its {limit:,} gas"
    # What a creation inside of it runs out of is not all that the factory has.
    return "the factory refused, or ran out of gas" if item.calls else "its constructor refused"


def found(plan: Plan, done: Sequence[Step], sent: Sequence[str]) -> Step | None:
    """The next transaction as an earlier run or somebody else sent it; None if nobody did."""
    item = plan.transactions[len(done)]
    for transaction in sent:
        try:
            receipt = ape.networks.provider.web3.eth.get_transaction_receipt(transaction)
        except TransactionNotFound:
            continue
        if receipt["status"] == 1 and (item.calls or receipt["contractAddress"] == item.address):
            return _step(item, receipt)
    return by_others(plan, item, done) if item.calls else None


def by_others(plan: Plan, item: Transaction, done: Sequence[Step]) -> Step | None:
    """Anybody may complete a DAO that was begun; the factory's event tells in which transaction."""
    provider = ape.networks.provider
    if item.key != "complete" or not provider.get_code(item.creates[0].address):
        return None
    topics = ["0x" + topic(FACTORY, "DataDAOCompleted").hex(), "0x" + plan.birth(plan.deployer).id.hex()]
    wanted: Any = {"address": item.address, "fromBlock": done[-1].block, "topics": topics}
    (log,) = provider.web3.eth.get_logs(wanted)
    return _step(item, provider.web3.eth.get_transaction_receipt(log["transactionHash"]))


def _step(item: Transaction, receipt: Any) -> Step:
    transaction = receipt["transactionHash"].to_0x_hex()
    return Step(item.key, item.name, item.address, transaction, receipt["blockNumber"], receipt["gasUsed"])


def _send(signed: Any, name: str, say: Say) -> Any:
    """Receipt of a signed transaction, once it has the confirmations that Ape's network asks for.

    Not by Ape's own `send_transaction`, which stumbles over a creation that reverts.
    """
    provider = ape.networks.provider
    transaction = provider.web3.eth.send_raw_transaction(signed.serialize_transaction())
    receipt = _mined(transaction, name, say)
    _confirm(receipt, name, say)
    return receipt


def _mined(transaction: Any, name: str, say: Say) -> Any:
    provider = ape.networks.provider
    eth, longest = provider.web3.eth, float(provider.network.transaction_acceptance_timeout)
    try:
        return eth.wait_for_transaction_receipt(transaction, timeout=min(_PATIENCE, longest), poll_latency=_POLL)
    except TimeExhausted:
        say(f"{name}: sent as {transaction.to_0x_hex()}; waiting up to {longest:g} s for a block with it")
    try:
        return eth.wait_for_transaction_receipt(transaction, timeout=longest, poll_latency=_POLL)
    except TimeExhausted:
        raise DeploymentError(
            f"no block has transaction {transaction.to_0x_hex()} after {longest:g} s; it may still be mined"
        ) from None


def _confirm(receipt: Any, name: str, say: Say) -> None:
    provider = ape.networks.provider
    network, block = provider.network, receipt["blockNumber"]
    missing, said = network.required_confirmations, False
    while (latest := provider.web3.eth.block_number) < block + missing:
        if not said:
            often = f", one about every {network.block_time} s" if network.block_time else ""
            say(f"{name}: in block {block}; waiting for {block + missing - latest} more blocks on top of it{often}")
            said = True
        time.sleep(_BLOCKS_POLL if network.block_time else _POLL)
