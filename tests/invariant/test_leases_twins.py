"""The lease properties bite: the same lives fail on a twin with one line wrong (L-1, L-2, L-4 to L-6, L-8, L-10), and
pass on the twin without a flaw."""

from __future__ import annotations

import pytest
from hypothesis import settings

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import COST, PENDING, Market
from assurance.harness.machines.driver import run
from assurance.harness.machines.leases.machine import LeasesMachine
from assurance.harness.machines.reaching import NOTICING, noticed
from assurance.harness.mistakes import Mistake, tried_in


def lives_of_the_twin(twin: str, examples: int) -> None:
    machine = type("TwinMachine", (LeasesMachine,), {"twins": (twin,)})
    run(machine, settings(NOTICING, max_examples=examples))


def test_twin_without_a_flaw__lives_as_the_model_says() -> None:
    lives_of_the_twin("DataLeases", 10)


@pytest.mark.parametrize("mistake", tried_in(__file__), ids=lambda mistake: mistake.name)
def test_twin_with_a_flaw__is_noticed(mistake: Mistake) -> None:
    """Holds L-1, L-2, L-4 to L-6, L-8, L-10."""
    with noticed():
        lives_of_the_twin(mistake.id, 60)


@pytest.mark.parametrize("twin", ["DataLeases", "DataLeases.PushesRefunds"])
def test_push_payment__one_blocked_licensee__would_stop_its_refund_L4_AB70(twin: str) -> None:
    """What pulled credits are for (AB-70): paid in passing, a blocked licensee's refund could not even be booked."""
    dao = Dao(asset="BlocklistAsset", twins=(twin,))
    market = Market(dao)
    lease, proposal = market.request()
    dao.to_end_of_vote(proposal.id)
    dao.asset.setBlocked(market.licensee.address, True, sender=market.stranger.address)
    if twin != "DataLeases":
        with refused(market.picture, "BlocklistAsset_Blocked", market.licensee.address):
            market.send("refund", lease, by=market.stranger)
        assert market.lease(lease).status == PENDING
    else:
        market.send("refund", lease, by=market.stranger)
        assert market.lease(lease).returnable == COST
