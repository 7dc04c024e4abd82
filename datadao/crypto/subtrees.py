"""A batch tree in parts: subtrees below one of its levels. With that level, each is enough for proofs of its leaves.

Leaves lie at the tree's end in reverse, on its lowest level or two. So a subtree holds one run of leaves with adjacent
indices, and the one in which the lowest level ends, two: the first leaves of all and the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from datadao.crypto.merkle import MerkleTree, node_hash
from datadao.errors import InvalidArgument


def depth_of(count: int, height: int) -> int:
    """The level below which subtrees of a tree of `count` leaves are at most this high: of 2**height leaves each."""
    return max(0, _lowest(count) - height)


def runs(count: int, depth: int) -> list[tuple[range, ...]]:
    """The indices of the leaves below each node of a level, left to right; of each the lower run first."""
    lowest, last = _lowest(count), 2 * count - 2  # the node of leaf 0
    found = []
    for node in range(2**depth - 1, 2 ** (depth + 1) - 1):
        below = []
        for level in range(lowest, max(lowest - 2, depth - 1), -1):
            width = 2 ** (level - depth)
            low, high = max((node + 1) * width - 1, count - 1), min((node + 2) * width - 2, last)
            if low <= high:
                below.append(range(last - high, last - low + 1))
        found.append(tuple(below))
    return found


class PartialTree(MerkleTree):
    """A tree of `count` leaves of which one level is known, left to right, and some of the subtrees below: proofs of
    their leaves are those of the whole tree."""

    def __init__(self, count: int, level: Sequence[bytes]) -> None:
        self._count, self._depth = count, len(level).bit_length() - 1
        nodes = dict(enumerate(level, len(level) - 1))
        for node in range(len(level) - 2, -1, -1):
            nodes[node] = node_hash(nodes[2 * node + 1], nodes[2 * node + 2])
        self._nodes: dict[int, bytes] = nodes

    def grow(self, place: int, hashes: Iterable[tuple[int, bytes]]) -> None:
        """Adds the subtree at a place of the level: the indices and hashes of all its leaves. Raises `InvalidArgument`
        for leaves that do not lead to its node, and adds nothing then."""
        top = 2**self._depth - 1 + place
        nodes = {2 * self._count - 2 - index: name for index, name in hashes}
        for level in range(_lowest(self._count) - 1, self._depth - 1, -1):
            width = 2 ** (level - self._depth)
            first = (top + 1) * width - 1
            for node in range(first, min(first + width, self._count - 1)):
                nodes[node] = node_hash(nodes[2 * node + 1], nodes[2 * node + 2])
        if nodes[top] != self._nodes[top]:
            raise InvalidArgument(f"the leaves of subtree {place} do not lead to its node")
        self._nodes |= nodes


def _lowest(count: int) -> int:
    """The lowest level of a tree of `count` leaves."""
    return (2 * count - 1).bit_length() - 1
