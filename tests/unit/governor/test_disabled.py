"""What the standard governor has and this one does not: it moves to no other timelock, acts for no other account, holds
nothing (G-10)."""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.dao.dao import QUEUED, Dao
from assurance.harness.dao.governance import bring, founder, refused, warp_to

ACCOUNT = "0x" + "11" * 20
DISABLED: dict[str, tuple[Any, ...]] = {"updateTimelock": (ACCOUNT,), "relay": (ACCOUNT, 0, b"")}
RECEIVERS: dict[str, tuple[Any, ...]] = {
    "onERC721Received": (ACCOUNT, ACCOUNT, 1, b""),
    "onERC1155Received": (ACCOUNT, ACCOUNT, 1, 1, b""),
    "onERC1155BatchReceived": (ACCOUNT, ACCOUNT, [1], [1], b""),
}


def call(dao: Dao, name: str, args: tuple[Any, ...], sender: str) -> None:
    dao.chain.transact(sender, dao.governor.address, dao.governor.encode(name, *args), 0)


@pytest.mark.parametrize("name", DISABLED)
@pytest.mark.parametrize("who", ["stranger", "founder", "guardian", "deployer"])
def test_disabled__called_by_anyone__refused(dao: Dao, name: str, who: str) -> None:
    founder(dao)
    refused(dao, lambda: call(dao, name, DISABLED[name], dao.who(who).address), "DataGovernor_Disabled")


@pytest.mark.parametrize("name", DISABLED)
def test_disabled__by_a_proposal_that_everyone_voted_for__refused_G10(dao: Dao, name: str) -> None:
    voter = founder(dao)
    proposal = dao.propose(voter, (dao.governor, name, DISABLED[name]))
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    refused(dao, lambda: dao.execute(proposal), "DataGovernor_Disabled", watch=[proposal.id])


@pytest.mark.parametrize("name", RECEIVERS)
def test_safe_transfers_to_the_governor__refused(dao: Dao, name: str) -> None:
    refused(dao, lambda: call(dao, name, RECEIVERS[name], dao.who("stranger").address), "GovernorDisabledDeposit")


def test_ether_sent_to_the_governor__refused(dao: Dao) -> None:
    sender = dao.who("stranger").address
    refused(dao, lambda: dao.chain.transact(sender, dao.governor.address, b"", 1), "GovernorDisabledDeposit")


def test_relay__with_ether__refused_and_keeps_nothing(dao: Dao) -> None:
    sender, data = dao.who("stranger").address, dao.governor.encode("relay", ACCOUNT, 1, b"")
    refused(dao, lambda: dao.chain.transact(sender, dao.governor.address, data, 1), "DataGovernor_Disabled")
    assert dao.chain.balance(dao.governor.address) == 0
