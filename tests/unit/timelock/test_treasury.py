"""DataTimelock as the treasury: money comes from anywhere and leaves by vote alone."""

from __future__ import annotations

import pytest
from eth_utils import keccak

from assurance.harness.dao.dao import AGAINST, DEFEATED, QUEUED, Dao
from assurance.harness.dao.governance import bring, founder, refused, warp_to
from assurance.harness.dao.system import DAY


def filled(dao: Dao, amount: int = 1_000) -> None:
    dao.asset.mint(dao.timelock.address, amount, sender=dao.who("giver").address)


def test_treasury__pays__by_vote(dao: Dao) -> None:
    voter, payee = founder(dao), dao.who("payee")
    filled(dao)
    dao.govern(voter, dao.asset, "transfer", payee.address, 400)
    assert (dao.asset.balanceOf(payee.address), dao.asset.balanceOf(dao.timelock.address)) == (400, 600)


def test_treasury__pays_more_than_it_has__refused_and_nothing_moves(dao: Dao) -> None:
    voter, payee = founder(dao), dao.who("payee")
    filled(dao)
    proposal = dao.propose(
        voter, (dao.asset, "transfer", (payee.address, 400)), (dao.asset, "transfer", (payee.address, 601))
    )
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    refused(
        dao,
        lambda: dao.execute(proposal),
        "ERC20InsufficientBalance",
        dao.timelock.address,
        600,
        601,
        watch=[proposal.id],
    )
    # It may be filled up in time.
    filled(dao, 1)
    dao.execute(proposal)
    assert dao.asset.balanceOf(payee.address) == 1_001


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "founder"])
def test_treasury__emptied_by_anyone_alone__refused(dao: Dao, who: str) -> None:
    founder(dao)
    filled(dao)
    caller = dao.who(who).address
    data = dao.asset.encode("transfer", caller, 1_000)
    refused(
        dao,
        lambda: dao.timelock.execute(dao.asset.address, 0, data, bytes(32), bytes(32), sender=caller),
        "AccessControlUnauthorizedAccount",
        caller,
        dao.timelock.EXECUTOR_ROLE(),
    )
    assert dao.asset.balanceOf(dao.timelock.address) == 1_000


def test_treasury__asked_for_by_a_defeated_proposal__keeps_everything(dao: Dao) -> None:
    voter = founder(dao)
    filled(dao)
    proposal = dao.propose(voter, (dao.asset, "transfer", (voter.address, 1_000)))
    dao.to_vote(proposal.id)
    dao.vote(proposal.id, voter, support=AGAINST)
    dao.chain.warp(30 * DAY)
    assert dao.governor.state(proposal.id) == DEFEATED
    assert dao.asset.balanceOf(dao.timelock.address) == 1_000


def test_treasury__takes_ether_and_pays_it__by_vote(dao: Dao) -> None:
    voter, payee = founder(dao), "0x" + "5a" * 20
    dao.chain.transact(voter.address, dao.timelock.address, b"", 10)
    action = ([payee], [10], [b""])
    proposal_id = dao.governor.propose(*action, "ether", sender=voter.address).value
    dao.to_vote(proposal_id)
    dao.vote(proposal_id, voter)
    dao.to_end_of_vote(proposal_id)
    digest = keccak(text="ether")
    dao.governor.queue(*action, digest, sender=voter.address)
    warp_to(dao, dao.governor.proposalEta(proposal_id))
    dao.governor.execute(*action, digest, sender=voter.address)
    assert (dao.chain.balance(payee), dao.chain.balance(dao.timelock.address)) == (10, 0)
