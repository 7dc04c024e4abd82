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
    proposal = market.queued("terminate", *market.termination(lease, 1000))
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


def test_terminate__approved_lease__returns_everything_and_slashes_nothing(market: Market) -> None:
    """Nothing is owed before the start, so nothing can be taken for a breach."""
    lease = market.approved()
    proposal = market.queued("terminate", *market.termination(lease, 5000))
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with market.moment(market.now):
        assert market.effects(lambda: market.carry_out(proposal)) == {
            "lease 1 status": (APPROVED, REFUNDED),
            "lease 1 escrow": (PRICE * PERIODS, 0),
            "lease 1 bond": (BOND, 0),
            "lease 1 returnable": (0, COST),
            "lease 1 live": (True, False),
            "dataset 1 live": (1, 0),
        }
    receipt = market.carry_out(proposal)
    assert market.said(receipt) == [
        ("LeaseTerminated", {"leaseId": lease, "slashBps": 0}),
        ("LeaseExpired", {"leaseId": lease}),
        ("LeaseRefunded", {"leaseId": lease, "amount": COST}),
    ]
    for name in ("start", "end", "refund", "releaseBond", "slashUnacknowledged"):
        with refused(market.picture, "DataLeases_WrongStatus", lease, REFUNDED):
            market.send(name, lease)
    assert market.send("claimRefund", lease, by=market.stranger).value == COST
    assert not market.dao.leases.isOverdue(lease)


def test_terminate__approved_lease_past_start_by__refunds_it_and_does_not_fail_G14(market: Market) -> None:
    lease = market.approved()
    start_by = market.lease(lease).startBy
    proposal = market.queued("terminate", *market.termination(lease, 5000))
    for at in (start_by - 1, start_by, start_by + 1):
        with market.moment(at):
            market.carry_out(proposal)
            assert (market.lease(lease).status, market.lease(lease).returnable) == (REFUNDED, COST)
    market.warp_to(start_by)
    market.send("refund", lease)
    market.carries_out_nothing(proposal)


def test_terminate__lease_of_an_offer_before_its_start__gives_its_place_back(market: Market) -> None:
    offer = market.create_offer(capacity=1)
    lease = market.accept(offer)
    market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 0))
    assert market.dao.leases.offer(offer).taken == 0
    assert market.send("claimRefund", lease).value == COST


def test_terminate__queued_against_a_number_that_does_not_exist_yet__never_reaches_the_lease(market: Market) -> None:
    """Otherwise half a bond could be taken in the second in which its licensee accepts."""
    offer = market.create_offer()
    for start_by in (0, market.now + 4 * DAY):
        proposal = market.queued("terminate", 1, start_by, 5000)
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, "DataLeases_UnknownLease", 1):
            market.carry_out(proposal)
        with market.moment(market.now):
            assert market.accept(offer) == 1
            expected = market.lease(1).startBy
            assert expected != start_by
            with refused(market.picture, "DataLeases_WrongStartBy", 1, expected, start_by):
                market.carry_out(proposal)


def test_terminate__more_than_the_maximum__refused_and_the_maximum_accepted_L10(market: Market) -> None:
    lease = market.active(periodLength=90 * DAY)
    for bps in (5001, 10_000, 2**256 - 1):
        proposal = market.queued("terminate", *market.termination(lease, bps))
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, "DataLeases_SlashTooLarge", lease, bps, 5000):
            market.carry_out(proposal)
    market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 5000))
    assert market.lease(lease).slashed == MAX


def test_terminate__again_after_the_end__takes_only_what_earlier_slashes_left_L10(market: Market) -> None:
    lease = market.active()
    market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 3000))
    before = market.paid_until(lease)
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 3000))
    assert market.said(receipt) == [
        ("LeaseTerminated", {"leaseId": lease, "slashBps": 3000}),
        ("BondSlashed", {"leaseId": lease, "amount": BOND * 2 // 10, "toTreasury": False}),
    ]
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 5000))
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
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 5000))
    (slashed,) = receipt.named("BondSlashed")
    assert slashed.args["amount"] == MAX - ACK_SLASH
    assert market.lease(lease).slashed == MAX


def test_terminate__without_a_slash__ends_only(market: Market) -> None:
    lease = market.active()
    receipt = market.dao.govern(market.founder, market.dao.leases, "terminate", *market.termination(lease, 0))
    assert [name for name, _ in market.said(receipt)] == ["LeaseTerminated", "LeaseEnded"]
    assert market.lease(lease).bond == BOND


def test_terminate__dead_pool__slash_goes_to_the_treasury(market: Market) -> None:
    lease = market.active(periodLength=90 * DAY)
    proposal = market.queued("terminate", *market.termination(lease, 1000))
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
def test_terminate__bond_due__does_nothing_from_that_second_on_and_does_not_fail_G14(
    market: Market, ended: bool
) -> None:
    lease = market.active()
    until = market.paid_until(lease)
    due = until + BOND_DELAY
    if ended:
        market.send("end", lease)
    market.warp_to(due - 12 * DAY)
    proposal = market.queued("terminate", *market.termination(lease, 5000))
    with market.moment(due - 1):
        market.carry_out(proposal)
        assert market.lease(lease).slashed == MAX
    for at in (due, due + 1):
        with market.moment(at):
            market.carries_out_nothing(proposal)
    market.warp_to(due)
    if not ended:
        market.send("end", lease)
    market.send("releaseBond", lease)
    market.carries_out_nothing(proposal)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "licensee"])
def test_terminate__by_anyone_but_the_timelock__refused(market: Market, who: str) -> None:
    lease, caller = market.active(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotTimelock", caller.address):
        market.send("terminate", *market.termination(lease, 0), by=caller)


def test_terminate__pending_or_unknown__refused(market: Market) -> None:
    lease, _ = market.request()
    for target, error, args in ((lease, "WrongStatus", (lease, PENDING)), (9, "UnknownLease", (9,))):
        proposal = market.queued("terminate", target, 0, 0)
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, f"DataLeases_{error}", *args):
            market.carry_out(proposal)


def test_terminate__of_another_start_by__refused(market: Market) -> None:
    lease = market.active(periodLength=60 * DAY)
    start_by = market.lease(lease).startBy
    for wrong in (0, start_by - 1, start_by + 1):
        proposal = market.queued("terminate", lease, wrong, 0)
        market.warp_to(market.dao.governor.proposalEta(proposal.id))
        with refused(market.picture, "DataLeases_WrongStartBy", lease, start_by, wrong):
            market.carry_out(proposal)


def test_terminate__request_that_came_to_nothing__does_nothing_and_does_not_fail_G14(market: Market) -> None:
    lease, request = market.request()
    market.dao.to_end_of_vote(request.id)
    market.send("refund", lease)
    proposal = market.queued("terminate", *market.termination(lease, 5000))
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    market.carries_out_nothing(proposal)
