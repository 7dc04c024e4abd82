"""Everything a deployment will send, decided and checked before anything is sent."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import ape
from eth_utils import keccak

from datadao.chain.abi import LOCAL_CHAIN_IDS, ORDER, create_address, predict
from datadao.chain.arguments import ConfigError, Context, Faults
from datadao.encoding import address
from datadao.errors import InvalidArgument
from deployer.artifacts import abi_of
from deployer.config import UNKNOWN, Config, powers
from deployer.creation import Creation, dao_params
from deployer.factory import Factory, existing, new
from deployer.networks import address_of
from deployer.transaction import Planned, Transaction, creating

_DELEGATION = b"\xef\x01\x00"
"""First bytes of the code of an account that has a key and delegates to a contract (EIP-7702)."""

_NOWHERE = "0x" + "00" * 20
"""In place of an asset that does not exist, so that the other faults are reported too."""

NEW = "new"
"""In place of a factory's creation: one that is deployed first."""


@dataclass(frozen=True)
class Plan:
    """Contracts in the order of their creation by `deployer`, whose first transaction has `nonce`."""

    config: Config
    chain_id: int
    deployer: str
    nonce: int
    now: int
    """Unix seconds that the configuration's `now` stands for: the chain's time."""
    asset: str
    accounts: Mapping[str, str]
    """Addresses of the aliases that the configuration names."""
    contracts: tuple[Planned, ...]
    factory: Factory | None = None
    """What creates all of them but a test asset; None if the deployer does."""
    alone: bool = False
    """Whether a new factory is all that is sent, for others to create DAOs through."""
    contract: bool = False
    """Whether the deployer is a contract, such as a Safe, which calls a factory and creates nothing by itself."""

    @property
    def addresses(self) -> dict[str, str]:
        """The `System` of this DAO."""
        return {item.key: item.address for item in self.contracts if item.key != "asset"}

    @cached_property
    def transactions(self) -> tuple[Transaction, ...]:
        """All that the deployer sends, in order, with consecutive nonces."""
        if self.factory is None:
            return tuple(creating(item) for item in self.contracts)
        if self.alone:
            return self.factory.transactions
        own = [creating(item) for item in self.contracts if item.key == "asset"]
        *most, models, registry = (item for item in self.contracts if item.key != "asset")
        creation = self.creation(self.deployer)
        to = self.factory.address
        begin = Transaction("begin", "begin", to, creation.begin, tuple(most), calls=True)
        complete = Transaction("complete", "complete", to, creation.complete, (models, registry), calls=True)
        return (*own, *self.factory.transactions, begin, complete)

    def creation(self, creator: str) -> Creation:
        """What the factory creates for `creator`. The salt is the nonce: no two sent plans share one."""
        assert self.factory is not None
        params = dao_params({item.contract: item.arguments for item in self.contracts if item.key != "asset"})
        return Creation(self.factory.address, creator, params, self.nonce.to_bytes(32, "big"))

    @property
    def factory_option(self) -> str | None:
        """The `factory` with which `make_plan` makes this plan again."""
        if self.factory is None:
            return None
        return self.factory.transaction or NEW

    @property
    def fingerprint(self) -> str:
        """Equal for two plans that send the same."""
        sent = b"".join(keccak(item.data) for item in self.transactions)
        return "0x" + keccak(f"{self.chain_id} {self.deployer} {self.nonce} ".encode() + sent).hex()


