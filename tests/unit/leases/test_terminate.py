"""`terminate`: the timelock ends a lease and slashes its bond, never more than the maximum, never paid access (L-10).

given an approved lease: it cannot start any more; rent, and the bond less the slash, return at once
given a running or ended lease whose bond is held: no further period, slash to the pool, access runs on
given more than `maxSlashBps`, a bond that is due, another state, any other caller: refused
"""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.leases import (
    ACK_SLASH,
    ACK_WINDOW,
    ACTIVE,
    AFTER_ONE,
    APPROVED,
    BOND,
    BOND_DELAY,
    COST,
    ENDED,
    PENDING,
    PERIODS,
    PRICE,
    REFUNDED,
    TO_COMMONS,
    TO_DATASET,
    TO_TREASURY,
    Market,
)
from assurance.harness.dao.system import DAY

MAX = BOND // 2


def test_terminate__running_lease__ends_slashes_and_leaves_paid_access_L5(market: Market) -> None:
    lease = market.active(periodLength=60 * DAY)
    until = market.paid_until(lease)
    proposal = market.queued("terminate", lease, 1000)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    slash = BOND // 10
    with market.moment(market.now):
        assert market.effects(lambda: market.carry_out(proposal)) == {
            "lease 1 status": (ACTIVE, ENDED),
            "lease 1 escrow": (2 * PRICE, 0),
            "lease 1 returnable": (0, 2 * PRICE),
            "lease 1 bond": (BOND, BOND - slash),
            "lease 1 slashed": (0, slash),
            "pool 1": (TO_DATASET, TO_DATASET + slash),
            "owed": (AFTER_ONE, AFTER_ONE - slash),
            "asset leases": (AFTER_ONE, AFTER_ONE - slash),
            "asset splitter": (TO_DATASET + TO_COMMONS, TO_DATASET + TO_COMMONS + slash),
        }
    receipt = market.carry_out(proposal)
    assert market.said(receipt) == [
        ("LeaseTerminated", {"leaseId": lease, "slashBps": 1000}),
        ("LeaseEnded", {"leaseId": lease, "returned": 2 * PRICE, "accessUntil": until}),
        ("BondSlashed", {"leaseId": lease, "amount": slash, "toTreasury": False}),
    ]
    for at, open_ in ((until - 1, True), (until, False)):
        with market.moment(at):
            assert market.dao.leases.leaseAccess(lease)[0] is open_
    market.warp_to(until + BOND_DELAY)
    market.send("releaseBond", lease)
    assert market.send("claimRefund", lease).value == 2 * PRICE + BOND - slash


def test_terminate__approved_lease__returns_all_but_the_slash_at_once(market: Market) -> None:
    lease = market.approved()
    proposal = market.queued("terminate", lease, 5000)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with market.moment(market.now):
        assert market.effects(lambda: market.carry_out(proposal)) == {
            "lease 1 status": (APPROVED, ENDED),
            "lease 1 escrow": (PRICE * PERIODS, 0),
            "lease 1 bond": (BOND, 0),
            "lease 1 slashed": (0, MAX),
            "lease 1 returnable": (0, COST - MAX),
            "lease 1 live": (True, False),
            "dataset 1 live": (1, 0),
            "pool 1": (0, MAX),
            "owed": (COST, COST - MAX),
            "asset leases": (COST, COST - MAX),
            "asset splitter": (0, MAX),
        }
    receipt = market.carry_out(proposal)
    assert market.said(receipt) == [
        ("LeaseTerminated", {"leaseId": lease, "slashBps": 5000}),
        ("LeaseSettled", {"leaseId": lease}),
        ("LeaseEnded", {"leaseId": lease, "returned": PRICE * PERIODS, "accessUntil": 0}),
        ("BondSlashed", {"leaseId": lease, "amount": MAX, "toTreasury": False}),
        ("BondReleased", {"leaseId": lease, "amount": BOND - MAX}),
    ]
    for name, error in (("start", "WrongStatus"), ("end", "WrongStatus"), ("refund", "WrongStatus")):
        with refused(market.picture, f"DataLeases_{error}", lease, ENDED):
            market.send(name, lease)
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("releaseBond", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, ENDED):
        market.send("slashUnacknowledged", lease)
    assert market.send("claimRefund", lease, by=market.stranger).value == COST - MAX
    assert not market.dao.leases.isOverdue(lease)


def test_terminate__approved_lease_at_start_by__refused_because_all_of_it_is_refundable(market: Market) -> None:
    lease = market.approved()
    start_by = market.lease(lease).startBy
    proposal = market.queued("terminate", lease, 5000)
    with market.moment(start_by - 1):
        market.carry_out(proposal)
        assert market.lease(lease).status == ENDED
    for at in (start_by, start_by + 1):
        with market.moment(at), refused(market.picture, "DataLeases_TooLateToStart", lease, start_by):
            market.carry_out(proposal)
    market.warp_to(start_by)
    market.send("refund", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.carry_out(proposal)


def test_terminate__lease_of_an_offer_before_its_start__its_capacity_stays_taken(market: Market) -> None:
    offer = market.create_offer(seats=1)
    lease = market.accept(offer)
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 0)
    assert market.dao.leases.offer(offer).seatsTaken == 1
    assert market.send("claimRefund", lease).value == COST


