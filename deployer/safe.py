"""A Safe as the creator of a DAO: its two calls of a factory as files for the Safe's transaction builder.

Nothing is sent and no key is held. Each call is a file of its own: one transaction with both takes more gas than any
may (EIP-7825). What is on chain decides what is still to be done; the note beside the record only repeats the plan.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ape
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from datadao.chain.abi import FACTORY
from datadao.chain.arguments import ConfigError
from datadao.chain.events import topic
from datadao.encoding import address
from datadao.errors import InvalidArgument
from datadao.messages import eip712
from deployer.config import Config
from deployer.plan import Plan, make_plan
from deployer.record import Step, new_entry, replaced
from deployer.transaction import Transaction
from deployer.verify.safe import Safe, read_safe

_DOMAIN = [{"name": "chainId", "type": "uint256"}, {"name": "verifyingContract", "type": "address"}]
_FIELDS = {
    "to": "address", "value": "uint256", "data": "bytes", "operation": "uint8", "safeTxGas": "uint256",
    "baseGas": "uint256", "gasPrice": "uint256", "gasToken": "address", "refundReceiver": "address", "nonce": "uint256",
}  # fmt: skip
_EVENTS = {"begin": "DataDAOBegun", "complete": "DataDAOCompleted"}


@dataclass(frozen=True)
class Proposed:
    """A transaction of the Safe, and its hashes if it is the Safe's number `nonce`."""

    item: Transaction
    nonce: int
    domain_hash: str
    message_hash: str
    hash: str
    """What its owners sign."""


def given_safe(text: str) -> Safe:
    """Raises `ConfigError` for what is no address, or of no Safe."""
    try:
        wanted = address(text)
    except InvalidArgument as error:
        raise ConfigError(f"safe: {error}") from None
    return read_safe(ape.networks.provider.web3, wanted)


class Note:
    """The plan that a Safe was given, in `.safe-<chain-id>.json`."""

    def __init__(self, record: Path) -> None:
        self.path = record.with_name(f".safe-{record.stem}.json")

    def plan(self, safe: Safe, config: Config, factory: str, *, restart: bool) -> tuple[Plan, int]:
        """The plan of the Safe's DAO and the block that it was made at: the noted one, until it is carried out.

        Raises `ConfigError` where another one is noted.
        """
        if not restart and (noted := self._read()):
            plan = make_plan(
                safe.address, config, nonce=noted["nonce"], now=noted["now"], factory=factory, contract=True
            )
            if plan.fingerprint != noted["fingerprint"]:
                raise ConfigError(
                    "--safe: Safe, configuration, factory or contracts are not those of the calls that were written "
                    f"before ({self.path.name}): give the same ones, or start over with --restart"
                )
            return plan, noted["block"]
        # The number of its next transaction is the salt: no two plans share one.
        plan = make_plan(safe.address, config, nonce=safe.nonce, factory=factory, contract=True)
        if isinstance(config.asset, Mapping):
            raise ConfigError(f"{config.path.name}: asset: name a token's address; a Safe creates the DAO alone")
        block = ape.networks.provider.web3.eth.block_number
        replaced(self.path, {
            "block": block, "factory": factory, "fingerprint": plan.fingerprint, "nonce": plan.nonce, "now": plan.now,
            "safe": safe.address,
        })  # fmt: skip
        return plan, block

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)

    def _read(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = json.loads(self.path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        return found


def on_chain(plan: Plan, since: int) -> tuple[Step, ...]:
    """What the Safe, or for the second call any account, has carried out since a block."""
    provider, done = ape.networks.provider, []
    for item in plan.transactions:
        if not provider.get_code(item.creates[0].address):
            break
        topics = ["0x" + topic(FACTORY, _EVENTS[item.key]).hex(), "0x" + plan.creation(plan.deployer).id.hex()]
        wanted: Any = {"address": item.address, "fromBlock": since, "topics": topics}
        (log,) = provider.web3.eth.get_logs(wanted)
        receipt = provider.web3.eth.get_transaction_receipt(log["transactionHash"])
        transaction = receipt["transactionHash"].to_0x_hex()
        done.append(Step(item.key, item.name, item.address, transaction, receipt["blockNumber"], receipt["gasUsed"]))
    return tuple(done)


def entry_of(plan: Plan, steps: tuple[Step, ...]) -> dict[str, Any]:
    """The record of a DAO that a contract created: with the salt, which stands in no transaction's own calldata."""
    entry = new_entry(plan, steps)
    salt = "0x" + plan.creation(plan.deployer).salt.hex()
    return {**entry, "factory": {**entry["factory"], "salt": salt}}


def proposed(plan: Plan, safe: Safe, done: int) -> list[Proposed]:
    """The calls that are left, each with its hashes."""
    left = plan.transactions[done:]
    return [_hashed(plan.chain_id, safe, item, safe.nonce + number) for number, item in enumerate(left)]


def write(folder: Path, plan: Plan, safe: Safe, calls: list[Proposed]) -> list[Path]:
    """One file for the transaction builder for each call; returns their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for call in calls:
        name = f"Data DAO: {call.item.name} of {FACTORY}"
        said = f"As transaction {call.nonce} of this Safe, without gas of its own, its hash is {call.hash}."
        path = folder / f"safe-{plan.chain_id}-{call.item.key}.json"
        replaced(path, {
            "version": "1.0",
            "chainId": str(plan.chain_id),
            "createdAt": plan.now * 1000,
            "meta": {"name": name, "description": said, "createdFromSafeAddress": safe.address},
            "transactions": [{"to": call.item.address, "value": "0", "data": "0x" + call.item.data.hex()}],
        })  # fmt: skip
        paths.append(path)
    return paths


def _hashed(chain_id: int, safe: Safe, item: Transaction, nonce: int) -> Proposed:
    values = (item.address, 0, item.data, 0, 0, 0, 0, ADDRESS_ZERO, ADDRESS_ZERO, nonce)
    typed: eip712.TypedData = {
        "types": {"EIP712Domain": _DOMAIN, "SafeTx": [{"name": name, "type": kind} for name, kind in _FIELDS.items()]},
        "primaryType": "SafeTx",
        "domain": {"chainId": chain_id, "verifyingContract": safe.address},
        "message": dict(zip(_FIELDS, values, strict=True)),
    }
    domain = keccak(
        keccak(text="EIP712Domain(uint256 chainId,address verifyingContract)")
        + chain_id.to_bytes(32, "big")
        + bytes.fromhex(safe.address[2:]).rjust(32, b"\0")
    )
    hashes = (domain, eip712.struct_hash(typed), eip712.digest(typed))
    return Proposed(item, nonce, *("0x" + found.hex() for found in hashes))
