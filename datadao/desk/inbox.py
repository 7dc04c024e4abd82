"""The inbox: encrypted files of members, and the signed submissions that name them.

A submission is announced first, signed, so that nobody is served who does not say who it is, and no more is taken than
it names. Then come its objects, each kept if it has the sha256 that was signed. The record goes to the board last: what
attestors and custodians find there is whole, wherever a desk was killed before.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from datadao.client import DataDAO
from datadao.crypto import files
from datadao.crypto.envelope import SHARE, Envelope
from datadao.crypto.seal import OVERHEAD
from datadao.desk.usage import ALL, Limits, Usage
from datadao.desk.web import NotFound
from datadao.errors import (
    DiskUnavailable,
    HashMismatch,
    InvalidArgument,
    ObjectTooLarge,
    SignatureRefused,
    SubmissionRefused,
)
from datadao.messages.eip712 import SignatureCheck
from datadao.messages.submission import Submission
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Committee


@dataclass(frozen=True)
class Standing:
    """Where a submission is: `missing` are sha256 of objects to be put; so many attestors have `scored` it."""

    id: bytes
    handed_in: bool
    missing: tuple[bytes, ...] = ()
    scored: int = 0

    @property
    def document(self) -> dict[str, Any]:
        state = "handed in" if self.handed_in else "announced"
        missing = [_hex(digest) for digest in self.missing]
        return {"id": _hex(self.id), "state": state, "missing": missing, "scored": self.scored}


class Inbox:
    """Raises `StoreError` where storage fails, `NodeRefused` where the node does."""

    def __init__(
        self, dao: DataDAO, store: Store, board: Board, usage: Usage, limits: Limits, check: SignatureCheck, spool: Path
    ) -> None:
        self._dao, self._store, self._board = dao, store, board
        self._usage, self._limits, self._check, self._spool = usage, limits, check, spool

    def announce(self, document: dict[str, Any], address: str) -> Standing:
        """Takes note of a submission; `address` is who connects. The same again says where it is.

        Raises `SignatureRefused`, `InvalidArgument`, `SubmissionRefused` for one that nobody could open, `TooMuch`.
        """
        submission = _submission(document)
        if not self._check(submission.contributor, submission.typed(self._dao.id), submission.signature):
            raise SignatureRefused(f"the submission is not signed by {submission.contributor}; sign it again")
        key = submission.id(self._dao.id)
        known = self._usage.announced(key)
        if known is None:
            self._check_fit(submission)
            connected = address, self._limits.address_submissions
            self._usage.take("submissions", 1, connected, (submission.contributor, self._limits.day_submissions))
        if known is None or not known[1]:
            self._usage.announce(key, submission.encode())
        return self.standing(key)

    def standing(self, key: bytes) -> Standing:
        """Where a submission is; hands it in if nothing is missing any more. Raises `NotFound`."""
        submission, handed_in = self._announced(key)
        if handed_in:
            return Standing(key, True, scored=self._scored(submission, key))
        missing = tuple(digest for digest in _objects(submission) if not self._store.has(digest))
        if missing:
            return Standing(key, False, missing)
        self._check_envelope(submission, self._store.get(submission.envelope_hash, Envelope.LIMIT))
        self._board.submit(submission)
        self._usage.handed_in(key)
        return Standing(key, True)

    def expect(self, key: bytes, digest: bytes, size: int, address: str) -> Upload | None:
        """An object of `size` bytes that is about to come; None if it is there already.

        Raises `NotFound` for what no submission named, `ObjectTooLarge`, `TooMuch`.
        """
        submission, handed_in = self._announced(key)
        if digest not in _objects(submission):
            raise NotFound(f"submission {_hex(key)} names no object {_hex(digest)}")
        is_envelope = digest == submission.envelope_hash
        most = Envelope.LIMIT if is_envelope else self._limits.file_bytes
        if size > most:
            raise ObjectTooLarge(f"the object has {size} bytes; at most {most} are taken")
        if handed_in or self._store.has(digest):
            return None
        connected, contributor = (address, self._limits.address_bytes), submission.contributor
        own, together = (contributor, self._limits.day_bytes), (ALL, self._limits.all_bytes)
        self._usage.take("bytes", size, connected, own, together)
        check = partial(self._check_envelope, submission) if is_envelope else _check_file
        return Upload(
            self._store, digest, size, self._spool, check,
            lambda unused: self._usage.give_back("bytes", unused, address, contributor, ALL),
        )  # fmt: skip

    def _scored(self, submission: Submission, key: bytes) -> int:
        """How many of today's attestors signed a score of it; what else lies there counts nothing."""
        dao, members = self._dao.id, {party.signer for party in self._dao.attestors()}
        found = (score for score in self._board.scores(submission.dataset_id, key) if score.submission == key)
        genuine = (score for score in found if self._check(score.attestor, score.typed(dao), score.signature))
        return len({score.attestor for score in genuine} & members)

    def _announced(self, key: bytes) -> tuple[Submission, bool]:
        known = self._usage.announced(key)
        if known is None:
            raise NotFound(f"no submission {_hex(key)} is announced here; announce it (again)")
        return Submission.decode(known[0]), known[1]

    def _check_fit(self, submission: Submission) -> None:
        """Raises for a submission that today's attestors could not open whatever objects follow."""
        count = self._dao.read("registry", "datasetCount")
        if not 1 <= submission.dataset_id <= count:
            raise InvalidArgument(f"no dataset {submission.dataset_id}; there are 1 to {count}")
        attestors, committee = self._dao.attestors(), self._committee()
        size = 32 + SHARE * len(committee.custodians) + OVERHEAD
        if [len(seal) for seal in submission.seals] != [size] * len(attestors):
            raise SubmissionRefused(
                f"expected {len(attestors)} seals of {size} bytes, one for each attestor; they may have changed "
                "meanwhile: encrypt again"
            )

    def _check_envelope(self, submission: Submission, data: bytes) -> None:
        envelope = Envelope.decode(data)
        if envelope.file_hash != submission.file_hash:
            raise SubmissionRefused("the envelope is another file's; encrypt again")
        envelope.fits(self._committee())

    def _committee(self) -> Committee:
        return self._dao.committee()