def test_terminate__more_than_the_maximum__refused_and_the_maximum_accepted_L10(market: Market) -> None:
    lease = market.active(periodLength=90 * DAY)
    for bps in (5001, 10_000, 2**256 - 1):
        proposal = market.queued("terminate", lease, bps)
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, "DataLeases_SlashTooLarge", lease, bps, 5000):
            market.carry_out(proposal)
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 5000)
    assert market.lease(lease).slashed == MAX


def test_terminate__again_after_the_end__takes_only_what_earlier_slashes_left_L10(market: Market) -> None:
    lease = market.active()
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 3000)
    before = market.paid_until(lease)
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 3000)
    assert market.said(receipt) == [
        ("LeaseTerminated", {"leaseId": lease, "slashBps": 3000}),
        ("BondSlashed", {"leaseId": lease, "amount": BOND * 2 // 10, "toTreasury": False}),
    ]
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 5000)
    assert [name for name, _ in market.said(receipt)] == ["LeaseTerminated"], "nothing left to take"
    assert (market.lease(lease).slashed, market.lease(lease).bond) == (MAX, BOND - MAX)
    assert market.paid_until(lease) == before


def test_terminate__after_acknowledgement_slashes__does_not_fail_and_takes_the_rest(market: Market) -> None:
    """A licensee that lets itself be slashed for a missed acknowledgement cannot make a vote fail."""
    batch, item = market.new_member("leaver")
    lease = market.active()
    market.dao.erase(batch, item)
    market.warp_to(market.now + ACK_WINDOW)
    market.send("slashUnacknowledged", lease, by=market.stranger)
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 5000)
    (slashed,) = receipt.named("BondSlashed")
    assert slashed.args["amount"] == MAX - ACK_SLASH
    assert market.lease(lease).slashed == MAX


def test_terminate__without_a_slash__ends_only(market: Market) -> None:
    lease = market.active()
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 0)
    assert [name for name, _ in market.said(receipt)] == ["LeaseTerminated", "LeaseEnded"]
    assert market.lease(lease).bond == BOND


def test_terminate__dead_pool__slash_goes_to_the_treasury(market: Market) -> None:
    lease = market.active(periodLength=90 * DAY)
    proposal = market.queued("terminate", lease, 1000)
    market.erase_everything()
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with market.moment(market.now):
        assert market.effects(lambda: market.carry_out(proposal)) == {
            "lease 1 status": (ACTIVE, ENDED),
            "lease 1 escrow": (2 * PRICE, 0),
            "lease 1 returnable": (0, 2 * PRICE),
            "lease 1 bond": (BOND, BOND * 9 // 10),
            "lease 1 slashed": (0, BOND // 10),
            "treasury": (TO_TREASURY, TO_TREASURY + BOND // 10),
        }
    (slashed,) = market.carry_out(proposal).named("BondSlashed")
    assert slashed.args == {"leaseId": lease, "amount": BOND // 10, "toTreasury": True}


@pytest.mark.parametrize("ended", [False, True])
def test_terminate__bond_due__refused_from_that_second_on(market: Market, ended: bool) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    due = until + BOND_DELAY
    if ended:
        market.send("end", lease)
    market.warp_to(due - 12 * DAY)
    proposal = market.queued("terminate", lease, 5000)
    with market.moment(due - 1):
        market.carry_out(proposal)
        assert market.lease(lease).slashed == MAX
    for at in (due, due + 1):
        with market.moment(at), refused(market.picture, "DataLeases_BondDue", lease, due):
            market.carry_out(proposal)
    market.warp_to(due)
    if not ended:
        market.send("end", lease)
    market.send("releaseBond", lease)
    with refused(market.picture, "DataLeases_BondDue", lease, due):
        market.carry_out(proposal)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "licensee"])
def test_terminate__by_anyone_but_the_timelock__refused(market: Market, who: str) -> None:
    lease, caller = market.active(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotTimelock", caller.address):
        market.send("terminate", lease, 0, by=caller)


def test_terminate__pending_refunded_or_unknown__refused(market: Market) -> None:
    lease, request = market.request()
    for target, error, args in ((lease, "WrongStatus", (lease, PENDING)), (9, "UnknownLease", (9,))):
        proposal = market.queued("terminate", target, 0)
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, f"DataLeases_{error}", *args):
            market.carry_out(proposal)
    market.send("refund", lease)
    assert market.dao.governor.state(request.id) == 3
    proposal = market.queued("terminate", lease, 5000)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
        market.carry_out(proposal)
