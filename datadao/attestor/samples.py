"""What attestors draw of a batch, for anyone to see before renting, and which of it counts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from datadao.attestor.attestor import Attestor, plaintext
from datadao.chain.connection import Web3
from datadao.chain.rpc import read_block
from datadao.chain.view import Standing, View
from datadao.errors import DataDAOError, StoreUnavailable, StoreUnfit, SubmissionRefused
from datadao.messages import eip712
from datadao.messages.manifest import Manifest
from datadao.messages.sample import DELAY, Consent, Sample, draw
from datadao.messages.submission import Submission
from datadao.records import valid_records
from datadao.schema import Schema
from datadao.types import Dao, Leaf

if TYPE_CHECKING:
    from datadao.storage.board import Board


@dataclass(frozen=True)
class Withheld:
    """A drawn contribution of which this attestor can show nothing."""

    contribution: bytes
    reason: DataDAOError


def drawing_block(web3: Web3, published: int) -> bytes | None:
    """The hash of the block that draws the samples of a batch published in that block; None until it is final."""
    number = published + DELAY
    return read_block(web3, number).hash if read_block(web3, "finalized").number >= number else None


def agreed(
    dao: Dao, consents: Iterable[Consent], manifest: Manifest, check: eip712.SignatureCheck = eip712.signed_by
) -> dict[bytes, Leaf]:
    """The batch's leaves, by their hashes, whose contributors signed that they may be shown."""
    signed = {
        (item.contributor, item.file_hash)
        for item in consents
        if item.dataset_id == manifest.dataset_id and check(item.contributor, item.typed(dao), item.signature)
    }
    named = zip(manifest.ids, manifest.leaves, strict=True)
    return {name: leaf for name, leaf in named if (leaf.contributor, leaf.file_hash) in signed}


def sample_of(
    attestor: Attestor, schema: Schema, batch_id: int, block_hash: bytes, name: bytes, leaf: Leaf,
    submissions: Mapping[bytes, Submission], opened: Mapping[bytes, Set[int]], signer: str, sign: eip712.Signer,
) -> Sample | Withheld:  # fmt: skip
    """What this attestor draws of the contribution `name`; `submissions` by file hash, `opened` of `openers`.

    The plaintext is gone on return. Raises `StoreUnavailable`, `DiskUnavailable`.
    """
    try:
        records = _records(attestor, schema, block_hash, name, leaf, submissions, opened)
    except StoreUnavailable:
        raise
    except DataDAOError as error:
        return Withheld(name, error)
    return Sample(batch_id, name, block_hash, records, signer, b"").signed(attestor.dao, sign)


def counted(
    dao: Dao, samples: Iterable[Sample], batch_id: int, block_hash: bytes, attestors: Collection[str], threshold: int,
    check: eip712.SignatureCheck = eip712.signed_by,
) -> list[Sample]:  # fmt: skip
    """One of each sample that enough of these attestors signed alike, drawn by this block."""
    signers: defaultdict[tuple[bytes, bytes], set[str]] = defaultdict(set)
    found: dict[tuple[bytes, bytes], Sample] = {}
    for item in samples:
        if (item.batch_id, item.block_hash) != (batch_id, block_hash) or item.attestor not in attestors:
            continue
        if check(item.attestor, item.typed(dao), item.signature):
            key = item.contribution, item.records
            found.setdefault(key, item)
            signers[key].add(item.attestor)
    return [item for key, item in found.items() if len(signers[key]) >= threshold]


def unshow_erased(
    board: Board, view: View, batch_id: int, manifest: Manifest
) -> Iterator[tuple[bytes, int | StoreUnfit]]:
    """Deletes the samples of contributions of this batch that were erased, by whichever way and whoever sent it: each
    with how many there were, or why this attestor may not. Raises `ChainUnavailable`, `StoreUnavailable`."""
    there = {name for name, _ in board.shown(batch_id)}
    members = {name: place for place, name in enumerate(manifest.ids) if name in there} if there else {}
    standing = view.standing([manifest.contribution(batch_id, place) for place in members.values()], "latest")
    for name, now in zip(members, standing, strict=True):
        if now is Standing.ERASED:
            try:
                yield name, board.unshow(batch_id, name)
            except StoreUnfit as error:
                yield name, error


def _records(
    attestor: Attestor, schema: Schema, block_hash: bytes, name: bytes, leaf: Leaf,
    submissions: Mapping[bytes, Submission], opened: Mapping[bytes, Set[int]],
) -> bytes:  # fmt: skip
    submission = submissions.get(leaf.file_hash)
    if submission is None or (submission.contributor, submission.envelope_hash) != (
        leaf.contributor,
        leaf.envelope_hash,
    ):
        raise SubmissionRefused("what was handed in is no longer on the board, so that it cannot be opened again")
    secret = attestor.open(submission, opened)
    with plaintext(attestor.store, leaf.file_hash, secret, attestor.max_file, "a copy to draw from") as plain:
        records = draw(block_hash, name, valid_records(plain, schema))
    if not records:
        raise SubmissionRefused("none of its records is small enough to be shown")
    return records
