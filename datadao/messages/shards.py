"""A manifest in parts: a root document, whose hash is on chain, and the shards that it names by theirs.

A shard holds the leaves below one node of the batch tree, at most 2,048, as records of one size. The root document has
that node of each, so that it proves the leaves of a shard together with it, and the first contributor of each run of
leaves: they stand in the order of their contributors, so that this says in which shard to look for one.
"""

from __future__ import annotations

import hashlib
import json
import struct
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice, pairwise
from operator import itemgetter, lt
from typing import Any, ClassVar, NamedTuple, overload

from sha3 import keccak_256

from datadao.crypto.subtrees import depth_of, runs
from datadao.errors import HashMismatch, InvalidArgument, Malformed
from datadao.types import Dao, Leaf

HEIGHT = 11
"""Of the subtree whose leaves are a shard: 2,048 of them, 274 kB."""
MOST = 2**23
"""Leaves of a batch: 1.1 GB, named by a root document of 758 kB."""

_FORMAT = "datadao/manifest/2"
_LINE = 1024  # a row takes 224 bytes at most; longer lines could nest deep enough to hurt a parser
_RECORD = struct.Struct(">20s32s32s32sQQH")  # contributor, fingerprint, file, envelope, units (high, low), quality
_PARTS = struct.Struct(">20s96s16s2s")
SIZE = _RECORD.size
_KEY = struct.Struct(f">52s{SIZE - 52}x")
"""What leaves are in order of: contributor, then fingerprint."""


def packed(leaves: Iterable[Leaf]) -> bytes | bytearray:
    """Leaves as records, one after the other. Raises `InvalidArgument` for numbers that no registry accepts."""
    if isinstance(leaves, Leaves):
        return leaves.data
    try:
        return b"".join(
            _RECORD.pack(bytes.fromhex(contributor[2:]), *hashes, *divmod(units, 2**64), quality)
            for contributor, *hashes, units, quality in leaves
        )
    except struct.error as error:
        raise InvalidArgument(f"a leaf has units below 2**128 and a quality below 2**16: {error}") from error


class Leaves(Sequence[Leaf]):
    """Leaves in the records that a manifest is stored as; each is made when it is looked at."""

    __slots__ = ("data",)

    def __init__(self, data: bytes | bytearray) -> None:
        self.data = data

    def __len__(self) -> int:
        return len(self.data) // SIZE

    @overload
    def __getitem__(self, place: int) -> Leaf: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[Leaf, ...]: ...
    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return tuple(self[at] for at in range(len(self))[place])
        return next(_leaves(iter([_RECORD.unpack_from(self.data, range(len(self))[place] * SIZE)])))

    def __iter__(self) -> Iterator[Leaf]:
        return _leaves(_RECORD.iter_unpack(self.data))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Leaves):
            return self.data == other.data
        return isinstance(other, Sequence) and len(self) == len(other) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]

    def hashes(self, prefix: bytes) -> list[bytes]:
        """As `leaf_hashes` of the leaves, after a `leaf_prefix`."""
        high, low = bytes(16), bytes(30)
        begun = keccak_256(prefix)  # whose first block is hashed once for all
        found = []
        for contributor, names, units, quality in _PARTS.iter_unpack(self.data):
            inner = begun.copy()
            inner.update(b"".join((contributor, names, high, units, low, quality)))
            found.append(keccak_256(inner.digest()).digest())
        return found

    def key(self, index: int) -> bytes:
        """What leaf `index` is ordered by, 52 bytes; its contributor are the first 20."""
        (key,) = _KEY.unpack_from(self.data, index * SIZE)
        return bytes(key)

    def of(self, owner: bytes) -> range:
        """Places of a contributor's leaves, which are adjacent."""
        every = range(len(self))
        low = bisect_left(every, owner, key=lambda place: self.key(place)[:20])
        return range(low, bisect_right(every, owner, low, key=lambda place: self.key(place)[:20]))

    @property
    def ascending(self) -> bool:
        """Are they in order, none twice?"""
        keys = list(map(itemgetter(0), _KEY.iter_unpack(self.data)))
        return all(map(lt, keys, islice(keys, 1, None)))


