"""The one description of a DAO's deployment: order, predicted addresses, and constructor arguments from YAML.

It sends nothing. `ape run deploy` executes it on any network, the test harness executes it in process; both read the
same configuration against the same ABIs, so neither can drift from the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import eth_abi
import rlp  # type: ignore[import-untyped]
from eth_utils import keccak, to_checksum_address

from datadao import handwritten
from datadao.encoding import address
from datadao.errors import DataDAOError, InvalidArgument
from datadao.values import is_moment

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
UNKNOWN = 0
"""The chain of a configuration that names none, which is one of its faults."""

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}
_DURATION = re.compile(r"^(now \+ )?(\d+) (second|minute|hour|day)s?$")
_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([ T]|$)")

Abi = Sequence[Mapping[str, Any]]
"""A contract's JSON ABI."""


class ConfigError(DataDAOError, ValueError):
    """A deployment configuration does not fit the contracts. Names the entry, its value and what was expected; one line
    for each of its `faults`."""

    def __init__(self, *faults: str) -> None:
        super().__init__("\n".join(faults))
        self.faults = faults


class Faults:
    """What is wrong with a configuration, gathered so that one run shows all of it."""

    def __init__(self, found: Sequence[str] = ()) -> None:
        self.found = list(found)

    @contextmanager
    def gather(self) -> Iterator[None]:
        """Notes the faults of a `ConfigError` instead of stopping at them."""
        try:
            yield
        except ConfigError as error:
            self.found += error.faults

    def refuse(self) -> None:
        """Raises `ConfigError` with all of them, each once, if there are any."""
        if self.found:
            raise ConfigError(*dict.fromkeys(self.found))


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
    """A configuration file: which chain, which asset, and the arguments of each constructor by ABI name.

    `faults` are those that show without the contracts' ABIs; what makes arguments of a configuration raises them with
    those that it finds itself.
    """

    path: Path
    chain_id: int
    asset: str | Mapping[str, Any]
    contracts: Mapping[str, Mapping[str, Any]]
    faults: tuple[str, ...] = ()

    @classmethod
    def load(cls, path: Path) -> Config:
        """Raises `ConfigError` for what is no file, no YAML or no mapping."""
        try:
            raw, twice = handwritten.read(path.read_text(encoding="utf-8"), path.name)
        except FileNotFoundError:
            known = ", ".join(sorted(p.stem for p in path.parent.glob("*.yaml"))) or "none"
            raise ConfigError(f"no configuration {path.name} in {path.parent.name}/; there are: {known}") from None
        except OSError as error:
            raise ConfigError(f"{path.name} cannot be read: {error.strerror}") from None
        except UnicodeDecodeError as error:
            raise ConfigError(f"{path.name} is not YAML: byte {error.start} is not UTF-8") from None
        except InvalidArgument as error:
            raise ConfigError(str(error)) from None
        return cls.parse(raw, path, twice)

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
        return cls(path, int(chain_id) if known and chain_id else UNKNOWN, asset, contracts, tuple(found))

    def arguments(self, contract: str, abi: Abi, system: Mapping[str, str], context: Context) -> list[Any]:
        """Constructor arguments of `contract`, checked against its ABI by name, type and width.

        Raises `ConfigError` for every missing, unknown or unfit entry of it and what is wrong with the file.
        """
        faults = Faults(self.faults)
        with faults.gather():
            values = self._arguments(contract, abi, system, context)
        faults.refuse()
        return values

    def constructors(
        self, abis: Mapping[str, Abi], system: Mapping[str, str], context: Context
    ) -> dict[str, list[Any]]:
        """The arguments of all eight by contract. Raises `ConfigError` with the faults of all of them."""
        faults, found = Faults(self.faults), {}
        for _, contract in ORDER:
            faults.found += _empty_lists(f"{self.path.name}: {contract}", self.contracts.get(contract))
            with faults.gather():
                found[contract] = self._arguments(contract, abis[contract], system, context)
        faults.refuse()
        return found

    def _arguments(self, contract: str, abi: Abi, system: Mapping[str, str], context: Context) -> list[Any]:
        if contract not in self.contracts:  # a fault of the file's
            return []
        inputs = constructor_inputs(abi)
        section = {} if self.contracts[contract] is None else self.contracts[contract]
        where = f"{self.path.name}: {contract}"
        if not isinstance(section, Mapping):
            raise ConfigError(f"{where}: expected a mapping, got {section!r}")
        given = {"system": dict(system), "asset": context.asset}
        wanted = [i["name"].rstrip("_") for i in inputs]
        faults = Faults(_key_faults(where, section, [name for name in wanted if name not in given]))
        values = []
        for name, entry in zip(wanted, inputs, strict=True):
            if name in given:
                values.append(given[name])
            elif name in section:
                with faults.gather():
                    values.append(typed(f"{where}.{name}", section[name], entry, context))
        faults.refuse()
        return values

    def asset_arguments(self, abi: Abi, context: Context) -> list[Any]:
        """Constructor arguments of the test asset, checked likewise. Raises `ConfigError`."""
        assert isinstance(self.asset, Mapping)
        inputs, given = constructor_inputs(abi), self.asset["arguments"]
        where = f"{self.path.name}: asset.arguments"
        names = [entry["name"].rstrip("_") for entry in inputs]
        if not isinstance(given, list) or len(given) != len(inputs):
            raise ConfigError(f"{where}: expected [{', '.join(names)}], got {given!r}")
        return _each(
            [(f"{where}.{name}", value, entry) for name, value, entry in zip(names, given, inputs, strict=True)],
            context,
        )


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


