"""DataGovernor.propose: who may, what is refused, and what a proposal is created with (G-3, G-5, AB-02, AB-12,
AB-14)."""

from __future__ import annotations

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import PENDING, Dao
from assurance.harness.dao.governance import (
    DELAY,
    PERIOD,
    TOKEN,
    bring,
    founder,
    member,
    only_events,
    poll,
    refused,
    refused_in_state,
    same_action,
    settings,
    text_proposal,
)
from assurance.harness.dao.system import Actor

STATES_REFUSED = range(8)


def propose(dao: Dao, proposer: Actor, targets=None, values=None, calldatas=None, text: str = "text"):
    targets = [dao.asset.address] if targets is None else targets
    values = [0] * len(targets) if values is None else values
    calldatas = [b"\x01\x02\x03\x04"] * len(targets) if calldatas is None else calldatas
    return dao.governor.propose(targets, values, calldatas, text, sender=proposer.address)


def test_propose__by_a_member__opens_a_vote_with_the_settings_of_that_moment(dao: Dao) -> None:
    voter, before, now = founder(dao), settings(dao), dao.chain.timestamp
    targets, calldatas = [dao.asset.address, dao.brake.address], [b"\x01\x02\x03\x04", b""]
    receipt = propose(dao, voter, targets, [0, 7], calldatas, "two actions")
    proposal = dao.governor.hashProposal(targets, [0, 7], calldatas, keccak(text="two actions"))
    assert (
        receipt.value == proposal == dao.governor.getProposalId(targets, [0, 7], calldatas, keccak(text="two actions"))
    )
    only_events(
        receipt,
        (
            dao.governor,
            "ProposalCreated",
            {
                "proposalId": proposal,
                "proposer": voter.address,
                "targets": targets,
                "values": [0, 7],
                "signatures": ["", ""],
                "calldatas": calldatas,
                "voteStart": now + DELAY,
                "voteEnd": now + DELAY + PERIOD,
                "description": "two actions",
            },
        ),
    )
    assert poll(dao, proposal) == {
        "state": PENDING,
        "times": (now + DELAY, now + DELAY + PERIOD, 0),
        "people": (voter.address, ADDRESS_ZERO),
        "votes": (0, 0, 0),
    }
    assert dao.governor.proposalNeedsQueuing(proposal)
    assert settings(dao) == before


def test_propose__at_the_threshold_and_one_vote_below__accepted_and_refused_AB14(dao: Dao) -> None:
    voter, poor = founder(dao), member(dao, "poor", 1)
    votes = dao.token.getVotes(poor.address)
    assert votes == dao.governor.proposalThreshold()
    kept = propose(dao, poor, text="at the threshold").value
    dao.govern(voter, dao.governor, "setProposalThreshold", votes + 1)
    refused(
        dao,
        lambda: propose(dao, poor, text="one below"),
        "GovernorInsufficientProposerVotes",
        poor.address,
        votes,
        votes + 1,
        watch=[kept],
    )
    giver = member(dao, "giver", 1)
    dao.token.delegate(poor.address, sender=giver.address)
    dao.chain.warp(1)
    assert propose(dao, poor, text="with delegated votes").value


def test_propose__with_votes_of_this_very_second__refused_AB01(dao: Dao) -> None:
    giver, taker = founder(dao), dao.who("taker")
    dao.token.delegate(taker.address, sender=giver.address)
    votes = dao.token.getVotes(taker.address)
    assert votes == 300 * TOKEN
    refused(
        dao,
        lambda: propose(dao, taker),
        "GovernorInsufficientProposerVotes",
        taker.address,
        0,
        TOKEN,
    )
    dao.chain.warp(1)
    assert propose(dao, taker).value


def test_propose__by_strangers_of_a_dao_without_supply__refused_AB08(dao: Dao) -> None:
    """Where no account holds anything the threshold is still one vote."""
    assert dao.token.totalSupply() == 0 and dao.governor.proposalThreshold() == 1
    for who in ("stranger", "deployer", "guardian", "attestor-0"):
        account = dao.who(who)
        refused(dao, lambda a=account: propose(dao, a), "GovernorInsufficientProposerVotes", account.address, 0, 1)


