"""Arguments as people write them, for the entries of an ABI; and as a person or a JSON file has them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from datadao import handwritten
from datadao.chain.abi import _item
from datadao.encoding import address
from datadao.errors import DataDAOError
from datadao.values import is_moment

_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86_400}


_DURATION = re.compile(r"^(now \+ )?(\d+) (second|minute|hour|day)s?$")


_SAFE_INTEGER = 2**53 - 1
"""Larger ones are text in JSON: JavaScript would round them."""

_DATE = re.compile(r"^\d{4}-\d{2}-\d{2}([ T]|$)")


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


def _key_faults(where: str, section: Mapping[str, Any], wanted: Sequence[str]) -> list[str]:
    return [f"{where}: {fault}" for fault in handwritten.key_faults(section, wanted)]


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


def spelled(value: Any) -> str:
    """A value as a person reads it."""
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, Mapping):
        return ", ".join(f"{key}={spelled(inner)}" for key, inner in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return "[" + ", ".join(spelled(inner) for inner in value) + "]"
    return str(value)


def leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    """The simple values in a nested one, by path."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from leaves(f"{path}.{key}", inner)
    elif isinstance(value, (list, tuple)):
        for i, inner in enumerate(value):
            yield from leaves(f"{path}[{i}]", inner)
    else:
        yield path, value


def plain(value: Any) -> Any:
    """Arguments as JSON: bytes as hex, integers that JavaScript cannot hold as text."""
    if isinstance(value, Mapping):
        return {key: plain(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(inner) for inner in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and not isinstance(value, bool) and value > _SAFE_INTEGER:
        return str(value)
    return value
