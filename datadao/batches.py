"""What was accepted, by the chain and the manifests in storage: batches, their leaves, and proofs.

Manifests are stored by their sha256, which `publish` put on chain: no other can take their place.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datadao.chain.events import Event, decode, topic
from datadao.chain.rpc import Block, check_complete, read_block, read_logs
from datadao.client import DataDAO
from datadao.messages.batch import Batch
from datadao.types import ACTIVATED, BatchStatus, Contribution

if TYPE_CHECKING:
    from datadao.index import Index
    from datadao.messages.excerpt import Excerpt
    from datadao.messages.manifest import Manifest
    from datadao.storage.store import Store

ALIVE = ACTIVATED | {BatchStatus.PUBLISHED}


@dataclass(frozen=True)
class Published:
    """A batch as it was published, in this block; `Catalog.status` reads its present state."""

    batch_id: int
    batch: Batch
    block: int = 0


class Catalog:
    """Batches of one DAO. `since` is the block the DAO was deployed in, from which events are read; those that `index`
    has are not read again."""

    def __init__(self, dao: DataDAO, store: Store, since: int = 0, index: Index | None = None) -> None:
        self._dao, self._store, self._since, self._index = dao, store, since, index
        self._published: dict[int, Published] = {}
        self._manifests: dict[bytes, Manifest] = {}
        self._excerpts: dict[int, Excerpt] = {}

    def batches(self, dataset_id: int | None = None) -> list[Published]:
        """Every batch ever published, of one dataset or of all, oldest first.

        Raises `ChainUnavailable` when the node's events are not complete, `NodeRefused`.
        """
        count = self._dao.read("registry", "batchCount")
        if count > len(self._published):
            head, events = self._read()
            for event in events:
                number = event.fields["batchId"]
                self._published[number] = Published(number, Batch(*event.fields["batch"]), event.block)
            with self._index.doubted() if self._index else nullcontext():
                check_complete(len(self._published), count, "batches", head)
        return [item for item in self._published.values() if dataset_id in (None, item.batch.dataset_id)]

    def status(self, item: Published) -> BatchStatus:
        """Where the batch is in its life now."""
        return BatchStatus(self._dao.read("registry", "batch", item.batch_id).status)

    def manifest(self, item: Published) -> Manifest:
        """The batch's leaves. Raises `ObjectMissing`, `HashMismatch` or `Malformed` if storage does not have them."""
        from datadao.storage.manifests import read_manifest  # with what it takes, for which a handle has no use

        digest = item.batch.manifest_hash
        if digest not in self._manifests:
            self._manifests[digest] = read_manifest(self._store, self._dao.id, digest)
        return self._manifests[digest]

    def leaves_of(
        self, owners: Collection[str], statuses: Collection[BatchStatus]
    ) -> Iterator[tuple[Published, Excerpt]]:
        """Batches that have one of `statuses` now, with what tells these accounts' leaves there and proves them: a part
        of the manifest. Raises as `batches`, and `LeavesUnknown`, `StoreUnavailable`."""
        from datadao.storage.manifests import read_excerpt
        from datadao.storage.together import together

        def read(item: Published) -> tuple[Published, Excerpt]:
            known = self._excerpts.get(item.batch_id)
            excerpt = read_excerpt(self._store, self._dao.id, item.batch_id, item.batch, owners, known)
            self._excerpts[item.batch_id] = excerpt
            return item, excerpt

        return together(read, self._of(None, statuses))

    def contributions(self, dataset_id: int) -> list[Contribution]:
        """All leaves of the dataset's active and sleeping batches, with their proofs.

        Raises as `batches` and `manifest`.
        """
        found = self.manifests(dataset_id, ACTIVATED)
        return [leaf for item, manifest in found for leaf in manifest.contributions(item.batch_id)]

    def manifests(
        self, dataset_id: int | None, statuses: Collection[BatchStatus]
    ) -> Iterator[tuple[Published, Manifest]]:
        """Batches that have one of `statuses` now, with their leaves. Raises as `batches` and `manifest`."""
        return ((item, self.manifest(item)) for item in self._of(dataset_id, statuses))

    def _of(self, dataset_id: int | None, statuses: Collection[BatchStatus]) -> list[Published]:
        items = self.batches(dataset_id)
        infos = self._dao.read_together([("registry", "batch", item.batch_id) for item in items]) if items else []
        return [item for item, info in zip(items, infos, strict=True) if info.status in statuses]

    def _read(self) -> tuple[Block, list[Event]]:
        name, fields = "BatchPublished", ("batchId", "batch")
        if self._index:
            return self._index.sync(), list(self._index.events("registry", name, fields=fields))
        web3, addresses = self._dao.web3, self._dao.addresses
        head = read_block(web3, "latest")
        logs = read_logs(web3, [addresses["registry"]], self._since, head, [topic("DatasetRegistry", name)])
        return head, list(decode(logs, addresses, fields))