def _leaves(rows: Iterator[tuple[Any, ...]]) -> Iterator[Leaf]:
    while lot := list(islice(rows, 512)):
        owners = list(dict.fromkeys([row[0] for row in lot]))
        spelled = dict(zip(owners, _spelled(owners), strict=True))
        for contributor, fingerprint, file, envelope, high, low, quality in lot:
            yield Leaf(spelled[contributor], fingerprint, file, envelope, high << 64 | low, quality)


def _spelled(owners: Sequence[bytes]) -> list[str]:
    """As `encoding.address` of each, which would be most of what looking at leaves takes: here all digits are one
    integer of a byte each, so that a few operations make the capitals (EIP-55) of many addresses."""
    text = b"".join(owners).hex().encode()
    places = range(0, len(text), 40)
    hashes = b"".join([keccak_256(text[at : at + 40]).digest()[:20] for at in places]).hex().encode()
    digits, hashed = int.from_bytes(text, "big"), int.from_bytes(hashes, "big")
    # In ASCII, 8 and 9 have bit 3, other digits not; letters have bit 6, small ones bit 5 too, as a space has it alone.
    high, letters = hashed << 2 | hashed >> 1, digits >> 1
    found = (digits ^ (high & letters & int.from_bytes(b" " * len(text), "big"))).to_bytes(len(text), "big").decode()
    return ["0x" + found[at : at + 40] for at in places]


class Earned(NamedTuple):
    """What a batch's units are made of, as its manifest commits to it: the block at which "before" was looked at, the
    scoring version, and the hashes of two stored objects: the marks that it adds, and the lines that earned."""

    before: int
    scoring: int
    marks: bytes
    lines: bytes


class Shard(NamedTuple):
    """Of a shard: its sha256, its node of the batch tree, and the first contributor of each of its runs of leaves."""

    digest: bytes
    node: bytes
    firsts: tuple[bytes, ...]


