"""Random lives must have met what they are about, or they prove nothing about it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Set
from contextlib import contextmanager

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.machines.driver import lives

ROUNDS = 5
# Finding a failure is enough; making it small is not needed.
NOTICING = lives(60, 50, derandomize=True)
"""Lives of a twin: the same each time."""


@contextmanager
def noticed() -> Iterator[None]:
    """The lives inside must fail with an assertion, a revert that the model does not know, or none where it demands
    one: no other error, which would be the harness's."""
    with pytest.raises(BaseException) as caught:
        yield
    found = caught.value.exceptions if isinstance(caught.value, BaseExceptionGroup) else [caught.value]
    assert all(isinstance(error, AssertionError | Reverted | pytest.fail.Exception) for error in found)


def live_until_met(live: Callable[[], object], reached: Counter[str], wanted: Set[str]) -> None:
    """Lives, and as many again while something wanted was never met. What is rare takes luck; what has become
    impossible is missed however often one tries, and fails."""
    for _ in range(ROUNDS):
        live()
        missing = {name for name in wanted if not reached[name]}
        if not missing:
            return
    raise AssertionError(f"never met in {ROUNDS} rounds: {sorted(missing)}")
