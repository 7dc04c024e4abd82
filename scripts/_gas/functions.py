"""Which functions change state, and which of them have no figure and why. A function in neither list is a gap."""

from __future__ import annotations

from collections.abc import Iterable

from scripts._gas.sizes import DEPLOYED
from tests.support.artifacts import artifacts
from tests.support.guards import GUARDS

UNCALLED = "The governor alone may call it, and calls only the batch form."
REFUSES = "It refuses everybody."
EXEMPT = {
    "DataTimelock.schedule": UNCALLED,
    "DataTimelock.execute": UNCALLED,
} | {
    f"{contract}.{name}": REFUSES
    for contract, guards in GUARDS.items()
    for name, guard in guards.items()
    if guard.who == "nobody"
}
"""Functions without a figure, with the reason; those that refuse everybody are known from the guard table."""


def changing() -> list[str]:
    """Every function of the deployable contracts that may change state, as `Contract.function`."""
    return [
        f"{contract}.{entry['name']}"
        for contract in DEPLOYED
        for entry in artifacts()[contract].abi
        if entry["type"] == "function" and entry["stateMutability"] in ("nonpayable", "payable")
    ]


def gaps(measured: Iterable[str]) -> list[str]:
    """What is neither measured nor exempt; and what is exempt although measured."""
    figures = set(measured)
    missing = [f"{name} has no figure" for name in changing() if name not in figures and name not in EXEMPT]
    return missing + [f"{name} has a figure and an exemption" for name in EXEMPT if name in figures]