@dataclass(frozen=True)
class Root:
    """The root document, stored as JSON Lines: a header, then a row for each shard, in the order of their nodes."""

    LIMIT: ClassVar = 1024**2  # bytes read

    dao: Dao
    dataset_id: int
    sequence: int
    count: int
    earned: Earned | None
    """None where what is scored is not records."""
    shards: tuple[Shard, ...]

    def encode(self) -> bytes:
        dao = self.dao
        head: dict[str, str | int] = {"format": _FORMAT, "chainId": str(dao.chain_id), "registry": dao.registry}
        head |= {"datasetId": str(self.dataset_id), "sequence": str(self.sequence), "count": self.count}
        if earned := self.earned:
            head |= {"before": str(earned.before), "scoring": str(earned.scoring)}
            head |= {"marks": f"0x{earned.marks.hex()}", "lines": f"0x{earned.lines.hex()}"}
        rows = (
            json.dumps([f"0x{part.hex()}" for part in (digest, node, *firsts)], separators=(",", ":"))
            for digest, node, firsts in self.shards
        )
        return "\n".join((json.dumps(head), *rows, "")).encode()

    @classmethod
    def decode(cls, data: bytes, dao: Dao, manifest_hash: bytes) -> Root:
        """Raises `HashMismatch` unless `data` is what the chain anchors, `Malformed` unless it is this registry's."""
        if (actual := hashlib.sha256(data).digest()) != manifest_hash:
            raise HashMismatch("batch manifest", manifest_hash, actual)
        try:
            lines = data.splitlines()
            if max(map(len, lines), default=0) > _LINE:
                raise ValueError(f"a line is longer than {_LINE} bytes")
            head, *rows = map(json.loads, lines)
            earned = None
            if "before" in head:
                marks, names = (bytes.fromhex(head[name][2:]) for name in ("marks", "lines"))
                earned = Earned(int(head["before"]), int(head["scoring"]), marks, names)
            shards = tuple(_shard(*(bytes.fromhex(part[2:]) for part in row)) for row in rows)
            root = cls(dao, int(head["datasetId"]), int(head["sequence"]), head["count"], earned, shards)
            root._check()
            canonical = root.encode() == data
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
            raise Malformed(f"not a batch manifest: {error}") from error
        if not canonical:  # which covers format, chain and registry
            raise Malformed("the manifest is another registry's or not canonical; inform the batch's attestors")
        return root

    def _check(self) -> None:
        if type(self.count) is not int or not 1 <= self.count <= MOST:
            raise ValueError(f"it has {self.count!r} leaves, which are 1 to {MOST}")
        wanted = runs(self.count, depth_of(self.count, HEIGHT))
        if len(self.shards) != len(wanted):
            raise ValueError(f"{self.count} leaves lie in {len(wanted)} shards, not in {len(self.shards)}")
        for place, (shard, below) in enumerate(zip(self.shards, wanted, strict=True)):
            if {32} != {len(shard.digest), len(shard.node)} or [20] * len(below) != [*map(len, shard.firsts)]:
                raise ValueError(f"shard {place} is not named by two hashes and {len(below)} contributors")
        for one, other in pairwise(self.index):
            if other.first < one.first:
                raise ValueError(f"its index is out of order at leaf {other.leaves.start}")

    @cached_property
    def index(self) -> list[Run]:
        """Runs of adjacent leaves, ascending."""
        below = runs(self.count, depth_of(self.count, HEIGHT))
        found = (
            Run(leaves, place, first)
            for place, shard in enumerate(self.shards)
            for leaves, first in zip(below[place], shard.firsts, strict=True)
        )
        return sorted(found, key=lambda run: run.leaves.start)

    @cached_property
    def _below(self) -> list[list[int]]:
        """The runs of each shard, as places of the index."""
        found: list[list[int]] = [[] for _ in self.shards]
        for at, run in enumerate(self.index):
            found[run.place].append(at)
        return found

    def size(self, place: int) -> int:
        """Bytes of a shard."""
        return SIZE * sum(len(self.index[at].leaves) for at in self._below[place])

    def open(self, place: int, data: bytes) -> list[tuple[int, Leaves]]:
        """The leaves of a shard, with the places of their runs in the index. Raises `HashMismatch` if it is not the one
        named here, `Malformed` if its leaves are not as many, not in order, or not those that the index says."""
        what, wrong = f"shard {place} of the batch manifest", "inform the batch's attestors"
        if (actual := hashlib.sha256(data).digest()) != self.shards[place].digest:
            raise HashMismatch(what, self.shards[place].digest, actual)
        if len(data) != self.size(place):
            raise Malformed(f"{what} takes {len(data)} bytes where its leaves take {self.size(place)}; {wrong}")
        opened, end = [], 0
        for at in self._below[place]:
            begin, end = end, end + len(self.index[at].leaves) * SIZE
            leaves = Leaves(data[begin:end])
            if not leaves.ascending:
                raise Malformed(f"{what}: its leaves are not in order; {wrong}")
            last = leaves.key(len(leaves) - 1)[:20]
            beyond = self.index[at + 1].first if at + 1 < len(self.index) else last
            if leaves.key(0)[:20] != self.index[at].first or last > beyond:
                raise Malformed(f"{what}: its contributors are not those of the index; {wrong}")
            opened.append((at, leaves))
        return opened


class Run(NamedTuple):
    """Adjacent leaves in a shard: their indices, the shard's place, and their first contributor, as the index says."""

    leaves: range
    place: int
    first: bytes


def _shard(digest: bytes, node: bytes, *firsts: bytes) -> Shard:
    return Shard(digest, node, firsts)
