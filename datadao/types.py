"""What the chain says about the DAO's parties and data, as plain values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import NamedTuple

from datadao.encoding import address
from datadao.errors import InvalidArgument

MAX_SLOTS = 32
BPS = 10_000


@dataclass(frozen=True)
class Dao:
    """The contracts every signature and seal is bound to."""

    chain_id: int
    registry: str
    leases: str

    def __post_init__(self) -> None:
        object.__setattr__(self, "registry", address(self.registry))
        object.__setattr__(self, "leases", address(self.leases))


@dataclass(frozen=True)
class Party:
    """A custodian or attestor: who signs, and the raw X25519 public key (32 bytes) things are sealed to."""

    signer: str
    hpke_key: bytes
    uri: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "signer", address(self.signer))
        if len(self.hpke_key) != 32 or not any(self.hpke_key):
            raise InvalidArgument("an hpkeKey is 32 bytes and not zero")


Slot = tuple[int, int]
"""Committee version and slot, a position in the committee counted from 0."""


@dataclass(frozen=True)
class Committee:
    """The custodians of one committee; a slot is a position in `custodians`, counted from 0."""

    version: int
    threshold: int
    custodians: tuple[Party, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.threshold <= len(self.custodians) <= MAX_SLOTS:
            raise InvalidArgument(f"a committee of {len(self.custodians)} with threshold {self.threshold}")

    @property
    def readable_at(self) -> int:
        """Custodians that must have test-opened a file before it is scored: one may fail later without losing it."""
        return min(len(self.custodians), self.threshold + 1)


class Leaf(NamedTuple):
    """One accepted contribution as attestors sign it. Hashes are 32 bytes, `quality` is in basis points."""

    contributor: str
    fingerprint: bytes
    file_hash: bytes
    envelope_hash: bytes
    units: int
    quality: int


class Contribution(NamedTuple):
    """A leaf with the way to prove it: the on-chain batch it belongs to and its Merkle proof there."""

    batch_id: int
    leaf: Leaf
    proof: Sequence[bytes]


class LeaseStatus(IntEnum):
    """`IDataLeases.Status`."""

    NONE, PENDING, APPROVED, ACTIVE, ENDED, REFUNDED = range(6)


class ProposalState(IntEnum):
    """`IGovernor.ProposalState`."""

    PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)


class BatchStatus(IntEnum):
    """`IDatasetRegistry.BatchStatus`."""

    NONE, PUBLISHED, ACTIVE, ASLEEP, VETOED, DISCARDED, LAPSED = range(7)


ACTIVATED = frozenset({BatchStatus.ACTIVE, BatchStatus.ASLEEP})
"""Batches whose leaves are part of the dataset, or can be claimed back into it."""


class ContributionStatus(IntEnum):
    """`IDatasetRegistry.ContributionStatus`."""

    NONE, CLAIMED, ERASED = range(3)


class Vote(IntEnum):
    """What a vote supports: `GovernorCountingSimple.VoteType`."""

    AGAINST, FOR, ABSTAIN = range(3)


def word(state: IntEnum) -> str:
    """`Active` of ACTIVE"""
    return state.name.capitalize()


def words_of(kind: type[IntEnum], mask: int) -> str:
    """`Active or Succeeded` of a mask with a bit for each state."""
    return " or ".join(word(state) for state in kind if mask >> state & 1) or "none"


ENUMS: dict[str, type[IntEnum]] = {
    "enum IDataLeases.Status": LeaseStatus,
    "enum IGovernor.ProposalState": ProposalState,
    "enum IDatasetRegistry.BatchStatus": BatchStatus,
}
"""By the type that an ABI names."""
