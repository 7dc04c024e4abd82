"""`closeOffer`: by the timelock or a guardian whose term runs; leases that were accepted stay (G-8)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import APPROVED, COST, Market
from assurance.harness.dao.system import DAY


def test_close_offer__by_the_guardian__no_further_acceptance(market: Market) -> None:
    offer = market.create_offer(capacity=2)
    lease = market.accept(offer)
    guardian = market.dao.who("guardian")
    with market.moment(market.now):
        effects = market.effects(lambda: market.send("closeOffer", offer, by=guardian))
        assert effects == {"offer 1 closed": (False, True)}
    receipt = market.send("closeOffer", offer, by=guardian)
    assert market.said(receipt) == [("OfferClosed", {"offerId": offer, "by": guardian.address})]
    market.dao.fund(market.licensee, COST, market.dao.leases)
    with refused(market.picture, "DataLeases_OfferClosed", offer):
        market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST)
    market.does_nothing(lambda: market.send("closeOffer", offer, by=guardian))
    assert market.lease(lease).status == APPROVED
    market.send("start", lease)


def test_close_offer__by_vote__closed(market: Market) -> None:
    offer = market.create_offer()
    receipt = market.dao.govern(market.founder, market.dao.leases, "closeOffer", offer)
    timelock = market.dao.timelock.address
    assert market.said(receipt) == [("OfferClosed", {"offerId": offer, "by": timelock})]
    assert market.dao.leases.offer(offer).closed


def test_close_offer__by_vote_after_the_guardian_was_first__does_nothing_and_does_not_fail_G14(market: Market) -> None:
    offer = market.create_offer()
    proposal = market.queued("closeOffer", offer)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with market.moment(market.now):
        market.carry_out(proposal)
        assert market.dao.leases.offer(offer).closed
    market.send("closeOffer", offer, by=market.dao.who("guardian"))
    market.carries_out_nothing(proposal)


@pytest.mark.parametrize("who", ["stranger", "deployer", "founder", "licensee", "custodian-0", "attestor-0"])
def test_close_offer__by_anyone_else__refused(market: Market, who: str) -> None:
    offer, caller = market.create_offer(), market.dao.who(who)
    with refused(market.picture, "DataLeases_NotGuardian", caller.address):
        market.send("closeOffer", offer, by=caller)


def test_close_offer__by_a_guardian_whose_term_is_over__refused_to_the_second_G8(market: Market) -> None:
    offer, guardian = market.create_offer(days=500), market.dao.who("guardian")
    until = market.dao.brake.guardianUntil()
    with market.moment(until - 1):
        market.send("closeOffer", offer, by=guardian)
    for at in (until, until + 1):
        with market.moment(at), refused(market.picture, "DataLeases_NotGuardian", guardian.address):
            market.send("closeOffer", offer, by=guardian)


def test_close_offer__unknown__refused(market: Market) -> None:
    for offer in (0, 1, 2**256 - 1):
        with refused(market.picture, "DataLeases_UnknownOffer", offer):
            market.send("closeOffer", offer, by=market.dao.who("guardian"))


def test_close_offer__expired_one__accepted(market: Market) -> None:
    offer = market.create_offer()
    market.warp_to(market.now + 100 * DAY)
    market.send("closeOffer", offer, by=market.dao.who("guardian"))
    assert market.dao.leases.offer(offer).closed
