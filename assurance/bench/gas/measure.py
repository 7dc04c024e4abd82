"""Everything `make gas` measures, in one order."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from assurance import ROOT
from assurance.bench.gas import governance, leases, money, registry, views
from assurance.bench.gas.meter import Figure
from assurance.bench.gas.peers import ocean, openzeppelin, superfluid, uniswap
from assurance.bench.gas.peers.figures import PeerFigure
from assurance.bench.gas.peers.packages import PINNED, UnavailableError
from assurance.harness.chain.anvil import Anvil

PARTS = tuple(part for area in (money, governance, registry, leases, views) for part in area.PARTS)
PEERS: tuple[tuple[str, Callable[[Anvil], list[PeerFigure]]], ...] = tuple(
    (m.PACKAGE, m.measure) for m in (openzeppelin, uniswap, superfluid, ocean)
)


def figures(chain: Anvil) -> list[Figure]:
    """Ours. Each part starts from the same node, so that none depends on another."""
    found = []
    for part in PARTS:
        with _untouched(chain):
            found += part(chain)
    return found


def peers(chain: Anvil, recorded: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Those of other systems as `Record` has them, and what could not be fetched and is shown as recorded."""
    found, missing = {}, []
    for package, measure in PEERS:
        try:
            with _untouched(chain):
                gas = {figure.operation: figure.gas for figure in measure(chain)}
        except UnavailableError as error:
            missing.append(str(error))
            if package in recorded:
                found[package] = recorded[package]
        else:
            found[package] = _pinned(package) | {"gas": gas}
    return found, missing


def _pinned(package: str) -> dict[str, str]:
    """Version and licence: of what is installed, or of what is pinned to be read."""
    installed = ROOT / "node_modules" / package / "package.json"
    if installed.exists():
        described = json.loads(installed.read_text())
        return {"version": described["version"], "licence": described["license"]}
    pinned = json.loads(PINNED.read_text())[package]
    return {"version": pinned["version"], "licence": pinned["licence"]}


@contextmanager
def _untouched(chain: Anvil) -> Iterator[None]:
    snapshot = chain.snapshot()
    yield
    chain.revert(snapshot)
