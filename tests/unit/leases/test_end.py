"""`end`: no further period; what was not started returns at once, what was paid stays open (L-4, L-5, L-12).

given the licensee: at any time
given anyone: once the last period, or the window of the next, is over, or the pool is dead
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import (
    ACTIVE,
    APPROVED,
    BOND,
    BOND_DELAY,
    ENDED,
    PENDING,
    PERIOD,
    PERIODS,
    PRICE,
    TOLERANCE,
    Market,
)
from assurance.harness.dao.system import DAY


def test_end__by_the_licensee_in_the_first_period__returns_the_rest_and_leaves_paid_access_L12(market: Market) -> None:
    lease = market.active()
    until = market.now + PERIOD
    market.warp_to(market.now + DAY)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("end", lease)) == {
            "lease 1 status": (ACTIVE, ENDED),
            "lease 1 escrow": (2 * PRICE, 0),
            "lease 1 returnable": (0, 2 * PRICE),
        }
    receipt = market.send("end", lease)
    assert market.said(receipt) == [("LeaseEnded", {"leaseId": lease, "returned": 2 * PRICE, "accessUntil": until})]
    assert market.lease(lease).bond == BOND
    for at, open_ in ((until - 1, True), (until, False), (until + 1, False)):
        with market.moment(at):
            assert market.dao.leases.leaseAccess(lease)[0] is open_
            assert market.lease(lease).live is open_
    with refused(market.picture, "DataLeases_WrongStatus", lease, ENDED):
        market.send("end", lease)


def test_end__after_paid_access__leaves_the_counter_at_once(market: Market) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    with market.moment(until - 1):
        market.send("end", lease)
        assert market.dao.leases.datasetLeases(1) == (1, 0, 0)
    market.warp_to(until)
    receipt = market.send("end", lease)
    assert [name for name, _ in market.said(receipt)] == ["LeaseSettled", "LeaseEnded"]
    assert market.dao.leases.datasetLeases(1) == (0, 0, 0)


@pytest.mark.parametrize("who", ["stranger", "founder", "guardian"])
def test_end__by_anyone_with_periods_left__only_when_the_window_is_over(market: Market, who: str) -> None:
    lease, caller = market.active(), market.dao.who(who)
    over = market.paid_until(lease) + TOLERANCE
    for at in (market.now, market.paid_until(lease), over - 1):
        with market.moment(at), refused(market.picture, "DataLeases_NotOver", lease):
            market.send("end", lease, by=caller)
    for at in (over, over + 1):
        with market.moment(at):
            assert market.lease(lease).live is False
            assert market.effects(lambda: market.send("end", lease, by=caller)) == {
                "lease 1 status": (ACTIVE, ENDED),
                "lease 1 escrow": (2 * PRICE, 0),
                "lease 1 returnable": (0, 2 * PRICE),
                "dataset 1 live": (1, 0),
            }


def test_end__by_anyone_after_the_last_period__from_paid_until_on(market: Market) -> None:
    lease = market.active(periods=1)
    until = market.paid_until(lease)
    for at in (market.now, until - 1):
        with market.moment(at), refused(market.picture, "DataLeases_NotOver", lease):
            market.send("end", lease, by=market.stranger)
    with market.moment(until):
        assert market.lease(lease).live, "to the end of the tolerance, or until it is ended"
        market.send("end", lease, by=market.stranger)
        assert not market.lease(lease).live
    market.warp_to(until)
    receipt = market.send("end", lease, by=market.stranger)
    assert ("LeaseEnded", {"leaseId": lease, "returned": 0, "accessUntil": until}) in market.said(receipt)
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("claimRefund", lease)


def test_end__by_anyone_with_a_dead_pool__at_once_and_paid_access_stays(market: Market) -> None:
    lease = market.active()
    with refused(market.picture, "DataLeases_NotOver", lease):
        market.send("end", lease, by=market.stranger)
    market.erase_everything()
    market.send("end", lease, by=market.stranger)
    assert market.lease(lease).returnable == 2 * PRICE
    assert market.dao.leases.leaseAccess(lease)[0]


@pytest.mark.parametrize("status", [PENDING, APPROVED])
def test_end__before_the_start__refused_because_it_waits_for_start_by(market: Market, status: int) -> None:
    lease, proposal = market.request()
    if status == APPROVED:
        market.dao.pass_(proposal, market.founder)
    for by in (market.licensee, market.stranger):
        with refused(market.picture, "DataLeases_WrongStatus", lease, status):
            market.send("end", lease, by=by)


def test_end__unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 7):
        market.send("end", 7)


def test_end__never_called_by_anyone__bond_and_rest_still_wait_for_the_licensee(market: Market) -> None:
    lease = market.active()
    market.warp_to(market.paid_until(lease) + BOND_DELAY + 1000 * DAY)
    market.send("end", lease, by=market.stranger)
    market.send("releaseBond", lease, by=market.stranger)
    assert market.send("claimRefund", lease, by=market.stranger).value == 2 * PRICE + BOND


def test_end__brake_pulled_or_overdue__accepted(market: Market) -> None:
    batch, item = market.new_member("leaver")
    lease = market.active()
    market.dao.erase(batch, item)
    market.warp_to(market.paid_until(lease) - 1)
    assert market.dao.leases.isOverdue(lease)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.send("end", lease)
    assert market.send("claimRefund", lease).value == 2 * PRICE


@pytest.mark.parametrize("late", [0, PERIOD - 1], ids=["first second", "last second"])
def test_end__in_the_first_or_last_second_of_a_period__returns_what_was_not_started_and_no_more_B15(
    market: Market, late: int
) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(market.now + late)
    assert market.dao.leases.leaseAccess(lease)[0]
    market.send("end", lease)
    assert market.lease(lease).returnable == (PERIODS - 1) * PRICE
    assert market.paid_until(lease) == until
    assert market.dao.leases.leaseAccess(lease)[0]
    market.warp_to(until)
    assert not market.dao.leases.leaseAccess(lease)[0]
