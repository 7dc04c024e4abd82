"""A life of a DAO in which every kind of event occurs, most of them more than once: what the audit is tried on."""

from __future__ import annotations

from assurance.harness.dao.dao import ABSTAIN, AGAINST, FOR, Dao, changed, leaf
from assurance.harness.dao.governance import compact
from assurance.harness.dao.leases import BOND_DELAY, Market
from assurance.harness.dao.registry import UNIT, claim_many, crowd, drop
from assurance.harness.dao.succession import DELAY, bind, opened, succeed
from assurance.harness.dao.system import DAY, Actor, config

KEY = b"\1" * 32
SECOND = 2
NEVER = frozenset({
    ("token", "EIP712DomainChanged"), ("registry", "EIP712DomainChanged"), ("governor", "EIP712DomainChanged"),
    ("leases", "EIP712DomainChanged"), ("timelock", "RoleRevoked"), ("timelock", "RoleAdminChanged"),
    ("splitter", "ClaimSkipped"),
})  # fmt: skip
"""In the ABIs for the libraries' sake: domains are fixed and roles are frozen."""


def chronicle() -> Dao:
    """The DAO at the end of that life: tokens can be transferred, and something is open everywhere."""
    dao = Dao(config(DataToken__transferable=True))
    market = Market(dao)
    members = [dao.who(f"member-{i}") for i in range(4)]
    early = crowd(dao, 4, units=60)
    joined = dao.contribute(*early)
    _members(dao, market.founder, members)
    _settings(dao, market.founder)
    _heirs(dao)
    dao.govern(market.founder, dao.registry, "createDataset", dao.registry.currentPolicy(1))
    _data(dao, market.founder)
    _requests(dao, market)
    _offers(dao, market)
    _models(dao, market)
    # It has given tokens away, so that fewer are burned than shares go.
    dao.erase(joined, early[0])
    _last_word(dao, market, members)
    return dao


def _members(dao: Dao, founder: Actor, members: list[Actor]) -> None:
    """Delegations, transfers, and incomes of which only some pools are collected."""
    first, second, third, _ = members
    dao.token.delegate(second.address, sender=first.address)
    for delegate in (first.address, "0x" + "00" * 20):
        dao.token.delegate(delegate, sender=third.address)
    dao.deposit(1, 1_000_003)
    dao.deposit(0, 500_009)
    dao.token.approve(second.address, 7 * UNIT, sender=third.address)
    dao.token.transferFrom(third.address, founder.address, 7 * UNIT, sender=second.address)
    dao.token.transfer(second.address, 5 * UNIT, sender=first.address)
    dao.splitter.claim(founder.address, [1], sender=founder.address)
    dao.splitter.claimTo(dao.who("refuge").address, [1], sender=second.address)
    dao.splitter.claim(third.address, [0, 1], sender=founder.address)
    dao.deposit(0, 70_001)
    payer = dao.who("payer")
    dao.fund(payer, 300_007, dao.splitter)
    dao.splitter.depositMany([1, 0, 1], [100_003, 100_003, 100_001], sender=payer.address)
    dao.splitter.claimFor([third.address, first.address, dao.who("stranger").address], [1], sender=founder.address)


def _settings(dao: Dao, founder: Actor) -> None:
    """Every setting by one vote."""
    policy = vars(dao.registry.currentPolicy(1)) | {"minQuality": 6_000, "uri": "second version"}
    slots = [(dao.actors[f"custodian-{i}"].address, KEY, "") for i in range(5)]
    guardian = dao.actors["guardian"].address
    actions = [
        (dao.governor, "setVotingDelay", (2 * DAY,)),
        (dao.governor, "setVotingPeriod", (4 * DAY,)),
        (dao.governor, "setLateQuorumVoteExtension", (2 * DAY,)),
        (dao.governor, "setProposalThreshold", (2 * UNIT,)),
        (dao.governor, "setQuorumBps", (1_500,)),
        (dao.governor, "setLeaseQuorumBps", (1_200,)),
        (dao.timelock, "updateDelay", (3 * DAY,)),
        (dao.brake, "setGuardian", (guardian, dao.chain.timestamp + 300 * DAY)),
        (dao.registry, "updatePolicy", (1, policy)),
        (dao.registry, "setAttestors", ([tuple(vars(a).values()) for a in dao.registry.attestors(1)[0]], 2)),
        (dao.registry, "setCommittee", (slots, 3)),
        (dao.registry, "replaceCustodian", (1, 3, (dao.who("successor").address, KEY, "elsewhere"))),
    ]
    dao.pass_(dao.propose(founder, *actions, text="settings"), founder)


