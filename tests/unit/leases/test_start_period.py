"""`startPeriod`: one instalment at a time, within a tenth of a period around `paidUntil`, never while overdue (L-6).

given the window: by anyone, `paidUntil` grows by a whole period from where it was, or from now if it had passed
given too early, too late, no periods left, an overdue licensee, a dead pool, another state: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import (
    ACK_WINDOW,
    ACTIVE,
    AFTER_ONE,
    APPROVED,
    BOND,
    ENDED,
    PERIOD,
    PRICE,
    TO_COMMONS,
    TO_DATASET,
    TO_TREASURY,
    TOLERANCE,
    Market,
)
from assurance.harness.dao.system import DAY


@pytest.mark.parametrize("offset", [-TOLERANCE, -1, 0, 1, TOLERANCE - 1])
def test_start_period__within_the_window__pays_one_and_runs_a_whole_period(market: Market, offset: int) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until + offset)
    new_until = max(until, market.now) + PERIOD
    with market.moment(market.now):
        expected = {
            "lease 1 paidPeriods": (1, 2),
            "lease 1 paidUntil": (until, new_until),
            "lease 1 escrow": (2 * PRICE, PRICE),
            "pool 0": (TO_COMMONS, 2 * TO_COMMONS),
            "pool 1": (TO_DATASET, 2 * TO_DATASET),
            "treasury": (TO_TREASURY, 2 * TO_TREASURY),
            "owed": (AFTER_ONE, AFTER_ONE - TO_DATASET - TO_COMMONS),
            "asset leases": (AFTER_ONE, AFTER_ONE - TO_DATASET - TO_COMMONS),
            "asset splitter": (TO_DATASET + TO_COMMONS, 2 * (TO_DATASET + TO_COMMONS)),
        }
        if offset >= 0:
            expected["lease 1 open"] = (False, True)
        assert market.effects(lambda: market.send("startPeriod", lease, by=market.stranger)) == expected
    receipt = market.send("startPeriod", lease, by=market.stranger)
    paid = {
        "leaseId": lease, "period": 2, "toDataset": TO_DATASET, "toCommons": TO_COMMONS, "toTreasury": TO_TREASURY,
        "paidUntil": new_until,
    }  # fmt: skip
    assert market.said(receipt) == [("InstalmentPaid", paid)]


@pytest.mark.parametrize("offset", [-TOLERANCE - 1, TOLERANCE, TOLERANCE + 1, 1000 * DAY])
def test_start_period__outside_the_window__refused_L6_B15(market: Market, offset: int) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until + offset)
    window = (until - TOLERANCE, until + TOLERANCE)
    for by in (market.licensee, market.stranger, market.founder):
        with refused(market.picture, "DataLeases_OutsideWindow", lease, *window):
            market.send("startPeriod", lease, by=by)


def test_start_period__twice_in_one_window__refused_L6_B15(market: Market) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until - TOLERANCE)
    market.send("startPeriod", lease)
    window = (until + PERIOD - TOLERANCE, until + PERIOD + TOLERANCE)
    for at in (market.now, window[0] - 1):
        market.warp_to(at)
        with refused(market.picture, "DataLeases_OutsideWindow", lease, *window):
            market.send("startPeriod", lease)
    market.warp_to(window[0])
    market.send("startPeriod", lease)


def test_start_period__last_period_paid__refused_for_ever(market: Market) -> None:
    lease = market.active(periods=2)
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease)
    for at in (market.now, market.paid_until(lease) - TOLERANCE, market.paid_until(lease)):
        market.warp_to(at)
        with refused(market.picture, "DataLeases_NoPeriodsLeft", lease):
            market.send("startPeriod", lease)


def test_start_period__access__has_a_gap_exactly_where_nothing_was_paid_L5(market: Market) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    leases, licensee = market.dao.leases, market.licensee.address
    for at, allowed in ((until - 1, True), (until, False), (until + 1, False)):
        with market.moment(at):
            assert leases.leaseAccess(lease)[0] is allowed
            assert leases.isAccessAllowed(1, licensee, 1) is allowed
    market.warp_to(until + TOLERANCE - 1)
    market.send("startPeriod", lease)
    assert leases.isAccessAllowed(1, licensee, 1)
    for at, allowed in ((market.paid_until(lease) - 1, True), (market.paid_until(lease), False)):
        with market.moment(at):
            assert leases.isAccessAllowed(1, licensee, 1) is allowed


def test_start_period__overdue__refused_until_acknowledged_L6(market: Market) -> None:
    batch, item = market.new_member("leaver")
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until - ACK_WINDOW)
    market.dao.erase(batch, item)
    with market.moment(until - 1):
        market.send("startPeriod", lease)
    market.warp_to(until)
    with refused(market.picture, "DataLeases_Overdue", lease, 0, 1):
        market.send("startPeriod", lease, by=market.stranger)
    market.send("acknowledge", lease)
    market.send("startPeriod", lease, by=market.stranger)


def test_start_period__dead_pool__refused_and_anyone_may_end_it_L4(market: Market) -> None:
    lease = market.active()
    market.erase_everything()
    market.warp_to(market.now + ACK_WINDOW - 1)
    market.send("acknowledge", lease)
    market.warp_to(market.paid_until(lease))
    with refused(market.picture, "DataLeases_DeadPool", 1):
        market.send("startPeriod", lease)
    market.send("end", lease, by=market.stranger)
    assert market.send("claimRefund", lease, by=market.stranger).value == 2 * PRICE


def test_start_period__pool_full_although_it_has_members__dead_as_well(market: Market) -> None:
    lease = market.active()
    market.fill(1)
    market.warp_to(market.paid_until(lease))
    with refused(market.picture, "DataLeases_DeadPool", 1):
        market.send("startPeriod", lease)
    market.send("end", lease, by=market.stranger)


def test_start_period__before_the_start_or_after_the_end_or_unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("startPeriod", 1)
    lease = market.approved()
    with refused(market.picture, "DataLeases_WrongStatus", lease, APPROVED):
        market.send("startPeriod", lease)
    market.send("start", lease)
    market.send("end", lease)
    market.warp_to(market.paid_until(lease))
    with refused(market.picture, "DataLeases_WrongStatus", lease, ENDED):
        market.send("startPeriod", lease)


def test_start_period__brake_pulled__accepted_G8(market: Market) -> None:
    lease = market.active()
    market.warp_to(market.paid_until(lease))
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.send("startPeriod", lease, by=market.stranger)
    assert market.lease(lease).status == ACTIVE


def test_start_period__of_a_price_whose_cuts_are_one_unit_each__pays_commons_and_treasury_that_unit(
    market: Market,
) -> None:
    registry = market.dao.registry
    cheap = vars(registry.currentPolicy(1)) | {"minPricePerPeriod": 20}
    market.dao.govern(market.founder, registry, "updatePolicy", 1, cheap)
    lease = market.active(pricePerPeriod=20)
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease)
    assert market.dao.leases.treasuryOwed() == 2
    assert market.dao.splitter.pool(0)[2] == 2
    balance, owed = market.dao.leases.solvency()
    assert balance == owed == 20 + BOND + 2
