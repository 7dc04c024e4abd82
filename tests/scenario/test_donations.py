"""Money sent to a contract without being asked for (B-04): it belongs to no account, no book moves, nothing gets
stuck."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.leases import PRICE, Market
from assurance.harness.dao.registry import state

GIFT = 10**9 + 7


@pytest.mark.parametrize("to", ["timelock", "brake", "token", "splitter", "governor", "leases", "models", "registry"])
def test_asset_sent_to_a_contract__changes_no_book_and_stops_nothing_B04(to: str) -> None:
    dao = Dao()
    market = Market(dao)
    lease = market.active(royaltyBps=500)
    before, registry, conservation = market.picture(), state(dao), dao.splitter.conservation()
    dao.fund(market.stranger, GIFT)
    dao.asset.transfer(dao.addresses[to], GIFT, sender=market.stranger.address)
    after = market.picture()
    assert {key: after[key] - before[key] for key in after if before[key] != after[key]} == {f"asset {to}": GIFT}
    assert (state(dao), dao.splitter.conservation()) == (registry, conservation)

    # Life goes on as if it were not there, and the gift is what remains over.
    model = dao.models.register([lease], b"\1" * 32, "", True, market.licensee.address, sender=market.licensee.address)
    dao.fund(market.stranger, 10_000, dao.models)
    dao.models.pay(model.value, 10_000, sender=market.stranger.address)
    dao.models.withdraw(market.licensee.address, sender=market.stranger.address)
    dao.contribute(leaf(dao.who("newcomer"), "later data", 10))
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease, by=market.stranger)
    market.send("end", lease)
    assert market.send("claimRefund", lease, by=market.stranger).value == PRICE
    dao.splitter.claim(market.founder.address, [0, 1], sender=market.stranger.address)
    market.send("withdrawTreasury", by=market.stranger)
    for books, name in ((dao.leases, "leases"), (dao.models, "models")):
        held, owed = books.solvency()
        assert held - owed == (GIFT if to == name else 0)
    received, paid, _, _ = dao.splitter.conservation()
    assert dao.asset.balanceOf(dao.splitter.address) - (received - paid) == (GIFT if to == "splitter" else 0)