def _heirs(dao: Dao) -> None:
    """One heir was unbound, one vetoed and then took the place, one has opened and waits."""
    lost, heir, other = dao.who("lost"), dao.who("heir"), dao.who("other heir")
    dao.contribute(leaf(lost, "data of an account whose key is lost", 60))
    bind(dao, lost, other)
    dao.token.unbindHeir(sender=lost.address)
    opened(dao, lost, heir)
    dao.token.vetoSuccession(sender=lost.address)
    dao.chain.warp(DELAY * DAY)
    dao.token.openSuccession(lost.address, sender=heir.address)
    dao.chain.warp(DELAY * DAY)
    succeed(dao, lost, 1, by=heir)
    opened(dao, heir, other)


def _data(dao: Dao, founder: Actor) -> None:
    """Batches in all their ends, contributions in all theirs."""
    a, b, c, d = (changed(item, fingerprint=bytes([n]) * 32) for n, item in enumerate(crowd(dao, 4, units=7), start=1))
    batch = dao.publish([a, b, c], SECOND, totalShares=23 * UNIT)
    dao.activate(batch)
    dao.deposit(SECOND, 333_331)
    dao.claim(batch, a)
    dao.deposit(SECOND, 111_117)
    dao.erase(batch, a)
    dao.erase(batch, b)
    copy, rival = (changed(item, contributor=founder.address, units=3) for item in (c, d))
    other = dao.publish([copy, rival, d], SECOND)
    dao.activate(other)
    dao.deposit(SECOND, 77_773)
    dao.claim(batch, c)
    drop(dao, other, copy)
    claim_many(dao, other, [rival])
    several = [leaf(founder, f"one of several, {n}", units=n) for n in (2, 3, 5)]
    sleepers = [leaf(dao.who("member-3"), f"sleeper {n}") for n in range(3)]
    batch = dao.publish([*several, *sleepers])
    dao.activate(batch)
    dao.deposit(1, 999_983)
    for _ in ("claimed", "skipped"):
        claim_many(dao, batch, several)
    for fate in ("vetoed", "lapsed", "discarded"):
        number = dao.publish([leaf(founder, fate)]).id
        if fate == "vetoed":
            dao.registry.veto(number, sender=dao.actors["guardian"].address)
        if fate == "discarded":
            dao.govern(founder, dao.registry, "discard", number)
    dao.chain.warp(366 * DAY)
    dao.registry.sleep(batch.id, sender=founder.address)
    dao.deposit(1, 12_347)
    dao.claim(batch, sleepers[0])
    dao.erase(batch, sleepers[1])


def _requests(dao: Dao, market: Market) -> None:
    """A lease that runs, one overdue, slashed and terminated, one canceled, one defeated."""
    running, overdue = market.active(royaltyBps=333), market.active()
    gone = leaf(market.founder, "to be erased")
    dao.erase(dao.contribute(gone), gone)
    market.send("acknowledge", running)
    market.send("rotateKey", running, KEY)
    market.warp_to(market.paid_until(running) - DAY)
    market.send("payInstalment", running)
    market.send("slashUnacknowledged", overdue, by=market.stranger)
    dao.govern(market.founder, dao.leases, "terminate", *market.termination(overdue, 300))
    market.warp_to(market.paid_until(overdue) + BOND_DELAY)
    market.send("expire", overdue)
    market.send("releaseBond", overdue)
    dao.leases.claimRefundTo(overdue, dao.who("refuge").address, sender=market.licensee.address)
    canceled, _ = market.request()
    market.send("cancelRequest", canceled)
    defeated, proposal = market.request()
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, market.founder, support=AGAINST)
    voter = dao.who("member-2").address
    dao.governor.castVoteWithReasonAndParams(proposal.id, ABSTAIN, "reason", b"\2", sender=voter)
    dao.to_end_of_vote(proposal.id)
    market.send("refund", canceled, by=market.stranger)
    market.send("claimRefund", defeated, by=market.stranger)
    market.send("withdrawTreasury")


