"""What attestors say of a contribution to one another: scores, and drafts of batches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from datadao.encoding import Record
from datadao.messages.batch import Batch
from datadao.messages.eip712 import Message
from datadao.types import MAX_SLOTS

MAX_VALIDITY = 30 * 86_400
"""Seconds from now to the latest deadline that an attestor signs."""


MAX_AHEAD = 1_000
"""Numbers from the last published batch to the furthest that an attestor signs; the registry lets pass 65,536."""


_MASK = MAX_SLOTS // 8


@dataclass(frozen=True)
class Score(Record, Message):
    """One attestor's signed score of the submission with this id: `units` are its distinct records, of which those earn
    that are new. `marks` is the hash of the sealed table of these, zero (as `scoring`) where records are not scored."""

    STRUCT: ClassVar = (
        "Score(uint256 datasetId,bytes32 submission,bytes32 fingerprint,uint256 units,uint256 quality,uint256 scoring,"
        "bytes32 marks)"
    )
    TYPES: ClassVar = ("uint256", "bytes32", "bytes32", "uint256", "uint256", "uint256", "bytes32", "address", "bytes")
    LIMIT: ClassVar = 1024

    dataset_id: int
    submission: bytes
    fingerprint: bytes
    units: int
    quality: int
    scoring: int
    marks: bytes
    attestor: str
    signature: bytes


@dataclass(frozen=True)
class Signed(Record):
    """An attestor's signature of a batch."""

    TYPES: ClassVar = ("address", "bytes")

    signer: str
    signature: bytes


@dataclass(frozen=True)
class Draft(Record):
    """A batch for attestors to sign; its first signature is its `drafter`'s. `voices` holds 4 bytes per leaf, in the
    manifest's order: bit i is set if the score of attestor slot i went into the median."""

    TYPES: ClassVar = (
        "(uint256,uint256,bytes32,uint256,uint256,bytes32,uint256,uint256,uint48)",
        *("bytes", "address", "bytes"),
    )
    LIMIT: ClassVar = 64 * 1024 * 1024

    fields: tuple[int | bytes, ...]
    voices: bytes
    drafter: str
    signature: bytes

    @property
    def batch(self) -> Batch:
        return Batch(*self.fields)  # type: ignore[arg-type]  # the record's types are the batch's

    def voices_of(self, index: int) -> list[int]:
        """Slots whose scores went into leaf `index`."""
        mask = int.from_bytes(self.voices[_MASK * index : _MASK * (index + 1)], "big")
        return [slot for slot in range(MAX_SLOTS) if mask >> slot & 1]
