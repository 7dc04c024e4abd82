"""What some contributors need of a batch's manifest: its root document and the shards of their leaves."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from datadao.crypto.merkle import leaf_prefix
from datadao.crypto.subtrees import PartialTree
from datadao.errors import InvalidArgument, Malformed
from datadao.messages.shards import Leaves, Root
from datadao.types import Leaf


class Excerpt:
    """`tree` proves the leaves of the shards that were added. That an account has no leaf is said only of shards that
    were seen: what the root document says of others is what its attestors say.

    Raises `Malformed` if the root document does not lead to `batch_root`, which is the chain's.
    """

    def __init__(self, root: Root, batch_root: bytes) -> None:
        self.root, self.tree = root, PartialTree(root.count, [shard.node for shard in root.shards])
        if self.tree.root != batch_root:
            raise Malformed("the manifest's nodes do not lead to the batch's root; inform the batch's attestors")
        self._firsts = [run.first for run in root.index]
        self._seen: dict[int, Leaves] = {}  # by the place of the run in the index

    def wanted(self, owners: Iterable[str]) -> list[int]:
        """Shards that have to be added before `of` knows the leaves of these accounts, as far as is known now."""
        runs = {at for owner in owners for at in self._runs(bytes.fromhex(owner[2:])) if at not in self._seen}
        return sorted({self.root.index[at].place for at in runs})

    def add(self, place: int, data: bytes) -> None:
        """A shard. Raises as `Root.open`, and `Malformed` for leaves that do not lead to its node."""
        prefix = leaf_prefix(self.root.dao, self.root.dataset_id, self.root.sequence)
        opened = self.root.open(place, data)
        runs = [(self.root.index[at].leaves, leaves) for at, leaves in opened]
        hashes = [pair for run, leaves in runs for pair in zip(run, leaves.hashes(prefix), strict=True)]
        try:
            self.tree.grow(place, hashes)
        except InvalidArgument as error:
            raise Malformed(f"batch manifest: {error}; inform the batch's attestors") from error
        self._seen |= opened

    def of(self, owners: Iterable[str]) -> dict[int, Leaf]:
        """Their leaves by the index in the batch, ascending, once nothing is `wanted` for them."""
        found: dict[int, Leaf] = {}
        for owner in sorted({bytes.fromhex(owner[2:]) for owner in owners}):
            for at in self._runs(owner):
                start, leaves = self.root.index[at].leaves.start, self._seen[at]
                found |= {start + place: leaves[place] for place in leaves.of(owner)}
        return found

    def _runs(self, owner: bytes) -> range:
        """Where its leaves can stand: from the last run that begins before it to the last that begins with it, and in
        the one after, whatever the index says of that, unless a later contributor is seen before."""
        low = max(bisect_left(self._firsts, owner) - 1, 0)
        high = max(bisect_right(self._firsts, owner), 1)
        seen = self._seen.get(high - 1)
        if seen is not None and high < len(self._firsts) and seen.key(len(seen) - 1)[:20] <= owner:
            high += 1
        return range(low, high)
