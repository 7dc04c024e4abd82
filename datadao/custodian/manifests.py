"""The leaves of finally active batches, from the manifests in storage, as custodians need them: all of them, or none.

Every custodian of a lease has to sign over the same leaves, so that a batch whose manifest is missing is an error and
not a shorter list. `datadao.batches` is the same for people, who want to see the newest block.
"""

from __future__ import annotations

from datadao.custodian.checks import Checks
from datadao.errors import ObjectMissing
from datadao.storage.manifests import read_manifest
from datadao.storage.store import Store
from datadao.types import Contribution, Dao


class Manifests:
    """Manifests are stored by their sha256, which `publish` put on chain, and read once."""

    def __init__(self, dao: Dao, checks: Checks, store: Store) -> None:
        self._dao, self._checks, self._store = dao, checks, store
        self._leaves: dict[int, list[Contribution]] = {}

    def contributions(self, dataset_id: int | None = None, count: int | None = None) -> list[Contribution]:
        """All leaves of a dataset's active batches, or of all datasets', with their proofs; `count` is the number of
        batches, if it is known.

        Raises `ChainUnavailable`, `StoreUnavailable`, and `ObjectMissing`, `HashMismatch` or `Malformed` for a manifest
        that storage does not have as the attestors signed it.
        """
        return [
            item
            for batch_id, digest in self._checks.manifests(dataset_id, count).items()
            for item in self._of(batch_id, digest)
        ]

    def _of(self, batch_id: int, digest: bytes) -> list[Contribution]:
        if batch_id not in self._leaves:
            try:
                manifest = read_manifest(self._store, self._dao, digest)
            except ObjectMissing as error:
                raise ObjectMissing(f"the manifest of batch {batch_id}: {error}") from error
            self._leaves[batch_id] = manifest.contributions(batch_id)
        return self._leaves[batch_id]
