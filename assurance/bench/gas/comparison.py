"""Our operations beside those of other systems that do most nearly the same, as `peers.toml` has them."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple


class System(NamedTuple):
    """Another system. `gas` is of whole transactions by operation, `rules` the hard fork it was measured under. Of some
    operations `slots` says how many it fills, and `amsterdam` its gas under the rules of the next fork."""

    name: str
    rules: str
    gas: dict[str, int]
    slots: Mapping[str, int] = MappingProxyType({})
    amsterdam: Mapping[str, int] = MappingProxyType({})
    source: str = ""
    integrity: str = ""
    licence: str = ""
    how: str = ""


class Comparison(NamedTuple):
    """`ours` are labels of figures, added up. `why` says what makes another system cheaper, where one is."""

    operation: str
    ours: tuple[str, ...]
    others: tuple[tuple[System, str], ...]
    why: str


_DATA = tomllib.loads(Path(__file__).with_name("peers.toml").read_text())
SYSTEMS = {entry["name"]: System(**entry) for entry in _DATA["system"]}
COMPARISONS = tuple(
    Comparison(
        row["operation"],
        tuple(row["ours"]),
        tuple((SYSTEMS[other["system"]], other["operation"]) for other in row["others"]),
        row.get("why", ""),
    )
    for row in _DATA["comparison"]
)
