"""The notice board: under which names in storage the parties' signed records lie, so that they find each other's.

Storage is not trusted, and any party that can write to it can post: what is not a record of its kind under its own name
is left out here, and whoever acts on a record checks its signature.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Iterator
from typing import TypeVar

from eth_utils import keccak

from datadao.encoding import Record
from datadao.errors import HashMismatch, Malformed, ObjectMissing, ObjectTooLarge
from datadao.messages.bundle import Readiness
from datadao.messages.requests import KINDS, Request, SignedBallot
from datadao.messages.sample import Consent, Sample
from datadao.messages.score import Draft, Score, Signed
from datadao.messages.submission import Submission, Witness
from datadao.storage.store import Store
from datadao.storage.together import together
from datadao.types import Dao

K = TypeVar("K")
R = TypeVar("R", bound=Record)

WEEK = 7 * 86_400
"""Seconds. Requests lie in a folder for each, so that a relay does not look through what is long over."""

_AGREEMENT = 64 * 1024
"""Bytes of an agreement."""


class Board:
    """The board of one DAO in `store`. Submissions lie in `inbox`, which may be another storage: they open files to
    attestors, so that an operator does well to let them expire there. Posting the same record again changes nothing;
    `ObjectTaken` if its name holds another."""

    def __init__(self, dao: Dao, store: Store, inbox: Store | None = None) -> None:
        self.dao, self._store, self._inbox = dao, store, inbox or store

    def submit(self, submission: Submission) -> bytes:
        """Hands a submission in to attestors and custodians; returns its id."""
        name = submission.id(self.dao)
        self._inbox.put(self._name("submissions", submission.dataset_id, name.hex()), submission.encode())
        return name

    def submissions(self, dataset_id: int, known: Container[bytes] = ()) -> Iterator[tuple[bytes, Submission]]:
        """Submissions of a dataset by id, without those already `known`."""
        prefix = self._name("submissions", dataset_id)
        keys = ((_hex(name.removeprefix(f"{prefix}/")), name) for name in self._inbox.names(prefix))
        wanted = [(key, name) for key, name in keys if key is not None and key not in known]
        for key, record in _read_all(self._inbox, wanted, Submission):
            if record.dataset_id == dataset_id and record.id(self.dao) == key:
                yield key, record

    def witness(self, witness: Witness) -> None:
        """Posts a custodian's word that it opened its shares."""
        record = witness.encode()
        place = (witness.committee_version, witness.slot, hashlib.sha256(record).hexdigest())
        self._store.put(self._name("witnesses", *place), record)

    def witnesses(self, version: int, slot: int | None = None) -> Iterator[Witness]:
        """What custodians of a committee, or one of them, said; `openers` decides what of it counts."""
        return self._records(Witness, "witnesses", version, *(() if slot is None else (slot,)))

    def post_score(self, score: Score) -> None:
        """Posts an attestor's score of a submission."""
        place = (score.dataset_id, score.submission.hex(), score.attestor.lower())
        self._store.put(self._name("scores", *place), score.encode())

    def scores(self, dataset_id: int, submission: bytes | None = None) -> Iterator[Score]:
        """All scores of a dataset's submissions, or of one."""
        return self._records(Score, "scores", dataset_id, *(() if submission is None else (submission.hex(),)))

    def draft(self, draft: Draft) -> None:
        """Posts a batch for the other attestors to sign. Its name is its sequence, so that none is used twice."""
        self._store.put(self._name("drafts", draft.batch.dataset_id, draft.batch.sequence), draft.encode())

    def drafts(self, dataset_id: int) -> Iterator[Draft]:
        """Batches that attestors made of a dataset's submissions, each under its own sequence."""
        for name, draft in self._named(Draft, "drafts", dataset_id):
            if name == str(draft.batch.sequence):
                yield draft

    def sign(self, digest: bytes, signed: Signed) -> None:
        """Posts an attestor's signature of a batch with this digest."""
        self._store.put(self._name("signatures", digest.hex(), signed.signer.lower()), signed.encode())

    def signatures(self, digest: bytes) -> Iterator[Signed]:
        """Signatures of a batch."""
        return self._records(Signed, "signatures", digest.hex())

    def ready(self, readiness: Readiness) -> None:
        """Posts a custodian's signature that its keys for a lease are ready."""
        place = (readiness.lease_id, readiness.release_root.hex(), readiness.signer.lower())
        self._store.put(self._name("readiness", *place), readiness.encode())

    def readiness(self, lease_id: int) -> Iterator[Readiness]:
        """Readiness signatures for a lease."""
        return self._records(Readiness, "readiness", lease_id)

    def consent(self, consent: Consent) -> None:
        """Posts a contributor's word that records of a file may be shown, beside what was handed in."""
        place = (consent.dataset_id, consent.contributor.lower(), consent.file_hash.hex())
        self._inbox.put(self._name("consents", *place), consent.encode())

    def consents(self, dataset_id: int) -> Iterator[Consent]:
        """What contributors of a dataset agreed to; `samples.agreed` decides what counts."""
        names = self._inbox.names(self._name("consents", dataset_id))
        return (record for _, record in _read_all(self._inbox, ((name, name) for name in names), Consent))

    def show(self, sample: Sample) -> None:
        """Posts what an attestor drew of a contribution."""
        place = (sample.batch_id, sample.contribution.hex(), sample.attestor.lower())
        self._store.put(self._name("samples", *place), sample.encode())

    def samples(self, batch_id: int) -> Iterator[Sample]:
        """What attestors drew of a batch; `samples.counted` decides what counts."""
        return self._records(Sample, "samples", batch_id)

    def shown(self, batch_id: int) -> set[tuple[bytes, str]]:
        """Contribution and attestor, in lower case, of each of them, unread."""
        places = (name.split("/")[-2:] for name in self._store.names(self._name("samples", batch_id)))
        return {(contribution, attestor) for name, attestor in places if (contribution := _hex(name)) is not None}

    def unshow(self, batch_id: int, contribution: bytes) -> int:
        """Deletes the samples of a contribution, and returns how many there were. Raises `StoreUnfit` without the right
        to."""
        names = list(self._store.names(self._name("samples", batch_id, contribution.hex())))
        for name in names:
            self._store.delete(name)
        return len(names)

    def agree(self, agreement: bytes) -> bytes:
        """Posts the agreement of a lease, so that holders and custodians can read it; returns its keccak256."""
        digest = keccak(agreement)
        self._store.put(self._name("agreements", digest.hex()), agreement)
        return digest

    def agreement(self, digest: bytes) -> bytes:
        """The agreement of this hash, unread. Raises `ObjectMissing`, `ObjectTooLarge`, `HashMismatch`."""
        found = self._store.get(self._name("agreements", digest.hex()), _AGREEMENT)
        if (actual := keccak(found)) != digest:
            raise HashMismatch("agreement", digest, actual, "keccak256")
        return found

    def request(self, request: Request, now: int) -> bytes:
        """Posts what a member signed for a relay to send, at `now`, Unix seconds; returns its id."""
        if isinstance(request, SignedBallot):
            place: tuple[int | str, ...] = ("ballots", f"{request.proposal_id:064x}", request.id.hex())
        else:
            place = ("requests", now // WEEK, f"{request.KIND}-{request.id.hex()}")
        self._store.put(self._name(*place), request.encode())
        return request.id

    def ballots(self, proposal_id: int, known: Container[bytes] = ()) -> Iterator[tuple[bytes, SignedBallot]]:
        """Signed ballots on a proposal by id, without those already `known`."""
        prefix = self._name("ballots", f"{proposal_id:064x}")
        keys = ((_hex(name.removeprefix(f"{prefix}/")), name) for name in self._store.names(prefix))
        wanted = [(key, name) for key, name in keys if key is not None and key not in known]
        for key, ballot in _read_all(self._store, wanted, SignedBallot):
            if ballot.id == key and ballot.proposal_id == proposal_id:
                yield key, ballot

    def requests(self, week: int, known: Container[bytes] = ()) -> Iterator[tuple[bytes, Request]]:
        """What else was posted in a week, counted from 1970, by id, without what is already `known`."""
        prefix = self._name("requests", week)
        names = list(self._store.names(prefix))
        for kind, record in KINDS.items():
            keys = ((_hex(name.removeprefix(f"{prefix}/{kind}-")), name) for name in names)
            wanted = [(key, name) for key, name in keys if key is not None and key not in known]
            yield from ((key, found) for key, found in _read_all(self._store, wanted, record) if found.id == key)

    def _records(self, kind: type[R], *place: int | str) -> Iterator[R]:
        return (record for _, record in self._named(kind, *place))

    def _named(self, kind: type[R], *place: int | str) -> Iterator[tuple[str, R]]:
        """Records below a folder, by the last part of their names."""
        wanted = [(name.rpartition("/")[2], name) for name in self._store.names(self._name(*place))]
        return _read_all(self._store, wanted, kind)

    def _name(self, *place: int | str) -> str:
        kind, *rest = place
        return "/".join(map(str, (kind, self.dao.chain_id, self.dao.registry.lower(), *rest)))


def _read_all(store: Store, wanted: Iterable[tuple[K, str]], kind: type[R]) -> Iterator[tuple[K, R]]:
    """The records under names, each with its key, in their order; without what is none."""

    def read(item: tuple[K, str]) -> tuple[K, R] | None:
        try:
            return item[0], kind.decode(store.get(item[1], kind.LIMIT))
        except (Malformed, ObjectMissing, ObjectTooLarge):
            return None

    return (found for found in together(read, wanted) if found)


def _hex(text: str) -> bytes | None:
    try:
        return bytes.fromhex(text) if len(text) == 64 else None
    except ValueError:
        return None
