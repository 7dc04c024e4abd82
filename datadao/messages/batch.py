"""Batches: accepted leaves as a Merkle tree, the message attestors sign, and the public manifest of the leaves."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import ClassVar, NamedTuple

from datadao.crypto.merkle import MerkleTree, leaf_hashes
from datadao.encoding import address
from datadao.errors import BatchRefused, HashMismatch, Malformed
from datadao.messages import eip712
from datadao.types import BPS, Contribution, Dao, Leaf

BATCH = (
    "Batch(uint256 datasetId,uint256 sequence,bytes32 root,uint256 totalShares,uint256 count,bytes32 manifestHash,"
    "uint256 policyVersion,uint256 attestorSetVersion,uint48 deadline)"
)
_FORMAT = "datadao/manifest/1"
_LINE = 1024  # a leaf of the largest numbers takes 416 bytes; longer lines could nest deep enough to hurt a parser


@dataclass(frozen=True)
class Policy:
    """What of a dataset's on-chain policy decides shares; `min_quality` in basis points."""

    version: int
    shares_per_unit: int
    min_quality: int

    def shares(self, leaf: Leaf) -> int:
        """`units * quality * sharesPerUnit / 10_000`, rounded down."""
        return leaf.units * leaf.quality * self.shares_per_unit // BPS

    def accepts(self, leaf: Leaf) -> bool:
        """Would the registry let this leaf be claimed?"""
        return self.min_quality <= leaf.quality <= BPS and self.shares(leaf) > 0


@dataclass(frozen=True)
class Batch(eip712.Message):
    """The message of `DatasetRegistry.publish`; `deadline` in Unix seconds."""

    STRUCT: ClassVar = BATCH

    dataset_id: int
    sequence: int
    root: bytes
    total_shares: int
    count: int
    manifest_hash: bytes
    policy_version: int
    attestor_set_version: int
    deadline: int

    def digest(self, dao: Dao) -> bytes:
        """The 32-byte EIP-712 digest the registry recovers signers from."""
        return eip712.digest(self.typed(dao))


class Earned(NamedTuple):
    """What a batch's units are made of, as its manifest commits to it: the block at which "before" was looked at, the
    scoring version, and the hashes of two stored objects: the marks that it adds, and the lines that earned."""

    before: int
    scoring: int
    marks: bytes
    lines: bytes


@dataclass(frozen=True)
class Manifest:
    """The leaves of one batch in tree order: what members claim with, custodians prove with, licensees open by.

    Stored as JSON Lines: a header object, then `[contributor, fingerprint, fileHash, envelopeHash, units, quality]` per
    leaf, numbers as decimal strings. Public; it names who contributed how much, as claims will.
    """

    LIMIT: ClassVar = 1024**3  # bytes read: two and a half million leaves

    dao: Dao
    dataset_id: int
    sequence: int
    leaves: tuple[Leaf, ...]
    earned: Earned | None = None
    """None where what is scored is not records."""

    @cached_property
    def ids(self) -> list[bytes]:
        """The leaves' hashes, which are also the contributions' ids in bundles."""
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

        return [Contribution(batch_id, leaf, Proof(self, index)) for index, leaf in enumerate(self.leaves)]

    def encode(self) -> bytes:
        dao = self.dao
        head: dict[str, str | int] = {"format": _FORMAT, "chainId": str(dao.chain_id), "registry": dao.registry}
        head |= {"datasetId": str(self.dataset_id), "sequence": str(self.sequence), "count": len(self.leaves)}
        if earned := self.earned:
            head |= {"before": str(earned.before), "scoring": str(earned.scoring)}
            head |= {"marks": f"0x{earned.marks.hex()}", "lines": f"0x{earned.lines.hex()}"}
        rows = (
            f'["{contributor.lower()}","0x{fingerprint.hex()}","0x{file.hex()}","0x{envelope.hex()}","{units}","{quality}"]'
            for contributor, fingerprint, file, envelope, units, quality in self.leaves
        )
        return "\n".join((json.dumps(head), *rows, "")).encode()

    @classmethod
    def decode(cls, data: bytes, dao: Dao, manifest_hash: bytes) -> Manifest:
        """Raises `HashMismatch` unless `data` is what the chain anchors, `Malformed` unless it is this registry's."""
        actual = hashlib.sha256(data).digest()
        if actual != manifest_hash:
            raise HashMismatch("batch manifest", manifest_hash, actual)
        try:
            lines = data.splitlines()
            if max(map(len, lines), default=0) > _LINE:
                raise ValueError(f"a line is longer than {_LINE} bytes")
            head, *rows = map(json.loads, lines)
            leaves = tuple(_leaf(*row) for row in rows)
            earned = None
            if "before" in head:
                marks, lines_hash = (bytes.fromhex(head[name][2:]) for name in ("marks", "lines"))
                earned = Earned(int(head["before"]), int(head["scoring"]), marks, lines_hash)
            manifest = cls(dao, int(head["datasetId"]), int(head["sequence"]), leaves, earned)
            canonical = manifest.encode() == data
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Malformed(f"not a batch manifest: {error}") from error
        if not canonical:  # which covers format, chain, registry and count
            raise Malformed("the manifest is another registry's or not canonical; inform the batch's attestors")
        return manifest


def _leaf(contributor: str, fingerprint: str, file: str, envelope: str, units: str, quality: str) -> Leaf:
    mark, file_hash, envelope_hash = (bytes.fromhex(text[2:]) for text in (fingerprint, file, envelope))
    return Leaf(address(contributor), mark, file_hash, envelope_hash, int(units), int(quality))


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
