"""The whole system's lives bite: they fail when one of its contracts is a twin with one line wrong (L-2, L-3, L-5, L-8,
G-1, T-1), and pass when all twins are without a flaw."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.invariant.system.machine import SystemMachine
from tests.support.handles import Reverted
from tests.support.machine import run

SOUND: dict[str, Any] = {
    "DataGovernor": ("TwinGovernor", 0),
    "DataTimelock": ("TwinTimelock", 0),
    "DataLeases": "TwinLeases",
    "ModelRegistry": "TwinModels",
    "DatasetRegistry": ("TwinRegistry", 0),
}
FLAWS: dict[str, tuple[dict[str, Any], int]] = {
    "a ballot counts twice (G-1, G-4)": ({"DataGovernor": ("TwinGovernor", 1)}, 0),
    "licensees vote on their requests (G-1)": ({"DataGovernor": ("TwinGovernor", 6)}, 0),
    "any proposal approves (L-3)": ({"DataGovernor": ("TwinGovernor", 7)}, 0),
    "a claim forgets its fingerprint (R-6, T-1)": ({"DatasetRegistry": ("TwinRegistry", 1)}, 0),
    "a lease refunds twice (L-2)": ({"DataLeases": "TwinLeases"}, 1),
    "erasures are forgotten (L-5)": ({"DataLeases": "TwinLeases"}, 5),
    "nobody counts as live (L-8)": ({"DataLeases": "TwinLeases"}, 7),
}
SHORT = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def lives(replaced: dict[str, Any], flawed: int, wanted: settings) -> None:
    fields = {"twins": replaced, "flaw": flawed, "worlds": {}}
    run(type("Twin", (SystemMachine,), fields), wanted)


def test_twins_without_a_flaw__live_as_the_models_say() -> None:
    lives(SOUND, 0, settings(SHORT, max_examples=6))


@pytest.mark.parametrize("flaw", FLAWS)
def test_twin_with_a_flaw__is_noticed(flaw: str) -> None:
    with pytest.raises(BaseException) as caught:
        lives(*FLAWS[flaw], SHORT)
    found = caught.value.exceptions if isinstance(caught.value, BaseExceptionGroup) else [caught.value]
    # An assertion, a revert that the model does not know, or none where it demands one: no fault of the harness.
    assert all(isinstance(error, AssertionError | Reverted | pytest.fail.Exception) for error in found)
