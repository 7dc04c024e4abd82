"""The registry in a whole DAO, against a model, over random lives (T-1, T-5, R-1, R-4, R-6 to R-9, R-11 to R-13).

After every step the whole state is compared to the model's, to the unit, and what must hold in any state is checked on
what the chain alone says. Every life ends with all members leaving. `DATADAO_DEPTH` lengthens the runs.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.machines import moments
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.reaching import live_until_met
from assurance.harness.machines.registry.machine import RegistryMachine

LIFE = settings(
    max_examples=80 * DEPTH,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
REACHED = {
    *("BatchPublished", "BatchActivated", "BatchSlept", "BatchCompleted"),
    *("ContributionClaimed", "ContributionErased", "DuplicateDropped", "claimMany", "ContributionSkipped"),
    *("DatasetRegistry_FingerprintUsed", "DatasetRegistry_InvalidProof", "DatasetRegistry_WrongBatchStatus"),
    *("DatasetRegistry_NotADuplicate", "DatasetRegistry_AlreadyErased", "DatasetRegistry_InvalidSignature"),
    *("HeirBound", "SuccessionOpened", "SuccessionVetoed", "AccountSucceeded", "MemberMoved", "DataToken_TooEarly"),
    *("DataToken_SuccessionCircle", *moments.BINDINGS), *moments.POOLS, *moments.DATA,
}  # fmt: skip


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_registry__over_random_lives__is_as_the_model_says_and_keeps_its_invariants(transferable: bool) -> None:
    """Holds T-1, T-5, T-10, R-1, R-4, R-6 to R-9, R-11 to R-13."""
    reached: Counter[str] = Counter()
    fields = {"transferable": transferable, "reached": reached, "worlds": {}}
    machine = type("Machine", (RegistryMachine,), fields)
    live_until_met(lambda: run(machine, LIFE), reached, REACHED)
    print(*(f"{count:7} {name}" for name, count in reached.most_common()), sep="\n")
