"""`reserve` and exclusivity by vote: a dataset waits for an exclusive lease that won its vote, as long as that stays
Queued, and nothing of another licensee lives beside it (L-8)."""

from __future__ import annotations

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.reader import refused
from assurance.harness.dao.books import audited
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import APPROVED, COST, PENDING, START_WINDOW, Market
from assurance.harness.dao.system import DAY


def rival_with_money(market: Market, offer: int) -> object:
    rival = market.dao.who("rival")
    market.dao.fund(rival, COST, market.dao.leases)
    return lambda: market.send("accept", offer, market.terms_hash(offer), HPKE_KEY, COST, by=rival)


def test_reserve__queued_exclusive_lease__keeps_others_out_until_it_is_approved_L8(market: Market) -> None:
    offer = market.create_offer()
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    with market.moment(market.now):
        effects = market.effects(lambda: market.send("reserve", lease, by=market.stranger))
        assert effects == {"dataset 1 reserved": (0, lease)}
    receipt = market.send("reserve", lease, by=market.stranger)
    assert market.said(receipt) == [("DatasetReserved", {"datasetId": 1, "leaseId": lease})]
    accept = rival_with_money(market, offer)
    with refused(market.picture, "DataLeases_Exclusive", 1, lease):
        accept()
    market.dao.execute(proposal)
    assert market.dao.leases.datasetLeases(1) == (1, 1, market.licensee.address, 0)
    with refused(market.picture, "DataLeases_Exclusive", 1, lease):
        accept()


def test_reserve__exclusive_lease_approved__leaves_no_reservation_for_any_queued_lease(market: Market) -> None:
    _, shared = market.request()
    market.queue(shared)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    market.dao.execute(proposal)
    assert market.dao.leases.datasetLeases(1) == (1, 1, market.licensee.address, 0)


def test_reserve__proposal_expires__the_dataset_is_free_that_second(market: Market) -> None:
    offer = market.create_offer(days=300)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    end = market.dao.governor.proposalEta(proposal.id) + 14 * DAY
    accept = rival_with_money(market, offer)
    with market.moment(end - 1):
        assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, lease)
        with refused(market.picture, "DataLeases_Exclusive", 1, lease):
            accept()
    market.warp_to(end)
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, 0)
    accept()
    with refused(market.picture, "DataLeases_NotReservable", lease):
        market.send("reserve", lease)


def test_reserve__guardian_cancels_it__the_dataset_is_free_at_once(market: Market) -> None:
    offer = market.create_offer()
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    market.dao.governor.cancel(*proposal.action, sender=market.dao.who("guardian").address)
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, 0)
    rival_with_money(market, offer)()
    assert market.dao.leases.datasetLeases(1) == (1, 0, ADDRESS_ZERO, 0)


def test_reserve__not_queued_or_not_exclusive_or_not_pending__refused(market: Market) -> None:
    with refused(market.picture, "DataLeases_UnknownLease", 1):
        market.send("reserve", 1)
    shared, shared_proposal = market.request()
    lease, proposal = market.request(exclusive=True)
    with refused(market.picture, "DataLeases_NotReservable", lease):
        market.send("reserve", lease)
    market.dao.to_vote(proposal.id)
    market.dao.vote(proposal.id, market.founder)
    market.dao.vote(shared_proposal.id, market.founder)
    market.dao.to_end_of_vote(proposal.id)
    with refused(market.picture, "DataLeases_NotReservable", lease):
        market.send("reserve", lease)
    for each in (proposal, shared_proposal):
        market.dao.queue(each)
    with refused(market.picture, "DataLeases_NotReservable", shared):
        market.send("reserve", shared)
    market.send("reserve", lease)
    market.dao.execute(proposal)
    with refused(market.picture, "DataLeases_WrongStatus", lease, APPROVED):
        market.send("reserve", lease)


def test_reserve__two_exclusive_winners__the_first_reservation_holds_while_queued(market: Market) -> None:
    first, first_proposal = market.request(exclusive=True)
    second, second_proposal = market.request(market.dao.who("rival"), exclusive=True)
    market.dao.to_vote(second_proposal.id)
    for each in (first_proposal, second_proposal):
        market.dao.vote(each.id, market.founder)
    market.dao.to_end_of_vote(second_proposal.id)
    for each in (first_proposal, second_proposal):
        market.dao.queue(each)
    market.send("reserve", second)
    market.send("reserve", second, by=market.stranger)
    with refused(market.picture, "DataLeases_Exclusive", 1, second):
        market.send("reserve", first)
    market.warp_to(market.dao.governor.proposalEta(first_proposal.id))
    with refused(market.picture, "DataLeases_Exclusive", 1, second):
        market.carry_out(first_proposal)  # queued in the same second: not earlier
    market.carry_out(second_proposal)
    with refused(market.picture, "DataLeases_Exclusive", 1, second):
        market.carry_out(first_proposal)
    assert market.lease(first).status == PENDING
    market.warp_to(market.dao.governor.proposalEta(first_proposal.id) + 14 * DAY)
    assert market.send("claimRefund", first).value == COST, "the loser of the race is refunded in full"


