"""What a contributor hands to attestors, and what custodians say about it before it is scored.

The envelope goes to public storage and stays for the data's life, so it holds the threshold path only. What opens a
file to an attestor alone travels apart, in the `Submission`, for as long as scoring takes: an attestor key stolen years
later opens nothing that was archived, and attestors can change without touching one stored byte.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO, ClassVar

from datadao import eip712
from datadao.crypto import files
from datadao.crypto.envelope import Context, wrap
from datadao.crypto.seal import seal
from datadao.encoding import Record
from datadao.errors import Malformed, StoreUnavailable
from datadao.store import Store
from datadao.types import MAX_SEATS, Committee, Dao, Party

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
        if len(self.submissions) > MAX_FILES or self.slot >= MAX_SEATS:
            raise Malformed(f"a statement covers at most {MAX_FILES} submissions of a slot below {MAX_SEATS}")

    def typed(self, dao: Dao) -> eip712.TypedData:
        return witness_data(dao, self.epoch, self.slot, self.submissions)


def submission_data(dao: Dao, *fields: int | str | bytes) -> eip712.TypedData:
    """What a contributor signs: dataset id, contributor, file hash, envelope hash."""
    return eip712.typed_data("DatasetRegistry", dao.chain_id, dao.registry, SUBMISSION, *fields)


def witness_data(dao: Dao, epoch: int, slot: int, submissions: Sequence[bytes]) -> eip712.TypedData:
    """What a custodian signs after it opened its share of every submission named."""
    return eip712.typed_data("DatasetRegistry", dao.chain_id, dao.registry, WITNESS, epoch, slot, list(submissions))


def contribute(
    source: BinaryIO,
    *,
    dao: Dao,
    dataset_id: int,
    contributor: str,
    committee: Committee,
    attestors: Sequence[Party],
    store: Store,
    signer: eip712.Signer,
) -> Submission:
    """Encrypts, stores file and envelope, signs. The key exists only inside this call; no plaintext touches the disk.

    Constant memory. Interrupted at any point it has registered nothing, and running it again makes a fresh submission.
    """
    secret = files.new_secret()
    with files.on_disk("the encrypted copy"), tempfile.TemporaryFile() as ciphertext:
        file_hash = files.encrypt(source, ciphertext, secret)
        ciphertext.seek(0)
        if store.put_file(ciphertext) != file_hash:
            raise StoreUnavailable("local scratch space gave back other bytes than were written; check the disk")
    context = Context(dao, dataset_id, committee.epoch, contributor, file_hash)
    envelope, shares = wrap(secret, context, committee)
    envelope_hash = store.put_bytes(envelope.encode())
    opening = secret + b"".join(shares)
    seals = tuple(seal(opening, seat.hpke_key, context.info(i, SUBMIT_DOMAIN)) for i, seat in enumerate(attestors))
    signature = signer(submission_data(dao, dataset_id, contributor, file_hash, envelope_hash))
    return Submission(dataset_id, contributor, file_hash, envelope_hash, signature, seals)
