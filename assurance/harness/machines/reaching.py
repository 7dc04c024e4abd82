"""Random lives must have met what they are about, or they prove nothing about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Set

from hypothesis import HealthCheck, Phase, settings

ROUNDS = 5
# Finding a failure is enough; making it small is not needed.
NOTICING = settings(
    max_examples=60,
    stateful_step_count=50,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
"""Lives of a twin: the same each time."""


def live_until_met(live: Callable[[], object], reached: Counter[str], wanted: Set[str]) -> None:
    """Lives, and as many again while something wanted was never met. What is rare takes luck; what has become
    impossible is missed however often one tries, and fails."""
    for _ in range(ROUNDS):
        live()
        missing = {name for name in wanted if not reached[name]}
        if not missing:
            return
    raise AssertionError(f"never met in {ROUNDS} rounds: {sorted(missing)}")
