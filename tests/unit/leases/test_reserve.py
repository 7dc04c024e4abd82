"""`reserve` and exclusivity by vote: a dataset waits for an exclusive lease that won its vote, as long as that stays
Queued, and nothing lives beside it (L-8)."""

from __future__ import annotations

from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import APPROVED, COST, PENDING, START_WINDOW, Market
from assurance.harness.dao.system import DAY


def rival_with_money(market: Market, offer: int) -> object:
    rival = market.dao.who("rival")
    market.dao.fund(rival, COST, market.dao.leases)
    return lambda: market.send("accept", offer, HPKE_KEY, COST, by=rival)


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
    assert market.dao.leases.datasetLeases(1) == (1, lease, 0)
    with refused(market.picture, "DataLeases_Exclusive", 1, lease):
        accept()


def test_reserve__exclusive_lease_approved__leaves_no_reservation_for_any_queued_lease(market: Market) -> None:
    _, shared = market.request()
    market.queue(shared)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    market.dao.execute(proposal)
    assert market.dao.leases.datasetLeases(1) == (1, lease, 0)


def test_reserve__proposal_expires__the_dataset_is_free_that_second(market: Market) -> None:
    offer = market.create_offer(days=300)
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    end = market.dao.governor.proposalEta(proposal.id) + 14 * DAY
    accept = rival_with_money(market, offer)
    with market.moment(end - 1):
        assert market.dao.leases.datasetLeases(1) == (0, 0, lease)
        with refused(market.picture, "DataLeases_Exclusive", 1, lease):
            accept()
    market.warp_to(end)
    assert market.dao.leases.datasetLeases(1) == (0, 0, 0)
    accept()
    with refused(market.picture, "DataLeases_NotReservable", lease):
        market.send("reserve", lease)


def test_reserve__guardian_cancels_it__the_dataset_is_free_at_once(market: Market) -> None:
    offer = market.create_offer()
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.send("reserve", lease)
    market.dao.governor.cancel(*proposal.action, sender=market.dao.who("guardian").address)
    assert market.dao.leases.datasetLeases(1) == (0, 0, 0)
    rival_with_money(market, offer)()
    assert market.dao.leases.datasetLeases(1) == (1, 0, 0)


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
        market.carry_out(first_proposal)
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
    assert market.dao.leases.datasetLeases(1) == (0, 0, second)


def test_exclusive_approval__beside_shared_leases__refused_until_they_are_settled_L8(market: Market) -> None:
    shared = market.accept(market.create_offer(days=300))
    lease, proposal = market.request(exclusive=True)
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    with refused(market.picture, "DataLeases_LiveLeases", 1, 1):
        market.carry_out(proposal)
    market.warp_to(market.lease(shared).startBy)
    market.send("settle", shared, by=market.stranger)
    market.carry_out(proposal)
    assert market.dao.leases.datasetLeases(1) == (1, lease, 0)


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
    market.send("settle", squatter)
    market.carry_out(proposal)
    assert market.lease(lease).status == APPROVED
