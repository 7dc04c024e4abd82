"""Two parties send at once and either may come first: whoever does, every account ends with the same money, or with
what the order itself decides and says (AB-73)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import CANCELED, EXECUTED, Dao, Proposal
from assurance.harness.dao.leases import APPROVED, BOND, BOND_DELAY, COST, PENDING, PERIODS, PRICE, TO_TREASURY, Market

Move = Callable[[Market, int, Proposal], Any]


def cancel(market: Market, lease: int, proposal: Proposal) -> None:
    market.dao.governor.cancel(*proposal.action, sender=market.dao.who("guardian").address)


def execute(market: Market, lease: int, proposal: Proposal) -> None:
    market.carry_out(proposal)


def refund(market: Market, lease: int, proposal: Proposal) -> None:
    market.send("claimRefund", lease, by=market.stranger)


def withdraw(market: Market, lease: int, proposal: Proposal) -> None:
    market.send("withdraw", lease)


def end(market: Market, lease: int, proposal: Proposal) -> None:
    market.send("end", lease)


def start_period(market: Market, lease: int, proposal: Proposal) -> None:
    market.send("startPeriod", lease, by=market.stranger)


def in_order(market: Market, moves: tuple[Move, ...], lease: int, proposal: Proposal) -> list[str | None]:
    """Makes the moves one after the other in one second; the error of each, or none."""
    said: list[str | None] = []
    for move in moves:
        try:
            move(market, lease, proposal)
            said.append(None)
        except Reverted as refusal:
            said.append(refusal.name)
    return said


@pytest.fixture
def market() -> Market:
    return Market(Dao())


@pytest.mark.parametrize(("first", "second"), [(cancel, execute), (execute, cancel)], ids=["cancel", "execute"])
def test_cancel_and_execute__whichever_comes_first__decides_and_no_unit_is_lost_AB73(
    market: Market, first: Move, second: Move
) -> None:
    lease, proposal = market.request()
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    assert in_order(market, (first, second), lease, proposal) == [None, "GovernorUnexpectedProposalState"]
    canceled = first is cancel
    assert market.dao.governor.state(proposal.id) == (CANCELED if canceled else EXECUTED)
    assert market.lease(lease).status == (PENDING if canceled else APPROVED)
    if not canceled:
        assert in_order(market, (refund,), lease, proposal) == ["DataLeases_NothingToWithdraw"]
        market.warp_to(market.lease(lease).startBy)
    refund(market, lease, proposal)
    assert market.dao.asset.balanceOf(market.licensee.address) == COST
    assert market.dao.leases.solvency() == (0, 0)


@pytest.mark.parametrize(("first", "second"), [(cancel, withdraw), (withdraw, cancel)], ids=["guardian", "licensee"])
def test_cancel_and_withdraw__whichever_comes_first__refund_the_same_once_AB73(
    market: Market, first: Move, second: Move
) -> None:
    lease, proposal = market.request()
    said = in_order(market, (first, second), lease, proposal)
    assert said[0] is None and said[1] is not None
    market.warp_to(market.dao.governor.proposalSnapshot(proposal.id))
    assert in_order(market, (refund, refund), lease, proposal) == [None, "DataLeases_NothingToWithdraw"]
    assert market.dao.asset.balanceOf(market.licensee.address) == COST
    assert market.dao.leases.solvency() == (0, 0)


@pytest.mark.parametrize("order", [0, 1], ids=["end", "terminate"])
def test_end_and_termination__whichever_comes_first__cost_the_licensee_the_same_AB73(
    market: Market, order: int
) -> None:
    lease = market.active()
    proposal = market.queued("terminate", lease, 4_000)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    moves: tuple[Move, Move] = (end, execute) if order == 0 else (execute, end)
    assert in_order(market, moves, lease, proposal) == [None, None if order == 0 else "DataLeases_WrongStatus"]
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.send("releaseBond", lease, by=market.stranger)
    refund(market, lease, proposal)
    assert market.dao.asset.balanceOf(market.licensee.address) == (PERIODS - 1) * PRICE + BOND - BOND * 4_000 // 10_000
    assert market.dao.leases.solvency() == (TO_TREASURY, TO_TREASURY)


@pytest.mark.parametrize(("first", "second"), [(end, start_period), (start_period, end)], ids=["end", "period"])
def test_end_and_next_period__whichever_comes_first__differ_by_that_one_instalment_AB73(
    market: Market, first: Move, second: Move
) -> None:
    """A licensee that lets the window open may pay one period more than it wanted, and has it."""
    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until)
    said = in_order(market, (first, second), lease, Proposal(0, [], [], [], b""))
    assert said == [None, "DataLeases_WrongStatus" if first is end else None]
    periods = 1 if first is end else 2
    refund(market, lease, Proposal(0, [], [], [], b""))
    assert market.dao.asset.balanceOf(market.licensee.address) == (PERIODS - periods) * PRICE
    assert market.paid_until(lease) - until == (periods - 1) * market.dao.terms()["periodLength"]
    assert market.dao.leases.isAccessAllowed(1, market.licensee.address, 1) == (periods == 2)
