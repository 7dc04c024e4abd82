"""The one description of a DAO's deployment: order, predicted addresses, and constructor arguments from YAML.

It sends nothing. `ape run deploy` executes it on any network, the test harness in process; both read the same
configuration against the same ABIs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from datadao import handwritten
from datadao.chain.abi import LOCAL_CHAIN_IDS, ORDER, Abi, constructor_inputs
from datadao.chain.arguments import ConfigError, Context, Faults, _key_faults, leaves, typed
from datadao.encoding import address
from datadao.errors import InvalidArgument

UNKNOWN = 0
"""The chain of a configuration that names none, which is one of its faults."""


@dataclass(frozen=True)
class Config:
    """A configuration file: which chain, which asset, and the arguments of each constructor by ABI name.

    `faults` are those that show without the contracts' ABIs; what makes arguments of a configuration raises them with
    those that it finds itself.
    """

    path: Path
    chain_id: int
    asset: str | Mapping[str, Any]
    contracts: Mapping[str, Mapping[str, Any]]
    faults: tuple[str, ...] = ()
    text: str = ""
    """The file, which a deployment's record carries."""

    @property
    def sha256(self) -> str:
        """Of the file, in hexadecimal digits."""
        return sha256(self.text.encode()).hexdigest()

    @classmethod
    def load(cls, path: Path) -> Config:
        """Raises `ConfigError` for what is no file, no YAML or no mapping."""
        try:
            text = path.read_bytes().decode()
        except FileNotFoundError:
            known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
            raise ConfigError(f"no configuration {path.name} in {path.parent.name}/; there are: {known}") from None
        except OSError as error:
            raise ConfigError(f"{path.name} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path.name} is not YAML: byte {error.start} is not UTF-8") from None
        return cls.read(text, path)

    @classmethod
    def read(cls, text: str, path: Path) -> Config:
        """A configuration from the text of its file. Raises `ConfigError` for what is no YAML or no mapping."""
        try:
            raw, twice = handwritten.read(text, path.name)
        except InvalidArgument as error:
            raise ConfigError(str(error)) from None
        return replace(cls.parse(raw, path, twice), text=text)

    @classmethod
    def parse(cls, raw: Any, path: Path, faults: Sequence[str] = ()) -> Config:
        """`faults` are those of the file itself. Raises `ConfigError` for what is no mapping."""
        where = path.name
        if not isinstance(raw, Mapping):
            raise ConfigError(f"{where}: expected a mapping, got {type(raw).__name__}")
        found = [*faults, *_key_faults(where, raw, ("chain_id", "asset", "contracts"))]
        chain_id, asset, contracts = raw.get("chain_id"), raw.get("asset", ""), raw.get("contracts", {})
        known = isinstance(chain_id, int) and not isinstance(chain_id, bool)
        if "chain_id" in raw and not known:
            found.append(f"{where}: chain_id: expected a number, got {chain_id!r}")
        if "asset" in raw:
            found += _asset_faults(where, asset, public=known and chain_id not in LOCAL_CHAIN_IDS)
        if not isinstance(contracts, Mapping):
            found.append(f"{where}: contracts: expected a mapping, got {contracts!r}")
            contracts = {}
        elif "contracts" in raw:
            found += _key_faults(f"{where}: contracts", contracts, [name for _, name in ORDER])
        chain = int(chain_id) if known and chain_id else UNKNOWN
        return cls(path, chain, asset, contracts, tuple(found), yaml.safe_dump(dict(raw)))

    def arguments(self, contract: str, abi: Abi, system: Mapping[str, str], context: Context) -> list[Any]:
        """Constructor arguments of `contract`, checked against its ABI by name, type and width.

        Raises `ConfigError` for every missing, unknown or unfit entry of it and what is wrong with the file.
        """
        faults = Faults(self.faults)
        with faults.gather():
            values = self._arguments(contract, abi, system, context)
        faults.refuse()
        return list(values.values())

    def constructors(
        self, abis: Mapping[str, Abi], system: Mapping[str, str], context: Context
    ) -> dict[str, dict[str, Any]]:
        """The arguments of all eight by contract and ABI name. Raises `ConfigError` with the faults of all of them."""
        faults, found = Faults(self.faults), {}
        for _, contract in ORDER:
            faults.found += _empty_lists(f"{self.path.name}: {contract}", self.contracts.get(contract))
            with faults.gather():
                found[contract] = self._arguments(contract, abis[contract], system, context)
        faults.refuse()
        return found

    def _arguments(self, contract: str, abi: Abi, system: Mapping[str, str], context: Context) -> dict[str, Any]:
        if contract not in self.contracts:  # a fault of the file's
            return {}
        section = {} if self.contracts[contract] is None else self.contracts[contract]
        given = {"system": dict(system), "asset": context.asset}
        return _constructor(f"{self.path.name}: {contract}", section, abi, context, given)

    def asset_arguments(self, abi: Abi, context: Context) -> dict[str, Any]:
        """Constructor arguments of the test asset by ABI name, checked likewise. Raises `ConfigError`."""
        assert isinstance(self.asset, Mapping)
        names, given = _names(abi), self.asset["arguments"]
        where = f"{self.path.name}: asset.arguments"
        if not isinstance(given, list) or len(given) != len(names):
            raise ConfigError(f"{where}: expected [{', '.join(names)}], got {given!r}")
        return _constructor(where, dict(zip(names, given, strict=True)), abi, context, {})


def powers(account: str, arguments: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The constructor arguments that name an account, such as `EmergencyBrake.guardian`; by contract and ABI name."""
    return [
        f"{contract}.{path.rstrip('_')}"
        for contract, own in arguments.items()
        for name, value in own.items()
        for path, leaf in leaves(name, value)
        if leaf == account
    ]


def _names(abi: Abi) -> list[str]:
    return [entry["name"].rstrip("_") for entry in constructor_inputs(abi)]


def _constructor(where: str, section: Any, abi: Abi, context: Context, given: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by ABI name: those `given`, and the others from the section, which is typed like a struct of them."""
    inputs = dict(zip(_names(abi), constructor_inputs(abi), strict=True))
    others = [{**entry, "name": name} for name, entry in inputs.items() if name not in given]
    values = {**given, **typed(where, section, {"type": "tuple", "components": others}, context)}
    return {entry["name"]: values[name] for name, entry in inputs.items()}


def _asset_faults(where: str, asset: Any, *, public: bool) -> Iterator[str]:
    if isinstance(asset, Mapping):
        yield from _key_faults(f"{where}: asset", asset, ("deploy", "arguments"))
        if public:
            yield f"{where}: asset: a test asset is for local chains; name the token's address"
    elif not (isinstance(asset, str) and asset.startswith("0x")):
        yield f"{where}: asset: expected a token's address, got {asset!r}"
    else:
        try:
            address(asset)
        except InvalidArgument as error:
            yield f"{where}: asset: {error}"


def _empty_lists(where: str, value: Any) -> Iterator[str]:
    """A DAO needs attestors, custodians and a first dataset; each list of a constructor is of those."""
    if isinstance(value, list) and not value:
        yield f"{where}: expected one or more, got none"
    parts = value.items() if isinstance(value, Mapping) else ()
    for name, inner in parts:
        yield from _empty_lists(f"{where}.{name}", inner)
