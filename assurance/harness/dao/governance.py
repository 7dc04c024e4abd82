"""What governance tests share: one picture of what governor, timelock and brake may change, refusals that must leave it
alone, ballots for the right and the wrong place, and a proposal brought to any state by its real way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from eth_utils import keccak

from assurance.harness.chain import reader
from assurance.harness.chain.handles import Handle, Receipt
from assurance.harness.dao.dao import (
    ACTIVE,
    AGAINST,
    CANCELED,
    DEFEATED,
    EXECUTED,
    EXPIRED,
    FOR,
    PENDING,
    QUEUED,
    SUCCEEDED,
    Dao,
    Proposal,
    leaf,
)
from assurance.harness.dao.system import DAY, Actor
from datadao.messages import eip712

TOKEN = 10**9
DELAY, PERIOD, EXTENSION, TIMELOCK = DAY, 3 * DAY, DAY, 2 * DAY
"""Voting delay, voting period, late extension and timelock delay of the local configuration."""
EXPIRY = 14 * DAY
FLOOR = 250 * TOKEN
"""Quorum floor of the local configuration."""
BALLOT = "Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
EXTENDED_BALLOT = (
    "ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
)
STATES = ("Pending", "Active", "Canceled", "Defeated", "Succeeded", "Queued", "Expired", "Executed")


def founder(dao: Dao, units: int = 300) -> Actor:
    """A member that carries any vote alone."""
    return member(dao, "founder", units)


def member(dao: Dao, name: str, units: int) -> Actor:
    """A member with `units` tokens of its own data."""
    account = dao.who(name)
    dao.contribute(leaf(account, f"data of {name}", units))
    return account


def bitmap(*states: int) -> bytes:
    """The allowed states as `GovernorUnexpectedProposalState` reports them."""
    return sum(1 << state for state in states).to_bytes(32, "big")


def settings(dao: Dao) -> dict[str, Any]:
    """Everything a vote may set in the governor, the timelock and the brake."""
    governor, brake = dao.governor, dao.brake
    return {
        "votingDelay": governor.votingDelay(),
        "votingPeriod": governor.votingPeriod(),
        "extension": governor.lateQuorumVoteExtension(),
        "threshold": governor.proposalThreshold(),
        "quorumBps": (governor.quorumBps(), governor.leaseQuorumBps()),
        "delay": dao.timelock.getMinDelay(),
        "brake": (brake.guardian(), brake.guardianUntil(), brake.pulledUntil()),
        "timelock": governor.timelock(),
    }


def poll(dao: Dao, proposal_id: int) -> dict[str, Any]:
    """Everything about one proposal."""
    governor = dao.governor
    return {
        "state": governor.state(proposal_id) if governor.proposalSnapshot(proposal_id) else None,
        "times": (
            governor.proposalSnapshot(proposal_id),
            governor.proposalDeadline(proposal_id),
            governor.proposalEta(proposal_id),
        ),
        "people": (governor.proposalProposer(proposal_id), governor.proposalLicensee(proposal_id)),
        "votes": governor.proposalVotes(proposal_id),
    }


def picture(dao: Dao, *proposals: int, voters: Iterable[Actor] = ()) -> dict[str, Any]:
    """Settings, the proposals and who voted on them, ballots' nonces, the treasury."""
    voters = list(voters)
    return {
        "settings": settings(dao),
        "polls": [poll(dao, p) for p in proposals],
        "voted": [dao.governor.hasVoted(p, v.address) for p in proposals for v in voters],
        "nonces": [dao.governor.nonces(v.address) for v in voters],
        "treasury": dao.asset.balanceOf(dao.timelock.address),
        "leases": [dao.leases.lease(i) for i in range(1, dao.leases.leaseCount() + 1)],
    }


def refused(
    dao: Dao, call: Callable[[], Any], error: str, *args: Any, watch: Sequence[int] = (), voters: Iterable[Actor] = ()
) -> None:
    """The call reverts with exactly this error and nothing has changed."""
    voters = list(voters)
    with reader.refused(lambda: picture(dao, *watch, voters=voters), error, *args):
        call()


