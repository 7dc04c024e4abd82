"""`accept`: one transaction from a standing offer to an approved lease (L-9).

given an open offer: escrow in, lease approved, one of its capacity taken, at the price of the vote
given a full offer, another addressee, an expired or closed offer, a lower `maxCost`, no key, the brake: refused
given an exclusive offer: refused beside any live lease, and refuses others while it lives (L-8)
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import APPROVED, BOND, COST, PERIODS, PRICE, START_WINDOW, Market
from assurance.harness.dao.system import DAY, Actor


def take(market: Market, offer: int, by: Actor | None = None, key: bytes = HPKE_KEY, max_cost: int = COST) -> Any:
    """An acceptance by an account with more than enough money."""
    by = by or market.licensee
    market.dao.fund(by, 2 * COST, market.dao.leases)
    return market.send("accept", offer, market.terms_hash(offer), key, max_cost, by=by)


def test_accept__open_offer__escrows_and_is_approved_at_once(market: Market) -> None:
    offer = market.create_offer(capacity=2)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    before = market.picture()
    receipt = market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    after = market.picture()
    lease, licensee = receipt.value, market.licensee.address
    start_by = market.now + START_WINDOW
    assert lease == 1
    assert market.said(receipt) == [
        (
            "OfferAccepted",
            {"offerId": offer, "leaseId": 1, "licensee": licensee, "hpkeKey": HPKE_KEY, "cost": COST},
        ),
        ("LeaseApproved", {"leaseId": 1, "offerId": offer, "committeeVersion": 1, "startBy": start_by}),
    ]
    assert vars(market.lease(1)) == {
        "status": APPROVED,
        "licensee": licensee,
        "hpkeKey": HPKE_KEY,
        "offerId": offer,
        "committeeVersion": 1,
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
        "offer 1 taken": (0, 1),
        "dataset 1 live": (0, 1),
        "owed": (0, COST),
        "asset licensee": (COST, 0),
        "asset leases": (0, COST),
    }
    assert market.dao.leases.leasesOf(1, licensee) == [1, 0, 0, 0, 0, 0, 0, 0]
    assert market.dao.leases.proposalOf(1) == ([], [], [], b"\0" * 32)


def test_accept__last_seat_taken__refused_L9(market: Market) -> None:
    offer = market.create_offer(capacity=2)
    take(market, offer)
    take(market, offer, market.dao.who("rival"))
    for by in (market.licensee, market.stranger):
        market.dao.fund(by, COST, market.dao.leases)
        with refused(market.picture, "DataLeases_OfferFull", offer, 2):
            market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST, by=by)
    assert market.dao.leases.offer(offer).taken == 2


def test_accept__addressed_to_somebody_else__refused(market: Market) -> None:
    offer = market.create_offer(market.licensee.address, capacity=5)
    market.dao.fund(market.stranger, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_NotAddressee", offer, market.licensee.address):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST, by=market.stranger)
    take(market, offer)


def test_accept__expiry__exact_to_the_second_L9_AB74(market: Market) -> None:
    offer = market.create_offer(capacity=5)
    expiry = market.dao.leases.offer(offer).expiry
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with market.moment(expiry - 1):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    for at in (expiry, expiry + 1):
        with market.moment(at), refused(market.picture, "DataLeases_OfferExpired", offer, expiry):
            market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_accept__cost_above_what_the_licensee_agreed_to__refused_L9(market: Market) -> None:
    offer = market.create_offer()
    market.dao.fund(market.licensee, 2 * COST, market.dao.leases)
    for limit in (0, COST - 1):
        with refused(market.picture, "DataLeases_CostAboveMax", COST, limit):
            market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, limit)
    market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    assert market.dao.asset.balanceOf(market.licensee.address) == COST


def test_accept__no_key_or_unknown_offer__refused(market: Market) -> None:
    offer = market.create_offer()
    with refused(market.picture, "DataLeases_ZeroKey"):
        market.send("accept", offer, market.terms_hash(offer), b"\0" * 32, COST)
    for unknown in (0, offer + 1, 2**256 - 1):
        with refused(market.picture, "DataLeases_UnknownOffer", unknown):
            market.send("accept", unknown, market.terms_hash(unknown), HPKE_KEY, COST)


def test_accept__without_money_or_approval__refused_by_the_asset(market: Market) -> None:
    offer = market.create_offer()
    with refused(market.picture, "ERC20InsufficientAllowance", market.dao.leases.address, 0, COST):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    market.dao.fund(market.licensee, COST - 1, market.dao.leases)
    with refused(market.picture, "ERC20InsufficientBalance", market.licensee.address, COST - 1, COST):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_accept__brake_pulled__refused_to_its_last_second(market: Market) -> None:
    offer = market.create_offer()
    market.dao.fund(market.licensee, COST, market.dao.leases)
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    until = market.now + 3 * DAY
    for at in (market.now, until - 1):
        with market.moment(at), refused(market.picture, "EmergencyBrake_Pulled", until):
            market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    market.warp_to(until)
    market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_accept__grant_without_rent_and_bond__needs_no_money_and_no_pool(market: Market) -> None:
    terms = market.dao.terms(pricePerPeriod=0, bond=0, royaltyBps=500, periods=2)
    proposal = market.queued("createOffer", terms, ADDRESS_ZERO, 1, market.now + 60 * DAY)
    market.erase_everything()
    market.dao.execute(proposal)
    lease = market.send("accept", 1, market.terms_hash(1), HPKE_KEY, 0).value
    receipt = market.send("start", lease)
    assert [e.args["toDataset"] for e in receipt.named("InstalmentPaid")] == [0]
    assert market.dao.leases.leaseAccess(lease)[0]
    assert market.dao.leases.solvency() == (0, 0)
    market.warp_to(market.paid_until(lease))
    market.send("payInstalment", lease, by=market.stranger)
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
    offer = market.create_offer(capacity=9)
    for _ in range(8):
        take(market, offer)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_TooManyLeases", market.licensee.address, 1, 8):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    first = market.lease(1)
    market.warp_to(first.startBy - 1)
    with refused(market.picture, "DataLeases_TooManyLeases", market.licensee.address, 1, 8):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    market.warp_to(first.startBy)
    market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_accept__ninth_while_only_the_newest_of_eight_is_over__takes_its_place(market: Market) -> None:
    offer = market.create_offer(capacity=9)
    running = [take(market, offer).value for _ in range(7)]
    for lease in running:
        market.send("start", lease)
    newest = take(market, offer).value
    market.warp_to(market.lease(newest).startBy)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    receipt = market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    assert [event.args for event in receipt.named("LeaseExpired")] == [{"leaseId": newest}]
    assert receipt.named("OfferAccepted")[0].args["leaseId"] == receipt.value == newest + 1
    assert receipt.named("OfferAccepted")[0].args["offerId"] == offer


@pytest.mark.parametrize("exclusive_first", [True, False])
def test_accept__beside_an_exclusive_lease__never_two_L8(market: Market, exclusive_first: bool) -> None:
    rival = market.dao.who("rival")
    addressee = market.licensee if exclusive_first else rival
    exclusive = market.create_offer(addressee.address, exclusive=True, capacity=5)
    shared = market.create_offer(capacity=5)
    first, second = (exclusive, shared) if exclusive_first else (shared, exclusive)
    lease = take(market, first).value
    market.dao.fund(rival, COST, market.dao.leases)
    error = ("DataLeases_Exclusive", 1, lease) if exclusive_first else ("DataLeases_LiveLeases", 1, 1)
    start_by = market.lease(lease).startBy
    for at in (market.now, start_by - 1):
        with market.moment(at), refused(market.picture, *error):
            market.send("accept", second, market.terms_hash(second), HPKE_KEY, COST, by=rival)
    with market.moment(start_by):
        if not exclusive_first:
            # Among shared leases there may be many, so somebody has to say that this one is over.
            market.send("expire", lease, by=market.stranger)
        market.send("accept", second, market.terms_hash(second), HPKE_KEY, COST, by=rival)
        assert not market.lease(lease).live
        expected = (1, 0, ADDRESS_ZERO, 0) if exclusive_first else (1, 1, rival.address, 0)
        assert market.dao.leases.datasetLeases(1) == expected
    market.send("start", lease)
    paid_until = market.paid_until(lease)
    end = paid_until + 3 * DAY
    for at in (paid_until, end - 1):
        with market.moment(at), refused(market.picture, *error):
            market.send("accept", second, market.terms_hash(second), HPKE_KEY, COST, by=rival)


def test_accept__licensees_own_exclusive_lease__may_be_renewed_beside_it_L8(market: Market) -> None:
    """Both directions: another exclusive one, and a shared one; a rival stays out until the last of them is over."""
    exclusive = market.create_offer(market.licensee.address, exclusive=True, capacity=5)
    shared, rival = market.create_offer(capacity=5), market.dao.who("rival")
    market.dao.fund(rival, COST, market.dao.leases)
    first, second = take(market, exclusive).value, take(market, exclusive).value
    assert market.dao.leases.datasetLeases(1) == (2, 2, market.licensee.address, 0)
    third = take(market, shared).value
    market.send("start", second)
    market.warp_to(market.lease(first).startBy)
    with refused(market.picture, "DataLeases_Exclusive", 1, second):
        market.send("accept", shared, market.terms_hash(shared), HPKE_KEY, COST, by=rival)
    market.warp_to(market.paid_until(second) + 3 * DAY)
    market.send("accept", shared, market.terms_hash(shared), HPKE_KEY, COST, by=rival)
    assert not any(market.lease(lease).live for lease in (first, second, third))


def test_accept__other_terms_than_the_offers__refused_L9(market: Market) -> None:
    """A block that is put together otherwise must not sell what the licensee did not see."""
    offer, other = market.create_offer(), market.create_offer(royaltyBps=1)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    right, wrong = market.terms_hash(offer), market.terms_hash(other)
    with refused(market.picture, "DataLeases_WrongOfferTerms", offer, right, wrong):
        market.send("accept", offer, wrong, HPKE_KEY, COST)
    market.send("accept", offer, right, HPKE_KEY, COST)


def test_accept__purposes_narrowed_since__refused_and_a_running_lease_goes_on_L14(market: Market) -> None:
    """A vote that narrows purposes closes older offers too."""
    offer = market.create_offer(capacity=2, purposes=3)
    lease = take(market, offer).value
    market.send("start", lease)
    policy = vars(market.dao.registry.currentPolicy(1)) | {"purposes": 2}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_PurposeNotAllowed", 3, 2):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    assert market.dao.leases.isAccessAllowed(1, market.licensee.address, 1)
    wide = vars(market.dao.registry.currentPolicy(1)) | {"purposes": 3}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, wide)
    market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)


def test_accept__exclusive_on_another_dataset__does_not_matter(market: Market) -> None:
    other = market.second_dataset()
    take(market, market.create_offer(market.licensee.address, exclusive=True))
    take(market, market.create_offer(market.licensee.address, exclusive=True, datasetId=other))
    assert market.dao.leases.datasetLeases(1) == (1, 1, market.licensee.address, 0)
    assert market.dao.leases.datasetLeases(other) == (1, 1, market.licensee.address, 0)
