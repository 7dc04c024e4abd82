"""The factory of a deployment: a new one with its blueprints, or one on chain with exactly this project's code."""

from __future__ import annotations

from dataclasses import dataclass

import ape

from datadao.chain.abi import FACTORY, create_address, initcode
from datadao.chain.arguments import ConfigError
from datadao.encoding import address
from datadao.errors import InvalidArgument
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


def factory_address(text: str) -> str:
    """An address as it is typed. Raises `ConfigError`."""
    try:
        return address(text)
    except InvalidArgument as error:
        raise ConfigError(f"factory: {error}") from None


def existing(address: str) -> Factory:
    """The factory at an address. Raises `ConfigError` naming what is not as this project compiles it."""
    address = factory_address(address)
    if wrong := faults(address):
        raise ConfigError(f"{address} is not the factory of these contracts: it differs in {', '.join(wrong)}")
    return Factory(address)


def faults(address: str) -> list[str]:
    """Names of the checks that the factory at an address fails; none if it creates exactly the DAOs of this project."""
    reader = Reader(ape.networks.provider.web3, {FACTORY: address})
    return [f"{check.contract}.{check.field}" for check in reader.settle(check_factory(reader)) if not check.ok]
