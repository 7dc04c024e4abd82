"""Votes that were not earned, or came too late to be answered: flash-borrowed votes (Beanstalk 2022), a loan of one
block, the same tokens voting twice, quorum in the last second (AB-01 to AB-04, AB-11)."""

from __future__ import annotations

import pytest

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.dao.dao import AGAINST, DEFEATED, FOR, PENDING, SUCCEEDED, Dao
from assurance.harness.dao.governance import EXTENSION, TOKEN, member, refused, text_proposal, warp_to
from assurance.harness.dao.system import config


@pytest.fixture
def tradable(dao: Dao) -> Dao:
    """A DAO whose tokens can be bought, lent and sold: where such attacks are possible at all."""
    return Dao(config(DataToken__transferable=True), chain=dao.chain)


def lender_and_attacker(dao: Dao, amount: int) -> tuple[Handle, Handle]:
    """A lender with `amount` tokens of the whale's, and the attacker's contract."""
    whale = member(dao, "whale", 400)
    lender = deploy(dao.chain, "FlashLender", sender=whale.address)
    attacker = deploy(dao.chain, "Probe", sender=dao.who("attacker").address)
    dao.token.transfer(lender.address, amount, sender=whale.address)
    dao.chain.warp(1)
    return lender, attacker


def borrow(dao: Dao, lender: Handle, attacker: Handle, amount: int, *calls: tuple[Handle, str, tuple]) -> None:
    """Borrows, makes the calls, gives back: in one transaction."""
    calls = (*calls, (dao.token, "transfer", (lender.address, amount)))
    targets = [handle.address for handle, _, _ in calls]
    data = [handle.encode(name, *args) for handle, name, args in calls]
    lender.lend(dao.token.address, amount, attacker.address, targets, data, sender=dao.who("attacker").address)


def test_flash_borrowed_votes__cannot_propose_AB01(tradable: Dao) -> None:
    dao = tradable
    lender, attacker = lender_and_attacker(dao, 390 * TOKEN)
    data = dao.asset.encode("transfer", attacker.address, 1)
    call = (dao.governor, "propose", ([dao.asset.address], [0], [data], "steal"))
    refused(
        dao,
        lambda: borrow(dao, lender, attacker, 390 * TOKEN, call),
        "GovernorInsufficientProposerVotes",
        attacker.address,
        0,
        TOKEN,
    )


def test_flash_borrowed_votes__weigh_nothing_and_carry_nothing_AB01(tradable: Dao) -> None:
    """The attacker has a proposal of its own, opened honestly; borrowed votes do not move it, and nothing runs in the
    transaction of the vote."""
    dao = tradable
    lender, attacker = lender_and_attacker(dao, 390 * TOKEN)
    accomplice = member(dao, "accomplice", 2)
    dao.asset.mint(dao.timelock.address, 1_000, sender=accomplice.address)
    proposal = dao.propose(accomplice, (dao.asset, "transfer", (attacker.address, 1_000)), text="steal")
    dao.to_vote(proposal.id)
    borrow(dao, lender, attacker, 390 * TOKEN, (dao.governor, "castVote", (proposal.id, FOR)))
    assert dao.governor.hasVoted(proposal.id, attacker.address)
    assert dao.governor.proposalVotes(proposal.id) == (0, 0, 0)
    for name in ("queue", "execute"):
        with pytest.raises(Reverted) as caught:
            borrow(dao, lender, attacker, 390 * TOKEN, (dao.governor, name, proposal.action))
        assert caught.value.name == "GovernorUnexpectedProposalState"
    dao.to_end_of_vote(proposal.id)
    assert dao.governor.state(proposal.id) == DEFEATED
    assert dao.asset.balanceOf(dao.timelock.address) == 1_000
    assert dao.token.balanceOf(lender.address) == 390 * TOKEN


def test_votes_borrowed_over_the_creation_of_a_proposal__are_gone_at_its_snapshot_AB02(tradable: Dao) -> None:
    """A loan of a block, or of a day: what counts is held at the snapshot, a whole voting delay later."""
    dao = tradable
    whale, attacker = member(dao, "whale", 400), dao.who("attacker")
    dao.token.transfer(attacker.address, 390 * TOKEN, sender=whale.address)
    dao.chain.warp(1)
    proposal = text_proposal(dao, attacker, "mine")
    dao.token.transfer(whale.address, 390 * TOKEN, sender=attacker.address)
    dao.to_vote(proposal.id)
    assert dao.governor.castVote(proposal.id, FOR, sender=attacker.address).value == 0
    assert dao.governor.castVote(proposal.id, AGAINST, sender=whale.address).value == 400 * TOKEN


def test_tokens_moved_between_wallets_during_a_vote__vote_once_AB03(tradable: Dao) -> None:
    dao = tradable
    first, second = member(dao, "first", 300), dao.who("second")
    proposal = text_proposal(dao, first)
    dao.to_vote(proposal.id)
    weights = [dao.governor.castVote(proposal.id, FOR, sender=first.address).value]
    dao.token.transfer(second.address, 300 * TOKEN, sender=first.address)
    dao.chain.warp(1)
    weights.append(dao.governor.castVote(proposal.id, FOR, sender=second.address).value)
    assert weights == [300 * TOKEN, 0]
    supply = dao.token.getPastTotalSupply(dao.governor.proposalSnapshot(proposal.id))
    assert sum(dao.governor.proposalVotes(proposal.id)) <= supply


def test_tokens_cannot_be_lent_at_all_in_a_dao_of_earned_votes_AB16(dao: Dao) -> None:
    whale, attacker = member(dao, "whale", 400), dao.who("attacker")
    refused(
        dao,
        lambda: dao.token.transfer(attacker.address, 1, sender=whale.address),
        "DataToken_NotTransferable",
        whale.address,
        attacker.address,
    )


def test_last_second_quorum__gives_the_others_a_whole_day_to_answer_AB11_G2(dao: Dao) -> None:
    """A whale alone makes the quorum in the very last second; the sleeping majority still defeats it."""
    whale, others = member(dao, "whale", 250), [member(dao, f"other-{i}", 120) for i in range(2)]
    last = member(dao, "last", 9)
    proposal = dao.propose(whale, (dao.leases, "withdrawTreasury", ()), text="quiet")
    deadline = dao.governor.proposalDeadline(proposal.id)
    warp_to(dao, deadline)
    dao.vote(proposal.id, whale)
    assert dao.governor.proposalDeadline(proposal.id) == deadline + EXTENSION
    dao.chain.warp(EXTENSION - 1)
    dao.vote(proposal.id, *others, support=AGAINST)
    dao.chain.warp(1)
    # The answer may come in the last second of the extension; that does not extend again.
    dao.vote(proposal.id, last, support=AGAINST)
    assert dao.governor.proposalDeadline(proposal.id) == deadline + EXTENSION
    dao.chain.warp(1)
    assert dao.governor.state(proposal.id) == SUCCEEDED, "249 against 250: here the whale still has it"

    second = dao.propose(whale, (dao.leases, "withdrawTreasury", ()), text="again, with one more member awake")
    assert dao.governor.state(second.id) == PENDING
    late = member(dao, "late", 2)
    warp_to(dao, dao.governor.proposalDeadline(second.id))
    dao.vote(second.id, whale)
    dao.chain.warp(EXTENSION)
    dao.vote(second.id, *others, last, late, support=AGAINST)
    dao.chain.warp(1)
    assert dao.governor.state(second.id) == DEFEATED
