"""Which functions there are, and which of them have no figure and why. A function in neither list is a gap."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from assurance.harness.chain.artifacts import DEPLOYED, artifacts
from assurance.harness.dao.guards import GUARDS

UNCALLED = "The governor alone may call it, and calls only the batch form."
REFUSES = "It refuses every account."
EXEMPT = {
    "DataTimelock.schedule": UNCALLED,
    "DataTimelock.execute": UNCALLED,
} | {
    f"{contract}.{name}": REFUSES
    for contract, guards in GUARDS.items()
    for name, guard in guards.items()
    if guard.who == "no account"
}
"""Functions without a figure, with the reason; those that refuse every account are known from the guard table."""


def every() -> list[str]:
    """Every external function of the deployable contracts, inherited ones too, as `Contract.function`."""
    return [
        f"{contract}.{entry['name']}"
        for contract in DEPLOYED
        for entry in artifacts()[contract].abi
        if entry["type"] == "function"
    ]


def reading(contract: str) -> list[dict[str, Any]]:
    """ABI entries of a contract's view and pure functions that have to have a figure."""
    return [
        entry
        for entry in artifacts()[contract].abi
        if entry["type"] == "function"
        and entry["stateMutability"] in ("view", "pure")
        and f"{contract}.{entry['name']}" not in EXEMPT
    ]


def gaps(measured: Iterable[str]) -> list[str]:
    """What is neither measured nor exempt; what is exempt although measured; and what one figure cannot stand for."""
    figures, forms = set(measured), Counter(every())
    missing = [f"{name} has no figure" for name in forms if name not in figures and name not in EXEMPT]
    missing += [
        f"{name} has {n} forms, which the names of figures do not distinguish" for name, n in forms.items() if n > 1
    ]
    return missing + [f"{name} has a figure and an exemption" for name in EXEMPT if name in figures]
