"""A whole DAO on either back end, deployed from the same configuration and plan as `ape run deploy`."""

from __future__ import annotations

import copy
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from coincurve import PrivateKey
from eth_account import Account
from eth_utils import keccak

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Handle, deploy
from assurance.harness.chain.node import MNEMONIC
from assurance.harness.chain.twins import CODE_LIMIT, in_place
from assurance.harness.dao import signing
from datadao.chain.abi import ORDER, predict
from datadao.chain.arguments import Context
from deployer.config import Config

CONFIG = Path(__file__).parents[3] / "deploy-config" / "local.yaml"
DAY = 86_400


@dataclass(frozen=True)
class Actor:
    """An account whose key the test holds."""

    name: str
    address: str
    key: bytes

    def sign(self, typed: dict[str, Any]) -> bytes:
        """65-byte signature over EIP-712 data given as a full message."""
        return _signature(self.key, signing.digest(typed))


# An account of eth_account derives its public key anew for each signature.
_key = functools.cache(PrivateKey)


@functools.lru_cache(maxsize=10_000)
def _signature(key: bytes, digest: bytes) -> bytes:
    """The same each time (RFC 6979), so lives that sign the same share it."""
    *rs, parity = _key(key).sign_recoverable(digest, hasher=None)
    return bytes([*rs, 27 + parity])


def ape_account(number: int, name: str) -> Actor:
    """`TEST::number`, with its key."""
    Account.enable_unaudited_hdwallet_features()
    account = Account.from_mnemonic(MNEMONIC, account_path=f"m/44'/60'/0'/0/{number}")
    return Actor(name, account.address, bytes(account.key))


@functools.cache
def actor(name: str) -> Actor:
    """The actor of that name; always the same account."""
    key = keccak(text=f"datadao/test/{name}")
    return Actor(name, Account.from_key(key).address, key)


# `TEST::n` of the local configuration, in process.
ROLES = (
    "deployer",
    "guardian",
    *(f"attestor-{i}" for i in range(3)),
    *(f"custodian-{i}" for i in range(5)),
)


def config(**changes: Any) -> Config:
    """The local configuration; `changes` are dotted paths with `__`, such as `DataToken__transferable=True`."""
    raw = copy.deepcopy(_local())
    for path, value in changes.items():
        *parents, leaf = path.split("__")
        section = raw["contracts"]
        for parent in parents:
            section = section[parent]
        if leaf not in section:
            raise KeyError(path)
        section[leaf] = value
    return Config.parse(raw, CONFIG)


@functools.cache
def _local() -> dict[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(CONFIG.read_text())
    return raw


class System:
    """The eight contracts and their settlement asset, as attributes, on one chain."""

    timelock: Handle
    brake: Handle
    token: Handle
    splitter: Handle
    governor: Handle
    leases: Handle
    models: Handle
    registry: Handle

    def __init__(
        self,
        configuration: Config | None = None,
        *,
        chain: Revm | Anvil | None = None,
        decimals: int = 6,
        asset: str = "TestAsset",
        twins: Sequence[str] = (),
        actors: Mapping[str, Actor] | None = None,
    ) -> None:
        """`asset` names a contract with the constructor of `TestAsset`; `twins` what is deployed instead of contracts,
        as in `assurance.harness.chain.twins`. `actors` are who has the roles, the test's own accounts unless said."""
        self.chain: Any = chain or Revm(code_limit=CODE_LIMIT if twins else None)
        self.config = configuration or config()
        self.actors = dict(actors or {name: actor(name) for name in ROLES})
        deployer = self.actors["deployer"].address
        arguments = ("Test Dollar", "TUSD", decimals)
        self.asset = deploy(self.chain, asset, *arguments, sender=deployer)
        self._create(deployer, twins)

    def _create(self, deployer: str, twins: Sequence[str]) -> None:
        self.addresses = predict(deployer, self.chain.nonce(deployer))
        deployed = in_place([name for _, name in ORDER], twins)
        for key, name in ORDER:
            args = self._arguments(name, self.addresses)
            setattr(self, key, deploy(self.chain, deployed[name], *args, sender=deployer))

    def _arguments(self, contract: str, system: Mapping[str, str]) -> list[Any]:
        context = Context(self._account, self.chain.timestamp, self.asset.address)
        return self.config.arguments(contract, artifacts()[contract].abi, system, context)

    def _account(self, alias: str) -> str:
        return self.actors[ROLES[int(alias.removeprefix("TEST::"))]].address
