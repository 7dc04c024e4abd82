"""The attestor: opens submissions that it can prove others will be able to open too, and has them scored.

An attestor reads what it scores; no other single party reads anything. `Attestor.assess` gives one attestor's leaf,
`datadao.attestor.cluster.assess_all` those of many files at once, `settle` the leaf that all attestors sign;
`datadao.messages.batch` turns leaves into a batch.
"""

from __future__ import annotations

import io
import statistics
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.attestor.scoring import Scorer, ScoringResult
from datadao.crypto import files
from datadao.crypto.envelope import SHARE, Context, Envelope, check_shares
from datadao.crypto.seal import unseal
from datadao.errors import NotReadable, ScoreRefused, SignatureRefused, SubmissionRefused
from datadao.messages import eip712
from datadao.messages.lines import lines_key
from datadao.messages.score import Score
from datadao.messages.submission import SUBMIT_DOMAIN, Submission, Witness
from datadao.storage.store import SMALL, Store, content_name
from datadao.types import Committee, Dao, Leaf


def openers(
    dao: Dao, committee: Committee, witnesses: Iterable[Witness], check: eip712.SignatureCheck = eip712.signed_by
) -> dict[bytes, set[int]]:
    """Submission id → slots of this committee that signed to have opened it. Other signatures count nothing."""
    opened = defaultdict(set)
    for witness in witnesses:
        if witness.committee_version != committee.version or witness.slot >= len(committee.custodians):
            continue
        if check(committee.custodians[witness.slot].signer, witness.typed(dao), witness.signature):
            for submission in witness.submissions:
                opened[submission].add(witness.slot)
    return dict(opened)


@contextmanager
def plaintext(store: Store, file_hash: bytes, secret: bytes, most: int, what: str) -> Iterator[BinaryIO]:
    """A stored file of at most so many bytes, opened, from its start; `what` it is for names failures of the disk. Gone
    in the end; of a stored file of up to `SMALL` bytes it is never on a disk. Raises what the store and `files.decrypt`
    raise, `DiskUnavailable`."""
    with files.on_disk(what), tempfile.SpooledTemporaryFile(SMALL) as sealed:
        store.get_into(file_hash, sealed, most)  # type: ignore[arg-type]  # it is a BinaryIO
        small = sealed.tell() <= SMALL
        sealed.seek(0)
        with io.BytesIO() if small else tempfile.TemporaryFile() as plain:
            files.decrypt_into(sealed, plain, secret, file_hash, content_name(file_hash))  # type: ignore[arg-type]
            plain.seek(0)
            yield plain


@dataclass(frozen=True)
class Examination:
    """Fetches one file, decrypts and scores it. `max_file` bounds the download, in bytes.

    It holds no key of the attestor's, so it may run in another process or on another machine, which then sees the file.
    """

    store: Store
    scorer: Scorer
    max_file: int

    def __call__(self, file_hash: bytes, secret: bytes) -> ScoringResult:
        """The score, once the table of the file's records is stored. Raises what `plaintext` and the scorer raise."""
        with plaintext(self.store, file_hash, secret, self.max_file, "a copy to score") as plain:
            result, table = self.scorer.score(plain)
        if table is None:
            return result
        stored = self.scorer.sealed(replace(table, key=lines_key(secret)))
        return replace(result, marks=self.store.put_bytes(stored))


@dataclass(kw_only=True)
class Attestor:
    """The attestor in `slot` of the current attestor set, for files made for the current `committee`.

    `max_file` bounds what it downloads, in bytes.
    """

    dao: Dao
    slot: int
    private_key: X25519PrivateKey
    committee: Committee
    store: Store
    scorer: Scorer
    max_file: int = 16 * 1024**3
    check: eip712.SignatureCheck = eip712.signed_by

    def assess(self, submission: Submission, opened: Mapping[bytes, Set[int]]) -> Leaf:
        """The leaf that this attestor scores; `opened` comes from `openers`. The plaintext is gone on return.

        Raises `SignatureRefused`, `SubmissionRefused`, `NotReadable`, `UnsealFailed`, `CommitmentMismatch`,
        `SharesInconsistent`, then what `files.decrypt`, the store and the scorer raise.
        """
        return leaf_of(submission, self.examination(submission.file_hash, self.open(submission, opened)))

    @property
    def examination(self) -> Examination:
        return Examination(self.store, self.scorer, self.max_file)

    def open(self, submission: Submission, opened: Mapping[bytes, Set[int]]) -> bytes:
        """The file key, 32 bytes, once all that the score will be paid for is proved. Raises as `assess` does."""
        if not self.check(submission.contributor, submission.typed(self.dao), submission.signature):
            raise SignatureRefused(f"the submission is not signed by {submission.contributor}; ask it to sign again")
        envelope = Envelope.decode(self.store.get(submission.envelope_hash, Envelope.LIMIT))
        if envelope.file_hash != submission.file_hash:
            raise SubmissionRefused("the envelope is another file's; encrypt again")
        envelope.fits(self.committee)
        slots = opened.get(submission.id(self.dao), frozenset())
        if len(slots) < self.committee.readable_at:
            raise NotReadable(len(slots), self.committee.readable_at)
        if self.slot >= len(submission.seals):
            raise SubmissionRefused(f"nothing is sealed to attestor {self.slot}; encrypt again for the current set")
        context = Context(
            self.dao, submission.dataset_id, envelope.committee_version, submission.contributor, envelope.file_hash
        )
        opening = unseal(submission.seals[self.slot], self.private_key, context.info(self.slot, SUBMIT_DOMAIN))
        secret, rest = opening[:SHARE], opening[SHARE:]
        check_shares(envelope, context, secret, tuple(rest[i : i + SHARE] for i in range(0, len(rest), SHARE)))
        return secret


def leaf_of(submission: Submission, score: ScoringResult | Score) -> Leaf:
    """The leaf that says this score of this submission."""
    hashes = (score.fingerprint, submission.file_hash, submission.envelope_hash)
    return Leaf(submission.contributor, *hashes, score.units, score.quality)


def settle(scores: Sequence[Leaf]) -> Leaf:
    """The leaf all attestors sign: lower median of units and of quality, so each figure is one that an attestor gave.

    Raises `ScoreRefused` if the attestors did not see the same data of the same contributor.
    """
    if len({leaf[:4] for leaf in scores}) != 1:
        raise ScoreRefused("attestors disagree on what the file is; compare their fingerprint secret, schema and file")
    units, quality = (statistics.median_low(figures) for figures in list(zip(*scores, strict=True))[4:])
    return scores[0]._replace(units=units, quality=quality)
