"""What people pay for their own business does not grow with how many others there are: no function loops over leases,
offers, contributions or members (AB-66). Deposits and claims, to 10,000 members, have `tests/unit/splitter`."""

from __future__ import annotations

from assurance.harness.dao.dao import HPKE_KEY, Dao, leaf
from assurance.harness.dao.leases import COST, Market
from assurance.harness.dao.registry import next_epoch_at

CROWD = 1_000
TOLERANCE = 0.02


def spent(market: Market, name: str, offer: int) -> dict[str, int]:
    """Gas of the whole business of one newcomer: a request that fails, an accepted lease, a contribution."""
    dao, newcomer = market.dao, market.dao.who(name)
    # More than it will ever spend, in its own and the DAO's hands, so that no balance falls to zero.
    dao.fund(newcomer, 10 * COST, dao.leases)
    gas: dict[str, int] = {}

    def note(action: str, *args: object) -> None:
        gas[action] = market.send(action, *args, by=newcomer).gas

    note("request", dao.terms(), HPKE_KEY, "")
    request = dao.leases.leaseCount()
    note("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    lease = dao.leases.leaseCount()
    note("start", lease)
    batch = dao.publish([leaf(newcomer, f"data of {name}")])
    gas["activate"] = dao.activate(batch).gas
    gas["contribute"] = dao.claim(batch, leaf(newcomer, f"data of {name}")).gas
    market.warp_to(market.paid_until(lease))
    note("payInstalment", lease)
    note("end", lease)
    gas["collect"] = dao.splitter.claim(newcomer.address, [0, 1], sender=newcomer.address).gas
    note("claimRefund", request)
    return gas


def test_everything__among_a_thousand_others__costs_no_more_than_among_few_AB66_B19() -> None:
    market = Market(Dao())
    dao = market.dao
    offer = market.create_offer(capacity=2 * CROWD + 10, days=300)
    spent(market, "warming up", offer)
    few = spent(market, "early", offer)

    market.warp_to(next_epoch_at(dao))
    dao.contribute(*(leaf(dao.who(f"member-{i}"), f"data {i}") for i in range(CROWD)))
    crowd = dao.who("crowd")
    dao.fund(crowd, 10 * CROWD * COST, dao.leases)
    for _ in range(CROWD):
        market.send("request", dao.terms(), HPKE_KEY, "", by=crowd)
    many = spent(market, "late", offer)

    assert dao.leases.leaseCount() > CROWD and dao.splitter.pool(1)[1] > CROWD * 10**9
    assert few.keys() == many.keys()
    for action, gas in few.items():
        assert many[action] <= (1 + TOLERANCE) * gas, f"{action}: {gas} among few, {many[action]} among many"