def _offers(dao: Dao, market: Market) -> None:
    """Seats taken, one given back unstarted, one delivered by custodians; a guardian that closes."""
    guardian = dao.actors["guardian"].address
    dao.govern(market.founder, dao.brake, "setGuardian", guardian, dao.chain.timestamp + 350 * DAY)
    offer = market.create_offer(datasetId=SECOND, capacity=3, royaltyBps=1_250)
    taken, returned = market.accept(offer), market.accept(offer, dao.who("rival"))
    dao.deliver(taken)
    market.warp_to(market.lease(returned).startBy)
    market.send("claimRefund", returned, by=market.stranger)
    market.warp_to(market.paid_until(taken))
    market.send("payInstalment", taken)
    dao.leases.closeOffer(offer, sender=guardian)
    market.create_offer(capacity=2, days=200)


def _models(dao: Dao, market: Market) -> None:
    """A model paid while its pools live, and when one is dead, into which a slash does not go either."""
    running, taken = 1, dao.leases.leaseCount() - 1
    refuge = dao.who("refuge").address
    args = ([running, taken], KEY, "model card", True, refuge)
    model = dao.models.register(*args, sender=market.licensee.address).value
    dao.fund(market.stranger, 10_000_000, dao.models)
    payment = (model, market.licensee.address, KEY)
    dao.models.pay(*payment, 1_000_003, sender=market.stranger.address)
    dao.models.withdraw(refuge, sender=market.stranger.address)
    market.fill(SECOND)
    dao.models.pay(*payment, 777_777, sender=market.stranger.address)
    dao.models.withdraw(dao.timelock.address, sender=market.stranger.address)
    dao.models.pay(*payment, 55_555, sender=market.stranger.address)
    dao.govern(market.founder, dao.leases, "terminate", *market.termination(taken, 1_000))
    # Claims make room for deposits again.
    for who in (market.founder, *(dao.who(f"member-{n}") for n in range(4))):
        dao.splitter.claim(who.address, [1, SECOND], sender=who.address)


def _last_word(dao: Dao, market: Market, members: list[Actor]) -> None:
    """A decision canceled in the timelock, a quorum in the last hour, a dataset held for an exclusive lease; and one of
    everything that time will end: leases approved and started, a batch published, proposals pending and active."""
    canceled = market.queued("withdrawTreasury")
    dao.governor.cancel(*canceled.action, sender=dao.actors["guardian"].address)
    late = dao.propose(market.founder, (dao.leases, "withdrawTreasury", ()), text="late")
    market.warp_to(dao.governor.proposalDeadline(late.id) - 3_600)
    listed = [compact(dao, late.id, FOR, who) for who in (market.founder, market.founder)]
    dao.governor.castVotesBySig(late.id, listed, sender=market.stranger.address)
    reserved, proposal = market.request(dao.who("rival"), exclusive=True)
    market.queue(proposal)
    offer = dao.leases.offerCount()
    market.accept(offer)
    market.send("start", market.accept(offer, dao.who("rival")), by=dao.who("rival"))
    dao.publish([leaf(market.founder, "published")])
    market.send("reserve", reserved)
    proposal = market.request()[1]
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, *members[1:])
    dao.propose(market.founder, (dao.leases, "withdrawTreasury", ()), text="pending")
    dao.deposit(1, 31)
    dao.brake.pull(sender=dao.actors["guardian"].address)
