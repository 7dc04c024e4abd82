"""Everything a deployment will send, decided and checked before anything is sent."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import ape
from eth_utils import keccak

from datadao.deployment import (
    LOCAL_CHAIN_IDS,
    ORDER,
    Config,
    ConfigError,
    Context,
    constructor_inputs,
    create_address,
    initcode,
    predict,
)
from scripts._artifacts import abi_of, creation_code
from scripts._networks import address_of
from scripts._values import leaves


@dataclass(frozen=True)
class Planned:
    """A contract to be created: its constructor arguments by ABI name, and where it will be."""

    key: str
    contract: str
    address: str
    arguments: Mapping[str, Any]

    @property
    def initcode(self) -> bytes:
        """What the creating transaction carries."""
        return initcode(abi_of(self.contract), creation_code(self.contract), list(self.arguments.values()))


@dataclass(frozen=True)
class Plan:
    """Contracts in the order in which `deployer` creates them, the first with its transaction `nonce`."""

    config: Config
    chain_id: int
    deployer: str
    nonce: int
    now: int
    """The chain's time that the configuration's `now` stands for."""
    asset: str
    accounts: Mapping[str, str]
    """Addresses of the aliases that the configuration names."""
    contracts: tuple[Planned, ...]

    @property
    def addresses(self) -> dict[str, str]:
        """The `System` of this DAO."""
        return {item.key: item.address for item in self.contracts if item.key != "asset"}

    @property
    def fingerprint(self) -> str:
        """Equal for two plans that send the same."""
        sent = b"".join(keccak(item.initcode) for item in self.contracts)
        return "0x" + keccak(f"{self.chain_id} {self.deployer} {self.nonce} ".encode() + sent).hex()


def make_plan(deployer: str, config: Config, *, nonce: int | None = None, now: int | None = None) -> Plan:
    """What deploying `config` from `deployer` sends; `nonce` and `now` are the chain's unless given.

    Sends nothing. Raises `ConfigError` where the configuration does not fit the contracts, the chain or the accounts.
    """
    provider = ape.networks.provider
    if provider.chain_id != config.chain_id:
        raise ConfigError(f"{config.path.name}: chain_id: {config.chain_id}, but the network's is {provider.chain_id}")
    if config.chain_id not in LOCAL_CHAIN_IDS and deployer in {a.address for a in ape.accounts.test_accounts}:
        raise ConfigError(f"{deployer} is a test account, whose key everybody knows: deploy with another")
    nonce = provider.get_nonce(deployer) if nonce is None else nonce
    now = provider.get_block("latest").timestamp if now is None else now
    accounts: dict[str, str] = {}

    def resolve(alias: str) -> str:
        return accounts.setdefault(alias, address_of(alias))

    contracts: list[Planned] = []
    if isinstance(config.asset, Mapping):
        asset = create_address(deployer, nonce)
        contracts.append(_test_asset(config, asset, Context(resolve, now, asset)))
    else:
        asset = _existing_asset(config, config.asset)

    system = predict(deployer, nonce + len(contracts))
    context = Context(resolve, now, asset)
    for key, name in ORDER:
        abi = abi_of(name)
        names = [entry["name"] for entry in constructor_inputs(abi)]
        values = config.arguments(name, abi, system, context)
        contracts.append(Planned(key, name, system[key], dict(zip(names, values, strict=True))))
    _refuse_powers(config, deployer, contracts)
    return Plan(config, config.chain_id, deployer, nonce, now, asset, accounts, tuple(contracts))


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


def _test_asset(config: Config, address: str, context: Context) -> Planned:
    assert isinstance(config.asset, Mapping)
    name = config.asset["deploy"]
    if not isinstance(name, str) or name not in ape.project.contracts:
        raise ConfigError(f"{config.path.name}: asset.deploy: no contract {name!r} in this project")
    names = [entry["name"] for entry in constructor_inputs(abi_of(name))]
    values = config.asset_arguments(abi_of(name), context)
    return Planned("asset", name, address, dict(zip(names, values, strict=True)))


def _existing_asset(config: Config, address: str) -> str:
    address = ape.networks.provider.web3.to_checksum_address(address)
    if not ape.networks.provider.get_code(address):
        raise ConfigError(f"{config.path.name}: asset: there is no contract at {address} on chain {config.chain_id}")
    return address


def _refuse_powers(config: Config, deployer: str, contracts: list[Planned]) -> None:
    """A deployer holds nothing afterwards, so it can be neither guardian nor attestor nor custodian."""
    for item in contracts:
        for name, value in item.arguments.items():
            for path, leaf in leaves(name, value):
                if leaf == deployer:
                    where = f"{config.path.name}: {item.contract}.{path.rstrip('_')}"
                    raise ConfigError(
                        f"{where}: is the deploying account, which must hold no power; deploy with another"
                    )