def refused_in_state(
    dao: Dao, call: Callable[[], Any], proposal_id: int, state: int, *allowed: int, voters: Iterable[Actor] = ()
) -> None:
    """`refused`, as the proposal is in this state and in none that is allowed."""
    error = ("GovernorUnexpectedProposalState", proposal_id, state, bitmap(*allowed))
    refused(dao, call, *error, watch=[proposal_id], voters=voters)


def only_events(receipt: Receipt, *expected: tuple[Handle, str, dict[str, Any]]) -> None:
    """The receipt's events are these, in this order, with these fields and no other."""
    actual = [(e.address, e.name, e.args) for e in receipt.events]
    assert actual == [(handle.address, name, args) for handle, name, args in expected]


def warp_to(dao: Dao, timestamp: int) -> None:
    assert timestamp >= dao.chain.timestamp, "time does not go back"
    dao.chain.warp(timestamp - dao.chain.timestamp)


def ballot(dao: Dao, proposal_id: int, support: int, voter: Actor, **changes: Any) -> bytes:
    """A voter's signature. `signer`, `nonce`, `chain_id`, `governor`, `name` say what is wrong with it; `reason` and
    `params` make it an extended one."""
    signer: Actor = changes.get("signer", voter)
    fields: list[Any] = [proposal_id, support, voter.address, changes.get("nonce", dao.governor.nonces(voter.address))]
    kind = BALLOT
    if "reason" in changes:
        kind = EXTENDED_BALLOT
        fields += [changes["reason"], changes["params"]]
    domain = (
        changes.get("name", dao.governor.name()),
        changes.get("chain_id", dao.chain.chain_id),
        changes.get("governor", dao.governor.address),
    )
    return signer.sign(eip712.typed_data(*domain, kind, *fields))


def text_proposal(dao: Dao, proposer: Actor, text: str = "nothing much") -> Proposal:
    """A proposal that changes nothing: the treasury approves an allowance of 0."""
    return dao.propose(proposer, (dao.asset, "approve", (dao.who("no spender").address, 0)), text=text)


def salt_of(dao: Dao, proposal: Proposal) -> bytes:
    """The salt of a proposal's timelock operation: the governor's address over the description's hash."""
    governor = int(dao.governor.address, 16) << 96
    return (governor ^ int.from_bytes(proposal.description_hash, "big")).to_bytes(32, "big")


def operation_of(dao: Dao, proposal: Proposal) -> bytes:
    """The id of a proposal's timelock operation."""
    operation: bytes = dao.timelock.hashOperationBatch(*proposal.action[:3], bytes(32), salt_of(dao, proposal))
    return operation


def same_action(dao: Dao, proposal: Proposal, text: str) -> Proposal:
    """The proposal under another description, not yet made."""
    action = (proposal.targets, proposal.values, proposal.calldatas)
    digest = keccak(text=text)
    return Proposal(dao.governor.getProposalId(*action, digest), *action, digest)


def bring(dao: Dao, proposal: Proposal, state: int, voter: Actor) -> None:
    """Brings a fresh proposal to a state by the way proposals get there; `voter` decides alone."""
    guardian = dao.actors["guardian"].address
    if state == CANCELED:
        dao.governor.cancel(*proposal.action, sender=guardian)
    elif state != PENDING:
        dao.to_vote(proposal.id)
        if state == DEFEATED:
            dao.vote(proposal.id, voter, support=AGAINST)
        elif state != ACTIVE:
            dao.vote(proposal.id, voter, support=FOR)
        if state != ACTIVE:
            dao.to_end_of_vote(proposal.id)
        if state in (QUEUED, EXECUTED):
            dao.queue(proposal)
        if state == EXECUTED:
            dao.execute(proposal)
        if state == EXPIRED:
            warp_to(dao, dao.governor.proposalDeadline(proposal.id) + EXPIRY)
    assert dao.governor.state(proposal.id) == state


TERMINAL = (CANCELED, DEFEATED, EXPIRED, EXECUTED)
LIVE = (PENDING, ACTIVE, SUCCEEDED, QUEUED)
