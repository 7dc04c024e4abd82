"""DataGovernor.proposeLease: `DataLeases` only, no tokens needed, its only action the approval of that lease."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from assurance.harness.chain.handles import Event
from assurance.harness.dao.dao import HPKE_KEY, PENDING, Dao
from assurance.harness.dao.governance import DELAY, PERIOD, founder, poll, refused


def test_propose_lease__through_a_request__opens_the_vote_and_names_the_licensee(dao: Dao) -> None:
    """Also in a DAO without members: the escrow is the price, and the threshold does not apply."""
    licensee, terms, now = dao.who("licensee"), dao.terms(), dao.chain.timestamp
    assert dao.token.totalSupply() == 0
    dao.fund(licensee, 420_000_000, dao.leases)
    receipt = dao.leases.request(terms, HPKE_KEY, "for research", sender=licensee.address)
    lease, proposal = receipt.value
    terms_hash = dao.leases.hashTerms(terms)
    leases = dao.leases.address
    text = f"Lease {lease} terms 0x{terms_hash.hex()} for research#proposer={leases.lower()}"
    action = ([leases], [0], [dao.leases.encode("approve", lease, terms_hash)])
    assert proposal == dao.governor.hashProposal(*action, bytes(32)), "known by its action alone"
    for digest in (bytes(32), keccak(text=text), keccak(text="anything")):
        assert dao.governor.getProposalId(*action, digest) == proposal
    created, marked = [e for e in receipt.events if e.address == dao.governor.address]
    assert created == Event(
        "ProposalCreated",
        dao.governor.address,
        {
            "proposalId": proposal,
            "proposer": leases,
            "targets": [leases],
            "values": [0],
            "signatures": [""],
            "calldatas": action[2],
            "voteStart": now + DELAY,
            "voteEnd": now + DELAY + PERIOD,
            "description": text,
        },
    )
    assert marked == Event(
        "LeaseProposed",
        dao.governor.address,
        {"proposalId": proposal, "leaseId": lease, "licensee": licensee.address},
    )
    assert poll(dao, proposal) == {
        "state": PENDING,
        "times": (now + DELAY, now + DELAY + PERIOD, 0),
        "people": (leases, licensee.address),
        "votes": (0, 0, 0),
    }


@pytest.mark.parametrize("who", ["stranger", "founder", "licensee", "guardian", "deployer", "attestor-0"])
def test_propose_lease__by_anyone_but_the_leases__refused(dao: Dao, who: str) -> None:
    founder(dao)
    caller = dao.who(who)
    lease, own = dao.request(dao.who("licensee"))

    def propose() -> None:
        dao.governor.proposeLease(lease + 1, keccak(text="terms"), caller.address, "text", sender=caller.address)

    refused(dao, propose, "DataGovernor_NotLeases", caller.address, watch=[own.id])


def test_propose_lease__asked_of_the_timelock_by_a_proposal__refused_L3(dao: Dao) -> None:
    """Not even a majority opens a lease proposal beside `DataLeases`, and so beside an escrow."""
    voter = founder(dao)
    action = (dao.governor, "proposeLease", (1, keccak(text="terms"), voter.address, "text"))
    proposal = dao.propose(voter, action)
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, voter)
    dao.to_end_of_vote(proposal.id)
    dao.queue(proposal)
    dao.chain.warp(dao.governor.proposalEta(proposal.id) - dao.chain.timestamp)
    refused(dao, lambda: dao.execute(proposal), "DataGovernor_NotLeases", dao.timelock.address, watch=[proposal.id])


def test_propose_lease__twice_with_the_same_terms__two_leases_with_two_votes(dao: Dao) -> None:
    licensee = dao.who("licensee")
    (first, one), (second, two) = dao.request(licensee), dao.request(licensee)
    assert second == first + 1 and one.id != two.id
    assert dao.governor.state(one.id) == dao.governor.state(two.id) == PENDING
