"""DataTimelock's roles: the governor alone proposes, cancels and executes, from creation and for ever (G-7, G-10, G-11,
AB-21)."""

from __future__ import annotations

from typing import Any

import pytest
from eth_utils import keccak
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import QUEUED, Dao
from assurance.harness.dao.governance import bring, founder, operation_of, refused, text_proposal, warp_to

ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE")
ACTORS = ("deployer", "guardian", "attestor-0", "custodian-0", "founder", "stranger")
CHANGES = ("grantRole", "revokeRole", "renounceRole")


def holders(dao: Dao) -> dict[str, list[str]]:
    """Which of all addresses of the DAO and of its people hold which role."""
    known = {**dao.addresses, **{name: dao.who(name).address for name in ACTORS}, "zero": ADDRESS_ZERO}
    return {
        role: [name for name, address in known.items() if dao.timelock.hasRole(getattr(dao.timelock, role)(), address)]
        for role in ROLES
    }


GRAPH = {
    "PROPOSER_ROLE": ["governor"],
    "CANCELLER_ROLE": ["governor"],
    "EXECUTOR_ROLE": ["governor"],
    "DEFAULT_ADMIN_ROLE": ["timelock"],
}


def test_roles__of_a_new_dao__are_the_governors_alone_G7_AB21(dao: Dao) -> None:
    assert holders(dao) == GRAPH
    for role in ROLES:
        assert dao.timelock.getRoleAdmin(getattr(dao.timelock, role)()) == bytes(32)
    assert dao.governor.timelock() == dao.brake.timelock() == dao.timelock.address


def test_roles__ever_granted__are_those_of_the_graph_and_none_was_taken_back_G7(dao: Dao) -> None:
    """Also to accounts that are easily overlooked."""
    reported = dao.chain.logs_of(dao.timelock.address)
    granted = [
        log.topics[1:3] for log in reported if log.topics[0] == keccak(text="RoleGranted(bytes32,address,address)")
    ]
    graph = [
        [getattr(dao.timelock, role)(), bytes.fromhex(dao.addresses[name][2:]).rjust(32, b"\0")]
        for role, names in GRAPH.items()
        for name in names
    ]
    assert sorted(granted) == sorted(graph)
    assert not [log for log in reported if log.topics[0] == keccak(text="RoleRevoked(bytes32,address,address)")]


@pytest.mark.parametrize("who", ["stranger", "founder", "deployer", "guardian"])
def test_roles__changed_by_anyone__refused(dao: Dao, who: str) -> None:
    founder(dao)
    caller = dao.who(who).address
    for role in ROLES:
        number = getattr(dao.timelock, role)()
        for change in CHANGES:
            call = getattr(dao.timelock, change)
            refused(dao, lambda c=call, n=number: c(n, caller, sender=caller), "DataTimelock_RolesFrozen")
    assert holders(dao) == GRAPH


@pytest.mark.parametrize("change", CHANGES)
def test_roles__changed_by_a_proposal_that_everyone_voted_for__refused_G10(dao: Dao, change: str) -> None:
    voter = founder(dao)
    account = voter.address if change == "grantRole" else dao.governor.address
    proposals = [
        dao.propose(voter, (dao.timelock, change, (getattr(dao.timelock, role)(), account)), text=role)
        for role in ROLES
    ]
    dao.to_vote(proposals[0].id)
    for proposal in proposals:
        dao.vote(proposal.id, voter)
    dao.to_end_of_vote(proposals[0].id)
    for proposal in proposals:
        dao.queue(proposal)
    warp_to(dao, dao.governor.proposalEta(proposals[0].id))
    for proposal in proposals:
        refused(dao, lambda p=proposal: dao.execute(p), "DataTimelock_RolesFrozen", watch=[proposal.id])
    assert holders(dao) == GRAPH


def operations(dao: Dao) -> dict[str, tuple[str, tuple[Any, ...]]]:
    """Every function of the timelock that moves operations, with the role it asks for."""
    call = (dao.asset.address, 0, dao.asset.encode("approve", dao.who("stranger").address, 1), bytes(32), bytes(32))
    batch = ([call[0]], [0], [call[2]], bytes(32), bytes(32))
    return {
        "schedule": ("PROPOSER_ROLE", (*call, 30 * 86_400)),
        "scheduleBatch": ("PROPOSER_ROLE", (*batch, 30 * 86_400)),
        "cancel": ("CANCELLER_ROLE", (bytes(32),)),
        "execute": ("EXECUTOR_ROLE", call),
        "executeBatch": ("EXECUTOR_ROLE", batch),
    }


NAMES = ("schedule", "scheduleBatch", "cancel", "execute", "executeBatch")


@pytest.mark.parametrize("who", ACTORS)
def test_operations__scheduled_canceled_or_executed_by_anyone_but_the_governor__refused(dao: Dao, who: str) -> None:
    founder(dao)
    caller = dao.who(who).address
    for name, (role, args) in operations(dao).items():
        refused(
            dao,
            lambda n=name, a=args: getattr(dao.timelock, n)(*a, sender=caller),
            "AccessControlUnauthorizedAccount",
            caller,
            getattr(dao.timelock, role)(),
        )


@pytest.mark.parametrize("name", NAMES)
def test_operations__moved_by_the_timelock_itself__refused_G10(dao: Dao, name: str) -> None:
    """A proposal cannot schedule another behind the voters' back, nor with no delay."""
    voter = founder(dao)
    role, args = operations(dao)[name]
    proposal = dao.propose(voter, (dao.timelock, name, args))
    bring(dao, proposal, QUEUED, voter)
    warp_to(dao, dao.governor.proposalEta(proposal.id))
    refused(
        dao,
        lambda: dao.execute(proposal),
        "AccessControlUnauthorizedAccount",
        dao.timelock.address,
        getattr(dao.timelock, role)(),
        watch=[proposal.id],
    )


def test_operations__of_a_queued_proposal__cannot_be_removed_around_the_governor(dao: Dao) -> None:
    voter, guardian = founder(dao), dao.actors["guardian"].address
    proposal = text_proposal(dao, voter)
    bring(dao, proposal, QUEUED, voter)
    operation = operation_of(dao, proposal)
    refused(
        dao,
        lambda: dao.timelock.cancel(operation, sender=guardian),
        "AccessControlUnauthorizedAccount",
        guardian,
        dao.timelock.CANCELLER_ROLE(),
        watch=[proposal.id],
    )
    assert dao.timelock.isOperationPending(operation)