class Upload:
    """One object on its way: nothing of it is in storage before all of it is here and has the right sha256. What a kill
    leaves behind has no name and is gone with the process."""

    def __init__(
        self, store: Store, digest: bytes, size: int, spool: Path, check: Callable[[bytes], None],
        unused: Callable[[int], None],
    ) -> None:  # fmt: skip
        self._store, self._digest, self._size, self._check, self._unused = store, digest, size, check, unused
        self._sha256, self._received = hashlib.sha256(), 0
        try:
            self._file = tempfile.TemporaryFile(dir=spool)  # noqa: SIM115  # `close` ends it
        except OSError as error:
            raise DiskUnavailable("a copy of what is handed in", error.errno or 5) from error

    def write(self, data: bytes) -> None:
        """Takes the next bytes. Raises `ObjectTooLarge` beyond what was announced, `HeaderRefused`."""
        if self._received + len(data) > self._size:
            raise ObjectTooLarge(f"the object is longer than the {self._size} bytes announced")
        with files.on_disk("a copy of what is handed in"):
            self._file.write(data)
        self._sha256.update(data)
        self._received += len(data)

    def keep(self) -> None:
        """Stores it. Raises `HashMismatch` unless it is the object that was named, and what its check raises."""
        if self._sha256.digest() != self._digest:
            raise HashMismatch("what came", self._digest, self._sha256.digest())
        self._file.seek(0)
        self._check(self._file.read(Envelope.LIMIT))
        self._file.seek(0)
        self._store.put_file(self._file)

    def close(self) -> None:
        """In any case, once: gives back what of the day's limit was not used."""
        self._file.close()
        if self._received < self._size:
            self._unused(self._size - self._received)


def _check_file(head: bytes) -> None:
    files.check_header(head[: files.HEADER_LIMIT], "what came")


def _submission(document: dict[str, Any]) -> Submission:
    file_hash, envelope_hash, signature = (
        bytes.fromhex(document[name][2:]) for name in ("fileHash", "envelopeHash", "signature")
    )
    seals = tuple(bytes.fromhex(seal[2:]) for seal in document["seals"])
    return Submission(document["datasetId"], document["contributor"], file_hash, envelope_hash, signature, seals)


def _objects(submission: Submission) -> tuple[bytes, ...]:
    """In the order in which `contribute` stores them."""
    return submission.file_hash, submission.envelope_hash


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
