"""The governor's setters: by vote alone, within constant bounds, for later proposals (G-3, G-6, AB-09, AB-10,
AB-11)."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.handles import Event, Reverted
from assurance.harness.dao.dao import QUEUED, Dao, Proposal
from assurance.harness.dao.governance import (
    DELAY,
    EXTENSION,
    PERIOD,
    TOKEN,
    bring,
    founder,
    poll,
    refused,
    settings,
    text_proposal,
    warp_to,
)
from assurance.harness.dao.system import DAY, Actor

# Setter: (key in `settings`, event, its fields, least, most); supply is 300 tokens.
SETTERS: dict[str, tuple[str, str, tuple[str, str], int, int]] = {
    "setVotingDelay": ("votingDelay", "VotingDelaySet", ("oldVotingDelay", "newVotingDelay"), DAY, 14 * DAY),
    "setVotingPeriod": ("votingPeriod", "VotingPeriodSet", ("oldVotingPeriod", "newVotingPeriod"), 2 * DAY, 30 * DAY),
    "setLateQuorumVoteExtension": (
        "extension",
        "LateQuorumVoteExtensionSet",
        ("oldVoteExtension", "newVoteExtension"),
        0,
        PERIOD,
    ),
    "setProposalThreshold": (
        "threshold",
        "ProposalThresholdSet",
        ("oldProposalThreshold", "newProposalThreshold"),
        0,
        3 * TOKEN,
    ),
    "setQuorumBps": ("quorumBps", "QuorumBpsSet", ("oldQuorumBps", "newQuorumBps"), 100, 2000),
    "setLeaseQuorumBps": ("quorumBps", "LeaseQuorumBpsSet", ("oldQuorumBps", "newQuorumBps"), 100, 2000),
}
NAMES = {
    "setVotingDelay": "votingDelay",
    "setVotingPeriod": "votingPeriod",
    "setLateQuorumVoteExtension": "lateQuorumVoteExtension",
    "setProposalThreshold": "proposalThreshold",
    "setQuorumBps": "quorumBps",
    "setLeaseQuorumBps": "leaseQuorumBps",
}
every_setter = pytest.mark.parametrize("setter", SETTERS)
WIDTHS = {"setVotingDelay": 48, "setVotingPeriod": 32, "setLateQuorumVoteExtension": 48}


def due(dao: Dao, voter: Actor, *calls: tuple[str, Any]) -> Proposal:
    """A proposal of setters, one second before nothing holds it up any more."""
    proposal = dao.propose(voter, *((dao.governor, name, (value,)) for name, value in calls), text="settings")
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    return proposal


def value_of(picture: dict[str, Any], setter: str) -> int:
    value = picture[SETTERS[setter][0]]
    if setter == "setQuorumBps":
        value = value[0]
    if setter == "setLeaseQuorumBps":
        value = value[1]
    number: int = value
    return number


@every_setter
@pytest.mark.parametrize("bound", ["least", "most"])
def test_setter__by_vote__at_its_bound__changes_that_setting_alone(dao: Dao, setter: str, bound: str) -> None:
    voter = founder(dao)
    key, event, fields, least, most = SETTERS[setter]
    new = least if bound == "least" else most
    proposal = due(dao, voter, (setter, new))
    before = settings(dao)
    receipt = dao.execute(proposal)
    old = value_of(before, setter)
    assert receipt.named(event) == [Event(event, dao.governor.address, dict(zip(fields, (old, new), strict=True)))]
    assert [e.name for e in receipt.events] == [event, "CallExecuted", "ProposalExecuted"]
    after = settings(dao)
    assert value_of(after, setter) == new
    before[key] = after[key] if "quorum" not in key else before[key]
    if key == "quorumBps":
        kept = 1 if setter == "setQuorumBps" else 0
        assert after[key][kept] == before[key][kept]
        before[key] = after[key]
    assert after == before


@every_setter
@pytest.mark.parametrize("bound", ["below", "above", "largest"])
def test_setter__by_vote__outside_its_bounds__refused_G6(dao: Dao, setter: str, bound: str) -> None:
    voter = founder(dao)
    _, _, _, least, most = SETTERS[setter]
    value = {"below": least - 1, "above": most + 1, "largest": 2 ** WIDTHS.get(setter, 256) - 1}[bound]
    if value < 0:
        value = most + 1
    floor = max(least, EXTENSION) if setter == "setVotingPeriod" else least
    proposal = due(dao, voter, (setter, value))
    refused(
        dao,
        lambda: dao.execute(proposal),
        "DataGovernor_SettingOutOfRange",
        NAMES[setter],
        value,
        floor,
        most,
        watch=[proposal.id],
    )


@pytest.mark.parametrize("who", ["stranger", "founder", "guardian", "deployer", "attestor-0"])
def test_setter__by_anyone_but_the_timelock__refused_AB10(dao: Dao, who: str) -> None:
    founder(dao)
    caller = dao.who(who).address
    for setter, (_, _, _, _, most) in SETTERS.items():
        call = getattr(dao.governor, setter)
        refused(dao, lambda c=call, m=most: c(m, sender=caller), "GovernorOnlyExecutor", caller)


def test_voting_period__never_below_the_extension__and_both_together_in_the_right_order_AB11(dao: Dao) -> None:
    voter = founder(dao)
    dao.govern(voter, dao.governor, "setLateQuorumVoteExtension", PERIOD)
    proposal = due(dao, voter, ("setVotingPeriod", PERIOD - 1))
    refused(
        dao,
        lambda: dao.execute(proposal),
        "DataGovernor_SettingOutOfRange",
        "votingPeriod",
        PERIOD - 1,
        PERIOD,
        30 * DAY,
        watch=[proposal.id],
    )
    both = dao.propose(
        voter,
        (dao.governor, "setLateQuorumVoteExtension", (2 * DAY,)),
        (dao.governor, "setVotingPeriod", (2 * DAY,)),
    )
    dao.pass_(both, voter)
    assert (dao.governor.votingPeriod(), dao.governor.lateQuorumVoteExtension()) == (2 * DAY, 2 * DAY)


def test_settings__changed_while_proposals_live__change_none_of_them_G3_AB09(dao: Dao) -> None:
    """Pending, active, succeeded and defeated ones keep their times, quorum and fate."""
    voter = founder(dao, 600)
    defeated = text_proposal(dao, voter, "defeated")
    dao.to_end_of_vote(defeated.id)
    change = dao.propose(
        voter,
        (dao.governor, "setVotingDelay", (14 * DAY,)),
        (dao.governor, "setVotingPeriod", (30 * DAY,)),
        (dao.governor, "setQuorumBps", (100,)),
        (dao.governor, "setLateQuorumVoteExtension", (0,)),
    )
    succeeded = text_proposal(dao, voter, "succeeded")
    dao.to_vote(change.id)
    for proposal in (change, succeeded):
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(change.id)
    dao.queue(change)
    active = text_proposal(dao, voter, "active")
    warp_to(dao, dao.governor.proposalEta(change.id) - 1)
    pending = text_proposal(dao, voter, "pending")
    warp_to(dao, dao.governor.proposalEta(change.id))
    ids = [p.id for p in (defeated, succeeded, active, pending)]
    before = [poll(dao, p) for p in ids]
    quorums = [dao.governor.proposalQuorum(p) for p in ids[:3]]
    assert [b["state"] for b in before] == [3, 4, 1, 0]
    dao.execute(change)
    assert [poll(dao, p) for p in ids] == before
    assert [dao.governor.proposalQuorum(p) for p in ids[:3]] == quorums == [60 * TOKEN] * 3
    later = poll(dao, text_proposal(dao, voter, "later").id)["times"]
    now = dao.chain.timestamp
    assert later == (now + 14 * DAY, now + 44 * DAY, 0)
    dao.to_vote(pending.id)
    assert dao.governor.proposalQuorum(pending.id) == 6 * TOKEN, "the fraction in force at its snapshot"


def test_proposal_threshold__asks_at_most_a_hundredth_of_present_supply__and_at_least_one_vote(dao: Dao) -> None:
    """A stored threshold that supply shrank below does not close the DAO (G-6)."""
    voter = founder(dao)
    assert (dao.governor.proposalThreshold(), dao.token.totalSupply()) == (TOKEN, 300 * TOKEN)
    dao.govern(voter, dao.governor, "setProposalThreshold", 3 * TOKEN)
    assert dao.governor.proposalThreshold() == 3 * TOKEN
    dao.govern(voter, dao.governor, "setProposalThreshold", 0)
    assert dao.governor.proposalThreshold() == 0
    stranger = dao.who("stranger")
    assert text_proposal(dao, stranger).id, "zero means anyone"


def test_late_settings__that_nothing_reads__raise_no_queue_of_permissions(dao: Dao) -> None:
    """Two equal calls in one proposal are two permissions; a third call needs a third."""
    voter = founder(dao)
    proposal = due(dao, voter, ("setVotingDelay", DELAY), ("setVotingDelay", DELAY))
    names = [e.name for e in dao.execute(proposal).events]
    assert names == ["VotingDelaySet", "CallExecuted"] * 2 + ["ProposalExecuted"]


def test_setter__outside_an_execution__even_by_the_timelock_needs_the_governors_word(dao: Dao) -> None:
    """A call through the timelock to itself, and on to the governor, was never announced to the governor."""
    voter = founder(dao)
    inner = dao.governor.encode("setVotingDelay", 2 * DAY)
    salt = bytes(32)
    schedule = (dao.timelock, "schedule", (dao.governor.address, 0, inner, bytes(32), salt, 2 * DAY))
    proposal = dao.propose(voter, schedule)
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    with pytest.raises(Reverted) as caught:
        dao.execute(proposal)
    role = dao.timelock.PROPOSER_ROLE()
    assert caught.value == Reverted("AccessControlUnauthorizedAccount", dao.timelock.address, role)
