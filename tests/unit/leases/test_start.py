"""`start` and `confirmDelivery`: payment before keys, then the clock (L-5, L-6; AB-61).

given an approved lease before `startBy`: the first instalment is shared out and access runs to `paidUntil`
given `startBy` reached, another state, or another caller than the licensee or a threshold of custodians: refused
given erasures that were not acknowledged, or a dead pool: refused
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from eth_utils import keccak

from assurance.harness.chain.handles import Receipt
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY, Dao, leaf
from assurance.harness.dao.leases import (
    ACTIVE,
    APPROVED,
    COST,
    ENDED,
    PERIOD,
    PERIODS,
    PRICE,
    START_WINDOW,
    TO_COMMONS,
    TO_DATASET,
    TO_TREASURY,
    Market,
)
from assurance.harness.dao.system import DAY, config

ROOT = keccak(text="release")


def by_licensee(market: Market, lease: int) -> Receipt:
    return market.send("start", lease)


def by_custodians(market: Market, lease: int) -> Receipt:
    signatures = market.dao.readiness(lease, ROOT, 0, 2, 4)
    return market.send("confirmDelivery", lease, ROOT, signatures, by=market.stranger)


BOTH_WAYS = pytest.mark.parametrize("begin", [by_licensee, by_custodians])
Begin = Callable[[Market, int], Receipt]


@BOTH_WAYS
def test_start__approved_lease__pays_first_and_opens_until_paid_until(market: Market, begin: Begin) -> None:
    lease = market.approved(exclusive=True)
    market.warp_to(market.now + DAY)
    until = market.now + PERIOD
    with market.moment(market.now):
        assert market.effects(lambda: begin(market, lease)) == {
            "lease 1 status": (APPROVED, ACTIVE),
            "lease 1 paidPeriods": (0, 1),
            "lease 1 paidUntil": (0, until),
            "lease 1 escrow": (PRICE * PERIODS, PRICE * (PERIODS - 1)),
            "lease 1 open": (False, True),
            "pool 0": (0, TO_COMMONS),
            "pool 1": (0, TO_DATASET),
            "treasury": (0, TO_TREASURY),
            "owed": (COST, COST - TO_DATASET - TO_COMMONS),
            "asset leases": (COST, COST - TO_DATASET - TO_COMMONS),
            "asset splitter": (0, TO_DATASET + TO_COMMONS),
        }
    receipt = begin(market, lease)
    paid = {
        "leaseId": lease, "period": 1, "toDataset": TO_DATASET, "toCommons": TO_COMMONS, "toTreasury": TO_TREASURY,
        "paidUntil": until,
    }  # fmt: skip
    confirmed = {"leaseId": lease, "releaseRoot": ROOT, "committeeVersion": 1}
    before = [("DeliveryConfirmed", confirmed)] if begin is by_custodians else []
    assert market.said(receipt) == [*before, ("InstalmentPaid", paid)]
    assert market.dao.asset.allowance(market.dao.leases.address, market.dao.splitter.address) == 0
    assert market.dao.leases.leaseAccess(lease) == (True, HPKE_KEY, 1, 1, until)


@BOTH_WAYS
def test_start__start_by__exact_to_the_second(market: Market, begin: Begin) -> None:
    lease = market.approved()
    start_by = market.now + START_WINDOW
    with market.moment(start_by - 1):
        begin(market, lease)
        assert market.lease(lease).status == ACTIVE
    for at in (start_by, start_by + 1):
        with market.moment(at), refused(market.picture, "DataLeases_TooLateToStart", lease, start_by):
            begin(market, lease)


@BOTH_WAYS
def test_start__in_any_other_state_or_unknown__refused(market: Market, begin: Begin) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        begin(market, 1)
    lease, proposal = market.request()
    with refused(market.picture, "DataLeases_WrongStatus", lease, 1):
        begin(market, lease)
    market.dao.pass_(proposal, market.founder)
    begin(market, lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, ACTIVE):
        begin(market, lease)
    market.send("end", lease)
    with refused(market.picture, "DataLeases_WrongStatus", lease, ENDED):
        begin(market, lease)
    late = market.approved()
    market.warp_to(market.now + START_WINDOW)
    market.send("refund", late)
    with refused(market.picture, "DataLeases_WrongStatus", late, 5):
        begin(market, late)


@BOTH_WAYS
def test_start__overdue_before_the_start__refused_until_acknowledged(dao: Dao, begin: Begin) -> None:
    market = Market(Dao(config(DataLeases__params__ackWindow="2 days"), chain=dao.chain))
    batch, item = market.new_member("leaver")
    lease = market.approved()
    market.dao.erase(batch, item)
    at = market.now + 2 * DAY
    with market.moment(at - 1):
        begin(market, lease)
    market.warp_to(at)
    assert market.dao.leases.isOverdue(lease)
    with refused(market.picture, "DataLeases_Overdue", lease, 0, 1):
        begin(market, lease)
    market.send("acknowledge", lease)
    begin(market, lease)


@BOTH_WAYS
def test_start__pool_without_contributors__refused_and_refundable_L4_B03(market: Market, begin: Begin) -> None:
    lease = market.approved()
    market.erase_everything()
    with refused(market.picture, "DataLeases_DeadPool", 1):
        begin(market, lease)
    market.warp_to(market.lease(lease).startBy)
    assert market.send("claimRefund", lease, by=market.stranger).value == COST


@BOTH_WAYS
def test_start__pools_take_nothing__refused_until_claims_make_room_X6(market: Market, begin: Begin) -> None:
    """What is owed closes all pools alike, and for as long as it is owed: a dataset with members is never emptier than
    the commons, so the part of the commons has no other way to go."""
    lease = market.approved()
    market.fill(0)
    with refused(market.picture, "DataLeases_DeadPool", 1):
        begin(market, lease)
    market.dao.splitter.claim(market.founder.address, [1], sender=market.stranger.address)
    (paid,) = begin(market, lease).named("InstalmentPaid")
    assert (paid.args["toDataset"], paid.args["toCommons"], paid.args["toTreasury"]) == (
        TO_DATASET, TO_COMMONS, TO_TREASURY,
    )  # fmt: skip


@BOTH_WAYS
def test_start__brake_pulled__accepted_G8(market: Market, begin: Begin) -> None:
    lease = market.approved()
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    begin(market, lease)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "custodian-0"])
def test_start__by_anyone_but_the_licensee__refused(market: Market, who: str) -> None:
    lease, caller = market.approved(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotLicensee", caller.address, market.licensee.address):
        market.send("start", lease, by=caller)
    market.send("start", lease)


@pytest.mark.parametrize("price", [1_000_001, 1_000_019, 2**96 - 1])
def test_start__odd_prices__parts_sum_to_the_price_rounded_for_the_dataset(market: Market, price: int) -> None:
    lease = market.approved(pricePerPeriod=price, periods=1)
    (paid,) = market.send("start", lease).named("InstalmentPaid")
    cut = price * 500 // 10_000
    assert (paid.args["toDataset"], paid.args["toCommons"], paid.args["toTreasury"]) == (price - 2 * cut, cut, cut)


@BOTH_WAYS
def test_start__grant_that_asks_for_a_single_share_of_an_empty_dataset__refused_until_it_has_one_L13(
    market: Market, begin: Begin
) -> None:
    policy = vars(market.dao.registry.currentPolicy(1))
    market.dao.govern(market.founder, market.dao.registry, "createDataset", policy)
    lease = market.accept(market.create_offer(datasetId=2, minShares=1, pricePerPeriod=0))
    with refused(market.picture, "DataLeases_TooFewShares", 2, 0, 1):
        begin(market, lease)
    market.dao.contribute(leaf(market.founder, "first data", 1), dataset=2)
    begin(market, lease)
    assert market.lease(lease).status == ACTIVE
