"""The envelope: a file's key, shared among one committee, stored beside the file and anchored by its sha256.

Each share is sealed to one custodian in the file's full context. Whoever copies a file and its envelope under another
name, dataset, chain or slot changes the context, and no custodian can open a copy. Each share is also committed to, so
that a wrong one names its custodian instead of spoiling the key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto import shares as shamir
from datadao.crypto.seal import OVERHEAD, SUITE_ID, seal, unseal
from datadao.encoding import Record, domain_hash
from datadao.errors import CommitmentMismatch, Malformed, NotEnoughShares, SubmissionRefused, UnsealFailed
from datadao.types import MAX_SLOTS, Committee, Dao

VERSION = 1
SHARE = 32
_COMMIT = b"datadao/commit/1"


@dataclass(frozen=True)
class Context:
    """Where a file belongs. Custodians and licensees build it from chain data, the version from the envelope."""

    dao: Dao
    dataset_id: int
    committee_version: int
    contributor: str
    file_hash: bytes

    def info(self, slot: int, domain: str = "datadao/wrap/1") -> bytes:
        """sha256(abi.encode(domain, chainId, registry, datasetId, version, contributor, fileHash, slot)), 32 bytes."""
        dao, place = self.dao, (self.dataset_id, self.committee_version, self.contributor, self.file_hash)
        return domain_hash(domain, dao.chain_id, dao.registry, *place, slot)

    def commitment(self, slot: int, share: bytes) -> bytes:
        """sha256("datadao/commit/1" || info || share) over the whole 32-byte share: halves could be guessed apart."""
        return hashlib.sha256(_COMMIT + self.info(slot) + share).digest()


@dataclass(frozen=True)
class Envelope(Record):
    """`wraps[i]` is for slot i of `committee_version` (80 bytes), `commitments[i]` fixes what it holds (32 bytes)."""

    TYPES: ClassVar = ("uint16", "uint16", "uint256", "uint8", "bytes32", "bytes[]", "bytes32[]")
    LIMIT: ClassVar = 16 * 1024

    version: int
    suite: int
    committee_version: int
    threshold: int
    file_hash: bytes
    wraps: tuple[bytes, ...]
    commitments: tuple[bytes, ...]

    def __post_init__(self) -> None:
        if (self.version, self.suite) != (VERSION, SUITE_ID):
            raise Malformed(f"envelope version {self.version}, suite {self.suite}: update this client to read it")
        if not 1 <= self.threshold <= len(self.wraps) == len(self.commitments) <= MAX_SLOTS:
            raise Malformed(f"envelope with threshold {self.threshold} of {len(self.wraps)} wraps")
        if any(len(wrap) != SHARE + OVERHEAD for wrap in self.wraps):
            raise Malformed("envelope wraps are 80 bytes each")

    @property
    def hash(self) -> bytes:
        """Its name in storage and its anchor in the leaf."""
        return hashlib.sha256(self.encode()).digest()

    def check(self, context: Context, slot: int, share: bytes) -> bytes:
        """The share. Raises `CommitmentMismatch` unless it is the one that is committed to."""
        if slot >= len(self.commitments) or context.commitment(slot, share) != self.commitments[slot]:
            raise CommitmentMismatch(slot)
        return share

    def fits(self, committee: Committee) -> None:
        """Raises `SubmissionRefused` unless made for this committee with its exact size and threshold: a contributor
        must not lower the number of custodians that can read the file together, nor raise it beyond reach."""
        mine = (self.committee_version, self.threshold, len(self.wraps))
        theirs = (committee.version, committee.threshold, len(committee.custodians))
        if mine != theirs:
            raise SubmissionRefused(f"envelope for (version, t, n) = {mine}, the committee is {theirs}; encrypt again")


def wrap(secret: bytes, context: Context, committee: Committee) -> tuple[Envelope, tuple[bytes, ...]]:
    """Splits and seals `secret` for the committee; also returns the plain shares, which only attestors may get."""
    shares = shamir.split(secret, committee.threshold, len(committee.custodians))
    parties = enumerate(zip(committee.custodians, shares, strict=True))
    wraps = tuple(seal(share, party.hpke_key, context.info(slot)) for slot, (party, share) in parties)
    commitments = tuple(context.commitment(slot, share) for slot, share in enumerate(shares))
    head = (VERSION, SUITE_ID, committee.version, committee.threshold, context.file_hash)
    return Envelope(*head, wraps, commitments), shares


def open_wrap(envelope: Envelope, context: Context, slot: int, private_key: X25519PrivateKey) -> bytes:
    """A custodian's own share, 32 bytes. Raises `UnsealFailed` or `CommitmentMismatch`."""
    place = (envelope.file_hash, envelope.committee_version)
    if place != (context.file_hash, context.committee_version) or slot not in range(len(envelope.wraps)):
        raise UnsealFailed("the envelope is another file's or committee's, or has no such slot")
    return envelope.check(context, slot, unseal(envelope.wraps[slot], private_key, context.info(slot)))


def check_shares(envelope: Envelope, context: Context, secret: bytes, shares: tuple[bytes, ...]) -> None:
    """An attestor's check: all shares are committed to and any t of them give `secret`.

    Raises `CommitmentMismatch` or `SharesInconsistent`.
    """
    if len(shares) != len(envelope.commitments):
        raise SubmissionRefused(f"{len(shares)} shares for {len(envelope.commitments)} commitments; encrypt again")
    for slot, share in enumerate(shares):
        envelope.check(context, slot, share)
    shamir.check(secret, shares, envelope.threshold)


def recover(envelope: Envelope, context: Context, offered: Mapping[int, bytes]) -> tuple[bytes, tuple[int, ...]]:
    """The file key from shares by slot, and the slots whose share was not the committed one (left out).

    Raises `NotEnoughShares`, naming the same slots.
    """
    slots = range(len(envelope.commitments))
    good = {
        slot: share
        for slot, share in offered.items()
        if slot in slots and context.commitment(slot, share) == envelope.commitments[slot]
    }
    culprits = tuple(sorted(offered.keys() - good.keys()))
    if len(good) < envelope.threshold:
        raise NotEnoughShares(len(good), envelope.threshold, culprits)
    return shamir.combine(good, envelope.threshold), culprits
