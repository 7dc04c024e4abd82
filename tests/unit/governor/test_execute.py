"""DataGovernor.execute: by anyone, once, only what was queued, after its eta and before it expires (G-2, G-3, AB-21,
AB-22, AB-25)."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from assurance.harness.chain.handles import Event, Handle, deploy
from assurance.harness.dao.dao import EXECUTED, EXPIRED, FOR, QUEUED, Dao, Proposal
from assurance.harness.dao.governance import (
    EXPIRY,
    STATES,
    TIMELOCK,
    bitmap,
    bring,
    founder,
    operation_of,
    picture,
    refused,
    refused_in_state,
    salt_of,
    text_proposal,
    warp_to,
)
from assurance.harness.dao.system import DAY, Actor


def probe(dao: Dao) -> Handle:
    return deploy(dao.chain, "Probe", sender=dao.who("builder").address)


def queued(dao: Dao, voter: Actor, *actions, text: str = "proposal") -> Proposal:
    proposal = dao.propose(voter, *actions, text=text)
    bring(dao, proposal, QUEUED, voter)
    return proposal


def run(dao: Dao, proposal: Proposal, who: str = "stranger", value: int = 0):
    return dao.governor.execute(*proposal.action, sender=dao.who(who).address, value=value)


def at_eta(dao: Dao, proposal: Proposal, offset: int = 0) -> None:
    warp_to(dao, dao.governor.proposalEta(proposal.id) + offset)


@pytest.mark.parametrize("who", ["stranger", "founder", "guardian"])
def test_execute__what_is_due__by_anyone__as_the_timelock(dao: Dao, who: str) -> None:
    voter, target = founder(dao), probe(dao)
    proposal = queued(dao, voter, (target, "set", (7,)), (target, "set", (8,)))
    at_eta(dao, proposal)
    before = picture(dao, proposal.id)
    receipt = run(dao, proposal, who)
    assert receipt.value == proposal.id
    # Both calls in order, in one operation, and then the governor's own event.
    names = [(e.address, e.name) for e in receipt.events]
    assert names == [
        (dao.timelock.address, "CallExecuted"),
        (dao.timelock.address, "CallExecuted"),
        (dao.governor.address, "ProposalExecuted"),
    ]
    assert [e.args["index"] for e in receipt.events[:2]] == [0, 1]
    assert [e.args["data"] for e in receipt.events[:2]] == proposal.calldatas
    assert receipt.events[-1] == Event("ProposalExecuted", dao.governor.address, {"proposalId": proposal.id})
    assert (target.value(), target.calls()) == (8, 2)
    before["polls"][0]["state"] = EXECUTED
    assert picture(dao, proposal.id) == before


def test_execute__one_second_before_its_eta__refused_AB01(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    proposal = queued(dao, voter, (target, "set", (7,)))
    operation = operation_of(dao, proposal)
    ready = bitmap(2)  # `TimelockController.OperationState.Ready`
    for offset in (-TIMELOCK, -1):
        at_eta(dao, proposal, offset)
        refused(
            dao, lambda: run(dao, proposal), "TimelockUnexpectedOperationState", operation, ready, watch=[proposal.id]
        )
        assert target.calls() == 0
    at_eta(dao, proposal)
    run(dao, proposal)


def test_execute__until_fourteen_days_after_its_eta__and_not_one_second_later_G6(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    kept, lost = (dao.propose(voter, (target, "set", (i,)), text=str(i)) for i in (1, 2))
    dao.to_vote(kept.id)
    for proposal in (kept, lost):
        dao.vote(proposal.id, voter, support=FOR)
    dao.to_end_of_vote(kept.id)
    for proposal in (kept, lost):
        dao.queue(proposal)
    at_eta(dao, kept, EXPIRY - 1)
    assert dao.governor.state(kept.id) == QUEUED
    run(dao, kept)
    for offset in (EXPIRY, EXPIRY + 1, EXPIRY + 100 * DAY):
        at_eta(dao, lost, offset)
        assert dao.governor.state(lost.id) == EXPIRED
        refused_in_state(dao, lambda: run(dao, lost), lost.id, EXPIRED, QUEUED)
    assert target.value() == 1


@pytest.mark.parametrize("state", [s for s in range(8) if s != QUEUED], ids=lambda s: STATES[s])
def test_execute__in_any_other_state__refused_AB22(dao: Dao, state: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    refused_in_state(dao, lambda: run(dao, proposal), proposal.id, state, QUEUED)


def test_execute__around_the_governor__refused_for_everyone(dao: Dao) -> None:
    """The timelock knows one executor; that a queued operation is ready lets no other account execute it."""
    voter, target = founder(dao), probe(dao)
    proposal = queued(dao, voter, (target, "set", (7,)))
    at_eta(dao, proposal)
    salt = salt_of(dao, proposal)
    for who in ("stranger", "founder", "guardian", "deployer"):
        account = dao.who(who).address
        refused(
            dao,
            lambda a=account: dao.timelock.executeBatch(*proposal.action[:3], bytes(32), salt, sender=a),
            "AccessControlUnauthorizedAccount",
            account,
            dao.timelock.EXECUTOR_ROLE(),
            watch=[proposal.id],
        )
    assert target.calls() == 0


def test_execute__whose_target_refuses__undoes_everything_and_may_be_tried_again_AB25(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    proposal = queued(dao, voter, (target, "set", (7,)), (target, "refuse", (13,)))
    at_eta(dao, proposal)
    refused(dao, lambda: run(dao, proposal), "Probe_Refused", 13, watch=[proposal.id])
    assert target.calls() == 0
    other = text_proposal(dao, voter, "not held up")
    bring(dao, other, EXECUTED, voter)
    at_eta(dao, proposal, EXPIRY)
    assert dao.governor.state(proposal.id) == EXPIRED


def test_execute__target_that_returns_a_bomb__holds_up_no_other_proposal_AB25(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    proposal = queued(dao, voter, (target, "bomb", (100_000, False)))
    at_eta(dao, proposal)
    run(dao, proposal)
    assert dao.governor.state(proposal.id) == EXECUTED
    proposal = queued(dao, voter, (target, "bomb", (100_000, True)), text="bomb that reverts")
    at_eta(dao, proposal)
    # The answer is the target's memory: nothing but the compiler's free memory pointer, 0x80 at 0x40.
    answer = bytes(95) + b"\x80" + bytes(100_000 - 96)
    refused(dao, lambda: run(dao, proposal), "Unknown", answer, watch=[proposal.id])
    bring(dao, text_proposal(dao, voter, "not held up"), EXECUTED, voter)


def test_execute__inside_another_execution__refused_AB21_X2(dao: Dao) -> None:
    """A second execution would use up the first one's permission to call the governor."""
    voter, target = founder(dao), probe(dao)
    inner = dao.propose(voter, (target, "set", (55,)), text="inner")
    data = dao.governor.encode("execute", *inner.action)
    outer = dao.propose(
        voter, (target, "run", ([dao.governor.address], [data])), (dao.governor, "setVotingDelay", (2 * DAY,))
    )
    dao.to_vote(outer.id)
    for proposal in (inner, outer):
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(outer.id)
    for proposal in (inner, outer):
        dao.queue(proposal)
    at_eta(dao, outer)
    refused(dao, lambda: run(dao, outer), "ReentrancyGuardReentrantCall", watch=[inner.id, outer.id])
    run(dao, inner)
    assert (target.value(), dao.governor.votingDelay()) == (55, DAY)