def make_plan(
    deployer: str,
    config: Config,
    *,
    nonce: int | None = None,
    now: int | None = None,
    factory: str | None = None,
    contract: bool = False,
) -> Plan:
    """What deploying `config` from `deployer` sends; `nonce` and `now` are the chain's unless given. `factory` is the
    transaction that created the one to use, or `NEW`. Only one that calls a factory on chain may be a `contract`.

    Sends nothing. Raises `ConfigError` where the configuration does not fit the contracts, the chain or the accounts,
    or the factory is another than this project's.
    """
    provider = ape.networks.provider
    faults = Faults()
    if config.chain_id not in (UNKNOWN, provider.chain_id):
        faults.found.append(
            f"{config.path.name}: chain_id: {config.chain_id}, but the network's is {provider.chain_id}"
        )
    if provider.chain_id not in LOCAL_CHAIN_IDS and deployer in {a.address for a in ape.accounts.test_accounts}:
        raise ConfigError(f"{deployer} is a test account, whose key is public: deploy with another")
    if not contract:
        _refuse_contract(deployer)
    nonce = provider.get_nonce(deployer) if nonce is None else nonce
    now = provider.get_block("latest").timestamp if now is None else now
    accounts: dict[str, str] = {}

    def resolve(alias: str) -> str:
        return accounts.setdefault(alias, address_of(alias))

    contracts: list[Planned] = []
    asset = _NOWHERE
    with faults.gather():
        if isinstance(config.asset, Mapping):
            asset = create_address(deployer, nonce)
            contracts.append(_test_asset(config, asset, Context(resolve, now, asset)))
        elif not faults.found:  # the address means nothing on another chain
            asset = _existing_asset(config, config.asset)

    context = Context(resolve, now, asset)
    own = nonce + len(contracts)
    with faults.gather():
        contracts += _dao(config, predict(deployer, own), context)
    faults.found += _powers(config, deployer, contracts)
    faults.refuse()
    plan = Plan(config, config.chain_id, deployer, nonce, now, asset, accounts, tuple(contracts), contract=contract)
    if factory is None:
        return plan
    return _through(plan, new(deployer, own) if factory == NEW else existing(factory))


def alone(plan: Plan) -> Plan:
    """Of a plan with a new factory that factory alone. Raises `ConfigError` for one that deploys a test asset too."""
    if isinstance(plan.config.asset, Mapping):
        raise ConfigError(f"{plan.config.path.name}: asset: name a token's address; a factory is deployed alone")
    return replace(plan, alone=True)


def _dao(config: Config, system: Mapping[str, str], context: Context) -> list[Planned]:
    abis = {name: abi_of(name) for _, name in ORDER}
    found = config.constructors(abis, system, context)
    return [Planned(key, name, system[key], found[name]) for key, name in ORDER]


def _through(plan: Plan, factory: Factory) -> Plan:
    """The same DAO at the addresses that the factory gives it."""
    plan = replace(plan, factory=factory)
    system = plan.creation(plan.deployer).system
    moved = [
        item
        if item.key == "asset"
        else replace(item, address=system[item.key], arguments={**item.arguments, "system": system})
        for item in plan.contracts
    ]
    return replace(plan, contracts=tuple(moved))


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
    changed = {"chain_id": config.chain_id, "asset": config.asset, "contracts": contracts}
    return replace(Config.parse(changed, config.path), faults=config.faults)


def _test_asset(config: Config, address: str, context: Context) -> Planned:
    assert isinstance(config.asset, Mapping)
    if not {"deploy", "arguments"} <= config.asset.keys():  # a fault of the file's
        return Planned("asset", "", address, {})
    name = config.asset["deploy"]
    if not isinstance(name, str) or name not in ape.project.contracts:
        raise ConfigError(f"{config.path.name}: asset.deploy: no contract {name!r} in this project")
    return Planned("asset", name, address, config.asset_arguments(abi_of(name), context))


def _refuse_contract(deployer: str) -> None:
    """What a Safe creates gets another address than the other contracts expect: its nonces are its own."""
    code = bytes(ape.networks.provider.get_code(deployer))
    if code and not code.startswith(_DELEGATION):
        raise ConfigError(
            f"{deployer} is a contract, such as a Safe: deploy with an account that has a key, which keeps no "
            "power, or name a Safe with --factory --safe"
        )


def _existing_asset(config: Config, found: str) -> str:
    try:
        asset = address(found)
    except InvalidArgument:  # a fault of the file's
        return _NOWHERE
    if not ape.networks.provider.get_code(asset):
        raise ConfigError(f"{config.path.name}: asset: there is no contract at {asset} on chain {config.chain_id}")
    return asset


def _powers(config: Config, deployer: str, contracts: list[Planned]) -> Iterator[str]:
    """The deploying account keeps no power, so it can be neither guardian nor attestor nor custodian."""
    for path in powers(deployer, {item.contract: item.arguments for item in contracts}):
        yield (f"{config.path.name}: {path}: is the deploying account, which must hold no power; deploy with another")
