"""Samples: records that contributors agreed to show before anyone rents the dataset, drawn by chance and signed.

Which records are shown must be no one's choice. Contributions and lines are ranked by a hash of a block that did not
exist when the batch was published; a contributor can say no to all of a file, an attestor can withhold, and a sample
counts only once enough attestors signed the same one.
"""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import ClassVar

from datadao.encoding import Record, domain_hash
from datadao.messages.eip712 import Message
from datadao.records import ValidRecord

DELAY = 64
"""Blocks from the one a batch was published in to the one whose hash draws."""
FILES = 10
"""Contributions of a batch that are drawn from, at most; and records that are shown of it."""
LINES = 2
"""Records of one contribution, at most."""
LARGEST = 8 * 1024
"""Bytes of a record that can be drawn."""


@dataclass(frozen=True)
class Consent(Record, Message):
    """A contributor's signed word that records of this file may be shown to anyone."""

    STRUCT: ClassVar = "SampleConsent(uint256 datasetId,address contributor,bytes32 fileHash)"
    TYPES: ClassVar = ("uint256", "address", "bytes32", "bytes")
    LIMIT: ClassVar = 1024

    dataset_id: int
    contributor: str
    file_hash: bytes
    signature: bytes


@dataclass(frozen=True)
class Sample(Record, Message):
    """What an attestor drew of a contribution, named by its leaf's hash: canonical `records`, one a line."""

    STRUCT: ClassVar = "Sample(uint256 batchId,bytes32 contribution,bytes32 blockHash,bytes32 recordsHash)"
    TYPES: ClassVar = ("uint256", "bytes32", "bytes32", "bytes", "address", "bytes")
    LIMIT: ClassVar = 2 * LINES * LARGEST

    batch_id: int
    contribution: bytes
    block_hash: bytes
    records: bytes
    attestor: str
    signature: bytes

    @property
    def records_hash(self) -> bytes:
        return hashlib.sha256(self.records).digest()

    @property
    def lines(self) -> list[bytes]:
        return self.records.splitlines()


def rank(block_hash: bytes, contribution: bytes, line: int = 0) -> bytes:
    """Where a contribution, or a line of it, stands among its like: 32 bytes that no one knew when it was scored."""
    return domain_hash("datadao/sample/1", block_hash, contribution, line)


def drawn(block_hash: bytes, contributions: Iterable[bytes]) -> list[bytes]:
    """The contributions that are drawn from, first one first."""
    return heapq.nsmallest(FILES, contributions, key=lambda name: rank(block_hash, name))


def draw(block_hash: bytes, contribution: bytes, records: Iterable[ValidRecord]) -> bytes:
    """`Sample.records` of an opened contribution, in constant memory; nothing if no record is small enough."""
    ranked = (
        (rank(block_hash, contribution, item.line), item.canonical)
        for item in records
        if len(item.canonical) <= LARGEST and b"\n" not in item.canonical
    )
    return b"\n".join(canonical for _, canonical in heapq.nsmallest(LINES, ranked))


def shown(samples: Iterable[Sample]) -> Iterator[tuple[Sample, bytes]]:
    """At most `FILES` records of a batch's samples: the first of each contribution, then the second."""
    ordered = sorted(samples, key=lambda item: rank(item.block_hash, item.contribution))[:FILES]
    turns = ((item, item.lines[turn]) for turn in range(LINES) for item in ordered if turn < len(item.lines))
    return (found for _, found in zip(range(FILES), turns, strict=False))