def _key_faults(where: str, section: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    return [f"{where}: {fault}" for fault in handwritten.key_faults(section, wanted)]


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
    """A DAO without attestors, custodians or a first dataset serves nobody; each list of a constructor is of those."""
    if isinstance(value, list) and not value:
        yield f"{where}: expected one or more, got none"
    parts = value.items() if isinstance(value, Mapping) else ()
    for name, inner in parts:
        yield from _empty_lists(f"{where}.{name}", inner)


def typed(where: str, value: Any, entry: Mapping[str, Any], context: Context) -> Any:
    """A value as a person writes it, for an ABI entry: `7 days` is seconds, a date or `now + 365 days` a time, an alias
    an address, structs are mappings, attestors come in the order that contracts want.

    Raises `ConfigError` with every fault, each starting with `where` and saying what was expected.
    """
    kind: str = entry["type"]
    if item := _item(entry):
        if not isinstance(value, list):
            raise ConfigError(f"{where}: expected a list, got {value!r}")
        values = _each([(f"{where}[{i}]", v, item) for i, v in enumerate(value)], context)
        # Contracts want attestors in ascending order; people write them in the order of their importance.
        attestors = entry.get("internalType", "").endswith(".Attestor[]")
        return sorted(values, key=lambda v: int(v["signer"], 16)) if attestors else values
    if kind == "tuple":
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where}: expected a mapping, got {value!r}")
        components = {c["name"]: c for c in entry["components"]}
        faults = Faults(_key_faults(where, value, list(components)))
        known = [name for name in components if name in value]
        with faults.gather():
            values = _each([(f"{where}.{name}", value[name], components[name]) for name in known], context)
        faults.refuse()
        return dict(zip(known, values, strict=True))
    if kind.startswith("uint"):
        return _uint(where, value, entry, context)
    if kind == "bool":
        if not isinstance(value, bool):
            raise ConfigError(f"{where}: expected true or false, got {value!r}")
        return value
    if kind == "string":
        if not isinstance(value, str):
            raise ConfigError(f"{where}: expected text, got {value!r}")
        return value
    if kind == "address":
        return _account(where, value, context)
    if kind.startswith("bytes"):
        size = int(kind[5:]) * 2 if kind[5:] else None
        if not (
            isinstance(value, str) and re.fullmatch(rf"0x([0-9a-fA-F]{{2}}){{{size // 2 if size else '0,'}}}", value)
        ):
            digits = f"{size} hex digits" if size else "pairs of hex digits"
            raise ConfigError(f"{where}: expected 0x and {digits}, in quotes, got {value!r}")
        return bytes.fromhex(value[2:])
    raise ConfigError(f"{where}: the ABI asks for {kind}, which no configuration has")


def _each(items: Sequence[tuple[str, Any, Mapping[str, Any]]], context: Context) -> list[Any]:
    """`typed` of all. Raises `ConfigError` with the faults of all."""
    faults, values = Faults(), []
    for where, value, entry in items:
        with faults.gather():
            values.append(typed(where, value, entry, context))
    faults.refuse()
    return values


def _account(where: str, value: Any, context: Context) -> str:
    if not isinstance(value, str):
        raise ConfigError(f"{where}: expected an address or an account's alias, in quotes, got {value!r}")
    try:
        return address(value) if value[:2].lower() == "0x" else context.account(value)
    except DataDAOError as error:
        raise ConfigError(f"{where}: {error}") from None


def _uint(where: str, value: Any, entry: Mapping[str, Any], context: Context) -> int:
    bits, moment = int(entry["type"][4:]), is_moment(entry["name"])
    if isinstance(value, str):
        match, read = _DURATION.match(value), _date(value) if moment else None
        if match is None and read is None:
            form = "'2027-06-01 12:00' (UTC) or 'now + 365 days'" if moment else "'7 days' or 'now + 365 days'"
            raise ConfigError(f"{where}: expected a number, {form}, got {value!r}")
        if match is not None:
            since, count, unit = match.groups()
            read = int(count) * _UNITS[unit] + (context.now if since else 0)
        value = read
    if isinstance(value, bool) or not isinstance(value, int):
        raise ConfigError(f"{where}: expected a whole number, got {value!r}")
    if not 0 <= value < 1 << bits:
        raise ConfigError(f"{where}: expected 0 to 2**{bits} - 1, got {value}")
    return value


def _date(text: str) -> int | None:
    """Unix seconds of a date with or without a time, UTC unless it says otherwise; None for what is none."""
    if not _DATE.match(text):
        return None
    try:
        read = datetime.fromisoformat(text.removesuffix(" UTC"))
    except ValueError:
        return None
    return int((read if read.tzinfo else read.replace(tzinfo=UTC)).timestamp())
