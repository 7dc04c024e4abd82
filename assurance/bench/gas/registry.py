"""Batches, contributions, erasure, and appointments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils import keccak

from assurance.bench.gas.meter import Figure, Meter
from assurance.bench.gas.world import Town, members
from assurance.harness.chain.anvil import Anvil
from assurance.harness.dao.dao import ERASE, Batch, Dao, changed, leaf
from assurance.harness.dao.system import DAY, Actor
from datadao.crypto.merkle import MerkleTree, leaf_hashes
from datadao.messages import eip712
from datadao.types import Leaf

DEPTH = 20
"""Siblings on the way up in a tree of a million leaves."""
MANIFEST = "s3://datadao/manifests/4.jsonl"
KEY = keccak(text="key of an appointee")
CROWD = 100
EACH_NEW = f"each of {CROWD} new members"
EACH_KNOWN = f"each of {CROWD} known members, opens a word of each history"
EACH_AGAIN = f"each of {CROWD} known members"
KNOWN = "a known member, 20 siblings"
KNOWN_OPENING = "a known member, 20 siblings, opens a word of its history"
MANY = 20
"""Contributions in one `claimMany`, as in the goal of the design."""
FURTHER = f"each further contribution, of {MANY}"


class Paths:
    """A tree of 32 real leaves under further siblings: proofs as long as in a tree of 2^`DEPTH`."""

    def __init__(self, hashes: Sequence[bytes]) -> None:
        filler = [keccak(text=f"filler/{i}") for i in range(32 - len(hashes))]
        self._tree = MerkleTree([*hashes, *filler])
        self._above = [keccak(text=f"above/{i}") for i in range(DEPTH - 5)]

    @property
    def root(self) -> bytes:
        node = self._tree.root
        for sibling in self._above:
            node = keccak(min(node, sibling) + max(node, sibling))
        return node

    def proof(self, index: int) -> list[bytes]:
        return [*self._tree.proof(index), *self._above]

    def multiproof(self, indices: Sequence[int]) -> tuple[list[bytes], list[bool]]:
        nodes, flags = self._tree.multiproof(indices)
        return [*nodes, *self._above], [*flags, *([False] * len(self._above))]


def deep_batch(dao: Dao, leaves: Sequence[Leaf]) -> tuple[tuple[Any, ...], Paths]:
    """The message of a batch of a million leaves of which these are some, and the paths to them."""
    sequence = dao.registry.dataset(1).lastSequence + 1
    paths = Paths(leaf_hashes(dao.id, 1, sequence, leaves))
    message, _ = dao.batch_message(leaves, root=paths.root, sequence=sequence)
    return message, paths


def contributions(chain: Anvil) -> list[Figure]:
    """A batch from its publication to the last leaf of a claimant of many."""
    dao = Dao(chain=chain)
    meter, known, registry = Meter(dao), members(dao), dao.registry
    dao.contribute(leaf(known[1], "this epoch's first"))
    attestors = [dao.actors[f"attestor-{i}"] for i in range(3)]
    newcomer, claimant, relayer = dao.who("newcomer"), dao.who("claimant of many"), dao.who("relayer")
    many = [leaf(claimant, f"many/{i}", units=1) for i in range(MANY + 2)]
    one, two, three = leaf(newcomer, "one"), leaf(known[0], "two"), leaf(known[1], "three")

    message, paths = deep_batch(dao, [one, two, *many, three])
    signatures = dao.sign_batch(message, attestors)
    receipt = meter.send(registry, "publish", message, signatures, MANIFEST, by=relayer, case="3 signatures")
    batch = receipt.value
    chain.warp(registry.challengePeriod())
    meter.send(registry, "activate", batch, by=relayer, case="not the first of its epoch")
    meter.inside(dao.splitter, "addPendingShares", "in DatasetRegistry.activate, the dataset's pool")
    meter.inside(dao.token, "mint", "in DatasetRegistry.activate")
    registry.claim(batch, tuple(many[0]), paths.proof(2), sender=relayer.address)
    meter.send(registry, "claim", batch, tuple(one), paths.proof(0), by=relayer, case="a new member, 20 siblings")
    meter.send(registry, "claim", batch, tuple(two), paths.proof(1), by=relayer, case=KNOWN)
    meter.inside(dao.splitter, "vestShares", "in DatasetRegistry.claim, a known member, the dataset's pool")
    last = paths.proof(2 + len(many))
    meter.send(registry, "claim", batch, tuple(three), last, by=relayer, case=KNOWN_OPENING)
    few = registry.claimMany(batch, [tuple(many[1])], *paths.multiproof([3]), sender=relayer.address)
    rest = list(range(4, 4 + MANY))
    leaves = [tuple(item) for item in many[2:]]
    most = meter.send(
        registry, "claimMany", batch, leaves, *paths.multiproof(rest), by=relayer, case=f"{MANY} of a member"
    )
    meter.each(registry, "claimMany", FURTHER, len(rest) - 1, most, few)
    return meter.figures


def crowds(chain: Anvil) -> list[Figure]:
    """A list of a hundred members, new ones and then the same again."""
    dao = Dao(chain=chain)
    meter, relayer = Meter(dao), dao.who("relayer")
    members(dao)
    people = [dao.who(f"one of many, {i}") for i in range(CROWD)]
    for year, case in enumerate((EACH_NEW, EACH_KNOWN, EACH_AGAIN)):
        leaves = [leaf(person, f"{person.name}/{year}") for person in people]
        batch = dao.publish(leaves)
        dao.activate(batch)
        chain.warp(DAY)
        nodes, flags = batch.manifest.tree.multiproof(range(CROWD))
        arguments = batch.id, [tuple(item) for item in leaves], list(nodes), list(flags)
        receipt = dao.registry.claimMany(*arguments, sender=relayer.address)
        meter.each(dao.registry, "claimMany", case, CROWD, receipt)
        chain.warp(8 * DAY)
    return meter.figures


def erasures(chain: Anvil) -> list[Figure]:
    town = Town(chain)
    dao, registry, meter = town.dao, town.dao.registry, Meter(town.dao)
    relayer, people = town.relayer, [dao.who(f"leaver-{i}") for i in range(4)]
    items = [leaf(person, f"data of {person.name}") for person in people]
    copy = changed(items[0], contributor=dao.who("copier").address)
    batch = dao.publish([*items, copy, leaf(town.founder, "unclaimed meanwhile")])
    dao.activate(batch)
    dao.claim(batch, items[0])
    dao.claim(batch, items[1])
    dao.claim(batch, items[2])
    dao.deposit(1, 10**9)
    dao.erase(batch, items[2])
    chain.warp(DAY)

    def arguments(item: Leaf) -> tuple[Any, ...]:
        return batch.id, tuple(item), batch.proof(item)

    meter.send(registry, "erase", batch.id, tuple(items[0]), [], by=people[0], case="claimed")
    meter.inside(dao.splitter, "removeShares", "in DatasetRegistry.erase, the dataset's pool")
    meter.inside(dao.token, "burn", "in DatasetRegistry.erase, claimed")
    chain.warp(DAY)
    meter.send(registry, "erase", *arguments(items[3]), by=people[3], case="unclaimed, 3 siblings")
    meter.inside(dao.splitter, "dropPendingShares", "in DatasetRegistry.erase, unclaimed, the dataset's pool")
    chain.warp(DAY)
    deadline = town.now + DAY
    fields = (batch.id, items[1].fingerprint, deadline)
    typed = eip712.typed_data("DatasetRegistry", chain.chain_id, registry.address, ERASE, *fields)
    signature = people[1].sign(typed)
    meter.send(registry, "eraseBySig", *arguments(items[1]), deadline, signature, by=relayer, case="claimed")
    meter.send(registry, "dropDuplicate", *arguments(copy), by=relayer, case="3 siblings")
    _sleeping(meter, town)
    return meter.figures


def _sleeping(meter: Meter, town: Town) -> None:
    batch: Batch = town.dao.publish([leaf(town.founder, "never claimed"), leaf(town.founder, "claimed late")])
    town.dao.activate(batch)
    town.dao.chain.warp(town.dao.registry.claimPeriod())
    meter.send(town.dao.registry, "sleep", batch.id, by=town.relayer, case="two unclaimed leaves")
    late = batch.manifest.leaves[1]
    arguments = batch.id, tuple(late), batch.proof(late)
    meter.send(town.dao.registry, "claim", *arguments, by=town.relayer, case="a known member, from a batch asleep")


def appointments(chain: Anvil) -> list[Figure]:
    """What voters decide about datasets, attestors and custodians, and what stops a batch."""
    town = Town(chain)
    dao, registry, meter, founder = town.dao, town.dao.registry, Meter(town.dao), town.founder
    policy = registry.currentPolicy(1)
    batch = dao.publish([leaf(founder, "vetoed")])
    meter.send(registry, "veto", batch.id, by=dao.actors["guardian"], case="a published batch")
    batch = dao.publish([leaf(founder, "discarded")])
    meter.decide(founder, registry, "discard", batch.id, case="a published batch")
    meter.decide(founder, registry, "createDataset", policy, case=f"{len(policy.uri)} bytes of address")
    meter.decide(founder, registry, "updatePolicy", 1, policy, case=f"{len(policy.uri)} bytes of address")
    custodians = [_slot(person) for person in town.people("custodian to be", 5)]
    meter.decide(founder, registry, "setCommittee", custodians, 3, case="5 custodians")
    successor = _slot(dao.who("successor"))
    meter.decide(founder, registry, "replaceCustodian", 1, 3, successor, case="by a newcomer")
    attestors = [(person.address, KEY) for person in town.people("attestor to be", 3)]
    meter.decide(founder, registry, "setAttestors", attestors, 2, case="3 attestors")
    return meter.figures


def _slot(person: Actor) -> tuple[str, bytes, str]:
    return person.address, KEY, "s3://datadao/custodian"


PARTS = (contributions, crowds, erasures, appointments)
