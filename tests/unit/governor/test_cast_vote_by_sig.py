"""DataGovernor.castVoteBySig and castVoteWithReasonAndParamsBySig: a ballot changes a tally at most once, on this
chain, in this governor, for this voter (G-4, AB-23)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, deploy
from assurance.harness.chain.reader import carried_out
from assurance.harness.dao.dao import ABSTAIN, ACTIVE, AGAINST, FOR, PENDING, Dao, Proposal
from assurance.harness.dao.governance import (
    TOKEN,
    ballot,
    founder,
    member,
    only_events,
    picture,
    refused,
    refused_in_state,
    same_action,
    text_proposal,
)
from assurance.harness.dao.system import Actor

HALF_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
kinds = pytest.mark.parametrize("extended", [False, True], ids=["ballot", "extended ballot"])


def sign(dao: Dao, proposal: int, support: int, voter: Actor, extended: bool, **changes: Any) -> bytes:
    if extended:
        changes = {"reason": "why", "params": b"\x01", **changes}
    return ballot(dao, proposal, support, voter, **changes)


def cast(dao: Dao, proposal: int, support: int, voter: str, signature: bytes, extended: bool) -> Any:
    relayer = dao.who("relayer").address
    if extended:
        return dao.governor.castVoteWithReasonAndParamsBySig(
            proposal, support, voter, "why", b"\x01", signature, sender=relayer
        )
    return dao.governor.castVoteBySig(proposal, support, voter, signature, sender=relayer)


def opened(dao: Dao) -> tuple[Actor, Proposal]:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    dao.to_vote(proposal.id)
    return voter, proposal


@kinds
@pytest.mark.parametrize("support", [AGAINST, FOR, ABSTAIN])
def test_vote_by_signature__relayed_by_anyone__counts_for_the_signer(dao: Dao, support: int, extended: bool) -> None:
    voter, proposal = opened(dao)
    before = picture(dao, proposal.id, voters=[voter])
    receipt = cast(dao, proposal.id, support, voter.address, sign(dao, proposal.id, support, voter, extended), extended)
    assert receipt.value == 300 * TOKEN
    fields = {"voter": voter.address, "proposalId": proposal.id, "support": support, "weight": 300 * TOKEN}
    if extended:
        expected = ("VoteCastWithParams", {**fields, "reason": "why", "params": b"\x01"})
    else:
        expected = ("VoteCast", {**fields, "reason": ""})
    only_events(receipt, (dao.governor, *expected))
    votes = [0, 0, 0]
    votes[support] = 300 * TOKEN
    before["polls"][0]["votes"], before["voted"] = tuple(votes), [True]
    assert picture(dao, proposal.id, voters=[voter]) == before
    assert not dao.governor.hasVoted(proposal.id, dao.who("relayer").address)


@kinds
def test_vote_by_signature__replayed__refused_G4(dao: Dao, extended: bool) -> None:
    """Also for another proposal with the very same action and outcome; a ballot has no nonce of its own to use up."""
    voter = founder(dao)
    proposal, twin = text_proposal(dao, voter), text_proposal(dao, voter, "twin")
    dao.to_vote(twin.id)
    signature = sign(dao, proposal.id, FOR, voter, extended)
    cast(dao, proposal.id, FOR, voter.address, signature, extended)
    for target, error in ((proposal, "GovernorAlreadyCastVote"), (twin, "GovernorInvalidSignature")):
        refused(
            dao,
            lambda p=target: cast(dao, p.id, FOR, voter.address, signature, extended),
            error,
            voter.address,
            watch=[proposal.id, twin.id],
            voters=[voter],
        )


@kinds
@pytest.mark.parametrize(
    "wrong",
    [
        "signer",
        "nonce",
        "chain",
        "governor",
        "name",
        "proposal",
        "support",
        "voter",
        "type",
        "short",
        "empty",
        "high s",
    ],
)
def test_vote_by_signature__with_one_thing_wrong__refused_G4(dao: Dao, wrong: str, extended: bool) -> None:
    voter, proposal = opened(dao)
    other = member(dao, "other", 5)
    twin = same_action(dao, proposal, "twin")
    changes: dict[str, Any] = {
        "signer": {"signer": other},
        "nonce": {"nonce": 1},
        "chain": {"chain_id": dao.chain.chain_id + 1},
        "governor": {"governor": dao.leases.address},
        "name": {"name": "DataLeases"},
    }.get(wrong, {})
    signed_for = twin.id if wrong == "proposal" else proposal.id
    signed_as = AGAINST if wrong == "support" else FOR
    signature = sign(dao, signed_for, signed_as, voter, extended != (wrong == "type"), **changes)
    if wrong == "short":
        signature = signature[:64]
    if wrong == "empty":
        signature = b""
    if wrong == "high s":
        r, s, v = signature[:32], int.from_bytes(signature[32:64], "big"), signature[64]
        signature = r + (HALF_ORDER - s).to_bytes(32, "big") + bytes([55 - v])
    named = other if wrong == "voter" else voter
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, named.address, signature, extended),
        "GovernorInvalidSignature",
        named.address,
        watch=[proposal.id],
        voters=[voter, other],
    )
    good = sign(dao, proposal.id, FOR, voter, extended)
    assert cast(dao, proposal.id, FOR, voter.address, good, extended).value == 300 * TOKEN


@pytest.mark.parametrize("field", ["reason", "params"])
def test_extended_ballot__with_another_reason_or_other_parameters__refused(dao: Dao, field: str) -> None:
    voter, proposal = opened(dao)
    signature = sign(dao, proposal.id, FOR, voter, True, **{field: "because" if field == "reason" else b"\x02"})
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, voter.address, signature, True),
        "GovernorInvalidSignature",
        voter.address,
        watch=[proposal.id],
        voters=[voter],
    )


@kinds
def test_vote_by_signature__of_the_zero_address__refused(dao: Dao, extended: bool) -> None:
    _, proposal = opened(dao)
    zero = ADDRESS_ZERO
    for signature in (b"", b"\x00" * 65, b"\x00" * 64 + b"\x1b"):
        refused(
            dao,
            lambda s=signature: cast(dao, proposal.id, FOR, zero, s, extended),
            "GovernorInvalidSignature",
            zero,
            watch=[proposal.id],
        )


@kinds
def test_vote_by_signature__after_voting_in_person__refused_G1(dao: Dao, extended: bool) -> None:
    voter, proposal = opened(dao)
    signature = sign(dao, proposal.id, FOR, voter, extended)
    dao.vote(proposal.id, voter, support=AGAINST)
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, voter.address, signature, extended),
        "GovernorAlreadyCastVote",
        voter.address,
        watch=[proposal.id],
        voters=[voter],
    )


@kinds
def test_vote_by_signature__of_several_proposals__relayed_in_any_order_G4(dao: Dao, extended: bool) -> None:
    voter = founder(dao)
    proposals = [text_proposal(dao, voter, f"proposal {i}") for i in range(3)]
    dao.to_vote(proposals[-1].id)
    signed = [(p, sign(dao, p.id, FOR, voter, extended)) for p in proposals]
    for proposal, signature in reversed(signed):
        with carried_out(f"the ballot for proposal {proposal.id}"):
            receipt = cast(dao, proposal.id, FOR, voter.address, signature, extended)
        assert receipt.value == 300 * TOKEN
    assert dao.governor.nonces(voter.address) == 0


@kinds
def test_vote_by_signature__before_the_vote_opens__refused_and_usable_later(dao: Dao, extended: bool) -> None:
    voter = founder(dao)
    proposal = text_proposal(dao, voter)
    signature = sign(dao, proposal.id, FOR, voter, extended)
    refused_in_state(
        dao,
        lambda: cast(dao, proposal.id, FOR, voter.address, signature, extended),
        proposal.id,
        PENDING,
        ACTIVE,
        voters=[voter],
    )
    dao.to_vote(proposal.id)
    assert cast(dao, proposal.id, FOR, voter.address, signature, extended).value == 300 * TOKEN


def wallet_of(dao: Dao, owner: Actor, delegator: Actor) -> Handle:
    wallet = deploy(dao.chain, "ContractWallet", owner.address, sender=owner.address)
    dao.token.delegate(wallet.address, sender=delegator.address)
    return wallet


@kinds
def test_vote_by_signature__of_a_contract_wallet__asks_the_wallet(dao: Dao, extended: bool) -> None:
    voter, owner = founder(dao), dao.who("owner")
    wallet = wallet_of(dao, owner, voter)
    proposal = text_proposal(dao, founder_again(dao))
    dao.to_vote(proposal.id)
    as_wallet = Actor("wallet", wallet.address, owner.key)
    signature = sign(dao, proposal.id, FOR, as_wallet, extended)
    strange = sign(dao, proposal.id, FOR, as_wallet, extended, signer=voter)
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, wallet.address, strange, extended),
        "GovernorInvalidSignature",
        wallet.address,
        watch=[proposal.id],
    )
    assert cast(dao, proposal.id, FOR, wallet.address, signature, extended).value == 300 * TOKEN
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, wallet.address, signature, extended),
        "GovernorAlreadyCastVote",
        wallet.address,
        watch=[proposal.id],
    )


def founder_again(dao: Dao) -> Actor:
    """A second member, who proposes."""
    return member(dao, "proposer", 5)


@pytest.mark.parametrize("mood", [1, 2, 3, 4, 5], ids=["wrong magic", "reverts", "burns gas", "writes", "short answer"])
def test_vote_by_signature__of_a_misbehaving_wallet__refused(dao: Dao, mood: int) -> None:
    voter, owner = founder(dao), dao.who("owner")
    wallet = wallet_of(dao, owner, voter)
    proposal = text_proposal(dao, founder_again(dao))
    dao.to_vote(proposal.id)
    signature = sign(dao, proposal.id, FOR, Actor("wallet", wallet.address, owner.key), False)
    wallet.setMood(mood, sender=owner.address)
    refused(
        dao,
        lambda: cast(dao, proposal.id, FOR, wallet.address, signature, False),
        "GovernorInvalidSignature",
        wallet.address,
        watch=[proposal.id],
    )
    wallet.setMood(0, sender=owner.address)
    assert cast(dao, proposal.id, FOR, wallet.address, signature, False).value == 300 * TOKEN


def test_ballot_types_are_those_that_front_ends_sign(dao: Dao) -> None:
    """OpenZeppelin's standard ballots: any wallet that knows a Governor can sign one."""
    assert dao.governor.BALLOT_TYPEHASH() == keccak(
        text="Ballot(uint256 proposalId,uint8 support,address voter,uint256 nonce)"
    )
    assert dao.governor.EXTENDED_BALLOT_TYPEHASH() == keccak(
        text="ExtendedBallot(uint256 proposalId,uint8 support,address voter,uint256 nonce,string reason,bytes params)"
    )
    assert dao.governor.COUNTING_MODE() == "support=bravo&quorum=for,abstain"
    assert dao.governor.CLOCK_MODE() == dao.token.CLOCK_MODE() == "mode=timestamp"
    assert dao.governor.clock() == dao.token.clock() == dao.chain.timestamp
