"""A role kept at creation is found: in the role's table, in its events, and at the doors it opens.

- by the deployer; by an account that no list names; by any account
- a timelock given another governor at creation; one role in other hands than the governor's
- as it must be: the governor alone proposes, cancels and executes, the timelock alone administers itself
"""

from __future__ import annotations

from dataclasses import replace

import ape
import pytest
from eth_utils import keccak

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.twins import twin
from deployer.plan import make_plan
from tests.deployer.world import deployed, local, misses, rewired

ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE")


OPENS = {
    "PROPOSER_ROLE": {"schedule", "scheduleBatch"},
    "CANCELLER_ROLE": {"cancel"},
    "EXECUTOR_ROLE": {"execute", "executeBatch"},
    "DEFAULT_ADMIN_ROLE": set(),
}


def doors(*roles):
    """Checks of the functions that roles open."""
    return {f"DataTimelock.{door} is for" for role in roles for door in OPENS[role]}


def with_twin(deployer, role, holder):
    """A DAO whose timelock granted a role to one account more."""
    plan = make_plan(deployer.address, local())
    code = bytes(32) if role == "DEFAULT_ADMIN_ROLE" else keccak(text=role)
    further = code + bytes.fromhex(holder[2:]).rjust(32, b"\0")
    compiled = len(artifacts()["DataTimelock"].creation)
    # In the place of what the plan would send, with the same arguments before the two of the mistake's.
    vars(plan)["transactions"] = tuple(
        replace(item, data=twin("DataTimelock.KeepsARole").creation + item.data[compiled:] + further)
        if item.name == "DataTimelock"
        else item
        for item in plan.transactions
    )
    return misses(deployed(deployer, plan)[1])


@pytest.mark.parametrize("role", ROLES)
def test_verify__deployer_keeps_a_role__is_named_G7(deployer, role):
    found = with_twin(deployer, role, deployer.address)
    assert {f"DataTimelock.{role} held by deployer", f"DataTimelock.{role} by events"} <= found
    assert {"DataTimelock.code hash", "DataTimelock.creation code hash"} <= found
    assert {name for name in found if name.endswith("is for")} == doors(role)


def test_verify__timelock_deployed_for_the_deployer_instead_of_the_governor__every_role_is_named_G7(deployer):
    """Its own constructor and all counterparts accept that; only the code's owner of roles is another."""
    plan = rewired(make_plan(deployer.address, local()), "DataTimelock", "governor", deployer.address)
    _, entry = deployed(deployer, plan)
    assert misses(entry) == {
        "DataTimelock.constructor arguments",
        "DataTimelock.created as configured",
        *(
            f"DataTimelock.{role} {kind}"
            for role in ROLES[:3]
            for kind in ("held by governor", "held by deployer", "by events")
        ),
        *doors(*ROLES),
    }


@pytest.mark.parametrize("holder", ["deployer", "unknown"])
@pytest.mark.parametrize("role", ROLES[:3])
def test_verify__one_role_in_other_hands_than_the_governors__is_named(fresh, deployer, role, holder):
    """As no creation can leave it: events and arguments are right, the table alone is not."""
    entry = fresh[1]
    holder_address = deployer.address if holder == "deployer" else "0x" + keccak(text=holder)[12:].hex()
    for account, member in ((entry["contracts"]["DataGovernor"]["address"], 0), (holder_address, 1)):
        put_into_table(entry["contracts"]["DataTimelock"]["address"], role, account, member)
    kind = {f"DataTimelock.{role} held by deployer"} if holder == "deployer" else set()
    assert misses(entry) == {f"DataTimelock.{role} held by governor", *kind, *doors(role)}


def put_into_table(timelock, role, account, member):
    """Writes `_roles[role].hasRole[account]`; the table is the timelock's first slot."""
    inner = keccak(keccak(text=role) + bytes(32))
    slot = keccak(bytes.fromhex(account[2:]).rjust(32, b"\0") + inner)
    ape.networks.provider.make_request(
        "anvil_setStorageAt", [timelock, "0x" + slot.hex(), "0x" + member.to_bytes(32, "big").hex()]
    )


@pytest.mark.parametrize("role", ROLES)
def test_verify__unknown_account_has_a_role__its_event_shows_it(deployer, role):
    found = with_twin(deployer, role, "0x" + keccak(text="unknown")[12:].hex())
    assert {name for name in found if name.startswith(f"DataTimelock.{role}")} == {f"DataTimelock.{role} by events"}


def test_verify__executor_role_open_to_all__is_named(deployer):
    found = with_twin(deployer, "EXECUTOR_ROLE", "0x" + "00" * 20)
    assert {
        "DataTimelock.EXECUTOR_ROLE held by zero address", "DataTimelock.EXECUTOR_ROLE by events",
        "DataTimelock.execute is for", "DataTimelock.executeBatch is for",
    } <= found  # fmt: skip
