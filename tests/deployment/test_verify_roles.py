"""A role kept at birth is found: in the role's table, in its events, and at the doors it opens.

- by the deployer; by somebody whose address nobody thinks of; by everybody
- as it must be: the governor alone proposes, cancels and executes, nobody administers but the timelock itself
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from eth_utils import keccak

from scripts._plan import make_plan
from tests.deployment.world import deployed, local, misses

ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE")


def with_twin(deployer, role, holder):
    """A DAO whose timelock's maker kept a role for somebody."""
    plan = make_plan(deployer.address, local())
    code = bytes(32) if role == "DEFAULT_ADMIN_ROLE" else keccak(text=role)
    items = [
        replace(item, contract="RoleKeepingTimelock", arguments={**item.arguments, "role": code, "holder": holder})
        if item.contract == "DataTimelock"
        else item
        for item in plan.contracts
    ]
    _, entry = deployed(deployer, replace(plan, contracts=tuple(items)))
    entry["contracts"]["DataTimelock"] = entry["contracts"].pop("RoleKeepingTimelock")
    return misses(entry)


@pytest.mark.parametrize("role", ROLES)
def test_verify__deployer_keeps_a_role__is_named_G7(deployer, role):
    found = with_twin(deployer, role, deployer.address)
    assert {f"DataTimelock.{role} held by deployer", f"DataTimelock.{role} by events"} <= found
    assert {"DataTimelock.code hash", "DataTimelock.creation code hash"} <= found
    doors = {
        "PROPOSER_ROLE": {"schedule", "scheduleBatch"},
        "CANCELLER_ROLE": {"cancel"},
        "EXECUTOR_ROLE": {"execute", "executeBatch"},
        "DEFAULT_ADMIN_ROLE": set(),
    }[role]
    assert {name for name in found if name.endswith("is for")} == {f"DataTimelock.{door} is for" for door in doors}


@pytest.mark.parametrize("role", ROLES)
def test_verify__somebody_nobody_knows_has_a_role__its_event_tells(deployer, role):
    found = with_twin(deployer, role, "0x" + keccak(text="nobody knows")[12:].hex())
    assert {name for name in found if name.startswith(f"DataTimelock.{role}")} == {f"DataTimelock.{role} by events"}


def test_verify__executor_role_open_to_all__is_named(deployer):
    found = with_twin(deployer, "EXECUTOR_ROLE", "0x" + "00" * 20)
    assert {
        "DataTimelock.EXECUTOR_ROLE held by zero address", "DataTimelock.EXECUTOR_ROLE by events",
        "DataTimelock.execute is for", "DataTimelock.executeBatch is for",
    } <= found  # fmt: skip
