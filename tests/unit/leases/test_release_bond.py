"""`releaseBond`: the bond less its slashes, `bondDelay` after the end of access, by anyone, once (L-2, L-10)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import (
    ACK_SLASH,
    ACK_WINDOW,
    ACTIVE,
    APPROVED,
    BOND,
    BOND_DELAY,
    PENDING,
    PERIOD,
    PRICE,
    REFUNDED,
    TO_TREASURY,
    Market,
)
from assurance.harness.dao.system import DAY


@pytest.mark.parametrize("offset", [0, 1, 3650 * DAY])
def test_release_bond__delay_over__becomes_returnable(market: Market, offset: int) -> None:
    lease = market.active()
    market.send("end", lease)
    market.warp_to(market.paid_until(lease) + BOND_DELAY + offset)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("releaseBond", lease, by=market.stranger)) == {
            "lease 1 bond": (BOND, 0),
            "lease 1 returnable": (2 * PRICE, 2 * PRICE + BOND),
        }
    receipt = market.send("releaseBond", lease, by=market.stranger)
    assert market.said(receipt) == [("BondReleased", {"leaseId": lease, "amount": BOND})]
    market.does_nothing(lambda: market.send("releaseBond", lease))
    assert market.send("claimRefund", lease).value == 2 * PRICE + BOND
    assert market.dao.leases.solvency() == (TO_TREASURY, TO_TREASURY)


def test_release_bond__delay_not_over__refused_to_its_last_second(market: Market) -> None:
    lease = market.active()
    due = market.now + PERIOD + BOND_DELAY
    market.send("end", lease)
    for at in (market.now, market.paid_until(lease), due - 1):
        with market.moment(at), refused(market.picture, "DataLeases_BondLocked", lease, due):
            market.send("releaseBond", lease)
    market.warp_to(due)
    market.send("releaseBond", lease)


def test_release_bond__counts_from_the_end_of_access_not_from_the_call_of_end(market: Market) -> None:
    lease = market.active(periods=1)
    due = market.paid_until(lease) + BOND_DELAY
    market.warp_to(due - 1)
    market.send("end", lease)
    with refused(market.picture, "DataLeases_BondLocked", lease, due):
        market.send("releaseBond", lease)
    market.warp_to(due)
    market.send("releaseBond", lease)


def test_release_bond__slashed_before__only_the_rest(market: Market) -> None:
    batch, item = market.new_member("leaver")
    lease = market.active()
    market.dao.erase(batch, item)
    market.warp_to(market.now + ACK_WINDOW)
    market.send("slashUnacknowledged", lease)
    market.send("end", lease)
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    receipt = market.send("releaseBond", lease)
    assert market.said(receipt) == [("BondReleased", {"leaseId": lease, "amount": BOND - ACK_SLASH})]


def test_release_bond__lease_not_ended__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("releaseBond", 1)
    lease, proposal = market.request()
    with refused(market.picture, "DataLeases_WrongStatus", lease, PENDING):
        market.send("releaseBond", lease)
    market.dao.pass_(proposal, market.founder)
    with refused(market.picture, "DataLeases_WrongStatus", lease, APPROVED):
        market.send("releaseBond", lease)
    late = market.approved()
    market.warp_to(market.lease(late).startBy - 1)
    market.send("start", late)
    market.warp_to(market.now + 1000 * DAY)
    with refused(market.picture, "DataLeases_WrongStatus", late, ACTIVE):
        market.send("releaseBond", late)
    market.send("refund", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("releaseBond", lease)


def test_release_bond__grant_without_a_bond__releases_nothing_once(market: Market) -> None:
    lease = market.accept(market.create_offer(bond=0))
    market.send("start", lease)
    market.send("end", lease)
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    assert market.said(market.send("releaseBond", lease)) == [("BondReleased", {"leaseId": lease, "amount": 0})]
    market.does_nothing(lambda: market.send("releaseBond", lease))


def test_release_bond__brake_pulled_and_pool_dead__accepted(market: Market) -> None:
    lease = market.active()
    market.erase_everything()
    market.send("end", lease, by=market.stranger)
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.send("releaseBond", lease, by=market.stranger)
    assert market.send("claimRefund", lease).value == 2 * PRICE + BOND
