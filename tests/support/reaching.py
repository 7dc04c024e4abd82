"""Random lives must have met what they are about, or they prove nothing about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set

ROUNDS = 5


def live_until_met(live: Callable[[], object], reached: Counter[str], wanted: Set[str]) -> None:
    """Lives, and as many again while something wanted was never met. What is rare takes luck; what has become
    impossible is missed however often one tries, and fails."""
    for _ in range(ROUNDS):
        live()
        missing = {name for name in wanted if not reached[name]}
        if not missing:
            return
    raise AssertionError(f"never met in {ROUNDS} rounds: {sorted(missing)}")
