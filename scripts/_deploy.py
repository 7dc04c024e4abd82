"""Deploys a Data DAO through Ape: what `ape run deploy`, the demo and the tests call.

No set-up transaction exists. Every role is a constructor argument, and each contract refuses to live at any address but
the one its counterparts were given; the registry, which every other one needs, comes last.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import ape
from ape.exceptions import ApeException
from ape.logging import LogLevel, logger
from requests.exceptions import RequestException
from web3.exceptions import Web3Exception

from datadao.deployment import (
    ORDER,
    Config,
    ConfigError,
    Context,
    constructor_inputs,
    create_address,
    initcode,
    predict,
)
from datadao.errors import DataDAOError

Report = Callable[["Step"], None]
"""Told of each contract as soon as it is on chain."""


class DeploymentError(DataDAOError):
    """A deployment could not begin, or stopped half way. Says how to go on."""


@dataclass(frozen=True)
class Planned:
    """A contract to be created: its constructor arguments in ABI order, and where it will be."""

    key: str
    contract: str
    address: str
    arguments: Mapping[str, Any]

    @property
    def initcode(self) -> bytes:
        return initcode(abi_of(self.contract), creation_code(self.contract), list(self.arguments.values()))


@dataclass(frozen=True)
class Plan:
    """Everything a deployment will send, decided before anything is sent."""

    config: Config
    chain_id: int
    deployer: str
    nonce: int
    now: int
    asset: str
    accounts: Mapping[str, str]
    """Addresses of the aliases that the configuration names."""
    contracts: tuple[Planned, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """The `System` of this DAO."""
        return {item.key: item.address for item in self.contracts if item.key != "asset"}


@dataclass(frozen=True)
class Step:
    """A contract that was created."""

    key: str
    contract: str
    address: str
    transaction: str
    block: int
    gas: int


@dataclass(frozen=True)
class Deployment:
    """A DAO on the chain that Ape is connected to: `dao.addresses["registry"]`, and Ape's handle `dao.registry`."""

    plan: Plan
    steps: tuple[Step, ...]
    contracts: Mapping[str, Any] = field(repr=False)

    @property
    def addresses(self) -> dict[str, str]:
        return self.plan.addresses

    def __getattr__(self, key: str) -> Any:
        if key.startswith("__") or key not in self.contracts:
            raise AttributeError(key)
        return self.contracts[key]


def deploy(
    account: Any, config: Config, *, overrides: Mapping[str, Any] | None = None, report: Report | None = None
) -> Deployment:
    """Deploys the DAO that `config` describes from `account`, on the network Ape is connected to.

    `overrides` replaces entries by dotted path, such as `{"DataToken.transferable": True}`. `report` is called after
    each contract. Raises `ConfigError` before anything is sent, `DeploymentError` when it stops half way.
    """
    return execute(account, plan(account, override(config, overrides or {})), report=report)


def override(config: Config, changes: Mapping[str, Any]) -> Config:
    """The configuration with entries replaced by dotted path; `ConfigError` for a path that is not there."""
    contracts = copy.deepcopy(dict(config.contracts))
    for path, value in changes.items():
        *parents, leaf = path.split(".")
        section: Any = contracts
        for parent in parents:
            section = section.get(parent) if isinstance(section, Mapping) else None
        if not isinstance(section, dict) or leaf not in section:
            raise ConfigError(f"{config.path.name}: no entry {path} to override")
        section[leaf] = value
    return Config(config.path, config.chain_id, config.asset, contracts)


