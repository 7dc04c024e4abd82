"""Everything `make gas` measures, in one order."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from assurance.bench.gas import governance, leases, money, registry, succession, views
from assurance.bench.gas.meter import Figure
from assurance.bench.gas.replay import replay
from assurance.harness.chain.anvil import Anvil

PARTS = tuple(part for area in (money, governance, registry, leases, succession, views) for part in area.PARTS)


def figures(chain: Anvil) -> list[Figure]:
    """Each part starts from the same node, so that none depends on another. Raises `UnmeasuredError`, `ReplayError`."""
    found = []
    for part in PARTS:
        with _untouched(chain):
            taken: list[Figure] = part(chain)
            whole = {figure.sent[0] for figure in taken if figure.sent and figure.parts == 1}
            costs = replay(chain, {name for figure in taken for name in figure.sent}, whole)
            found += [figure.under(costs) for figure in taken]
    return found


@contextmanager
def _untouched(chain: Anvil) -> Iterator[None]:
    snapshot = chain.snapshot()
    yield
    chain.revert(snapshot)
