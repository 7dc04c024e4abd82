"""The public manifest of a batch's leaves, whole, and a batch made of leaves."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise, repeat

from datadao.crypto.merkle import MerkleTree, leaf_hashes, leaf_prefix
from datadao.crypto.subtrees import depth_of, runs
from datadao.errors import BatchRefused, Malformed
from datadao.messages import shards
from datadao.messages.batch import Batch, Policy
from datadao.messages.shards import SIZE, Earned, Leaves, Root, Shard, packed
from datadao.types import Contribution, Dao, Leaf


@dataclass(frozen=True)
class Manifest:
    """The leaves of one batch in tree order: what members claim with, custodians prove with, licensees open by.

    Public; it names who contributed how much, as claims will. `datadao.messages.shards` says what is stored of it.
    """

    dao: Dao
    dataset_id: int
    sequence: int
    leaves: Sequence[Leaf]
    earned: Earned | None = None
    """None where what is scored is not records."""

    @cached_property
    def ids(self) -> list[bytes]:
        """The leaves' hashes, which are also the contributions' ids in bundles."""
        if isinstance(self.leaves, Leaves):
            return self.leaves.hashes(leaf_prefix(self.dao, self.dataset_id, self.sequence))
        return leaf_hashes(self.dao, self.dataset_id, self.sequence, self.leaves)

    @cached_property
    def tree(self) -> MerkleTree:
        return MerkleTree(self.ids)

    def contribution(self, batch_id: int, index: int) -> Contribution:
        """Leaf `index` with its proof, given the id the chain gave the batch."""
        return Contribution(batch_id, self.leaves[index], self.tree.proof(index))

    def contributions(self, batch_id: int) -> list[Contribution]:
        """All leaves, each with its proof, which is made when it is looked at."""
        from datadao.messages.proof import Proof

        proofs = map(Proof, repeat(self), range(len(self.leaves)))
        return list(map(Contribution._make, zip(repeat(batch_id), self.leaves, proofs, strict=False)))

    @cached_property
    def shards(self) -> list[bytes]:
        """What is stored beside the root document, in its order."""
        data = packed(self.leaves)
        below = runs(len(self.leaves), depth_of(len(self.leaves), shards.HEIGHT))
        return [b"".join(data[run.start * SIZE : run.stop * SIZE] for run in place) for place in below]

    def encode(self) -> bytes:
        """The root document, whose sha256 is the batch's `manifestHash`."""
        count = len(self.leaves)
        depth = depth_of(count, shards.HEIGHT)
        rows = []
        for node, data, below in zip(self.tree.level(depth), self.shards, runs(count, depth), strict=True):
            firsts = tuple(bytes.fromhex(self.leaves[run.start].contributor[2:]) for run in below)
            rows.append(Shard(hashlib.sha256(data).digest(), node, firsts))
        return Root(self.dao, self.dataset_id, self.sequence, count, self.earned, tuple(rows)).encode()

    @classmethod
    def of(cls, root: Root, parts: Iterable[bytes]) -> Manifest:
        """From a root document and all its shards, in their order. Raises `HashMismatch`, `Malformed`."""
        data = bytearray(root.count * SIZE)
        for place, part in enumerate(parts):
            for at, leaves in root.open(place, part):
                run = root.index[at].leaves
                data[run.start * SIZE : run.stop * SIZE] = leaves.data
        every = Leaves(data)
        for start in (run.leaves.start for run in root.index[1:]):
            if every.key(start - 1) >= every.key(start):
                raise Malformed(f"leaf {start} of the batch manifest is not in order; inform the batch's attestors")
        return cls(root.dao, root.dataset_id, root.sequence, every, root.earned)


def place_in_batch(leaf: Leaf) -> tuple[bytes, bytes]:
    """What leaves of a batch are ordered by."""
    return bytes.fromhex(leaf.contributor[2:]), leaf.fingerprint


def build_batch(
    dao: Dao,
    dataset_id: int,
    sequence: int,
    leaves: Iterable[Leaf],
    policy: Policy,
    *,
    attestor_set_version: int,
    deadline: int,
    earned: Earned | None = None,
) -> tuple[Batch, Manifest]:
    """The batch to sign and the manifest to store. Same leaves in any order, same batch; a contributor's are adjacent.

    Raises `BatchRefused` for anything the registry would refuse or let no account claim: leave such leaves out.
    """
    ordered = tuple(sorted(leaves, key=place_in_batch))
    if not ordered:
        raise BatchRefused("a batch needs at least one leaf")
    if len(ordered) > shards.MOST:
        raise BatchRefused(f"a batch has at most {shards.MOST} leaves, not {len(ordered)}; make several")
    poor = next((leaf for leaf in ordered if not policy.accepts(leaf)), None)
    if poor is not None:
        raise BatchRefused(f"policy {policy.version} pays nothing for {poor}; leave it out")
    marks = sorted(leaf.fingerprint for leaf in ordered)
    if any(one == other for one, other in pairwise(marks)):
        raise BatchRefused("two leaves carry one fingerprint; keep the contribution that was submitted first")
    manifest = Manifest(dao, dataset_id, sequence, ordered, earned)
    batch = Batch(
        dataset_id=dataset_id,
        sequence=sequence,
        root=manifest.tree.root,
        total_shares=sum(map(policy.shares, ordered)),
        count=len(ordered),
        manifest_hash=hashlib.sha256(manifest.encode()).digest(),
        policy_version=policy.version,
        attestor_set_version=attestor_set_version,
        deadline=deadline,
    )
    return batch, manifest