@pytest.mark.parametrize("position", [0, 1, 2])
def test_propose__containing_the_approval_of_a_lease__refused_wherever_it_stands(dao: Dao, position: int) -> None:
    voter = founder(dao)
    lease, own = dao.request(dao.who("licensee"))
    targets, calldatas = [dao.asset.address] * 3, [b"\x01\x02\x03\x04"] * 3
    targets[position], calldatas[position] = own.targets[0], own.calldatas[0]
    refused(
        dao,
        lambda: propose(dao, voter, targets, None, calldatas),
        "DataGovernor_ReservedAction",
        position,
        watch=[own.id],
    )
    # The selector is what is reserved: other functions of the leases, and the same selector elsewhere, are not.
    calldatas[position] = dao.leases.encode("terminate", lease, 0, 0)
    assert propose(dao, voter, targets, None, calldatas, "terminate").value
    targets[position], calldatas[position] = dao.asset.address, own.calldatas[0]
    assert propose(dao, voter, targets, None, calldatas, "elsewhere").value


@pytest.mark.parametrize("calldata", ["selector alone", "with a tail", "of a lease that does not exist"])
def test_propose__approval_in_any_spelling__refused(dao: Dao, calldata: str) -> None:
    voter = founder(dao)
    whole = dao.leases.encode("approve", 77, keccak(text="terms"))
    spelled = {"selector alone": whole[:4], "with a tail": whole + b"tail"}.get(calldata, whole)
    refused(dao, lambda: propose(dao, voter, [dao.leases.address], None, [spelled]), "DataGovernor_ReservedAction", 0)


@pytest.mark.parametrize(
    ("targets", "values", "calldatas"), [(0, 0, 0), (1, 0, 1), (1, 1, 0), (0, 1, 1), (2, 1, 2), (2, 2, 1), (1, 2, 2)]
)
def test_propose__lists_of_unequal_or_no_length__refused(dao: Dao, targets: int, values: int, calldatas: int) -> None:
    voter = founder(dao)
    refused(
        dao,
        lambda: propose(dao, voter, [dao.asset.address] * targets, [0] * values, [b""] * calldatas),
        "GovernorInvalidProposalLength",
        targets,
        calldatas,
        values,
    )


@pytest.mark.parametrize("state", STATES_REFUSED)
def test_propose__the_same_again__refused_in_every_state_of_the_first_G3(dao: Dao, state: int) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, state, voter)
    refused_in_state(dao, lambda: text_proposal(dao, voter), proposal.id, state)
    assert text_proposal(dao, voter, "with another description").id != proposal.id


def test_propose__a_description_reserved_for_another__refused_AB12(dao: Dao) -> None:
    victim, thief = founder(dao), member(dao, "thief", 10)
    text = f"ours#proposer={victim.address.lower()}"
    refused(dao, lambda: text_proposal(dao, thief, text), "GovernorRestrictedProposer", thief.address)
    proposal = text_proposal(dao, victim, text)
    assert dao.governor.proposalProposer(proposal.id) == victim.address


def test_propose__an_unreserved_description_copied_first__leaves_another_description_free_G5(dao: Dao) -> None:
    """A copier can make the identical proposal, whose fate is then a vote; it cannot keep the action from a vote."""
    victim, thief = founder(dao), member(dao, "thief", 10)
    copy = text_proposal(dao, thief, "ours")
    dao.governor.cancel(*copy.action, sender=thief.address)
    second = text_proposal(dao, victim, "ours, once more")
    assert second.id == same_action(dao, copy, "ours, once more").id
    assert dao.governor.state(second.id) == PENDING


def test_propose__junk_by_one_member__does_not_count_against_another_AB13(dao: Dao) -> None:
    victim, spammer = founder(dao), member(dao, "spammer", 10)
    for i in range(12):
        text_proposal(dao, spammer, f"junk {i}")
    assert dao.governor.state(text_proposal(dao, victim, "serious").id) == PENDING


@pytest.mark.parametrize(
    ("target", "name", "args"), [("leases", "closeOffer", (1,)), ("registry", "approve", (1, bytes(32)))]
)
def test_propose__the_same_action_in_other_words__is_another_proposal(
    dao: Dao, target: str, name: str, args: tuple[object, ...]
) -> None:
    """Only a lease's own proposal, which approves it at the leases' contract, is known by its action alone."""
    proposer, texts = founder(dao).address, ("do it", "do it, please")
    data = dao.leases.encode(name, *args)
    action = ([dao.addresses[target]], [0], [data])
    one, other = (dao.governor.propose(*action, text, sender=proposer).value for text in texts)
    assert one != other
    assert [dao.governor.getProposalId(*action, keccak(text=text)) for text in texts] == [one, other]
    assert dao.governor.state(one) == dao.governor.state(other) == PENDING


def test_get_proposal_id__of_two_calls_for_one_target__is_no_leases(dao: Dao) -> None:
    data = dao.leases.encode("approve", 1, bytes(32))
    found = {dao.governor.getProposalId([dao.leases.address], [0], [data, data], keccak(text=text)) for text in "ab"}
    assert len(found) == 2
