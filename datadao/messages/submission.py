"""What a contributor hands to attestors, and what custodians say about it before it is scored.

The envelope goes to public storage and stays for the data's life, so it holds the threshold path only. What opens a
file to an attestor alone travels apart, in the `Submission`, for as long as scoring takes: an attestor key stolen years
later opens nothing that was archived, and attestors can change without touching one stored byte.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from datadao.encoding import Record
from datadao.errors import Malformed
from datadao.messages.eip712 import Message, struct_hash
from datadao.types import MAX_SLOTS, Dao

SUBMIT_DOMAIN = "datadao/submit/1"
MAX_FILES = 500
"""Files one custodian statement or one release bundle covers at most."""


@dataclass(frozen=True)
class Submission(Record, Message):
    """`seals[i]` holds K and all shares (32 + 32 n bytes) for attestor i; `signature` is the contributor's.

    It binds the file to its owner; the seals may be lost, never swapped for something that passes
    `envelope.check_shares`.
    """

    STRUCT: ClassVar = "Submission(uint256 datasetId,address contributor,bytes32 fileHash,bytes32 envelopeHash)"
    TYPES: ClassVar = ("uint256", "address", "bytes32", "bytes32", "bytes", "bytes[]")

    dataset_id: int
    contributor: str
    file_hash: bytes
    envelope_hash: bytes
    signature: bytes
    seals: tuple[bytes, ...]

    def id(self, dao: Dao) -> bytes:
        """32 bytes that name the submission in custodians' statements."""
        return struct_hash(self.typed(dao))


@dataclass(frozen=True)
class Witness(Record, Message):
    """A custodian's signed word: it opened its share of each of these submissions, and it was the committed one."""

    STRUCT: ClassVar = "TestOpen(uint256 committeeVersion,uint256 slot,bytes32[] submissions)"
    TYPES: ClassVar = ("uint256", "uint256", "bytes32[]", "bytes")

    committee_version: int
    slot: int
    submissions: tuple[bytes, ...]
    signature: bytes

    def __post_init__(self) -> None:
        if len(self.submissions) > MAX_FILES or self.slot >= MAX_SLOTS:
            raise Malformed(f"a statement covers at most {MAX_FILES} submissions of a slot below {MAX_SLOTS}")
