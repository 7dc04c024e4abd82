"""Moments of successions that random lives must have met: named once, counted alike in every machine."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from assurance.harness.models.succession import Successions

VETO = "vetoed in the last second"
CHAIN = "succeeded along a chain"
TWO = "two old accounts with one heir"
GAVE = "succeeded with its votes delegated to another"
TRUSTED = "succeeded with another's votes delegated to it"
LEFT_OUT = "a pool left out"
LATER = "a pool moved later"
PENDING, AWAKE, ASLEEP = (f"succeeded with a leaf of a {state} batch" for state in ("pending", "active", "sleeping"))
CLAIMED, WOKEN = "claimed for an heir", "claimed for an heir from a sleeping batch"
ERASED = "erased by an heir"

BINDINGS = {VETO, CHAIN, TWO}
DELEGATIONS = {GAVE, TRUSTED}
POOLS = {LEFT_OUT, LATER}
DATA = {PENDING, AWAKE, ASLEEP, CLAIMED, WOKEN, ERASED}


def of_veto(heirs: Successions, account: str, now: int) -> list[str]:
    """Of a veto that is about to be tried."""
    binding = heirs.bindings.get(account)
    return [VETO] if binding and binding.opened and now == binding.later(binding.opened) - 1 else []


def of_bindings(heirs: Successions, account: str) -> Iterator[str]:
    """Of a succession that was executed."""
    if len(heirs.chain(account)) > 2:
        yield CHAIN
    heir = heirs.bindings[account].heir
    if any(heirs.bindings[other].heir == heir for other in heirs.succeeded - {account}):
        yield TWO


def of_delegations(account: str, delegates: Mapping[str, str], balances: Mapping[str, int]) -> list[str]:
    """Of a succession that is about to be tried: who votes with tokens that somebody has."""
    gave = balances.get(account, 0) and delegates.get(account, account) != account
    trusted = any(to == account != giver and balances.get(giver, 0) for giver, to in delegates.items())
    return [name for name, met in ((GAVE, gave), (TRUSTED, trusted)) if met]
