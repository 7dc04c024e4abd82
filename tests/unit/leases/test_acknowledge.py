"""`acknowledge` and the overdue state: access is false while an erasure is older than `ackWindow` and unacknowledged,
without any call (L-5, L-10)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import ACK_WINDOW, BOND_DELAY, ENDED, PENDING, REFUNDED, Market
from assurance.harness.dao.system import DAY


def test_acknowledge__after_erasures__takes_the_current_count(market: Market) -> None:
    members = [market.new_member(f"leaver {i}") for i in range(2)]
    lease = market.active()
    for batch, item in members:
        market.dao.erase(batch, item)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("acknowledge", lease)) == {"lease 1 acknowledged": (0, 2)}
    receipt = market.send("acknowledge", lease)
    assert market.said(receipt) == [("ErasuresAcknowledged", {"leaseId": lease, "erasures": 2})]
    assert market.effects(lambda: market.send("acknowledge", lease)) == {}


def test_overdue__exactly_when_the_window_is_over__closes_access_and_an_acknowledgement_opens_it_L5(
    market: Market,
) -> None:
    batch, item = market.new_member("leaver")
    lease = market.active()
    leases, licensee = market.dao.leases, market.licensee.address
    market.warp_to(market.now + DAY)
    market.dao.erase(batch, item)
    at = market.now + ACK_WINDOW
    for when, overdue in ((market.now, False), (at - 1, False), (at, True), (at + 1, True)):
        with market.moment(when):
            assert leases.isOverdue(lease) is overdue
            assert leases.leaseAccess(lease)[0] is not overdue
            assert leases.isAccessAllowed(1, licensee, 1) is not overdue
    market.warp_to(at)
    market.send("acknowledge", lease)
    assert not leases.isOverdue(lease)
    assert leases.leaseAccess(lease)[0]
    assert leases.isAccessAllowed(1, licensee, 1)


def test_overdue__punctual_licensee_with_an_erasure_every_day__never_L10(market: Market) -> None:
    """Dust erasures in any rhythm: who acknowledges within the window is never late."""
    leavers = [market.new_member(f"leaver {i}") for i in range(3)]
    lease = market.active()
    first = market.now + ACK_WINDOW
    for batch, item in leavers:
        market.dao.erase(batch, item)
        market.warp_to(market.now + DAY)
    market.warp_to(first - 1)
    market.send("acknowledge", lease)
    market.warp_to(market.now + 10 * DAY)
    assert not market.dao.leases.isOverdue(lease)
    with refused(market.picture, "DataLeases_NotOverdue", lease):
        market.send("slashUnacknowledged", lease)


def test_overdue__later_erasures__do_not_excuse_an_old_one_L10(market: Market) -> None:
    leavers = [market.new_member(f"leaver {i}") for i in range(2)]
    lease = market.active()
    market.dao.erase(*leavers[0])
    at = market.now + ACK_WINDOW
    market.warp_to(at - 1)
    market.dao.erase(*leavers[1])
    market.warp_to(at)
    assert market.dao.leases.isOverdue(lease)


def test_overdue__erasures_of_another_dataset__do_not_matter(market: Market) -> None:
    other = market.second_dataset()
    leaver = market.new_member("leaver", other)
    lease = market.active()
    market.dao.erase(*leaver)
    market.warp_to(market.now + ACK_WINDOW)
    assert not market.dao.leases.isOverdue(lease)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder"])
def test_acknowledge__by_anyone_but_the_licensee__refused(market: Market, who: str) -> None:
    lease, caller = market.active(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotLicensee", caller.address, market.licensee.address):
        market.send("acknowledge", lease, by=caller)
    market.send("acknowledge", lease)


def test_acknowledge__pending_refunded_or_unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("acknowledge", 1)
    lease, proposal = market.request()
    with refused(market.picture, "DataLeases_WrongStatus", lease, PENDING):
        market.send("acknowledge", lease)
    market.dao.to_end_of_vote(proposal.id)
    market.send("refund", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.send("acknowledge", lease)


def test_acknowledge__approved_or_ended__accepted_because_the_bond_still_vouches(market: Market) -> None:
    leavers = [market.new_member(f"leaver {i}") for i in range(2)]
    lease = market.approved()
    market.dao.erase(*leavers[0])
    market.send("acknowledge", lease)
    market.send("start", lease)
    market.send("end", lease)
    market.dao.erase(*leavers[1])
    market.warp_to(market.paid_until(lease) + BOND_DELAY - 1)
    assert market.dao.leases.isOverdue(lease), "erased in the second of the end, when access was still paid"
    market.send("acknowledge", lease)
    assert (market.lease(lease).status, market.lease(lease).acknowledged) == (ENDED, 2)
    with refused(market.picture, "DataLeases_NotOverdue", lease):
        market.send("slashUnacknowledged", lease)


def test_overdue__erased_when_access_was_over__never_L10(market: Market) -> None:
    """Whoever has no access any more has nothing to erase; what was erased before the end still counts."""
    before, at_end = market.new_member("leaves before the end"), market.new_member("leaves at the end")
    lease = market.active(periods=1)
    until = market.paid_until(lease)
    for members, count in (((at_end,), 0), ((before, at_end), 1)):
        with market.moment(until - 1):
            if len(members) == 2:
                market.dao.erase(*before)
            market.warp_to(until)
            market.dao.erase(*at_end)
            for at in (until + ACK_WINDOW, until + BOND_DELAY - 1):
                market.warp_to(at)
                assert market.dao.leases.isOverdue(lease) is bool(count)
            if count:
                market.send("slashUnacknowledged", lease, by=market.stranger)
            else:
                with refused(market.picture, "DataLeases_NotOverdue", lease):
                    market.send("slashUnacknowledged", lease, by=market.stranger)


def test_overdue__terminated_before_its_start__never_whatever_is_erased_later(market: Market) -> None:
    batch, item = market.new_member("leaver")
    lease = market.approved()
    proposal = market.queued("terminate", *market.termination(lease, 0))
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    market.carry_out(proposal)
    market.dao.erase(batch, item)
    market.warp_to(market.now + ACK_WINDOW)
    assert not market.dao.leases.isOverdue(lease)
