"""`expire`: anyone takes a lease that is no longer live off its dataset's counter; a second time does nothing."""

from __future__ import annotations

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import TOLERANCE, Market


def test_expire__lapsed_lease__counted_down_once(market: Market) -> None:
    lease = market.active(exclusive=True)
    over = market.paid_until(lease) + TOLERANCE
    for at in (market.now, over - 1):
        with market.moment(at), refused(market.picture, "DataLeases_StillLive", lease):
            market.send("expire", lease, by=market.stranger)
    market.warp_to(over)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("expire", lease, by=market.stranger)) == {
            "dataset 1 live": (1, 0),
            "dataset 1 exclusives": (1, 0),
            "dataset 1 exclusive licensee": (market.licensee.address, ADDRESS_ZERO),
        }
    receipt = market.send("expire", lease, by=market.stranger)
    assert market.said(receipt) == [("LeaseExpired", {"leaseId": lease})]
    again = market.send("expire", lease, by=market.stranger)
    assert market.said(again) == []
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, 0)


def test_expire__ended_lease__from_the_end_of_paid_access_on(market: Market) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    market.send("end", lease)
    with market.moment(until - 1), refused(market.picture, "DataLeases_StillLive", lease):
        market.send("expire", lease)
    market.warp_to(until)
    market.send("expire", lease)
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, 0)


def test_expire__approved_lease__from_start_by_on(market: Market) -> None:
    lease = market.approved()
    start_by = market.lease(lease).startBy
    with market.moment(start_by - 1), refused(market.picture, "DataLeases_StillLive", lease):
        market.send("expire", lease)
    market.warp_to(start_by)
    market.send("expire", lease)
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, 0)
    with refused(market.picture, "DataLeases_TooLateToStart", lease, start_by):
        market.send("start", lease)


def test_expire__pending_or_refunded__nothing_to_do(market: Market) -> None:
    lease, proposal = market.request()
    assert market.effects(lambda: market.send("expire", lease)) == {}
    market.dao.to_end_of_vote(proposal.id)
    market.send("refund", lease)
    assert market.effects(lambda: market.send("expire", lease)) == {}


def test_expire__one_of_several__takes_itself_only(market: Market) -> None:
    offer = market.create_offer(capacity=3)
    leases = [market.accept(offer) for _ in range(3)]
    market.send("start", leases[1])
    market.warp_to(market.lease(leases[0]).startBy)
    for _ in range(2):
        market.send("expire", leases[0])
    assert market.dao.leases.datasetLeases(1) == (2, 0, ADDRESS_ZERO, 0)
    with refused(market.picture, "DataLeases_StillLive", leases[1]):
        market.send("expire", leases[1])


def test_expire__unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("expire", 1)
