"""DataGovernor.queue: by anyone, once, only what succeeded, until it expires (G-2, G-6)."""

from __future__ import annotations

import pytest

from assurance.harness.dao.dao import AGAINST, EXPIRED, FOR, QUEUED, SUCCEEDED, Dao
from assurance.harness.dao.governance import (
    EXPIRY,
    STATES,
    TIMELOCK,
    TOKEN,
    bring,
    founder,
    member,
    only_events,
    operation_of,
    picture,
    refused,
    refused_in_state,
    salt_of,
    text_proposal,
    warp_to,
)

ZERO32 = bytes(32)


@pytest.mark.parametrize("who", ["stranger", "founder", "guardian"])
def test_queue__what_succeeded__by_anyone__starts_the_timelock(dao: Dao, who: str) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, SUCCEEDED, voter)
    before, now = picture(dao, proposal.id), dao.chain.timestamp
    salt, operation = salt_of(dao, proposal), operation_of(dao, proposal)
    receipt = dao.governor.queue(*proposal.action, sender=dao.who(who).address)
    assert receipt.value == proposal.id
    scheduled = {
        "id": operation,
        "index": 0,
        "target": proposal.targets[0],
        "value": 0,
        "data": proposal.calldatas[0],
        "predecessor": ZERO32,
        "delay": TIMELOCK,
    }
    only_events(
        receipt,
        (dao.timelock, "CallScheduled", scheduled),
        (dao.timelock, "CallSalt", {"id": operation, "salt": salt}),
        (dao.governor, "ProposalQueued", {"proposalId": proposal.id, "etaSeconds": now + TIMELOCK}),
    )
    assert dao.timelock.getTimestamp(operation) == now + TIMELOCK
    poll = before["polls"][0]
    poll["state"], poll["times"] = QUEUED, (*poll["times"][:2], now + TIMELOCK)
    assert picture(dao, proposal.id) == before


@pytest.mark.parametrize("state", [s for s in range(8) if s != SUCCEEDED], ids=lambda s: STATES[s])
def test_queue__in_any_other_state__refused(dao: Dao, state: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    refused_in_state(dao, lambda: dao.queue(proposal), proposal.id, state, SUCCEEDED)


def test_queue__exactly_until_it_expires__fourteen_days_after_the_deadline_G6(dao: Dao) -> None:
    voter = founder(dao)
    kept, lost = text_proposal(dao, voter, "kept"), text_proposal(dao, voter, "lost")
    dao.to_vote(kept.id)
    for proposal in (kept, lost):
        dao.vote(proposal.id, voter)
    last = dao.governor.proposalDeadline(kept.id) + EXPIRY - 1
    warp_to(dao, last)
    dao.queue(kept)
    assert dao.governor.state(kept.id) == QUEUED
    for now in (last + 1, last + 2):
        warp_to(dao, now)
        assert dao.governor.state(lost.id) == EXPIRED
        refused_in_state(dao, lambda: dao.queue(lost), lost.id, EXPIRED, SUCCEEDED)


def test_queue__what_was_never_proposed__refused(dao: Dao) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    unknown = dao.governor.getProposalId(*proposal.action[:3], ZERO32)
    refused(
        dao,
        lambda: dao.governor.queue(*proposal.action[:3], ZERO32, sender=voter.address),
        "GovernorNonexistentProposal",
        unknown,
    )


@pytest.mark.parametrize(
    ("for_", "against", "abstain", "passes"),
    [
        (250, 0, 0, True),
        (249, 0, 0, False),
        (249, 0, 1, True),
        (249, 1, 0, False),
        (125, 125, 0, False),
        (126, 125, 124, True),
        (125, 126, 125, False),
        (200, 200, 60, False),
        (0, 0, 300, False),
        (1, 0, 249, True),
    ],
)
def test_queue__needs_quorum_and_a_majority__to_the_token_G2(
    dao: Dao, for_: int, against: int, abstain: int, passes: bool
) -> None:
    """For and abstain make the quorum of 250; more for than against is a majority, a tie is none."""
    sides = [(support, units) for support, units in ((FOR, for_), (AGAINST, against), (2, abstain)) if units]
    voters = [(member(dao, f"voter-{support}", units), support) for support, units in sides]
    proposal = text_proposal(dao, voters[0][0])
    dao.to_vote(proposal.id)
    for voter, support in voters:
        dao.vote(proposal.id, voter, support=support)
    assert dao.governor.proposalQuorum(proposal.id) == 250 * TOKEN
    dao.to_end_of_vote(proposal.id)
    if passes:
        dao.queue(proposal)
        assert dao.governor.state(proposal.id) == QUEUED
    else:
        refused_in_state(dao, lambda: dao.queue(proposal), proposal.id, 3, SUCCEEDED)
