"""A contributor's own leaves in accepted batches, and where each stands."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import Enum
from typing import Any

from datadao.batches import Catalog
from datadao.chain.rpc import read_block, read_many
from datadao.client import DataDAO
from datadao.crypto.merkle import MerkleTree
from datadao.types import ACTIVATED, Contribution, ContributionStatus


class Standing(Enum):
    """A leaf of an activated batch, as its contributor sees it."""

    CLAIMABLE = "claimable"
    CLAIMED = "claimed"
    ERASED = "erased"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Mine:
    """A leaf of the contributor's, `index` in its batch, whose `tree` proves it. `counted` is the batch in which a
    duplicate counts: where it was recorded, or the owner's oldest while none is."""

    dataset_id: int
    index: int
    tree: MerkleTree
    contribution: Contribution
    standing: Standing
    counted: int | None = None

    @property
    def words(self) -> str:
        """Where it stands, for people."""
        counted = f" of one in batch {self.counted}" if self.counted is not None else ""
        return self.standing.value + counted


def accepted(dao: DataDAO, catalog: Catalog, owner: str) -> list[Mine]:
    """The owner's leaves in all activated batches, oldest batch first."""
    return accepted_of(dao, catalog, [owner])


def accepted_of(dao: DataDAO, catalog: Catalog, owners: Collection[str]) -> list[Mine]:
    """The same of several owners."""
    found = [
        (item.batch.dataset_id, index, excerpt.tree, Contribution(item.batch_id, leaf, excerpt.tree.proof(index)))
        for item, excerpt in catalog.leaves_of(owners, ACTIVATED)
        for index, leaf in excerpt.of(owners).items()
    ]
    proofs = [(c.batch_id, tuple(c.leaf), list(c.proof)) for *_, c in found]
    block = read_block(dao.web3, "latest").number
    included = read_many(dao.web3, [dao.call("registry", "isIncluded", *proof) for proof in proofs], block)
    fingerprints = [dao.call("registry", "contribution", c.leaf.fingerprint) for *_, c in found]
    records = read_many(dao.web3, fingerprints, block)
    first: dict[bytes, int] = {}
    mine = []
    for leaf, inside, record in zip(found, included, records, strict=True):
        contribution = leaf[3]
        oldest = first.setdefault(contribution.leaf.fingerprint, contribution.batch_id)
        mine.append(Mine(*leaf, *_standing(contribution, inside, record, oldest)))
    return mine


def _standing(item: Contribution, inside: bool, record: Any, oldest: int) -> tuple[Standing, int | None]:
    status, _, batch_id, _ = record
    if not inside and status == ContributionStatus.ERASED and batch_id == item.batch_id:
        return Standing.ERASED, None
    if not inside:
        return Standing.DUPLICATE, batch_id or None
    if status == ContributionStatus.CLAIMED:
        return Standing.CLAIMED, None
    # Nothing is recorded yet: only the first claim will be.
    return (Standing.CLAIMABLE, None) if oldest == item.batch_id else (Standing.DUPLICATE, oldest)
