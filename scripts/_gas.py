"""The measurements behind `ape run gas`: each operation in steady state, one receipt a figure, every slot cold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from datadao import eip712
from datadao.client import BALLOT
from datadao.merkle import MerkleTree, leaf_hashes
from datadao.types import Leaf
from scripts._rehearse import TRANSACTION_LIMIT
from tests.support.dao import AGAINST, FOR, HPKE_KEY, Dao, leaf
from tests.support.factory import FactoryDao
from tests.support.system import DAY, Actor

DEPTH = 20
"""Siblings on the way up in a tree of a million leaves."""


@dataclass(frozen=True)
class Figure:
    """One operation: what it cost here, what it should at most, and what the best existing system takes."""

    operation: str
    gas: int
    goal: int
    peer: str


def _members(dao: Dao, count: int = 4, units: int = 300) -> list[Actor]:
    """A DAO in its second year: members, votes, several batches behind it."""
    members = [dao.who(f"member-{i}") for i in range(count)]
    for year in range(2):
        dao.contribute(*(leaf(member, f"{member.name}/{year}", units=units) for member in members))
        dao.chain.warp(8 * DAY)
    return members


def revenue(dao: Dao) -> list[Figure]:
    members = _members(dao)
    claimant = members[0].address
    dao.deposit(1, 10**9)
    deposit = dao.deposit(1, 10**9)
    dao.splitter.claim(members[1].address, [1], sender=claimant)
    first = dao.splitter.claim(claimant, [1], sender=claimant)
    dao.deposit(1, 10**9)
    later = dao.splitter.claim(claimant, [1], sender=claimant)
    return [
        Figure("deposit to a pool", deposit.gas, 55_000, "120,374"),
        Figure("claim, first", first.gas, 71_000, "71,260 (Merkle drop)"),
        Figure("claim, later", later.gas, 54_000, "54,182 (Merkle drop)"),
    ]


def votes(dao: Dao) -> list[Figure]:
    members = _members(dao)
    proposal = dao.propose(members[0], (dao.registry, "discard", (1,)), text="nothing")
    dao.to_vote(proposal.id)
    figures = []
    for voter, support, name in zip(members, (FOR, FOR, AGAINST), ("first", "later", "first against"), strict=False):
        receipt = dao.governor.castVote(proposal.id, support, sender=voter.address)
        figures.append(Figure(f"vote, {name}", receipt.gas, 64_000, "66,134 / 83,234 without our rules"))
    voter = members[3]
    figures.append(Figure("vote by signature", _signed_vote(dao, voter), 76_000, "80,645"))
    return figures


def _signed_vote(dao: Dao, voter: Actor) -> int:
    """The second signed ballot of a voter, whose nonce slot is no longer empty."""
    gas = 0
    for nonce in range(2):
        proposal = dao.propose(voter, (dao.registry, "discard", (3,)), text=f"signed {nonce}")
        dao.to_vote(proposal.id)
        dao.vote(proposal.id, dao.who("member-0"))
        fields = (proposal.id, FOR, voter.address, nonce)
        typed = eip712.typed_data("DataGovernor", dao.chain.chain_id, dao.addresses["governor"], BALLOT, *fields)
        receipt = dao.governor.castVoteBySig(*fields[:3], voter.sign(typed), sender=dao.who("relayer").address)
        gas = receipt.gas
    return gas


def leases(dao: Dao) -> list[Figure]:
    members = _members(dao)
    licensee, other = dao.who("licensee"), dao.who("other licensee")
    dao.request(other)
    terms = dao.terms()
    dao.fund(licensee, 10**12, dao.leases)
    dao.fund(other, 10**12, dao.leases)
    text = "to train an open model of voting behaviour for academic research"
    request = dao.leases.request(terms, HPKE_KEY, text, sender=licensee.address)
    expiry = dao.chain.timestamp + 300 * DAY
    dao.govern(members[0], dao.leases, "createOffer", terms, "0x" + "00" * 20, 9, expiry)
    dao.leases.accept(1, HPKE_KEY, 10**12, sender=other.address)
    accept = dao.leases.accept(1, HPKE_KEY, 10**12, sender=licensee.address)
    return [
        Figure("request a lease: escrow and proposal", request.gas, 350_000, "no system has it"),
        Figure("accept a standing offer", accept.gas, 190_000, "215,185 in 2 tx"),
    ]


def contributions(dao: Dao) -> list[Figure]:
    known = _members(dao)
    dao.contribute(leaf(known[1], "this epoch's first"))
    attestors = [dao.actors[f"attestor-{i}"] for i in range(3)]
    newcomer, claimant = dao.who("newcomer"), dao.who("claimant of many")
    many = [leaf(claimant, f"many/{i}", units=1) for i in range(20)]
    one, two = leaf(newcomer, "one"), leaf(known[0], "two")

    message, paths = _deep_batch(dao, [one, two, *many])
    receipt = dao.registry.publish(
        message, dao.sign_batch(message, attestors), "s3://datadao/manifests/4.jsonl", sender=dao.who("relayer").address
    )
    batch = receipt.value
    dao.chain.warp(dao.registry.challengePeriod())
    dao.registry.activate(batch, sender=dao.who("relayer").address)
    sender = dao.who("relayer").address
    warm_up = dao.registry.claim(batch, tuple(many[0]), paths.proof(2), sender=sender)
    new = dao.registry.claim(batch, tuple(one), paths.proof(0), sender=sender)
    old = dao.registry.claim(batch, tuple(two), paths.proof(1), sender=sender)
    few = dao.registry.claimMany(batch, [tuple(c) for c in many[1:2]], *paths.multiproof([3]), sender=sender)
    rest = list(range(4, 22))
    most = dao.registry.claimMany(batch, [tuple(c) for c in many[2:]], *paths.multiproof(rest), sender=sender)
    assert warm_up.gas > 0
    return [
        Figure("publish a batch, 3 signatures", receipt.gas, 130_000, "414,089"),
        Figure("claim a contribution, new member", new.gas, 220_000, "184,926 (votes only, 2 tx)"),
        Figure("claim a contribution, known member", old.gas, 152_000, "184,926 (votes only, 2 tx)"),
        Figure("each further contribution in claimMany", (most.gas - few.gas) // (len(rest) - 1), 42_000, "none"),
    ]


class _Paths:
    """A tree of 32 real leaves under 15 further siblings: proofs as long as in a tree of a million."""

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


def _deep_batch(dao: Dao, leaves: Sequence[Leaf]) -> tuple[Any, _Paths]:
    sequence = dao.registry.dataset(1).lastSequence + 1
    paths = _Paths(leaf_hashes(dao.id, 1, sequence, leaves))
    message, _ = dao.batch_message(leaves, root=paths.root, sequence=sequence)
    return message, paths


def births(dao: Dao) -> list[Figure]:
    born = FactoryDao(chain=dao.chain)
    return [
        Figure("factory: begin", born.begun.gas, TRANSACTION_LIMIT, "the cap of a transaction"),
        Figure("factory: complete", born.completed.gas, TRANSACTION_LIMIT, "the cap of a transaction"),
    ]


PARTS: tuple[Callable[[Dao], list[Figure]], ...] = (revenue, votes, leases, contributions, births)
