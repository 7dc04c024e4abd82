"""The committed record of all figures, `docs/gas.json`, and what differs from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from assurance.bench.gas.meter import Figure

DOCS = Path(__file__).parents[3] / "docs"
DATA, DOCUMENT = DOCS / "gas.json", DOCS / "gas.md"

Record = dict[str, Any]
"""`figures`: {label: {how, gas}}, and {slots, amsterdam, limit} of whole transactions: new storage slots, gas under
Amsterdam's rules, and the least limit there. `sizes`: {contract: {code, creation, init_code_hash}}, in bytes."""


def record(figures: Iterable[Figure], sizes: Mapping[str, Any]) -> Record:
    """Raises `ValueError` for two figures of one label."""
    labelled: dict[str, Any] = {}
    for figure in figures:
        if figure.label in labelled:
            raise ValueError(f"two figures are called {figure.label!r}")
        labelled[figure.label] = {"how": figure.how.value, "gas": figure.gas}
        if figure.next:
            gas, slots, limit = figure.next
            labelled[figure.label] |= {"slots": slots, "amsterdam": gas} | ({"limit": limit} if limit else {})
    return {"figures": dict(sorted(labelled.items())), "sizes": dict(sizes)}


def load() -> Record:
    """The committed record; an empty one where there is none yet."""
    if not DATA.exists():
        return {"figures": {}, "sizes": {}}
    parsed: Record = json.loads(DATA.read_text())
    return parsed


def differences(committed: Record, measured: Record) -> list[tuple[str, str, str]]:
    """What is not the same in both: its name, committed and measured value."""
    before, after = dict(_flat(committed)), dict(_flat(measured))
    names = [*before, *(name for name in after if name not in before)]
    return [
        (name, before.get(name, "none"), after.get(name, "none"))
        for name in names
        if before.get(name) != after.get(name)
    ]


def _flat(value: Any, *path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from _flat(inner, *path, key)
    else:
        yield " / ".join(path), f"{value:,}" if isinstance(value, int) else str(value)
