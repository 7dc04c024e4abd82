"""`createOffer`: holders vote once, many lease. The timelock alone, inside the purposes, also below price and bond.

given terms inside the policy or below its minima: an offer with frozen cuts
given purposes, lengths, capacity or an expiry out of range: the vote's execution reverts with the reason
given any other caller: refused
"""

from __future__ import annotations

from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.leases import PRICE, Market
from assurance.harness.dao.registry import name32
from assurance.harness.dao.system import DAY, config


def offer_args(
    market: Market, licensee: str = ADDRESS_ZERO, capacity: int = 1, days: int = 60, **terms: Any
) -> tuple[Any, ...]:
    shares = market.dao.splitter.pool(1)[1]
    terms = {"minShares": (shares + 1) // 2} | terms
    return market.dao.terms(**terms), licensee, capacity, market.now + days * DAY


def test_create_offer__by_vote__stands_with_the_cuts_of_today(market: Market) -> None:
    args = offer_args(market, market.licensee.address, 7, royaltyBps=100)
    proposal = market.queued("createOffer", *args)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    before = market.picture()
    receipt = market.carry_out(proposal)
    after = market.picture()
    (created,) = receipt.named("OfferCreated")
    assert vars(created.args.pop("terms")) == args[0]
    assert created.args == {
        "offerId": 1, "licensee": market.licensee.address, "capacity": 7, "expiry": args[3],
        "commonsBps": 500, "treasuryBps": 500,
    }  # fmt: skip
    assert len(market.said(receipt)) == 1
    offer = {"licensee": market.licensee.address, "capacity": 7, "taken": 0, "expiry": args[3], "closed": False}
    terms, commons, treasury = market.dao.leases.offerTerms(1)
    assert (vars(terms), commons, treasury) == (args[0], 500, 500)
    expected = {f"offer 1 {name}": value for name, value in offer.items()}
    expected |= {"offers": 1, "offer 1 terms": (terms, commons, treasury)}
    assert {k: v for k, v in after.items() if before.get(k) != v} == expected


def test_create_offer__free_of_rent_and_bond__accepted(market: Market) -> None:
    offer = market.create_offer(pricePerPeriod=0, bond=0, royaltyBps=10_000)
    terms = market.dao.leases.offerTerms(offer)[0]
    assert (terms.pricePerPeriod, terms.bond, terms.royaltyBps) == (0, 0, 10_000)


HALF = 150 * 10**9
"""Half of the shares of the founder's data."""
REFUSALS = [
    ({"purposes": 8}, "DataLeases_PurposeNotAllowed", (8, 7)),
    ({"purposes": 0}, "DataLeases_PurposeNotAllowed", (0, 7)),
    ({"pricePerPeriod": 2**96}, "DataLeases_InvalidTerms", (name32("pricePerPeriod"), 2**96, 0, 2**96 - 1)),
    ({"bond": 2**96}, "DataLeases_InvalidTerms", (name32("bond"), 2**96, 0, 2**96 - 1)),
    (
        {"periodLength": 7 * DAY - 1},
        "DataLeases_InvalidTerms",
        (name32("periodLength"), 7 * DAY - 1, 7 * DAY, 90 * DAY),
    ),
    (
        {"periodLength": 90 * DAY + 1},
        "DataLeases_InvalidTerms",
        (name32("periodLength"), 90 * DAY + 1, 7 * DAY, 90 * DAY),
    ),
    ({"periods": 0}, "DataLeases_InvalidTerms", (name32("periods"), 0, 1, 12)),
    ({"periods": 13}, "DataLeases_InvalidTerms", (name32("periods"), 13, 1, 12)),
    ({"royaltyBps": 10_001}, "DataLeases_InvalidTerms", (name32("royaltyBps"), 10_001, 0, 10_000)),
    ({"datasetId": 2}, "DatasetRegistry_UnknownDataset", (2,)),
    ({"capacity": 0}, "DataLeases_InvalidOffer", (name32("capacity"), 0, 1, 2**16 - 1)),
    ({"minShares": 2**64}, "DataLeases_InvalidTerms", (name32("minShares"), 2**64, 0, 2**64 - 1)),
    ({"minShares": HALF - 1}, "DataLeases_InvalidOffer", (name32("minShares"), HALF - 1, HALF, 2**64 - 1)),
    ({"minShares": 0}, "DataLeases_InvalidOffer", (name32("minShares"), 0, HALF, 2**64 - 1)),
    ({"exclusive": True}, "DataLeases_InvalidOffer", (name32("exclusive"), 1, 0, 0)),
    ({"capacity": 2**16}, "DataLeases_InvalidOffer", (name32("capacity"), 2**16, 1, 2**16 - 1)),
]


def test_create_offer__anything_out_of_range__execution_refused(market: Market) -> None:
    leases, proposals = market.dao.leases, []
    for changes, error, args in REFUSALS:
        action = (leases, "createOffer", offer_args(market, **changes))
        proposals.append((market.dao.propose(market.founder, action, text=str(changes)), error, args))
    market.dao.to_vote(proposals[-1][0].id)
    for proposal, _, _ in proposals:
        market.dao.vote(proposal.id, market.founder)
    market.dao.to_end_of_vote(proposals[-1][0].id)
    for proposal, _, _ in proposals:
        market.dao.queue(proposal)
    market.warp_to(market.now + 2 * DAY)
    for proposal, error, args in proposals:
        with refused(market.picture, error, *args):
            market.carry_out(proposal)


def test_create_offer__expiry_not_in_the_future__execution_refused_AB74(market: Market) -> None:
    expiry = market.now + 10 * DAY
    proposal = market.queued("createOffer", *offer_args(market)[:-1], expiry)
    for at in (expiry, expiry + 1):
        with (
            market.moment(at),
            refused(market.picture, "DataLeases_InvalidOffer", name32("expiry"), expiry, at + 1, 2**48 - 1),
        ):
            market.carry_out(proposal)
    market.warp_to(expiry - 1)
    market.carry_out(proposal)
    assert market.dao.leases.offer(1).expiry == expiry


def test_create_offer__latest_expiry_there_is__accepted_AB65(market: Market) -> None:
    market.dao.govern(market.founder, market.dao.leases, "createOffer", *offer_args(market)[:2], 65_535, 2**48 - 1)
    lease = market.accept(1)
    market.send("start", lease)
    assert market.dao.leases.offer(1).taken == 1


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder", "licensee"])
def test_create_offer__by_anyone_but_the_timelock__refused(market: Market, who: str) -> None:
    caller = market.dao.who(who)
    with refused(market.picture, "DataLeases_NotTimelock", caller.address):
        market.send("createOffer", *offer_args(market), by=caller)


def test_create_offer__policy_changes_afterwards__keeps_its_terms_and_cuts_L7(market: Market) -> None:
    offer = market.create_offer()
    policy = vars(market.dao.registry.currentPolicy(1)) | {
        "commonsBps": 0, "treasuryBps": 3000, "minPricePerPeriod": 2 * PRICE,
    }  # fmt: skip
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    lease = market.accept(offer)
    (paid,) = market.send("start", lease).named("InstalmentPaid")
    assert (paid.args["toCommons"], paid.args["toTreasury"]) == (PRICE // 20, PRICE // 20)


def test_create_offer__min_shares__at_least_half_of_what_the_pool_has_rounded_up_L13(market: Market) -> None:
    """Whoever accepts must not pay a year's rent for what is left after an exit; of an empty pool there is no half."""
    market.dao.contribute(leaf(market.founder, "one more share", 1, 9_999))
    shares = market.dao.splitter.pool(1)[1]
    offer = market.create_offer(minShares=(shares + 1) // 2)
    assert market.dao.leases.offerTerms(offer)[0].minShares == (shares + 1) // 2
    empty = vars(market.dao.registry.currentPolicy(1))
    market.dao.govern(market.founder, market.dao.registry, "createDataset", empty)
    offer = market.create_offer(datasetId=2, minShares=0)
    assert market.dao.leases.offerTerms(offer)[0].minShares == 0


def test_create_offer__min_shares_of_an_odd_number__below_the_half_rounded_up_refused_L13() -> None:
    policies = [dict(config().contracts["DatasetRegistry"]["params"]["policies"][0]) | {"sharesPerUnit": 10**9 + 1}]
    market = Market(Dao(config(DatasetRegistry__params__policies=policies)), units=301)
    shares = market.dao.splitter.pool(1)[1]
    assert shares % 2 == 1
    refusal = ("DataLeases_InvalidOffer", name32("minShares"), shares // 2, shares // 2 + 1, 2**64 - 1)
    with refused(market.picture, *refusal):
        terms = market.dao.terms(minShares=shares // 2)
        market.send("createOffer", terms, ADDRESS_ZERO, 1, market.now + DAY, by=market.dao.timelock)
    assert market.create_offer(minShares=shares // 2 + 1) == 1


def test_create_offer__exclusive_to_a_named_licensee__accepted(market: Market) -> None:
    offer = market.create_offer(market.licensee.address, exclusive=True)
    assert market.dao.leases.offerTerms(offer)[0].exclusive


def test_create_offer__cuts_that_differ__are_told_and_kept_each_in_its_place(market: Market) -> None:
    policy = vars(market.dao.registry.currentPolicy(1)) | {"commonsBps": 300, "treasuryBps": 700}
    market.dao.govern(market.founder, market.dao.registry, "updatePolicy", 1, policy)
    proposal = market.queued("createOffer", *offer_args(market))
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    (created,) = market.carry_out(proposal).named("OfferCreated")
    assert (created.args["commonsBps"], created.args["treasuryBps"]) == (300, 700)
    assert market.dao.leases.offerTerms(1)[1:] == (300, 700)
    (paid,) = market.send("start", market.accept(1)).named("InstalmentPaid")
    parts = [paid.args[name] for name in ("toDataset", "toCommons", "toTreasury")]
    assert parts == [PRICE * bps // 10_000 for bps in (9_000, 300, 700)]


def test_create_offer__brake_pulled__accepted(market: Market) -> None:
    proposal = market.queued("createOffer", *offer_args(market))
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    market.dao.brake.pull(sender=market.dao.who("guardian").address)
    market.carry_out(proposal)
    assert market.dao.leases.offerCount() == 1