def test_execute__queueing_another_again_from_inside__refused_AB22(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    inner = queued(dao, voter, (target, "set", (1,)), text="inner")
    outer = queued(dao, voter, (target, "run", ([dao.governor.address], [dao.governor.encode("queue", *inner.action)])))
    at_eta(dao, outer)
    refused(
        dao,
        lambda: run(dao, outer),
        "GovernorUnexpectedProposalState",
        inner.id,
        QUEUED,
        bitmap(4),
        watch=[inner.id, outer.id],
    )


def test_execute__a_setting_through_a_third_party__is_not_governance(dao: Dao) -> None:
    """What the timelock calls on another contract is not its own refusal."""
    voter, target = founder(dao), probe(dao)
    data = dao.governor.encode("setVotingDelay", 2 * DAY)
    proposal = queued(dao, voter, (target, "run", ([dao.governor.address], [data])))
    at_eta(dao, proposal)
    refused(dao, lambda: run(dao, proposal), "GovernorOnlyExecutor", target.address, watch=[proposal.id])


def test_execute__with_ether__from_the_caller_and_from_the_treasury(dao: Dao) -> None:
    voter, target = founder(dao), probe(dao)
    proposal = dao.governor.propose([target.address], [7], [target.encode("set", 9)], "pay", sender=voter.address).value
    action = ([target.address], [7], [target.encode("set", 9)])
    whole = Proposal(proposal, *action, keccak(text="pay"))
    bring(dao, whole, QUEUED, voter)
    at_eta(dao, whole)
    dao.chain.transact(voter.address, dao.timelock.address, b"", 5)
    run(dao, whole, value=2)
    assert (dao.chain.balance(target.address), dao.chain.balance(dao.timelock.address)) == (7, 0)
