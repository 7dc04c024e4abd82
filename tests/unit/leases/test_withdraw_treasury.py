"""`withdrawTreasury`: anyone sends the treasury what it is owed; nothing owed is no error."""

from __future__ import annotations

from assurance.harness.dao.leases import TO_TREASURY, Market


def test_withdraw_treasury__cuts_collected__reach_the_timelock_by_anyones_call(market: Market) -> None:
    lease = market.active()
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease)
    owed = market.dao.leases.solvency()[1]
    with market.moment(market.now):
        assert market.effects(lambda: market.send("withdrawTreasury", by=market.stranger)) == {
            "treasury": (2 * TO_TREASURY, 0),
            "owed": (owed, owed - 2 * TO_TREASURY),
            "asset leases": (owed, owed - 2 * TO_TREASURY),
            "asset timelock": (0, 2 * TO_TREASURY),
        }
    receipt = market.send("withdrawTreasury", by=market.stranger)
    assert receipt.value == 2 * TO_TREASURY
    assert market.said(receipt) == [("TreasuryPaid", {"amount": 2 * TO_TREASURY})]


def test_withdraw_treasury__nothing_owed__returns_zero_and_says_nothing(market: Market) -> None:
    receipt = market.send("withdrawTreasury", by=market.stranger)
    assert (receipt.value, receipt.events) == (0, [])
    market.request()
    assert market.effects(lambda: market.send("withdrawTreasury", by=market.stranger)) == {}


def test_withdraw_treasury__called_by_a_proposal_after_another_call__does_not_fail_it(market: Market) -> None:
    market.active()
    proposal = market.queued("withdrawTreasury")
    market.send("withdrawTreasury", by=market.stranger)
    market.dao.execute(proposal)
    assert market.dao.asset.balanceOf(market.dao.timelock.address) == TO_TREASURY
