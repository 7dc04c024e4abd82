"""One transaction of a plan: sent, or found on chain."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ape
from web3.exceptions import TimeExhausted, TransactionNotFound

from datadao.chain.abi import FACTORY
from datadao.chain.connection import answer_of
from datadao.chain.events import topic
from datadao.chain.fees import Fee, choose
from datadao.chain.reverts import revert_data
from datadao.chain.transactions import TRANSACTION_LIMIT
from datadao.errors import DataDAOError
from deployer.config import Config
from deployer.plan import Plan, alone, make_plan
from deployer.record import Journal, Step
from deployer.simulation import FAILED
from deployer.transaction import Transaction

_POLL = 0.1
"""Seconds between two requests for a receipt."""
_BLOCKS_POLL = 1.0
"""Seconds between two requests for the blocks that confirm it."""
_PATIENCE = 1.0
"""Seconds without progress after which the command says what it waits for."""

_MARGIN = 16
"""Of an estimate, the part that the limit has more: what a creation takes depends on little else."""

Say = Callable[[str], None]


class DeploymentError(DataDAOError):
    """A deployment stopped half way. The message says what is on chain and how to go on."""


class NonceSpent(DeploymentError):
    """The nonce of a transaction is spent without the intended effect; a creation has lost its address with it."""


def send(
    account: Any, plan: Plan, done: Sequence[Step], journal: Journal | None, say: Say, expected: Mapping[str, int]
) -> Step:
    """Sends the next transaction, unless another account has already done what it does; `say` gets what is waited for
    longer than a second. A node that estimates none so large is given what was `expected`, by key. Raises
    `DeploymentError`."""
    number = len(done)
    item = plan.transactions[number]
    if item.calls and (step := by_others(plan, item, done)):
        return step
    nonce = account.nonce
    # The address of a creation follows from its nonce; a call may have any.
    if not item.calls and nonce != plan.nonce + number:
        raise NonceSpent(f"{account.address} meanwhile sent a transaction of its own (nonce {nonce})")
    receiver = {"receiver": item.address} if item.calls else {}
    fee = choose(ape.networks.provider.web3)
    unsigned = ape.networks.ecosystem.create_transaction(
        data=item.data, nonce=nonce, sender=account.address, **receiver, **_limit(item, account.address, expected),
        **_as_ape_names(fee),
    )  # fmt: skip
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


def _as_ape_names(fee: Fee) -> dict[str, int]:
    if fee.tip is None:
        return {"gas_price": fee.most}
    return {"max_fee": fee.most, "max_priority_fee": fee.tip}


def _limit(item: Transaction, sender: str, expected: Mapping[str, int]) -> dict[str, int]:
    """The gas limit, by the node's estimate; left to Ape where there is none."""
    web3 = ape.networks.provider.web3
    to = {"to": item.address} if item.calls else {}
    answer = answer_of(web3, "eth_estimateGas", [{"from": sender, "data": "0x" + item.data.hex()} | to])
    result = answer.get("result")
    if isinstance(result, str):
        gas = int(result, 16)
    elif revert_data(answer.get("error")) in (None, b"", FAILED) and item.key in expected:
        gas = expected[item.key]  # more than the node gives to an estimate
    else:
        return {}
    return {"gas_limit": limit_of(gas, web3.eth.get_block("latest")["gasLimit"])}


def limit_of(gas: int, block: int) -> int:
    """Gas limit of a transaction for which the node estimates this. An estimate beyond what a transaction may take
    shows that the limit may be what a `block` has."""
    most = TRANSACTION_LIMIT if gas <= TRANSACTION_LIMIT else block
    return max(gas, min(gas + gas // _MARGIN, most))


def _failure(item: Transaction, used: int, limit: int) -> str:
    # What was kept for state comes back from a creation that fails (EIP-8037).
    if used >= min(limit, TRANSACTION_LIMIT):
        return f"it ran out of its {limit:,} gas"
    # A creation inside of it gets less gas than the factory has.
    return "the factory refused, or ran out of gas" if item.calls else "its constructor refused"


def found(plan: Plan, done: Sequence[Step], sent: Sequence[str]) -> Step | None:
    """The next transaction as an earlier run or another account sent it; None if none did."""
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
    """Any account may complete a DAO that was begun; the factory's event gives the transaction."""
    provider = ape.networks.provider
    if item.key != "complete" or not provider.get_code(item.creates[0].address):
        return None
    topics = ["0x" + topic(FACTORY, "DataDAOCompleted").hex(), "0x" + plan.creation(plan.deployer).id.hex()]
    wanted: Any = {"address": item.address, "fromBlock": done[-1].block, "topics": topics}
    (log,) = provider.web3.eth.get_logs(wanted)
    return _step(item, provider.web3.eth.get_transaction_receipt(log["transactionHash"]))


def _step(item: Transaction, receipt: Any) -> Step:
    transaction = receipt["transactionHash"].to_0x_hex()
    return Step(item.key, item.name, item.address, transaction, receipt["blockNumber"], receipt["gasUsed"])


def _send(signed: Any, name: str, say: Say) -> Any:
    """Receipt of a signed transaction, once it has the confirmations that Ape's network asks for.

    Ape's own `send_transaction` fails on a creation that reverts.
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


RECORDED = ""
"""In place of a factory's address: the one that is recorded, or a new one."""


class NotResumable(Exception):
    """There is nothing to resume (no reason given), or it no longer fits."""


def resume(
    deployer: str, config: Config, journal: Journal, factory: str | None = None, *, only_factory: bool = False
) -> tuple[Plan, tuple[Step, ...]]:
    """The plan of the interrupted run and what of it is on chain. `factory` is the address of the one to use,
    `RECORDED`, or None for a deployment without; `only_factory` asks for a new one alone.

    Raises `NotResumable` when a new run has to start over, `DeploymentError` while a transaction is under way.
    """
    note = journal.read()
    if note is None:
        raise NotResumable
    if note["deployer"] != deployer:
        raise NotResumable(f"it was {note['deployer']}'s")
    if (factory is None) != (note["factory"] is None):
        raise NotResumable(f"it was one {'without' if note['factory'] is None else 'through'} a factory")
    if only_factory != note.get("alone", False):
        raise NotResumable(f"it was {'the whole of a DAO' if only_factory else 'a factory alone'}")
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
    plan = alone(plan) if only_factory else plan
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
    """What is still to be created must get the address that the other contracts expect."""
    if done < len(plan.transactions) and not plan.transactions[done].calls and nonce != plan.nonce + done:
        item = plan.transactions[done]
        raise NotResumable(f"{item.name} is not at {item.address}, and can no longer be created there")


def _is_waiting(transaction: str) -> bool:
    try:
        seen = ape.networks.provider.web3.eth.get_transaction(transaction)
    except TransactionNotFound:
        return False
    return seen.get("blockNumber") is None
