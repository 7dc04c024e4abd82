"""What custodians ask the chain. `View` is the only door: a custodian believes nothing else about leases and members.

An implementation reads `finalized` and `latest` by block number, re-reads the block's hash afterwards, and raises on
any doubt. Whatever it raises, nothing is released.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple, Protocol

from datadao.chain.events import Event
from datadao.chain.rpc import Block
from datadao.types import Contribution, Party, Slot

Tag = Literal["finalized", "latest"]
At = Tag | int
"""A block by its tag, or by its number."""


class Standing(Enum):
    """What the registry says about a contribution that has a valid proof."""

    INCLUDED = "included"
    ERASED = "erased"  # withdrawn by its contributor, claimed or not
    DUPLICATE = "duplicate"  # another leaf recorded the fingerprint first


@dataclass(frozen=True)
class LeaseState:
    """A lease at one block. Times in Unix seconds; `approved_at` is 0 before approval, `paid_until` 0 before the start.

    `hpke_key` is the licensee's raw X25519 key, `committee_version` the committee current at approval, `purposes` the
    mask that is leased, `agreement_hash` the keccak256 of what was agreed, `paid_periods` how many were; `ended` covers
    termination; `overdue` means erasures are not acknowledged in time.
    """

    lease_id: int
    dataset_id: int
    purposes: int
    agreement_hash: bytes
    hpke_key: bytes
    committee_version: int
    approved_at: int
    started: bool
    paid_until: int
    paid_periods: int
    ended: bool
    overdue: bool
    block: Block


@dataclass(frozen=True)
class BatchState:
    """A published batch at one block; `activated_at` is 0 until it is active. `purposes` and `schema`, a sha256, are of
    its policy's version: what its contributors agreed to, whatever was voted since."""

    dataset_id: int
    sequence: int
    root: bytes
    activated_at: int
    purposes: int
    schema: bytes = bytes(32)


class Payment(NamedTuple):
    """An instalment: when it was paid, and of the first the `releaseRoot` that custodians signed, if they did."""

    block: int
    timestamp: int
    root: bytes = b""


PAYMENTS = ("DeliveryConfirmed", "InstalmentPaid")
"""Events of the leases that say of payments."""


def payments_of(events: Iterable[Event]) -> dict[int, list[Payment]]:
    """The instalments of each lease in their order, by `PAYMENTS` in theirs."""
    found: defaultdict[int, list[Payment]] = defaultdict(list)
    roots: dict[int, bytes] = {}
    for event in events:
        lease_id = event.fields["leaseId"]
        if event.name == "DeliveryConfirmed":
            roots[lease_id] = event.fields["releaseRoot"]
        else:
            found[lease_id].append(Payment(event.block, event.timestamp, roots.pop(lease_id, b"")))
    return dict(found)


@dataclass(frozen=True)
class AttestorSet:
    """The attestors of one version of the set, and how many of them have to agree."""

    version: int
    threshold: int
    attestors: tuple[Party, ...]


class Counts(NamedTuple):
    """How many there are: each kind is numbered from 1, so that the last committee is the current one."""

    leases: int
    batches: int
    datasets: int
    committees: int


class View(Protocol):
    """Chain reads, each at the named block; those without a `tag` at the finalized one."""

    def lease(self, lease_id: int, tag: Tag) -> LeaseState: ...

    def lease_states(self, lease_ids: Sequence[int], tag: Tag) -> Sequence[LeaseState]:
        """One answer per lease, in order, all at one block."""

    def batch(self, batch_id: int, tag: Tag) -> BatchState: ...

    def batch_states(self, batch_ids: Sequence[int], tag: Tag) -> Sequence[BatchState]:
        """One answer per batch, in order, all at one block."""

    def standing(self, contributions: Sequence[Contribution], tag: At) -> Sequence[Standing]:
        """One answer per contribution, in order. The caller has checked the proofs."""

    def payments(self, lease_id: int, count: int) -> Sequence[Payment]:
        """The first `count` instalments of a lease, which are final."""

    def custodian(self, version: int, slot: int, tag: Tag) -> Party: ...

    def custody(self, lease_id: int, version: int, slot: int, tag: Tag) -> tuple[LeaseState, Party]:
        """A lease and the holder of a slot, at one block."""

    def attestors(self, tag: Tag) -> AttestorSet:
        """The current set."""

    def counts(self) -> Counts: ...

    def manifest(self, batch_id: int) -> bytes:
        """The sha256 of the batch's manifest, as its attestors signed it."""

    def slots(self) -> Mapping[Slot, Sequence[Party]]:
        """Everyone who ever held each slot, oldest first; the last one holds it."""
