"""Leases and models in a whole DAO, against their reference models, over random lives (L-1, L-2,
L-4 to L-13, X-2).

After every step the whole state is compared to the models', to the unit, and what must hold in any state is checked on
what the chain alone says. Every life ends with every account taking out what is its own, and nothing left. The
settlement asset is a plain one, then each of the zoo, some of which fail for an account or for all in the middle of a
life. `DATADAO_DEPTH` lengthens the runs.
"""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.dao.zoo import FAILURES, PLAIN, TAME, Species
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.leases.machine import LeasesMachine
from assurance.harness.machines.reaching import live_until_met
from assurance.harness.models.money import Money

LIFE = settings(
    max_examples=160 * DEPTH,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
REACHED = {
    *("request", "approve", "accept", "start", "confirmDelivery", "payInstalment", "end", "releaseBond", "reserve"),
    *("refund", "claimRefund", "acknowledge", "slashUnacknowledged", "expire", "decision"),
    *("register", "pay", "withdraw", "withdrawTo", "model under eight leases"),
    *("InstalmentPaid", "BondSlashed", "ReturnablePaid", "RoyaltyPaid to the treasury"),
    *(
        f"DataLeases_{name}"
        for name in (
            *("Exclusive", "LiveLeases", "OutsideWindow", "NotOverdue", "DeadPool", "NotReservable", "NotRefundable"),
            *("NotLicensee", "WrongStatus", "UnknownLease", "BondDue", "TooFewShares", "OfferClosed"),
        )
    ),
    *(
        f"ModelRegistry_{name}"
        for name in (
            *("InvalidLeaseCount", "InvalidBeneficiary", "LeasesNotAscending", "NotLicensee", "NotStarted"),
            *("RoyaltiesTooHigh", "UnknownModel", "OtherModel", "InvalidRecipient"),
        )
    ),
}
"""What every run of this length reaches, rule by rule; the seldom errors are each tested in `tests/unit`."""
FEW = settings(LIFE, stateful_step_count=30, derandomize=True, database=None)
"""Too few to leave to chance what they reach."""
FAILING = [kind for kind in TAME if kind.contract in map(str, FAILURES)]


ODD = [kind for kind in TAME if kind not in FAILING and kind.contract != "TestAsset"]
FEE = Species("FeeAsset", 6)


def live(kind: Species, wanted: settings) -> Counter[str]:
    counted: Counter[str] = Counter()
    machine = type("Machine", (LeasesMachine,), {"species": kind, "reached": counted})
    run(machine, wanted)
    print(*(f"{count:7} {name}" for name, count in counted.most_common()), sep="\n")
    return counted


def test_leases_and_models__over_random_lives__are_as_the_model_says_and_keep_their_invariants() -> None:
    """Holds L-1, L-2, L-4 to L-13."""
    reached: Counter[str] = Counter()
    live_until_met(lambda: reached.update(live(PLAIN, LIFE)), reached, REACHED)


@pytest.mark.parametrize("species", ODD, ids=str)
def test_leases_and_models__in_an_odd_asset__live_the_same_X2(species: Species) -> None:
    reached = live(species, settings(FEW, max_examples=12 * DEPTH))
    assert reached.keys() >= {"InstalmentPaid", "ReturnablePaid", "pay"}
    assert (species.contract == "HookAsset") == (reached["hooks"] > 0)


@pytest.mark.parametrize("species", FAILING, ids=str)
def test_leases_and_models__in_an_asset_that_fails_for_a_while__lose_nothing_and_go_on_L4(species: Species) -> None:
    error = Money(species, "").failure.error(Money(species, ""), "").name
    reached = live(species, settings(FEW, max_examples=30 * DEPTH))
    assert reached.keys() >= {"the asset fails", error, "InstalmentPaid", "ReturnablePaid", "pay"}


def test_leases_and_models__in_an_asset_that_takes_a_fee__take_none_of_it() -> None:
    reached = live(FEE, settings(FEW, max_examples=16 * DEPTH))
    assert reached.keys() >= {"DataLeases_WrongAmountReceived", "ModelRegistry_WrongAmountReceived", "register"}