def plan(account: Any, config: Config) -> Plan:
    """What `deploy` will send. Sends nothing; raises `ConfigError` where the configuration does not fit."""
    provider = ape.networks.provider
    if provider.chain_id != config.chain_id:
        raise ConfigError(
            f"{config.path.name}: chain_id is {config.chain_id}, but the network's is {provider.chain_id}"
        )
    nonce, now = account.nonce, provider.get_block("latest").timestamp
    accounts: dict[str, str] = {}
    contracts: list[Planned] = []

    def resolve(alias: str) -> str:
        return accounts.setdefault(alias, address_of(alias))

    first = nonce
    if isinstance(config.asset, Mapping):
        name = str(config.asset["deploy"])
        inputs = [i["name"] for i in constructor_inputs(abi_of(name))]
        asset = create_address(account.address, nonce)
        given = dict(zip(inputs, config.asset["arguments"], strict=True))
        contracts.append(Planned("asset", name, asset, given))
        first += 1
    else:
        asset = config.asset

    system = predict(account.address, first)
    context = Context(resolve, now, asset)
    for key, name in ORDER:
        abi = abi_of(name)
        names = [i["name"] for i in constructor_inputs(abi)]
        values = config.arguments(name, abi, system, context)
        contracts.append(Planned(key, name, system[key], dict(zip(names, values, strict=True))))
    return Plan(config, config.chain_id, account.address, nonce, now, asset, accounts, tuple(contracts))


def execute(account: Any, planned: Plan, *, report: Report | None = None) -> Deployment:
    """Sends a plan, contract by contract."""
    steps: list[Step] = []
    handles: dict[str, Any] = {}
    for offset, item in enumerate(planned.contracts):
        try:
            if account.nonce != planned.nonce + offset:
                raise DeploymentError(f"{account.address} sent a transaction of its own meanwhile")
            with logger.at_level(LogLevel.ERROR):
                creation = ape.networks.ecosystem.create_transaction(data=item.initcode)
                receipt = account.call(creation)
        except (ApeException, Web3Exception, RequestException, OSError, KeyboardInterrupt) as error:
            raise DeploymentError(f"{item.contract} was not deployed: {error or type(error).__name__}") from error
        if receipt.contract_address != item.address:
            raise DeploymentError(f"{item.contract} is at {receipt.contract_address}, not at {item.address}")
        step = Step(item.key, item.contract, item.address, receipt.txn_hash, receipt.block_number, receipt.gas_used)
        steps.append(step)
        kind = container(item.contract).contract_type
        handles[item.key] = ape.chain.contracts.instance_from_receipt(receipt, kind)
        if report is not None:
            report(step)
    if "asset" not in handles:
        handles["asset"] = ape.Contract(planned.asset, abi=list(_erc20_abi()))
    return Deployment(planned, tuple(steps), handles)


def address_of(alias: str) -> str:
    """Address of `TEST::n` or of an Ape account; `ConfigError` for any other name."""
    if alias.startswith("TEST::"):
        if ape.networks.provider.chain_id not in (1337, 31337):
            raise ConfigError(f"account {alias}: test accounts are for local chains, everybody knows their keys")
        number = alias.removeprefix("TEST::")
        if number.isdecimal() and int(number) < len(ape.accounts.test_accounts):
            return str(ape.accounts.test_accounts[int(number)].address)
        raise ConfigError(f"account {alias}: this node has TEST::0 to TEST::{len(ape.accounts.test_accounts) - 1}")
    if alias in ape.accounts.aliases:
        return str(ape.accounts.load(alias).address)
    known = ", ".join(sorted(ape.accounts.aliases)) or "none"
    raise ConfigError(f"account {alias!r} is unknown; Ape has: {known}")


def container(name: str) -> Any:
    """Ape's container of a compiled contract of this project."""
    return ape.project.contracts[name]


def abi_of(name: str) -> list[dict[str, Any]]:
    """JSON ABI of a compiled contract."""
    entries = container(name).contract_type.abi
    return [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in entries]


def creation_code(name: str) -> bytes:
    """Compiled code of a contract, to be followed by its constructor's arguments."""
    return bytes.fromhex(container(name).contract_type.deployment_bytecode.bytecode.removeprefix("0x"))


def _erc20_abi() -> Iterator[dict[str, Any]]:
    wanted = ("balanceOf", "transfer", "approve", "allowance", "decimals", "symbol", "name", "totalSupply", "Transfer")
    for entry in abi_of("DataToken"):
        if entry.get("name") in wanted:
            yield entry
