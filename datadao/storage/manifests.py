"""Manifests in storage: all their objects, or what some contributors need of them."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial

from datadao.errors import HashMismatch, LeavesUnknown, Malformed, ObjectMissing, ObjectTooLarge
from datadao.messages.batch import Batch
from datadao.messages.excerpt import Excerpt
from datadao.messages.manifest import Manifest
from datadao.messages.shards import Root
from datadao.storage.store import Store
from datadao.storage.together import together
from datadao.types import Dao


def store_manifest(store: Store, manifest: Manifest) -> bytes:
    """Stores its shards and then its root document, whose sha256 it returns."""
    for _ in together(store.put_bytes, manifest.shards):
        pass
    return store.put_bytes(manifest.encode())


def read_manifest(store: Store, dao: Dao, digest: bytes) -> Manifest:
    """All leaves. Raises `ObjectMissing`, `ObjectTooLarge`, `HashMismatch` or `Malformed` for what storage does not
    have as the attestors signed it, `StoreUnavailable`."""
    root = read_root(store, dao, digest)
    return Manifest.of(root, _shards(store, root, range(len(root.shards))))


def read_root(store: Store, dao: Dao, digest: bytes) -> Root:
    """The root document. Raises as `read_manifest`."""
    return Root.decode(store.get(digest, Root.LIMIT), dao, digest)


def read_excerpt(
    store: Store, dao: Dao, batch_id: int, batch: Batch, owners: Collection[str], known: Excerpt | None = None
) -> Excerpt:
    """What tells these accounts' leaves in a batch, and proves them: with what is `known` of it, or all anew. Raises
    `LeavesUnknown`, `StoreUnavailable`."""
    try:
        excerpt = known or Excerpt(read_root(store, dao, batch.manifest_hash), batch.root)
        while places := excerpt.wanted(owners):
            for place, data in zip(places, _shards(store, excerpt.root, places), strict=True):
                excerpt.add(place, data)
    except (ObjectMissing, ObjectTooLarge, HashMismatch, Malformed) as error:
        who = next(iter(owners)) if len(owners) == 1 else f"{len(owners)} accounts"
        raise LeavesUnknown(
            f"whether {who} has leaves in batch {batch_id}, and which, cannot be told: {error}"
        ) from error
    return excerpt


def _shards(store: Store, root: Root, places: Collection[int]) -> Iterator[bytes]:
    read = partial(_shard, store, root)
    return together(read, places) if len(places) > 1 else map(read, places)


def _shard(store: Store, root: Root, place: int) -> bytes:
    try:
        return store.get(root.shards[place].digest, root.size(place))
    except ObjectMissing as error:
        raise ObjectMissing(f"shard {place} of the batch manifest: {error}") from error
