"""G-7: after deployment the role graph is the fixture's, and the deployer has no power.

Two equal DAOs live the same life. In one the deployer, in the other a stranger sends the same 100,000 random calls, to
every function that changes state. Each call must be answered alike, no door of `verify` may open, and in the end every
role and parameter is what it was, and the books of both DAOs agree.
"""

from __future__ import annotations

from collections import Counter

import pytest

from assurance.harness.chain.artifacts import artifacts
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.factory import FactoryDao
from assurance.harness.dao.strangers import ADMIN, ROLES, Chance, answer, lived_in
from datadao.chain.abi import ORDER
from deployer.verify.roles import DOORS

CALLS = 100_000


def constitution(dao):
    """Every role and every parameter."""
    handles = {key: getattr(dao, key) for key, _ in ORDER}
    state = {}
    for key, name in ORDER:
        for entry in artifacts()[name].abi:
            view = entry["type"] == "function" and entry["stateMutability"] in ("view", "pure")
            if view and not entry["inputs"] and entry["outputs"] and entry["name"] not in LIVING:
                state[name, entry["name"]] = getattr(handles[key], entry["name"])()
    registry = dao.registry
    state["attestors"] = registry.attestors(registry.attestorSetVersion())
    state["committee"] = registry.committee(registry.committeeVersion())
    state["policies"] = [registry.currentPolicy(d) for d in range(1, registry.datasetCount() + 1)]
    accounts = [*dao.addresses.values(), *(actor.address for actor in dao.actors.values()), "0x" + "00" * 20]
    accounts += getattr(dao, "makers", [])
    state["roles"] = {
        (role, account): dao.timelock.hasRole(role, account)
        for role in (ADMIN, *ROLES.values())
        for account in accounts
    }
    return state


LIVING = {
    # What any account may set in motion, and the clock: compared between the two DAOs instead.
    "clock", "totalSupply", "matureSince", "conservation", "solvency", "treasuryOwed", "batchCount", "leaseCount",
    "modelCount", "offerCount", "epochCap", "proposalThreshold",
}  # fmt: skip


def books(dao):
    """What any account may have set in motion."""
    return {
        "supply": dao.token.totalSupply(),
        "splitter": dao.splitter.conservation(0, dao.splitter.poolCount()),
        "leases": dao.leases.solvency(),
        "models": dao.models.solvency(),
        "batches": [dao.registry.batch(i) for i in range(1, dao.registry.batchCount() + 1)],
        "lease states": [dao.leases.lease(i) for i in range(1, dao.leases.leaseCount() + 1)],
    }


@pytest.mark.parametrize("creation", [Dao, FactoryDao])
def test_roles__after_deployment__are_the_governors_and_the_timelocks_own_G7(creation):
    dao = creation()
    roles = {pair for pair, held in constitution(dao)["roles"].items() if held}
    governor, timelock = dao.addresses["governor"], dao.addresses["timelock"]
    assert roles == {(role, governor) for role in ROLES.values()} | {(ADMIN, timelock)}


def test_deployer__a_hundred_thousand_random_calls__is_answered_like_a_stranger_and_changes_nothing_G7_AB78():
    ours, theirs = lived_in(), lived_in()
    deployer, stranger = ours.actors["deployer"].address, theirs.who("stranger").address
    before = constitution(ours)
    called, accepted = Counter(), Counter()
    for number, (function, data) in enumerate(Chance(ours).calls_of(CALLS)):
        answered = answer(ours, deployer, function, data)
        assert answered == answer(theirs, stranger, function, data), (function.contract, function.name, data.hex())
        called[function.contract, function.name] += 1
        accepted[function.contract, function.name] += answered[0] == "accepted"
        if number % 2_500 == 0:
            ours.chain.warp(3600)
            theirs.chain.warp(3600)

    assert constitution(ours) == before
    assert books(ours) == books(theirs)
    assert min(called.values()) >= 100
    opened = {function for function, count in accepted.items() if count}
    assert not opened & {(door.contract, door.function) for door in DOORS}
    # Not everything is refused: any account may approve, delegate, or pay out what is others'.
    assert opened >= {("DataToken", "approve"), ("DataToken", "delegate"), ("RevenueSplitter", "claim")}
