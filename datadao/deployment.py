"""The one description of a DAO's deployment: order, predicted addresses, and constructor arguments from YAML.

It sends nothing. `ape run deploy` executes it on any network, the test harness executes it in process; both read the
same configuration against the same ABIs, so neither can drift from the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import eth_abi
import rlp  # type: ignore[import-untyped]
import yaml
from eth_utils import is_address, keccak, to_checksum_address

from datadao.errors import DataDAOError

# Key in the `System` struct, contract. A contract checks the code of those above it; the registry, without which none
# of them works, comes last: a deployment that stops half way leaves nothing usable.
ORDER: tuple[tuple[str, str], ...] = (
    ("timelock", "DataTimelock"),
    ("brake", "EmergencyBrake"),
    ("token", "DataToken"),
    ("splitter", "RevenueSplitter"),
    ("governor", "DataGovernor"),
    ("leases", "DataLeases"),
    ("models", "ModelRegistry"),
    ("registry", "DatasetRegistry"),
)

LOCAL_CHAIN_IDS = frozenset({1337, 31337})

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_DURATION = re.compile(r"^(now \+ )?(\d+) (second|minute|hour|day)s?$")

Abi = Sequence[Mapping[str, Any]]
"""A contract's JSON ABI."""


class ConfigError(DataDAOError, ValueError):
    """A deployment configuration does not fit the contracts. Names the entry, its value and what was expected."""


@dataclass(frozen=True)
class Context:
    """What turns the symbols of a configuration into values.

    `account` resolves an alias such as `TEST::1` or a wallet's name to an address, or raises `ConfigError`;
    `now` is the chain's time in Unix seconds; `asset` the settlement asset.
    """

    account: Callable[[str], str]
    now: int
    asset: str


