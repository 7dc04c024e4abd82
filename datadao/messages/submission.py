"""What a contributor hands to attestors, and what custodians say about it before it is scored.

The envelope goes to public storage and stays for the data's life, so it holds the threshold path only. What opens a
file to an attestor alone travels apart, in the `Submission`, for as long as scoring takes: an attestor key stolen years
later opens nothing that was archived, and attestors can change without touching one stored byte.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from datadao.encoding import Record
from datadao.errors import Malformed
from datadao.messages import eip712
from datadao.types import MAX_SLOTS, Dao

SUBMISSION = "Submission(uint256 datasetId,address contributor,bytes32 fileHash,bytes32 envelopeHash)"
WITNESS = "TestOpen(uint256 epoch,uint256 slot,bytes32[] submissions)"
SUBMIT_DOMAIN = "datadao/submit/1"
MAX_FILES = 500
"""Files one custodian statement or one release bundle covers at most."""


@dataclass(frozen=True)
class Submission(Record):
    """`seals[i]` holds K and all shares (32 + 32 n bytes) for attestor i; `signature` is the contributor's."""

    TYPES: ClassVar = ("uint256", "address", "bytes32", "bytes32", "bytes", "bytes[]")
    LIMIT: ClassVar = 64 * 1024

    dataset_id: int
    contributor: str
    file_hash: bytes
    envelope_hash: bytes
    signature: bytes
    seals: tuple[bytes, ...]

    def typed(self, dao: Dao) -> eip712.TypedData:
        """The message the contributor signs. It binds the file to its owner; the seals may be lost, never swapped for
        something that passes `envelope.check_shares`."""
        return submission_data(dao, self.dataset_id, self.contributor, self.file_hash, self.envelope_hash)

    def id(self, dao: Dao) -> bytes:
        """32 bytes that name the submission in custodians' statements."""
        return eip712.struct_hash(self.typed(dao))


@dataclass(frozen=True)
class Witness(Record):
    """A custodian's signed word: it opened its share of each of these submissions, and it was the committed one."""

    TYPES: ClassVar = ("uint256", "uint256", "bytes32[]", "bytes")
    LIMIT: ClassVar = 64 * 1024

    epoch: int
    slot: int
    submissions: tuple[bytes, ...]
    signature: bytes

    def __post_init__(self) -> None:
        if len(self.submissions) > MAX_FILES or self.slot >= MAX_SLOTS:
            raise Malformed(f"a statement covers at most {MAX_FILES} submissions of a slot below {MAX_SLOTS}")

    def typed(self, dao: Dao) -> eip712.TypedData:
        return witness_data(dao, self.epoch, self.slot, self.submissions)


def submission_data(dao: Dao, *fields: int | str | bytes) -> eip712.TypedData:
    """What a contributor signs: dataset id, contributor, file hash, envelope hash."""
    return eip712.typed_data("DatasetRegistry", dao.chain_id, dao.registry, SUBMISSION, *fields)


def witness_data(dao: Dao, epoch: int, slot: int, submissions: Sequence[bytes]) -> eip712.TypedData:
    """What a custodian signs after it opened its share of every submission named."""
    return eip712.typed_data("DatasetRegistry", dao.chain_id, dao.registry, WITNESS, epoch, slot, list(submissions))