def test_reserve__takes_over_from_a_reservation_that_is_over(market: Market) -> None:
    first, first_proposal = market.request(exclusive=True)
    market.queue(first_proposal)
    market.send("reserve", first)
    second, second_proposal = market.request(market.dao.who("rival"), exclusive=True)
    market.queue(second_proposal)
    market.warp_to(market.dao.governor.proposalEta(first_proposal.id) + 14 * DAY - 1)
    with refused(market.picture, "DataLeases_Exclusive", 1, first):
        market.send("reserve", second)
    market.warp_to(market.now + 1)
    market.send("reserve", second)
    assert market.dao.leases.datasetLeases(1) == (0, 0, ADDRESS_ZERO, second)


def test_exclusive_approval__beside_shared_leases__refused_until_they_are_settled_L8(market: Market) -> None:
    shared = market.accept(market.create_offer(days=300))
    _, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with refused(market.picture, "DataLeases_LiveLeases", 1, 1):
        market.carry_out(proposal)
    market.warp_to(market.lease(shared).startBy)
    market.send("expire", shared, by=market.stranger)
    market.carry_out(proposal)
    assert market.dao.leases.datasetLeases(1) == (1, 1, market.licensee.address, 0)


def test_reserve__unstarted_shared_lease__runs_out_before_the_reservation_does(market: Market) -> None:
    """An account accepts the offer right before the reservation and never starts: the exclusive lease still finds a
    moment."""
    offer = market.create_offer(days=300)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    squatter = rival_with_money(market, offer)().value
    market.send("reserve", lease)
    start_by = market.now + START_WINDOW
    assert start_by < market.dao.governor.proposalEta(proposal.id) + 14 * DAY
    market.warp_to(start_by)
    market.send("expire", squatter)
    market.carry_out(proposal)
    assert market.lease(lease).status == APPROVED


def test_reserve__request_with_an_earlier_eta__is_approved_all_the_same(market: Market) -> None:
    """A reservation that can never be used must not hold out what was agreed to before it."""
    earlier, earlier_proposal = market.request(market.dao.who("rival"))
    market.queue(earlier_proposal)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    later, later_proposal = market.request(market.dao.who("rival"))
    market.queue(later_proposal)
    market.warp_to(market.dao.governor.proposalEta(later_proposal.id))
    with refused(market.picture, "DataLeases_Exclusive", 1, lease):
        market.carry_out(later_proposal)
    market.carry_out(earlier_proposal)
    assert market.lease(earlier).status == APPROVED
    assert market.dao.leases.datasetLeases(1) == (1, 0, ADDRESS_ZERO, lease), "the dataset is still held"
    with refused(market.picture, "DataLeases_LiveLeases", 1, 1):
        market.carry_out(proposal)
    assert market.lease(later).status == PENDING


def test_exclusive_approval__of_a_renewal__lives_beside_the_licensees_own_L8(market: Market) -> None:
    first, second = market.approved(exclusive=True), market.approved(exclusive=True)
    assert market.dao.leases.datasetLeases(1) == (2, 2, market.licensee.address, 0)
    rival, proposal = market.request(market.dao.who("rival"))
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with refused(market.picture, "DataLeases_Exclusive", 1, second):
        market.carry_out(proposal)
    market.send("end", second)
    with refused(market.picture, "DataLeases_Exclusive", 1, first):
        market.carry_out(proposal)
    market.send("end", first)
    market.carry_out(proposal)
    assert market.lease(rival).status == APPROVED


def test_reserve__request_of_an_earlier_eta_is_approved__the_reservation_stands_and_the_books_agree_X3(
    market: Market,
) -> None:
    _, shared = market.request()
    market.dao.chain.warp(DAY)
    lease, proposal = market.request(market.dao.who("rival"), exclusive=True)
    market.dao.to_vote(proposal.id)
    for each in (shared, proposal):
        market.dao.vote(each.id, market.founder)
    for each in (shared, proposal):
        market.dao.to_end_of_vote(each.id)
        market.dao.queue(each)
    market.send("reserve", lease)
    market.dao.execute(shared)
    assert market.dao.leases.datasetLeases(1) == (1, 0, ADDRESS_ZERO, lease)
    assert not audited(market.dao).differences
