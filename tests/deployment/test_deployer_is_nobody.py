"""G-7: after deployment the role graph is the fixture's, and the deployer is nobody.

Two equal DAOs live the same life. In one the deployer, in the other a stranger sends the same 20,000 random calls, to
every function that changes state. Each call must be answered alike, no door of `verify` may open, and in the end every
role and parameter is what it was, and the books of both DAOs agree.
"""

from __future__ import annotations

import random
from collections import Counter

import eth_abi
from eth_utils import keccak, to_checksum_address

from datadao.deployment import ORDER
from scripts._check_roles import DOORS
from tests.support.artifacts import artifacts, canonical, signature
from tests.support.dao import Dao, leaf
from tests.support.handles import Reverted
from tests.support.system import DAY

CALLS = 20_000
ROLES = {name: keccak(text=name) for name in ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE")}
ADMIN = bytes(32)
CALLER = "0x" + "ca" * 20
"""Stands for whoever calls, in arguments and in answers."""

FUNCTIONS = [
    (key, name, entry)
    for key, name in ORDER
    for entry in artifacts()[name].abi
    if entry["type"] == "function" and entry["stateMutability"] not in ("view", "pure")
]


def lived_in():
    """A DAO with members, income, a running lease, an open request and a batch that waits."""
    dao = Dao()
    members = [dao.who(f"member-{i}") for i in range(3)]
    dao.contribute(*(leaf(member, member.name, units=100) for member in members))
    lease, proposal = dao.request(dao.who("licensee"))
    dao.pass_(proposal, *members)
    dao.deliver(lease)
    dao.request(dao.who("rival"))
    dao.publish([leaf(members[0], "more", units=5)])
    return dao


class Chance:
    """Arguments that a hostile caller would try: known addresses, small numbers, numbers that exist."""

    def __init__(self, dao):
        self.random = random.Random(7)
        people = [dao.actors[name].address for name in ("guardian", "attestor-0", "custodian-0")]
        self.addresses = [CALLER] * 4 + list(dao.addresses.values()) + people + [dao.asset.address, "0x" + "00" * 20]
        proposal = dao.lease_proposal(2)
        self.words = [ADMIN, *ROLES.values(), keccak(text="anything"), proposal.description_hash]
        self.numbers = [0, 1, 2, 3, 10**6, 10**9, proposal.id, dao.chain.timestamp + DAY, 1 << 31]
        self.calls = [
            bytes.fromhex("2f2ff15d") + role + bytes(12) + bytes.fromhex(CALLER[2:])
            for role in (ADMIN, *ROLES.values())
        ]

    def value(self, entry):
        kind = entry["type"]
        if kind.endswith("[]"):
            return [self.value({**entry, "type": kind[:-2]}) for _ in range(self.random.choice((0, 1, 1, 2)))]
        if kind == "tuple":
            return tuple(self.value(part) for part in entry["components"])
        if kind == "address":
            return self.random.choice(self.addresses)
        if kind == "bool":
            return self.random.random() < 0.5
        if kind == "string":
            return self.random.choice(("", "text"))
        if kind == "bytes":
            return self.random.choice((b"", bytes(65), *self.calls))
        if kind.startswith("bytes"):
            return self.random.choice(self.words)[: int(kind[5:])]
        assert kind.startswith("uint")
        return self.random.choice(self.numbers) % (1 << int(kind[4:]))


def addressed(value, caller):
    """The value with the caller in place of its stand-in."""
    if isinstance(value, (list, tuple)):
        return type(value)(addressed(inner, caller) for inner in value)
    if isinstance(value, bytes):
        return value.replace(bytes.fromhex(CALLER[2:]), bytes.fromhex(caller[2:]))
    return caller if value == CALLER else value


def answer(dao, caller, key, entry, values):
    """What the contract says, with the stand-in in place of the caller. Hashes over the caller are left out."""
    types = [canonical(i) for i in entry["inputs"]]
    data = keccak(text=signature(entry))[:4] + eth_abi.encode(types, addressed(values, caller))
    try:
        result = dao.chain.transact(caller, dao.addresses[key], data, 0)
    except Reverted as refusal:
        # Proposal and operation numbers are hashes too.
        told = [v for v in refusal.values if not isinstance(v, bytes) and not (isinstance(v, int) and v >> 128)]
        return refusal.name, [CALLER if isinstance(v, str) and v.lower() == caller.lower() else v for v in told]
    return "accepted", [(to_checksum_address(log.address), log.topics[0]) for log in result.logs]


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
    state["committee"] = registry.committee(registry.committeeEpoch())
    state["policies"] = [registry.currentPolicy(d) for d in range(1, registry.datasetCount() + 1)]
    everybody = [*dao.addresses.values(), *(actor.address for actor in dao.actors.values()), "0x" + "00" * 20]
    state["roles"] = {
        (role, account): dao.timelock.hasRole(role, account)
        for role in (ADMIN, *ROLES.values())
        for account in everybody
    }
    return state


LIVING = {
    # What anybody may set in motion, and the clock: compared between the two DAOs instead.
    "clock", "totalSupply", "matureSince", "conservation", "solvency", "treasuryOwed", "batchCount", "leaseCount",
    "modelCount", "offerCount", "epochCap", "proposalThreshold",
}  # fmt: skip


def books(dao):
    """What anybody may have set in motion."""
    return {
        "supply": dao.token.totalSupply(),
        "splitter": dao.splitter.conservation(),
        "leases": dao.leases.solvency(),
        "models": dao.models.solvency(),
        "batches": [dao.registry.batch(i) for i in range(1, dao.registry.batchCount() + 1)],
        "lease states": [dao.leases.lease(i) for i in range(1, dao.leases.leaseCount() + 1)],
    }


def test_roles__after_deployment__are_the_governors_and_the_timelocks_own():
    dao = Dao()
    roles = {pair for pair, held in constitution(dao)["roles"].items() if held}
    governor, timelock = dao.addresses["governor"], dao.addresses["timelock"]
    assert roles == {(role, governor) for role in ROLES.values()} | {(ADMIN, timelock)}


def test_deployer__twenty_thousand_random_calls__is_answered_like_a_stranger_and_changes_nothing():
    ours, theirs = lived_in(), lived_in()
    deployer, stranger = ours.actors["deployer"].address, theirs.who("stranger").address
    before = constitution(ours)
    chance, called, accepted = Chance(ours), Counter(), Counter()
    for number in range(CALLS):
        # Round-robin first, so that nothing is left out; then by chance.
        key, name, entry = FUNCTIONS[number] if number < len(FUNCTIONS) else chance.random.choice(FUNCTIONS)
        values = [chance.value(i) for i in entry["inputs"]]
        told = answer(ours, deployer, key, entry, values)
        assert told == answer(theirs, stranger, key, entry, values), (name, entry["name"], values)
        called[name, entry["name"]] += 1
        accepted[name, entry["name"]] += told[0] == "accepted"
        if number % 500 == 0:
            ours.chain.warp(3600)
            theirs.chain.warp(3600)

    assert constitution(ours) == before
    assert books(ours) == books(theirs)
    assert min(called.values()) >= 20
    opened = {function for function, count in accepted.items() if count}
    assert not opened & {(door.contract, door.function) for door in DOORS}
    # Not everything is refused: anybody may approve, delegate, or pay out what is others'.
    assert opened >= {("DataToken", "approve"), ("DataToken", "delegate"), ("RevenueSplitter", "claim")}
