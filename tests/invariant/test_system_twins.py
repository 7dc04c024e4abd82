"""The whole system's lives bite: they fail when one of its contracts is a twin with one line wrong (L-2, L-3, L-5, L-8,
G-1, T-1), and pass when all twins are without a flaw."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, settings

from assurance.harness.machines.driver import run
from assurance.harness.machines.reaching import noticed
from assurance.harness.machines.system.machine import SystemMachine
from assurance.harness.mistakes import Mistake, tried_in

SOUND = ("DataGovernor", "DataTimelock", "DataLeases", "ModelRegistry", "DatasetRegistry")
SHORT = settings(
    max_examples=80,
    stateful_step_count=50,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def lives(twins: tuple[str, ...], wanted: settings) -> None:
    run(type("Twin", (SystemMachine,), {"twins": twins, "worlds": {}}), wanted)


def test_twins_without_a_flaw__live_as_the_models_say() -> None:
    lives(SOUND, settings(SHORT, max_examples=6))


@pytest.mark.parametrize("mistake", tried_in(__file__), ids=lambda mistake: mistake.id)
def test_twin_with_a_flaw__is_noticed(mistake: Mistake) -> None:
    """Holds L-2, L-3, G-1."""
    with noticed():
        lives((mistake.id,), SHORT)
