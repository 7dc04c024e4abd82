"""The whole system in one machine, in front of all reference models at once: five members really vote on real leases,
offers, settings and powers, while data is accepted, claimed and erased, licensees request, take offers, start, pay, end
and are slashed, models earn, the guardian cancels and brakes, heirs take the places of members at any of these moments,
and the asset may fail (T-1 to T-3, T-10, R-7, S-1, L-1 to L-3, L-6, L-8, L-10 to L-12, G-1 to G-3, G-14, X-1).

After every step every view is compared with the models, and what must hold across contracts is checked on the chain's
words alone (`system/checks.py`). Every life ends with all accounts paid and gone. `DATADAO_DEPTH` lengthens the runs.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.dao.zoo import PLAIN, Species
from assurance.harness.machines import moments
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.reaching import live_until_met
from assurance.harness.machines.system.machine import SystemMachine
from assurance.harness.machines.system.voting import NOTHING_TO_DO

LIFE = settings(
    max_examples=50 * DEPTH,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
FEW = settings(LIFE, max_examples=10 * DEPTH, derandomize=True, database=None)
"""Too few to leave to chance what they reach."""
REACHED = {
    *("request", "approve", "decision", "accept", "start", "payInstalment", "end", "releaseBond", "claimRefund"),
    *("castVote", "queue", "propose", "delegate", "activate", "erase", "register"),
    *("BatchPublished", "InstalmentPaid", "ReturnablePaid", "Claimed", "ContributionErased", "ContributionClaimed"),
    *("left during a vote", "left during a lease", "left under the brake", "power refused"),
    *("GovernorUnexpectedProposalState", "GovernorAlreadyCastVote", "DataGovernor_LicenseeCannotVote"),
    *("HeirBound", "SuccessionOpened", "AccountSucceeded", "MemberMoved", "DataToken_SuccessionCircle"),
    *("succeeded during a vote", NOTHING_TO_DO),
    *moments.BINDINGS, *moments.DELEGATIONS, *moments.POOLS, *moments.DATA,
}  # fmt: skip


def live(species: Species, wanted: settings, transferable: bool = False) -> Counter[str]:
    reached: Counter[str] = Counter()
    lived_in = {"species": species, "transferable": transferable}
    machine = type("Machine", (SystemMachine,), lived_in | {"reached": reached, "worlds": {}})
    run(machine, wanted)
    print(*(f"{count:7} {name}" for name, count in reached.most_common()), sep="\n")
    return reached


@pytest.mark.parametrize("transferable", [False, True], ids=["fixed", "transferable"])
def test_system__over_random_lives__is_as_all_models_say_and_keeps_its_invariants(transferable: bool) -> None:
    """Holds T-1, T-2, T-10, R-7, S-1, L-1 to L-3, L-6, L-8, L-12, G-1 to G-3, G-14, X-1."""
    reached: Counter[str] = Counter()
    live_until_met(lambda: reached.update(live(PLAIN, LIFE, transferable)), reached, REACHED)


@pytest.mark.parametrize("contract", ["BlocklistAsset", "PausableAsset", "HookAsset"])
def test_system__in_a_hostile_asset__loses_nothing_and_goes_on(contract: str) -> None:
    met = {"BlocklistAsset": "BlocklistAsset_Blocked", "PausableAsset": "PausableAsset_Paused", "HookAsset": "hooks"}
    assert live(Species(contract, 6), FEW)[met[contract]] > 0
