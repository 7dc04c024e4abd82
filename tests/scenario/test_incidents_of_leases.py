"""Incidents that happened to others, tried on leases. Each test is named after what must not happen; what the books say
afterwards is the point, so each ends by counting the money."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Reverted, deploy
from assurance.harness.chain.reader import refused
from assurance.harness.dao.dao import DEFEATED, EXPIRED, HPKE_KEY, QUEUED, Dao, Proposal
from assurance.harness.dao.leases import (
    ACTIVE,
    APPROVED,
    BOND,
    BOND_DELAY,
    COST,
    PENDING,
    PERIOD,
    PRICE,
    REFUNDED,
    TO_COMMONS,
    TO_DATASET,
    TO_TREASURY,
    TOLERANCE,
    Market,
)
from assurance.harness.dao.system import DAY


def test_data_taken_without_paying(market: Market) -> None:
    """A licensee wants access for less than its rent: before the first instalment, in the gap before a late one, after
    it stopped paying, after termination, after its refund. Access is open exactly while it is paid."""
    leases, licensee = market.dao.leases, market.licensee.address

    def open_() -> bool:
        return bool(leases.isAccessAllowed(1, licensee, 1))

    skipped = market.approved()
    market.warp_to(market.lease(skipped).startBy)
    assert market.send("claimRefund", skipped).value == COST
    with refused(market.picture, "DataLeases_WrongStatus", skipped, REFUNDED):
        market.send("start", skipped)
    assert not open_(), "never started, never open"

    lease = market.active()
    until = market.paid_until(lease)
    market.warp_to(until)
    assert not open_(), "the grace to pay is no grace to read"
    market.warp_to(until + TOLERANCE - 1)
    assert not open_()
    market.send("startPeriod", lease)
    assert open_()
    market.send("end", lease)
    market.send("claimRefund", lease)
    assert open_(), "what was paid stays open"
    market.warp_to(market.paid_until(lease))
    assert not open_(), "and not a second longer"
    paid = 2 * (TO_DATASET + TO_COMMONS)
    assert market.dao.asset.balanceOf(market.dao.splitter.address) == paid
    assert market.dao.asset.balanceOf(licensee) == COST + PRICE
    assert leases.solvency() == (BOND + 2 * TO_TREASURY, BOND + 2 * TO_TREASURY)


def test_lease_id_squatted_AB12_B12(market: Market) -> None:
    """A stranger knows the next lease id and wants its proposal first: by the same action, by the same description, or
    by a request of its own in front."""
    dao, stranger = market.dao, market.stranger
    terms = dao.terms()
    terms_hash = dao.leases.hashTerms(terms)
    approval = dao.leases.encode("approve", 1, terms_hash)
    description = f"Lease 1 terms 0x{terms_hash.hex()} for research#proposer={dao.leases.address.lower()}"
    for caller in (market.founder.address, stranger.address):
        with refused(market.picture, "DataGovernor_ReservedAction", 0):
            dao.governor.propose([dao.leases], [0], [approval], description, sender=caller)
        with refused(market.picture, "DataGovernor_NotLeases", caller):
            dao.governor.proposeLease(1, terms_hash, caller, description, sender=caller)
    with refused(market.picture, "GovernorRestrictedProposer", market.founder.address):
        dao.governor.propose(
            [dao.leases], [0], [dao.leases.encode("settle", 1)], description, sender=market.founder.address
        )

    first, _ = market.request(stranger)
    second, proposal = market.request()
    assert (first, second) == (1, 2), "who comes later gets the next id, and its own proposal"
    dao.pass_(proposal, market.founder)
    assert (market.lease(first).status, market.lease(second).status) == (PENDING, APPROVED)
    assert market.send("claimRefund", first).value == COST
    assert dao.asset.balanceOf(stranger.address) == COST


def test_approval_smuggled_in_by_an_ordinary_proposal(market: Market) -> None:
    """A majority that could win a lease vote tries to approve a lease by another: bare, behind other actions, through
    the timelock's own functions, through a contract of the attacker's, with other terms. Only its own proposal does."""
    dao = market.dao
    lease, own = market.request()
    terms_hash = dao.leases.hashTerms(dao.terms())
    approval = dao.leases.encode("approve", lease, terms_hash)
    harmless = dao.leases.encode("withdrawTreasury")
    for calldatas in ([approval], [harmless, approval], [approval, harmless]):
        targets, values = [dao.leases.address] * len(calldatas), [0] * len(calldatas)
        with refused(market.picture, "DataGovernor_ReservedAction", calldatas.index(approval)):
            dao.governor.propose(targets, values, calldatas, "x", sender=market.founder.address)

    schedule = ("schedule", (dao.leases.address, 0, approval, b"\0" * 32, b"\0" * 32, 2 * DAY))
    execute = ("execute", (dao.leases.address, 0, approval, b"\0" * 32, b"\0" * 32))
    for number, (name, args) in enumerate((schedule, execute)):
        text = f"through the timelock {number}"
        proposal = dao.propose(market.founder, (dao.timelock, name, args), text=text)
        market.queue(proposal)
        market.warp_to(dao.governor.proposalEta(proposal.id))
        role = dao.timelock.PROPOSER_ROLE() if name == "schedule" else dao.timelock.EXECUTOR_ROLE()
        with refused(market.picture, "AccessControlUnauthorizedAccount", dao.timelock.address, role):
            market.carry_out(proposal)

    wallet = deploy(dao.chain, "ContractWallet", dao.timelock.address, sender=market.stranger.address)
    detour = dao.propose(market.founder, (wallet, "execute", (dao.leases.address, approval)), text="detour")
    market.queue(detour)
    market.warp_to(dao.governor.proposalEta(detour.id))
    with refused(market.picture, "DataLeases_NotTimelock", wallet.address):
        market.carry_out(detour)

    assert dao.governor.state(own.id) == DEFEATED, "meanwhile no account voted on the lease itself"
    assert market.send("claimRefund", lease).value == COST
    assert dao.leases.solvency() == (0, 0)


def test_succeeded_but_never_queued_B11(market: Market) -> None:
    """All voted for it and no account queued it. The escrow is not held hostage: it returns when the proposal expires,
    and the proposal cannot come back afterwards."""
    lease, proposal = market.request()
    market.dao.to_vote(proposal.id)
    market.dao.vote(proposal.id, market.founder)
    expiry = market.dao.governor.proposalDeadline(proposal.id) + 14 * DAY
    market.warp_to(expiry - 1)
    with refused(market.picture, "DataLeases_NothingToWithdraw", lease):
        market.send("claimRefund", lease)
    market.warp_to(expiry)
    assert market.dao.governor.state(proposal.id) == EXPIRED
    for name in ("queue", "execute"):
        with pytest.raises(Reverted) as caught:
            getattr(market.dao.governor, name)(*proposal.action, sender=market.stranger.address)
        assert caught.value.name == "GovernorUnexpectedProposalState"
    assert market.send("claimRefund", lease, by=market.stranger).value == COST
    assert market.dao.asset.balanceOf(market.licensee.address) == COST


def test_execution_that_reverts_B11(market: Market) -> None:
    """The guardian pulls the brake whenever an approval could be executed. It delays, and cannot run out the clock: the
    pause and its cool-down are shorter than the time there is. Had it not been executed, the escrow would have
    returned."""
    lease, proposal = market.request()
    market.queue(proposal)
    market.warp_to(market.dao.governor.proposalEta(proposal.id))
    guardian = market.dao.who("guardian").address
    market.dao.brake.pull(sender=guardian)
    until = market.dao.brake.pulledUntil()
    with refused(market.picture, "EmergencyBrake_Pulled", until):
        market.carry_out(proposal)
    with refused(market.picture, "EmergencyBrake_CoolingDown", until + 7 * DAY):
        market.dao.brake.pull(sender=guardian)
    with market.moment(market.dao.governor.proposalEta(proposal.id) + 14 * DAY):
        assert market.send("claimRefund", lease, by=market.stranger).value == COST
    market.warp_to(until)
    assert market.dao.governor.state(proposal.id) == QUEUED
    market.carry_out(proposal)
    market.send("start", lease)
    assert market.lease(lease).status == ACTIVE


def test_blacklisted_licensee_cannot_block_others(dao: Dao) -> None:
    """The asset's issuer blocks a licensee. Rent still flows from its escrow, its exclusive lease ends on time, the
    next licensee gets in, its bond is slashed and released, and it takes out its money elsewhere."""
    market = Market(Dao(chain=dao.chain, asset="BlocklistAsset"))
    leaver = market.new_member("leaver")
    lease = market.active(exclusive=True)
    blocked, rival = market.licensee.address, market.dao.who("rival")
    market.dao.asset.setBlocked(blocked, True, sender=market.stranger.address)
    market.warp_to(market.paid_until(lease))
    market.send("startPeriod", lease, by=market.stranger)
    market.dao.erase(*leaver)
    market.warp_to(market.now + 14 * DAY)
    market.send("slashUnacknowledged", lease, by=market.stranger)
    market.warp_to(market.paid_until(lease) + TOLERANCE)
    market.send("end", lease, by=market.stranger)

    theirs = market.approved(rival, exclusive=True)
    market.send("start", theirs, by=rival)
    assert market.dao.leases.isAccessAllowed(1, rival.address, 1)

    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.send("releaseBond", lease, by=market.stranger)
    due = PRICE + BOND - BOND // 20
    with refused(market.picture, "BlocklistAsset_Blocked", blocked):
        market.send("claimRefund", lease, by=market.stranger)
    assert market.send("refundTo", lease, market.dao.who("refuge").address).value == due
    claimed = market.dao.splitter.claim(market.founder.address, [0, 1], sender=market.stranger.address).value
    assert claimed > 0, "contributors are paid as if nothing had happened"


def test_price_raised_between_quote_and_accept_AB72_B14(market: Market) -> None:
    """A licensee signs for what it was quoted. The DAO closes that offer and makes a dearer one, or the transaction is
    taken to the dearer one: the licensee never pays more than it agreed to."""
    quoted = market.create_offer(days=300)
    dearer = market.create_offer(days=300, pricePerPeriod=2 * PRICE)
    market.dao.fund(market.licensee, 3 * COST, market.dao.leases)
    with refused(market.picture, "DataLeases_CostAboveMax", COST + 3 * PRICE, COST):
        market.send("accept", dearer, HPKE_KEY, COST)
    market.dao.govern(market.founder, market.dao.leases, "closeOffer", quoted)
    with refused(market.picture, "DataLeases_OfferClosed", quoted):
        market.send("accept", quoted, HPKE_KEY, COST)
    with refused(market.picture, "DataLeases_CostAboveMax", COST + 3 * PRICE, COST + 3 * PRICE - 1):
        market.send("accept", dearer, HPKE_KEY, COST + 3 * PRICE - 1)
    market.send("accept", dearer, HPKE_KEY, COST + 3 * PRICE)
    assert market.dao.asset.balanceOf(market.licensee.address) == 3 * COST - (COST + 3 * PRICE)


def test_licensee_front_loading_instalments(market: Market) -> None:
    """A licensee for whom data is about to grow dear, or to be terminated, wants to pay all periods at once and be safe
    for the whole term. Each window opens a tenth before the end of what is paid, so it is one period ahead at most."""
    lease = market.active(periods=12)
    proposal = market.queued("terminate", lease, 0)
    until = market.paid_until(lease)
    with refused(market.picture, "DataLeases_OutsideWindow", lease, until - TOLERANCE, until + TOLERANCE):
        market.send("startPeriod", lease)
    market.warp_to(until - TOLERANCE)
    market.send("startPeriod", lease)
    following = until + PERIOD
    assert market.paid_until(lease) == following
    for _ in range(3):
        with refused(market.picture, "DataLeases_OutsideWindow", lease, following - TOLERANCE, following + TOLERANCE):
            market.send("startPeriod", lease)
        market.warp_to(market.now + DAY)
    assert market.dao.governor.state(proposal.id) == EXPIRED
    market.dao.govern(market.founder, market.dao.leases, "terminate", lease, 0)
    assert market.lease(lease).returnable == 10 * PRICE
    assert market.paid_until(lease) - market.now < PERIOD, "never more than a period and a tenth is paid ahead"


def test_termination_dodged_by_ending_first_or_by_slashing_oneself(market: Market) -> None:
    """A breach is voted on. The licensee ends its lease, takes its rent back, and lets a friend slash it for a missed
    acknowledgement, in the hope that the vote fails or finds nothing. The bond waits, and the vote takes the rest."""
    leaver = market.new_member("leaver")
    lease = market.active()
    market.dao.erase(*leaver)
    market.send("end", lease)
    market.send("claimRefund", lease)
    proposal = market.queued("terminate", lease, 5000)
    market.warp_to(market.now + 14 * DAY)
    market.send("slashUnacknowledged", lease, by=market.stranger)
    market.carry_out(proposal)
    assert market.lease(lease).slashed == BOND // 2
    market.warp_to(market.paid_until(lease) + BOND_DELAY)
    market.send("releaseBond", lease)
    assert market.send("claimRefund", lease).value == BOND // 2


def test_two_requests_with_one_agreement_share_nothing_AB67_AB69(market: Market) -> None:
    """Same licensee, same terms, same text: each request has its own proposal, escrow and fate (AB-67, AB-69)."""
    first, lost = market.request()
    second, won = market.request()
    assert lost.id != won.id
    market.dao.to_vote(won.id)
    market.dao.vote(won.id, market.founder)
    market.dao.to_end_of_vote(won.id)
    market.dao.queue(won)
    crossed = Proposal(lost.id, lost.targets, lost.values, won.calldatas, lost.description_hash)
    with pytest.raises(Reverted) as caught:
        market.carry_out(crossed)
    assert caught.value.name == "GovernorNonexistentProposal"
    market.dao.execute(won)
    assert (market.lease(first).status, market.lease(second).status) == (PENDING, APPROVED)
    assert market.send("claimRefund", first).value == COST
    with refused(market.picture, "DataLeases_NothingToWithdraw", second):
        market.send("claimRefund", second)
    assert market.dao.leases.solvency() == (COST, COST)
