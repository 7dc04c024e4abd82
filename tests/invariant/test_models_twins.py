"""The model properties bite: lives in which models are registered and paid fail on a twin with one line wrong (L-1,
L-11, and who may register what), and pass on the twin without a flaw."""

from __future__ import annotations

import pytest
from hypothesis import settings

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from assurance.harness.dao.zoo import PLAIN, Species
from assurance.harness.machines.driver import run
from assurance.harness.machines.leases.machine import LeasesMachine
from assurance.harness.machines.reaching import NOTICING, noticed
from assurance.harness.mistakes import Mistake, tried_in


def lives_of_the_twin(twin: str, examples: int) -> None:
    """What a fee costs shows only in an asset that takes one."""
    species = Species("FeeAsset", 6) if twin == "ModelRegistry.BooksFaceValue" else PLAIN
    machine = type("TwinMachine", (LeasesMachine,), {"twins": (twin,), "species": species})
    run(machine, settings(NOTICING, max_examples=examples))


def test_twin_without_a_flaw__lives_as_the_model_says() -> None:
    lives_of_the_twin("ModelRegistry", 10)


@pytest.mark.parametrize("mistake", tried_in(__file__), ids=lambda mistake: mistake.name)
def test_twin_with_a_flaw__is_noticed(mistake: Mistake) -> None:
    """Holds L-11."""
    with noticed():
        lives_of_the_twin(mistake.id, 60)


@pytest.mark.parametrize("twin", ["ModelRegistry", "ModelRegistry.PushesCredits"])
def test_push_payment__one_blocked_beneficiary__would_stop_the_contributors_royalty_L11(twin: str) -> None:
    """What pulled credits are for (AB-70): paid in passing, a blocked beneficiary keeps the pools from their part."""
    market = Market(Dao(asset="BlocklistAsset", twins=(twin,)))
    models, licensee, payer = market.dao.models, market.licensee.address, market.stranger
    lease = market.active(royaltyBps=1000)
    model = models.register([lease], b"\1" * 32, "", True, licensee, sender=licensee).value
    market.dao.fund(payer, 100, models)
    market.dao.asset.setBlocked(licensee, True, sender=payer.address)
    before = market.dao.splitter.pool(1)[2]
    if twin != "ModelRegistry":
        with refused(market.picture, "BlocklistAsset_Blocked", licensee):
            models.pay(model, licensee, b"\1" * 32, 100, sender=payer.address)
    else:
        models.pay(model, licensee, b"\1" * 32, 100, sender=payer.address)
        assert (market.dao.splitter.pool(1)[2] - before, models.creditOf(licensee)) == (10, 90)
