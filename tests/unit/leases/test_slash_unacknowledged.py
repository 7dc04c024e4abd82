"""`slashUnacknowledged`: a fixed part of the original bond, by anyone, while overdue, at most once per `ackWindow`,
from the start until the bond is due, all slashes together never more than the maximum (L-10)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import (
    ACK_SLASH,
    ACK_WINDOW,
    AFTER_ONE,
    APPROVED,
    BOND,
    BOND_DELAY,
    PENDING,
    PRICE,
    TO_COMMONS,
    TO_DATASET,
    TO_TREASURY,
    Market,
)
from assurance.harness.dao.system import DAY, config


def overdue(market: Market, **terms: object) -> int:
    """A running lease, overdue from this second on."""
    leaver = market.new_member("leaver")
    lease = market.active(**terms)
    market.dao.erase(*leaver)
    market.warp_to(market.now + ACK_WINDOW)
    return lease


def test_slash_unacknowledged__overdue__a_fixed_part_to_the_dataset_pool(market: Market) -> None:
    lease = overdue(market)
    with market.moment(market.now):
        assert market.effects(lambda: market.send("slashUnacknowledged", lease, by=market.stranger)) == {
            "lease 1 bond": (BOND, BOND - ACK_SLASH),
            "lease 1 slashed": (0, ACK_SLASH),
            "pool 1": (TO_DATASET, TO_DATASET + ACK_SLASH),
            "owed": (AFTER_ONE, AFTER_ONE - ACK_SLASH),
            "asset leases": (AFTER_ONE, AFTER_ONE - ACK_SLASH),
            "asset splitter": (TO_DATASET + TO_COMMONS, TO_DATASET + TO_COMMONS + ACK_SLASH),
        }
    receipt = market.send("slashUnacknowledged", lease, by=market.stranger)
    assert market.said(receipt) == [("BondSlashed", {"leaseId": lease, "amount": ACK_SLASH, "toTreasury": False})]
    assert market.dao.leases.isOverdue(lease), "a slash excuses nothing"


def test_slash_unacknowledged__window_not_over__refused_to_its_last_second(market: Market) -> None:
    leaver = market.new_member("leaver")
    lease = market.active()
    with refused(market.picture, "DataLeases_NotOverdue", lease):
        market.send("slashUnacknowledged", lease)
    market.dao.erase(*leaver)
    at = market.now + ACK_WINDOW
    for when in (market.now, at - 1):
        with market.moment(when), refused(market.picture, "DataLeases_NotOverdue", lease):
            market.send("slashUnacknowledged", lease)
    market.warp_to(at)
    market.send("slashUnacknowledged", lease)


def test_slash_unacknowledged__again__not_before_another_window_is_over_L10(market: Market) -> None:
    lease = overdue(market)
    market.send("slashUnacknowledged", lease)
    again = market.now + ACK_WINDOW
    for at in (market.now, again - 1):
        with market.moment(at), refused(market.picture, "DataLeases_AlreadySlashed", lease, again):
            market.send("slashUnacknowledged", lease)
    market.warp_to(again)
    market.send("slashUnacknowledged", lease)
    assert market.lease(lease).slashed == 2 * ACK_SLASH


def test_slash_unacknowledged__many_erasures_at_once__still_one_slash_per_window_L10(market: Market) -> None:
    leavers = [market.new_member(f"leaver {i}") for i in range(3)]
    lease = market.active()
    for leaver in leavers:
        market.dao.erase(*leaver)
        market.warp_to(market.now + 1)
    market.warp_to(market.now + ACK_WINDOW)
    market.send("slashUnacknowledged", lease)
    with refused(market.picture, "DataLeases_AlreadySlashed", lease, market.now + ACK_WINDOW):
        market.send("slashUnacknowledged", lease)


def test_slash_unacknowledged__acknowledged__refused_and_the_next_one_waits_all_the_same(market: Market) -> None:
    second = market.new_member("second leaver")
    lease = overdue(market)
    market.send("slashUnacknowledged", lease)
    slashed_at = market.now
    market.send("acknowledge", lease)
    with refused(market.picture, "DataLeases_NotOverdue", lease):
        market.send("slashUnacknowledged", lease)
    market.dao.erase(*second)
    market.warp_to(slashed_at + ACK_WINDOW)
    market.send("slashUnacknowledged", lease)
    assert market.lease(lease).slashed == 2 * ACK_SLASH


def test_slash_unacknowledged__maximum_reached__refused_and_half_the_bond_stays_L10(dao: Dao) -> None:
    market = Market(Dao(config(DataLeases__params__ackSlashBps=2000), chain=dao.chain))
    lease = overdue(market, periodLength=90 * DAY)
    amounts = []
    for _ in range(3):
        (slashed,) = market.send("slashUnacknowledged", lease).named("BondSlashed")
        amounts.append(slashed.args["amount"])
        market.warp_to(market.now + ACK_WINDOW)
    assert amounts == [BOND // 5, BOND // 5, BOND // 10]
    with refused(market.picture, "DataLeases_SlashTooLarge", lease, 2000, 0):
        market.send("slashUnacknowledged", lease)
    assert market.lease(lease).bond == BOND // 2


def test_slash_unacknowledged__after_a_termination_took_the_maximum__refused(market: Market) -> None:
    lease = overdue(market)
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 5000)
    with refused(market.picture, "DataLeases_SlashTooLarge", lease, 500, 0):
        market.send("slashUnacknowledged", lease)


def test_slash_unacknowledged__dead_pool__goes_to_the_treasury(market: Market) -> None:
    lease = overdue(market)
    market.erase_everything()
    assert market.effects(lambda: market.send("slashUnacknowledged", lease)) == {
        "lease 1 bond": (BOND, BOND - ACK_SLASH),
        "lease 1 slashed": (0, ACK_SLASH),
        "treasury": (TO_TREASURY, TO_TREASURY + ACK_SLASH),
    }


@pytest.mark.parametrize("ended", [False, True])
def test_slash_unacknowledged__bond_due__refused_from_that_second_on(market: Market, ended: bool) -> None:
    lease = overdue(market)
    due = market.paid_until(lease) + BOND_DELAY
    if ended:
        market.send("end", lease)
    with market.moment(due - 1):
        market.send("slashUnacknowledged", lease)
    for at in (due, due + 1):
        with market.moment(at), refused(market.picture, "DataLeases_BondDue", lease, due):
            market.send("slashUnacknowledged", lease)
    market.warp_to(due)
    if not ended:
        market.send("end", lease)
    market.send("releaseBond", lease)
    with refused(market.picture, "DataLeases_BondDue", lease, due):
        market.send("slashUnacknowledged", lease)
    assert market.send("claimRefund", lease).value == 2 * PRICE + BOND


def test_slash_unacknowledged__not_started_or_unknown__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("slashUnacknowledged", 1)
    lease, proposal = market.request()
    with refused(market.picture, "DataLeases_WrongStatus", lease, PENDING):
        market.send("slashUnacknowledged", lease)
    leaver = market.new_member("leaver")
    market.queue(proposal)
    market.dao.execute(proposal)
    market.dao.erase(*leaver)
    market.warp_to(market.now + ACK_WINDOW)
    with refused(market.picture, "DataLeases_WrongStatus", lease, APPROVED):
        market.send("slashUnacknowledged", lease)


def test_slash_unacknowledged__lease_without_a_bond__refused(market: Market) -> None:
    leaver = market.new_member("leaver")
    lease = market.accept(market.create_offer(bond=0))
    market.send("start", lease)
    market.dao.erase(*leaver)
    market.warp_to(market.now + ACK_WINDOW)
    with refused(market.picture, "DataLeases_SlashTooLarge", lease, 500, 0):
        market.send("slashUnacknowledged", lease)
