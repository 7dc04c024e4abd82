"""`accept`: one transaction from a standing offer to an approved lease (L-9).

given an open offer: escrow in, lease approved, one of its capacity taken, at the price of the vote
given a full offer, another addressee, an expired or closed offer, a lower `maxCost`, no key, the brake: refused
given an exclusive offer: refused beside any live lease, and refuses others while it lives (L-8)
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import APPROVED, BOND, COST, PERIODS, PRICE, START_WINDOW, Market
from assurance.harness.dao.system import DAY, Actor


def take(market: Market, offer: int, by: Actor | None = None, key: bytes = HPKE_KEY, max_cost: int = COST) -> Any:
    """An acceptance by an account with more than enough money."""
    by = by or market.licensee
    market.dao.fund(by, 2 * COST, market.dao.leases)
    return market.send("accept", offer, key, max_cost, by=by)


def test_accept__open_offer__escrows_and_is_approved_at_once(market: Market) -> None:
    offer = market.create_offer(seats=2)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    before = market.picture()
    receipt = market.send("accept", offer, HPKE_KEY, COST)
    after = market.picture()
    lease, licensee = receipt.value, market.licensee.address
    start_by = market.now + START_WINDOW
    assert lease == 1
    assert market.said(receipt) == [
        (
            "OfferAccepted",
            {"offerId": offer, "leaseId": 1, "licensee": licensee, "hpkeKey": HPKE_KEY, "cost": COST},
        ),
        ("LeaseApproved", {"leaseId": 1, "offerId": offer, "committeeEpoch": 1, "startBy": start_by}),
    ]
    assert vars(market.lease(1)) == {
        "status": APPROVED,
        "licensee": licensee,
        "hpkeKey": HPKE_KEY,
        "offerId": offer,
        "proposalId": 0,
        "committeeEpoch": 1,
        "paidPeriods": 0,
        "startBy": start_by,
        "paidUntil": 0,
        "acknowledged": 0,
        "bond": BOND,
        "slashed": 0,
        "escrow": PRICE * PERIODS,
        "returnable": 0,
        "live": True,
    }
    assert market.dao.leases.leaseTerms(1) == market.dao.leases.offerTerms(offer)
    assert {k: (before[k], v) for k, v in after.items() if k in before and before[k] != v} == {
        "leases": (0, 1),
        "offer 1 seatsTaken": (0, 1),
        "dataset 1 live": (0, 1),
        "owed": (0, COST),
        "asset licensee": (COST, 0),
        "asset leases": (0, COST),
    }
    assert market.dao.leases.leasesOf(1, licensee) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert market.dao.leases.proposalOf(1) == ([], [], [], b"\0" * 32)


def test_accept__offer_full__refused_L9(market: Market) -> None:
    offer = market.create_offer(seats=2)
    take(market, offer)
    take(market, offer, market.dao.who("rival"))
    for by in (market.licensee, market.stranger):
        market.dao.fund(by, COST, market.dao.leases)
        with refused(market.picture, "DataLeases_NoSeats", offer, 2):
            market.send("accept", offer, HPKE_KEY, COST, by=by)
    assert market.dao.leases.offer(offer).seatsTaken == 2


def test_accept__addressed_to_another_account__refused(market: Market) -> None:
    offer = market.create_offer(market.licensee.address, seats=5)
    market.dao.fund(market.stranger, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_NotAddressee", offer, market.licensee.address):
        market.send("accept", offer, HPKE_KEY, COST, by=market.stranger)
    take(market, offer)


def test_accept__expiry__exact_to_the_second_L9_AB74(market: Market) -> None:
    offer = market.create_offer(seats=5)
    expiry = market.dao.leases.offer(offer).expiry
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with market.moment(expiry - 1):
        market.send("accept", offer, HPKE_KEY, COST)
    for at in (expiry, expiry + 1):
        with market.moment(at), refused(market.picture, "DataLeases_OfferExpired", offer, expiry):
            market.send("accept", offer, HPKE_KEY, COST)


def test_accept__cost_above_what_the_licensee_agreed_to__refused_L9(market: Market) -> None:
    offer = market.create_offer()
    market.dao.fund(market.licensee, 2 * COST, market.dao.leases)
    for limit in (0, COST - 1):
        with refused(market.picture, "DataLeases_CostAboveMax", COST, limit):
            market.send("accept", offer, HPKE_KEY, limit)
    market.send("accept", offer, HPKE_KEY, COST)
    assert market.dao.asset.balanceOf(market.licensee.address) == COST


def test_accept__no_key_or_unknown_offer__refused(market: Market) -> None:
    offer = market.create_offer()
    with refused(market.picture, "DataLeases_ZeroKey"):
        market.send("accept", offer, b"\0" * 32, COST)
    for unknown in (0, offer + 1, 2**256 - 1):
        with refused(market.picture, "DataLeases_UnknownOffer", unknown):
            market.send("accept", unknown, HPKE_KEY, COST)


def test_accept__without_money_or_approval__refused_by_the_asset(market: Market) -> None:
    offer = market.create_offer()
    with refused(market.picture, "ERC20InsufficientAllowance", market.dao.leases.address, 0, COST):
        market.send("accept", offer, HPKE_KEY, COST)
    market.dao.fund(market.licensee, COST - 1, market.dao.leases)
    with refused(market.picture, "ERC20InsufficientBalance", market.licensee.address, COST - 1, COST):
        market.send("accept", offer, HPKE_KEY, COST)


def test_accept__brake_pulled__refused_to_its_last_second(market: Market) -> None:
    offer = market.create_offer()
    market.dao.fund(market.licensee, COST, market.dao.leases)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    until = market.now + 3 * DAY
    for at in (market.now, until - 1):
        with market.moment(at), refused(market.picture, "EmergencyBrake_Pulled", until):
            market.send("accept", offer, HPKE_KEY, COST)
    market.warp_to(until)
    market.send("accept", offer, HPKE_KEY, COST)


def test_accept__grant_without_rent_and_bond__needs_no_money_and_no_pool(market: Market) -> None:
    offer = market.create_offer(pricePerPeriod=0, bond=0, royaltyBps=500, periods=2)
    lease = market.send("accept", offer, HPKE_KEY, 0).value
    market.erase_everything()
    market.dao.leases.acknowledge(lease, sender=market.licensee.address)
    receipt = market.send("start", lease)
    assert [e.args["toDataset"] for e in receipt.named("InstalmentPaid")] == [0]
    assert market.dao.leases.leaseAccess(lease)[0]
    assert market.dao.leases.solvency() == (0, 0)
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease, by=market.stranger)
    with refused(market.picture, "DataLeases_NotOver", lease):
        market.send("end", lease, by=market.stranger)


def test_accept__rent_or_bond_of_a_single_unit__is_pulled_and_paid_like_any_other(market: Market) -> None:
    bond_only, rent_only = market.create_offer(pricePerPeriod=0, bond=1), market.create_offer(pricePerPeriod=1, bond=0)
    market.accept(bond_only)
    assert market.dao.leases.solvency() == (1, 1)
    lease = market.accept(rent_only)
    (paid,) = market.send("start", lease).named("InstalmentPaid")
    assert (paid.args["toDataset"], paid.args["toCommons"], paid.args["toTreasury"]) == (1, 0, 0)
    assert market.dao.splitter.pool(1)[2] == 1
    assert market.dao.leases.solvency() == (3, 3), "two more instalments of one, and the bond of the other lease"


def test_accept__ninth_live_lease_of_a_licensee__refused(market: Market) -> None:
    offer = market.create_offer(seats=9)
    for _ in range(8):
        take(market, offer)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_TooManyLeases", market.licensee.address, 1, 8):
        market.send("accept", offer, HPKE_KEY, COST)
    first = market.lease(1)
    market.warp_to(first.startBy - 1)
    with refused(market.picture, "DataLeases_TooManyLeases", market.licensee.address, 1, 8):
        market.send("accept", offer, HPKE_KEY, COST)
    market.warp_to(first.startBy)
    market.send("accept", offer, HPKE_KEY, COST)


def test_accept__ninth_while_only_the_newest_of_eight_is_over__takes_its_place(market: Market) -> None:
    offer = market.create_offer(seats=9)
    running = [take(market, offer).value for _ in range(7)]
    for lease in running:
        market.send("start", lease)
    newest = take(market, offer).value
    market.warp_to(market.lease(newest).startBy)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    receipt = market.send("accept", offer, HPKE_KEY, COST)
    assert [event.args for event in receipt.named("LeaseSettled")] == [{"leaseId": newest}]
    assert receipt.named("OfferAccepted")[0].args["leaseId"] == receipt.value == newest + 1
    assert receipt.named("OfferAccepted")[0].args["offerId"] == offer


@pytest.mark.parametrize("exclusive_first", [True, False])
def test_accept__beside_an_exclusive_lease__never_two_L8(market: Market, exclusive_first: bool) -> None:
    exclusive = market.create_offer(exclusive=True, seats=5)
    shared = market.create_offer(seats=5)
    first, second = (exclusive, shared) if exclusive_first else (shared, exclusive)
    lease = take(market, first).value
    rival = market.dao.who("rival")
    market.dao.fund(rival, COST, market.dao.leases)
    error = ("DataLeases_Exclusive", 1, lease) if exclusive_first else ("DataLeases_LiveLeases", 1, 1)
    start_by = market.lease(lease).startBy
    for at in (market.now, start_by - 1):
        with market.moment(at), refused(market.picture, *error):
            market.send("accept", second, HPKE_KEY, COST, by=rival)
    with market.moment(start_by):
        if not exclusive_first:
            # Among shared leases there may be many, so this one has to be ended explicitly.
            market.send("settle", lease, by=market.stranger)
        other = market.send("accept", second, HPKE_KEY, COST, by=rival).value
        assert not market.lease(lease).live
        assert market.dao.leases.datasetLeases(1) == (1, 0 if exclusive_first else other, 0)
    market.send("start", lease)
    paid_until = market.paid_until(lease)
    end = paid_until + 3 * DAY
    for at in (paid_until, end - 1):
        with market.moment(at), refused(market.picture, *error):
            market.send("accept", second, HPKE_KEY, COST, by=rival)


def test_accept__exclusive_on_another_dataset__does_not_matter(market: Market) -> None:
    other = market.second_dataset()
    take(market, market.create_offer(exclusive=True))
    take(market, market.create_offer(exclusive=True, datasetId=other))
    assert market.dao.leases.datasetLeases(1) == (1, 1, 0)
    assert market.dao.leases.datasetLeases(other) == (1, 2, 0)
