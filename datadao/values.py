"""Nested arguments: taken apart, and as a person or a JSON file has them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from datadao.errors import AccountRefused

_SAFE_INTEGER = 2**53 - 1
"""Larger ones are text in JSON: JavaScript would round them."""


_MOMENTS = frozenset({"deadline", "expiry", "guardianUntil", "t", "timepoint", "until"})
"""Arguments that are points in time; others of their type are durations."""


def is_moment(name: str) -> bool:
    """Whether the argument of this ABI name is a time in Unix seconds."""
    return name.rstrip("_") in _MOMENTS


def moment(timestamp: int) -> str:
    """Unix seconds as a date; nothing for 0."""
    if not timestamp:
        return ""
    try:
        return f"{datetime.fromtimestamp(timestamp, UTC):%Y-%m-%d %H:%M} UTC"
    except (OverflowError, ValueError, OSError):
        return "after the year 9999"


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


def refuse_key(alias: str) -> None:
    """Raises `AccountRefused`, which does not repeat it, for what looks like a private key."""
    if len(alias.removeprefix("0x")) == 64:
        raise AccountRefused("that looks like a private key: never type one; name an account of `ape accounts list`")
