"""Proposals that are not what they seem, or keep others from proposing: an approval smuggled in by an ordinary
proposal, a proposal front-run and canceled, descriptions that collide, a lease's id squatted (AB-12, AB-13, L-3)."""

from __future__ import annotations

from eth_utils import keccak

from assurance.harness.chain.handles import deploy
from assurance.harness.dao.dao import CANCELED, EXECUTED, HPKE_KEY, PENDING, QUEUED, Dao, Proposal
from assurance.harness.dao.governance import bring, founder, member, refused, same_action, text_proposal, warp_to

APPROVED = 2
"""`IDataLeases.Status`."""


def test_approval_smuggled_in_by_an_ordinary_proposal__is_refused_at_the_door_L3(dao: Dao) -> None:
    """Among other calls, under a friendly name, before or after the request's own vote."""
    voter, licensee = founder(dao), dao.who("licensee")
    lease, own = dao.request(licensee)
    for position in (0, 1):
        calls = [(dao.asset, "approve", (voter.address, 0)), (dao.leases, "approve", (lease, own_terms(own)))]
        ordered = calls if position else calls[::-1]
        refused(
            dao,
            lambda c=ordered: dao.propose(voter, *c, text="community grants, spring round"),
            "DataGovernor_ReservedAction",
            position,
            watch=[own.id],
        )


def own_terms(own: Proposal) -> bytes:
    """The hash of the terms in a lease proposal's only call."""
    return own.calldatas[0][36:]


def test_approval_smuggled_through_third_parties__is_refused_when_it_arrives_L3(dao: Dao) -> None:
    """Through a contract that calls on, through the timelock itself, and by calling straight."""
    voter, licensee = founder(dao), dao.who("licensee")
    lease, own = dao.request(licensee)
    data = own.calldatas[0]
    relay = deploy(dao.chain, "Probe", sender=voter.address)
    by_contract = dao.propose(voter, (relay, "run", ([dao.leases.address], [data])), text="by a contract")
    execute = (dao.timelock, "execute", (dao.leases.address, 0, data, bytes(32), bytes(32)))
    by_timelock = dao.propose(voter, execute, text="by the timelock itself")
    dao.to_vote(by_contract.id)
    for proposal in (by_contract, by_timelock):
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(by_contract.id)
    for proposal in (by_contract, by_timelock):
        dao.queue(proposal)
    warp_to(dao, dao.governor.proposalEta(by_contract.id))
    refused(
        dao, lambda: dao.execute(by_contract), "DataLeases_NotTimelock", relay.address, watch=[by_contract.id, own.id]
    )
    refused(
        dao,
        lambda: dao.execute(by_timelock),
        "AccessControlUnauthorizedAccount",
        dao.timelock.address,
        dao.timelock.EXECUTOR_ROLE(),
        watch=[by_timelock.id, own.id],
    )
    for who in (licensee, voter, dao.actors["guardian"], dao.actors["deployer"]):
        refused(
            dao,
            lambda w=who: dao.leases.approve(lease, own_terms(own), sender=w.address),
            "DataLeases_NotTimelock",
            who.address,
            watch=[own.id],
        )


def test_lease_id_squatted__no_account_can_make_the_coming_requests_proposal_B12(dao: Dao) -> None:
    """Its id follows from its description and its one action, and that action is reserved."""
    voter, licensee = founder(dao), dao.who("licensee")
    terms = dao.terms()
    coming = dao.leases.leaseCount() + 1
    terms_hash = dao.leases.hashTerms(terms)
    text = f"Lease {coming} terms 0x{terms_hash.hex()} for research#proposer={dao.leases.address.lower()}"
    call = (dao.leases, "approve", (coming, terms_hash))
    refused(dao, lambda: dao.propose(voter, call, text=text), "DataGovernor_ReservedAction", 0)
    lease, own = dao.request(licensee, terms)
    assert lease == coming
    assert own.id == dao.governor.getProposalId(own.targets, [0], own.calldatas, keccak(text=text))
    dao.pass_(own, voter)
    assert dao.leases.lease(lease).status == APPROVED


def test_request_front_run_by_another_request__both_get_their_vote_AB12_G5(dao: Dao) -> None:
    """The copy takes the number the first one was about to get; nothing of the first depends on it."""
    voter, licensee, copier = founder(dao), dao.who("licensee"), dao.who("copier")
    cost = 420_000_000
    dao.fund(licensee, cost, dao.leases)
    dao.fund(copier, cost, dao.leases)
    copied = dao.leases.request(dao.terms(), HPKE_KEY, "for research", sender=copier.address).value
    asked = dao.leases.request(dao.terms(), HPKE_KEY, "for research", sender=licensee.address).value
    assert asked[0] == copied[0] + 1 and asked[1] != copied[1]
    dao.leases.withdraw(copied[0], sender=copier.address)
    assert dao.governor.state(copied[1]) == CANCELED
    dao.pass_(dao.lease_proposal(asked[0]), voter)
    assert dao.leases.lease(asked[0]).status == APPROVED


def test_proposal_front_run_and_canceled__with_a_reserved_description_it_cannot_be_AB12(dao: Dao) -> None:
    """Without the suffix the copy wins the id, and its canceling costs the victim one more transaction; with it, not
    even that. Checksummed and plain addresses reserve alike."""
    victim, thief = founder(dao), member(dao, "thief", 5)
    copy = text_proposal(dao, thief, "unprotected")
    dao.governor.cancel(*copy.action, sender=thief.address)
    refused(
        dao,
        lambda: text_proposal(dao, victim, "unprotected"),
        "GovernorUnexpectedProposalState",
        copy.id,
        CANCELED,
        bytes(32),
        watch=[copy.id],
    )
    for address in (victim.address, victim.address.lower()):
        text = f"protected#proposer={address}"
        refused(dao, lambda t=text: text_proposal(dao, thief, t), "GovernorRestrictedProposer", thief.address)
        mine = text_proposal(dao, victim, text)
        refused(
            dao,
            lambda p=mine: dao.governor.cancel(*p.action, sender=thief.address),
            "GovernorUnableToCancel",
            mine.id,
            thief.address,
            watch=[mine.id],
        )
    bring(dao, mine, EXECUTED, victim)


def test_description_collision__decides_nothing_about_other_actions_AB13(dao: Dao) -> None:
    """Same words, other call: another proposal. Same call, other words: another one too."""
    voter, rival = founder(dao), member(dao, "rival", 5)
    text = "raise the delay"
    bait = dao.propose(rival, (dao.governor, "setVotingDelay", (14 * 86_400,)), text=text)
    real = dao.propose(voter, (dao.governor, "setVotingDelay", (2 * 86_400,)), text=text)
    assert bait.id != real.id and same_action(dao, real, "other words").id not in (bait.id, real.id)
    dao.governor.cancel(*bait.action, sender=rival.address)
    bring(dao, real, QUEUED, voter)
    dao.execute(real)
    assert dao.governor.votingDelay() == 2 * 86_400


def test_proposals_by_the_dozen__keep_no_member_from_proposing_G5(dao: Dao) -> None:
    victim, spammer = founder(dao), member(dao, "spammer", 5)
    for i in range(30):
        text_proposal(dao, spammer, f"junk {i}")
    lease, own = dao.request(dao.who("licensee"))
    serious = text_proposal(dao, victim, "serious")
    assert dao.governor.state(own.id) == dao.governor.state(serious.id) == PENDING
    dao.to_vote(own.id)
    dao.vote(own.id, victim)
    dao.to_end_of_vote(own.id)
    dao.queue(own)
    dao.execute(own)
    assert dao.leases.lease(lease).status == APPROVED
