"""A contributor's own leaves in accepted batches, and where each stands."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from datadao.batch import Manifest
    from datadao.cli.session import Session
    from datadao.types import Contribution

_CLAIMED, _ERASED = 1, 2  # IDatasetRegistry.ContributionStatus


class Standing(Enum):
    """A leaf of an activated batch, as its contributor sees it."""

    CLAIMABLE = "claimable"
    CLAIMED = "claimed"
    ERASED = "erased"
    DUPLICATE = "duplicate"


@dataclass(frozen=True)
class Mine:
    """A leaf of the contributor's, `index` in its batch's manifest."""

    dataset_id: int
    index: int
    manifest: Manifest
    contribution: Contribution
    standing: Standing


def accepted(session: Session, owner: str) -> list[Mine]:
    """The owner's leaves in all activated batches, oldest batch first."""
    from datadao.catalog import ACTIVATED
    from datadao.chain import read_block, read_many

    dao = session.dao
    found = [
        (item.batch.dataset_id, index, manifest, manifest.contribution(item.batch_id, index))
        for item, manifest in session.catalog.manifests(None, ACTIVATED)
        for index, leaf in enumerate(manifest.leaves)
        if leaf.contributor == owner
    ]
    proofs = [(c.batch_id, tuple(c.leaf), list(c.proof)) for *_, c in found]
    block = read_block(dao.web3, "latest").number
    included = read_many(dao.web3, [dao.call("registry", "isIncluded", *proof) for proof in proofs], block)
    fingerprints = [dao.call("registry", "contribution", c.leaf.fingerprint) for *_, c in found]
    records = read_many(dao.web3, fingerprints, block)
    return [
        Mine(*leaf, _standing(leaf[3], inside, record))
        for leaf, inside, record in zip(found, included, records, strict=True)
    ]


def _standing(item: Contribution, inside: bool, record: Any) -> Standing:
    status, _, batch_id, _ = record
    if not inside:
        return Standing.ERASED if status == _ERASED and batch_id == item.batch_id else Standing.DUPLICATE
    return Standing.CLAIMED if status == _CLAIMED else Standing.CLAIMABLE