@dataclass(frozen=True)
class Config:
    """A configuration file: which chain, which asset, and the arguments of each constructor by ABI name."""

    path: Path
    chain_id: int
    asset: str | Mapping[str, Any]
    contracts: Mapping[str, Mapping[str, Any]]

    @classmethod
    def load(cls, path: Path) -> Config:
        try:
            raw = yaml.safe_load(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
            raise ConfigError(f"no configuration {path.name} in {path.parent.name}/; there are: {known}") from None
        except yaml.YAMLError as error:
            raise ConfigError(f"{path.name} is not YAML: {error}") from None
        return cls.parse(raw, path)

    @classmethod
    def parse(cls, raw: Any, path: Path) -> Config:
        if not isinstance(raw, Mapping):
            raise ConfigError(f"{path.name}: expected a mapping, got {type(raw).__name__}")
        _exact_keys(path.name, raw, ("chain_id", "asset", "contracts"))
        if not isinstance(raw["chain_id"], int):
            raise ConfigError(f"{path.name}: chain_id: expected a number, got {raw['chain_id']!r}")
        asset, contracts = raw["asset"], raw["contracts"]
        if isinstance(asset, Mapping):
            _exact_keys(f"{path.name}: asset", asset, ("deploy", "arguments"))
            if raw["chain_id"] not in LOCAL_CHAIN_IDS:
                raise ConfigError(f"{path.name}: asset: a test asset is for local chains; name the token's address")
        elif not is_address(asset):
            raise ConfigError(f"{path.name}: asset: expected a token's address, got {asset!r}")
        if not isinstance(contracts, Mapping):
            raise ConfigError(f"{path.name}: contracts: expected a mapping, got {contracts!r}")
        _exact_keys(f"{path.name}: contracts", contracts, [name for _, name in ORDER])
        return cls(path, raw["chain_id"], asset, contracts)

    def arguments(self, contract: str, abi: Abi, system: Mapping[str, str], context: Context) -> list[Any]:
        """Constructor arguments of `contract`, checked against its ABI by name, type and width.

        Raises `ConfigError` for a missing, unknown or unfit entry.
        """
        inputs = constructor_inputs(abi)
        section = dict(self.contracts[contract] or {})
        where = f"{self.path.name}: {contract}"
        given = {"system": dict(system), "asset": context.asset}
        wanted = [i["name"].rstrip("_") for i in inputs]
        _exact_keys(where, section, [name for name in wanted if name not in given])
        return [
            given[name] if name in given else typed(f"{where}.{name}", section[name], entry, context)
            for name, entry in zip(wanted, inputs, strict=True)
        ]

    def asset_arguments(self, abi: Abi, context: Context) -> list[Any]:
        """Constructor arguments of the test asset, checked likewise. Raises `ConfigError`."""
        assert isinstance(self.asset, Mapping)
        inputs, given = constructor_inputs(abi), self.asset["arguments"]
        where = f"{self.path.name}: asset.arguments"
        names = [entry["name"].rstrip("_") for entry in inputs]
        if not isinstance(given, list) or len(given) != len(inputs):
            raise ConfigError(f"{where}: expected [{', '.join(names)}], got {given!r}")
        return [
            typed(f"{where}.{name}", value, entry, context)
            for name, value, entry in zip(names, given, inputs, strict=True)
        ]


def constructor_inputs(abi: Abi) -> Sequence[Mapping[str, Any]]:
    """Inputs of the constructor in an ABI; none if it has none."""
    for entry in abi:
        if entry.get("type") == "constructor":
            inputs: Sequence[Mapping[str, Any]] = entry.get("inputs", [])
            return inputs
    return []


def initcode(abi: Abi, creation: bytes, arguments: Sequence[Any]) -> bytes:
    """What a creation transaction carries: the compiled code followed by the constructor's arguments, structs as
    mappings or in order."""
    inputs = constructor_inputs(abi)
    values = [positional(entry, value) for entry, value in zip(inputs, arguments, strict=True)]
    return creation + eth_abi.encode([canonical_type(entry) for entry in inputs], values)


def create_address(sender: str, nonce: int) -> str:
    """Address of the contract that `sender` creates with its transaction `nonce` (Yellow Paper, section 7)."""
    encoded: bytes = rlp.encode([bytes.fromhex(sender[2:]), nonce])
    return to_checksum_address(keccak(encoded)[12:])


def predict(deployer: str, nonce: int) -> dict[str, str]:
    """The `System` of a DAO that `deployer` deploys in `ORDER`, its first contract at `nonce`."""
    return {key: create_address(deployer, nonce + offset) for offset, (key, _) in enumerate(ORDER)}


def canonical_type(entry: Mapping[str, Any]) -> str:
    """ABI type of an input or output as signatures spell it, tuples written out."""
    kind: str = entry["type"]
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(canonical_type(component) for component in entry["components"]) + ")" + kind[5:]


def positional(entry: Mapping[str, Any], value: Any) -> Any:
    """A value of the ABI entry's type as an encoder takes it: structs, given by field or in order, as tuples."""
    if item := _item(entry):
        return [positional(item, v) for v in value]
    if entry["type"] == "tuple":
        fields = [value[c["name"]] for c in entry["components"]] if isinstance(value, Mapping) else value
        return tuple(positional(c, v) for c, v in zip(entry["components"], fields, strict=True))
    return value


def named(entry: Mapping[str, Any], value: Any) -> Any:
    """The other way round: a decoded value with structs as mappings and addresses in checksummed spelling."""
    if item := _item(entry):
        return [named(item, v) for v in value]
    if entry["type"] == "tuple":
        return {c["name"]: named(c, v) for c, v in zip(entry["components"], value, strict=True)}
    return to_checksum_address(value) if entry["type"] == "address" else value


def _item(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The entry of a list's items; None for what is no list."""
    kind: str = entry["type"]
    return {**entry, "type": kind[: kind.rindex("[")]} if kind.endswith("]") else None


def _exact_keys(where: str, section: Mapping[str, Any], wanted: Sequence[str]) -> None:
    missing = [name for name in wanted if name not in section]
    unknown = [name for name in section if name not in wanted]
    if missing:
        raise ConfigError(f"{where}: missing {', '.join(missing)}")
    if unknown:
        raise ConfigError(f"{where}: unknown {', '.join(map(str, unknown))}; expected {', '.join(wanted)}")


def typed(where: str, value: Any, entry: Mapping[str, Any], context: Context) -> Any:
    """A value as a person writes it, for an ABI entry: `7 days` and `now + 365 days` are seconds, an alias is an
    address, structs are mappings, attestors come in the order that contracts want.

    Raises `ConfigError` that starts with `where` and says what was expected.
    """
    kind: str = entry["type"]
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise ConfigError(f"{where}: expected a list, got {value!r}")
        item = {**entry, "type": kind[:-2]}
        values = [typed(f"{where}[{i}]", v, item, context) for i, v in enumerate(value)]
        # Contracts want attestors in ascending order; people write them in the order of their importance.
        attestors = entry.get("internalType", "").endswith(".Attestor[]")
        return sorted(values, key=lambda v: int(v["signer"], 16)) if attestors else values
    if kind == "tuple":
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: expected a mapping, got {value!r}")
        _exact_keys(where, value, [c["name"] for c in entry["components"]])
        return {c["name"]: typed(f"{where}.{c['name']}", value[c["name"]], c, context) for c in entry["components"]}
    if kind.startswith("uint"):
        return _uint(where, value, int(kind[4:]), context)
    if kind == "bool":
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: expected true or false, got {value!r}")
        return value
    if kind == "string":
        if not isinstance(value, str):
            raise ConfigError(f"{where}: expected text, got {value!r}")
        return value
    if kind == "address":
        if isinstance(value, str) and is_address(value):
            return to_checksum_address(value)
        if not isinstance(value, str):
            raise ConfigError(f"{where}: expected an address or an account's alias, in quotes, got {value!r}")
        return context.account(value)
    if kind.startswith("bytes"):
        size = int(kind[5:]) * 2 if kind[5:] else None
        if not (
            isinstance(value, str) and re.fullmatch(rf"0x([0-9a-fA-F]{{2}}){{{size // 2 if size else '0,'}}}", value)
        ):
            digits = f"{size} hex digits" if size else "pairs of hex digits"
            raise ConfigError(f"{where}: expected 0x and {digits}, in quotes, got {value!r}")
        return bytes.fromhex(value[2:])
    raise ConfigError(f"{where}: the ABI asks for {kind}, which no configuration has")


def _uint(where: str, value: Any, bits: int, context: Context) -> int:
    if isinstance(value, str):
        match = _DURATION.match(value)
        if match is None:
            raise ConfigError(f"{where}: expected a number, '7 days' or 'now + 365 days', got {value!r}")
        since, count, unit = match.groups()
        value = int(count) * _UNITS[unit] + (context.now if since else 0)
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{where}: expected a whole number, got {value!r}")
    if not 0 <= value < 1 << bits:
        raise ConfigError(f"{where}: expected 0 to 2**{bits} - 1, got {value}")
    return value
