"""DatasetRegistry.replaceCustodian: by vote; one slot of one committee changes hands, nothing else moves."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.registry import event, executable, refused, state, voter

KEY = b"\1" * 32


def test_replace_custodian__by_vote__gives_the_slot_to_the_successor_B24(dao: Dao) -> None:
    successor = dao.who("successor").address
    proposal = executable(dao, "replaceCustodian", 1, 3, (successor, KEY, "s3://successor"))
    before = state(dao)
    receipt = dao.execute(proposal)
    custodian = SimpleNamespace(signer=successor, hpkeKey=KEY, uri="s3://successor")
    assert event(receipt, "CustodianReplaced").args == {"version": 1, "slot": 3, "custodian": custodian}
    leaver = dao.actors["custodian-3"].address
    assert dao.registry.slotOf(1, successor) == (4, 3)
    assert dao.registry.slotOf(1, leaver) == (0, 3)
    after = state(dao)
    expected = list(before["committees"][0][0])
    assert expected[3].signer == leaver
    expected[3] = custodian
    assert after["committees"] == [(expected, 3)]
    assert dao.registry.committeeVersion() == 1
    assert after | {"committees": 0} == before | {"committees": 0}


def test_replace_custodian__by_itself__renews_its_key(dao: Dao) -> None:
    keeper = dao.actors["custodian-0"].address
    dao.execute(executable(dao, "replaceCustodian", 1, 0, (keeper, KEY, "elsewhere")))
    custodians, _ = dao.registry.committee(1)
    assert custodians[0] == SimpleNamespace(signer=keeper, hpkeKey=KEY, uri="elsewhere")
    assert dao.registry.slotOf(1, keeper) == (1, 3)


def test_replace_custodian__of_an_earlier_committee__leaves_the_current_one_alone(dao: Dao) -> None:
    member = voter(dao)
    people = [(dao.actors[f"custodian-{i}"].address, KEY, "") for i in range(2)]
    dao.govern(member, dao.registry, "setCommittee", people, 2)
    current = dao.registry.committee(2)
    dao.govern(member, dao.registry, "replaceCustodian", 1, 0, (dao.who("successor").address, KEY, ""))
    assert dao.registry.committee(2) == current
    assert dao.registry.slotOf(2, people[0][0]) == (1, 2)
    assert dao.registry.slotOf(1, people[0][0]) == (0, 3)


@pytest.mark.parametrize("version", [0, 2])
def test_replace_custodian__version_that_does_not_exist__refused(dao: Dao, version: int) -> None:
    proposal = executable(dao, "replaceCustodian", version, 0, (dao.who("successor").address, KEY, ""))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_UnknownCommittee", version)


def test_replace_custodian__slot_that_does_not_exist__refused(dao: Dao) -> None:
    proposal = executable(dao, "replaceCustodian", 1, 5, (dao.who("successor").address, KEY, ""))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_UnknownSlot", 1, 5)


def test_replace_custodian__successor_with_a_slot_or_zero__refused(dao: Dao) -> None:
    seated = dao.actors["custodian-1"].address
    proposal = executable(dao, "replaceCustodian", 1, 0, (seated, KEY, ""))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_InvalidCustodian", seated)


def test_replace_custodian__zero_signer_or_key__refused(dao: Dao) -> None:
    proposal = executable(dao, "replaceCustodian", 1, 0, (ADDRESS_ZERO, KEY, ""))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_InvalidCustodian", ADDRESS_ZERO)


def test_replace_custodian__without_an_encryption_key__refused(dao: Dao) -> None:
    successor = dao.who("successor").address
    proposal = executable(dao, "replaceCustodian", 1, 0, (successor, bytes(32), ""))
    refused(dao, lambda: dao.execute(proposal), "DatasetRegistry_ZeroKey", successor)


@pytest.mark.parametrize("who", ["stranger", "deployer", "guardian", "attestor-0", "custodian-0", "founder"])
def test_replace_custodian__by_anyone_but_the_timelock__refused(dao: Dao, who: str) -> None:
    voter(dao)
    caller = dao.who(who).address
    refused(
        dao,
        lambda: dao.registry.replaceCustodian(1, 0, (caller, KEY, ""), sender=caller),
        "DatasetRegistry_NotTimelock",
        caller,
    )
