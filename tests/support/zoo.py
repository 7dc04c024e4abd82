"""Settlement assets as they are found: odd ones that must work, ones that fail for a while, ones that must be refused.

All have the constructor of `TestAsset`, so `Dao(asset=…, decimals=…)` and `Pair(asset=…, decimals=…)` take them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from tests.support.handles import Handle, Reverted
from tests.support.system import actor

KEEPER = actor("keeper of the asset").address
"""Sends what changes an asset's behaviour; any account may."""


@dataclass(frozen=True)
class Species:
    contract: str
    decimals: int

    def __str__(self) -> str:
        return f"{self.contract}-{self.decimals}"

    @property
    def options(self) -> dict[str, Any]:
        return {"asset": self.contract, "decimals": self.decimals}

    def too_little(self, spender: str, payer: str, held: int, needed: int) -> Reverted:
        """What a pull of more than the payer has, approved without limit, ends with."""
        if self.contract == "NoReturnAsset":
            return Reverted("NoReturnAsset_Insufficient", payer, held, needed)
        return Reverted("ERC20InsufficientBalance", payer, held, needed)


PLAIN = Species("TestAsset", 6)
TAME = [
    *(Species("TestAsset", decimals) for decimals in (0, 6, 8, 18, 24)),
    Species("NoReturnAsset", 6),
    Species("FalseAsset", 18),
    Species("BlocklistAsset", 6),
    Species("PausableAsset", 6),
    Species("HookAsset", 18),
    Species("ZeroRevertAsset", 18),
    Species("Uint96Asset", 18),
    Species("RebaseAsset", 9),
]
"""They move what they are asked to move, until somebody makes them do otherwise."""

every_tame_asset = pytest.mark.parametrize("species", TAME, ids=str)


@dataclass(frozen=True)
class Failure:
    """An asset that fails from `fail` to `mend`, for one account or for all; `error` is what a transfer then says."""

    contract: str
    function: str
    one_account: bool
    error: Callable[[Handle, str], Reverted]

    def __str__(self) -> str:
        return self.contract

    def fail(self, asset: Handle, account: str) -> None:
        self._set(asset, account, True)

    def mend(self, asset: Handle, account: str) -> None:
        self._set(asset, account, False)

    def _set(self, asset: Handle, account: str, value: bool) -> None:
        args = (account, value) if self.one_account else (value,)
        getattr(asset, self.function)(*args, sender=KEEPER)


FAILURES = [
    Failure("BlocklistAsset", "setBlocked", True, lambda _, account: Reverted("BlocklistAsset_Blocked", account)),
    Failure("PausableAsset", "setPaused", False, lambda *_: Reverted("PausableAsset_Paused")),
    Failure("FalseAsset", "setFailing", False, lambda a, _: Reverted("SafeERC20FailedOperation", a.address)),
]

every_failure = pytest.mark.parametrize("failure", FAILURES, ids=str)


def hook(asset: Handle, *calls: tuple[Handle, str, tuple[Any, ...]]) -> None:
    """Has a `HookAsset` make these calls before and after each transfer."""
    targets = [handle.address for handle, _, _ in calls]
    asset.setHook(targets, [handle.encode(name, *args) for handle, name, args in calls], sender=KEEPER)
