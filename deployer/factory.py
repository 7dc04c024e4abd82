"""The factory of a deployment: a new one with its blueprints, or one on chain with exactly this project's code."""

from __future__ import annotations

from dataclasses import dataclass

import ape
from eth_typing import HexStr
from web3.exceptions import TransactionNotFound

from datadao.chain.abi import FACTORY, create_address, initcode
from datadao.chain.arguments import ConfigError
from deployer.artifacts import CONTRACTS, abi_of, creation_code
from deployer.creation import blueprint, blueprint_codes, storing
from deployer.transaction import Transaction
from deployer.verify.factory import check_factory
from deployer.verify.reader import Reader


@dataclass(frozen=True)
class Factory:
    """Where it is or will be, and what deploys it; nothing if it is on chain."""

    address: str
    transactions: tuple[Transaction, ...] = ()
    transaction: str = ""
    """What created it, if it is on chain."""


def new(deployer: str, nonce: int) -> Factory:
    """A factory and its blueprints, which `deployer` creates from `nonce` on."""
    sent: list[Transaction] = []
    blueprints = []
    for name in CONTRACTS:
        codes = blueprint_codes(creation_code(name))
        accounts = [create_address(deployer, nonce + len(sent) + i) for i in range(len(codes))]
        for i, (account, code) in enumerate(zip(accounts, codes, strict=True)):
            part = f" {i + 1}/{len(codes)}" if len(codes) > 1 else ""
            sent.append(Transaction(f"blueprint {name}{part}", f"blueprint {name}{part}", account, storing(code)))
        blueprints.append(blueprint(accounts))
    address = create_address(deployer, nonce + len(sent))
    data = initcode(abi_of(FACTORY), creation_code(FACTORY), [blueprints])
    return Factory(address, (*sent, Transaction("factory", FACTORY, address, data)))


def existing(transaction: str) -> Factory:
    """The factory that a transaction created. Raises `ConfigError` naming what is not as this project compiles it."""
    address = _created(transaction)
    if wrong := faults(address, transaction):
        raise ConfigError(f"{address} is not the factory of these contracts: it differs in {', '.join(wrong)}")
    return Factory(address, transaction=transaction)


def faults(address: str, transaction: str) -> list[str]:
    """Names of the checks that the factory at an address, created by a transaction, fails; none if it creates exactly
    the DAOs of this project."""
    reader = Reader(ape.networks.provider.web3, {FACTORY: address})
    checks = reader.settle(check_factory(reader, transaction))
    return [f"{check.contract}.{check.field}" for check in checks if not check.ok]


def _created(transaction: str) -> str:
    try:
        found = ape.networks.provider.web3.eth.get_transaction(HexStr(transaction))
    except TransactionNotFound:
        raise ConfigError(f"factory: this node does not know the transaction {transaction}") from None
    if found.get("to"):
        raise ConfigError(f"factory: {transaction} is a call of {found['to']}; a factory is created by a transaction")
    return create_address(found["from"], found["nonce"])
