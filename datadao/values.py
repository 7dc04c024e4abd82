"""Times: which arguments are, and how a person reads them."""

from __future__ import annotations

from datetime import UTC, datetime

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
