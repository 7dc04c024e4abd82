"""Every question a custodian asks the chain, and every reason to refuse. Nothing here reads storage or holds a key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from datadao.errors import (
    ContributionErased,
    DataDAOError,
    GateUnavailable,
    LeaseEnded,
    LeaseLapsed,
    LeaseNotApproved,
    LeaseNotStarted,
    LeaseOverdue,
    LicenseeKeyChanged,
    NotIncluded,
    SeatMismatch,
)
from datadao.gate import BatchState, Gate, LeaseState, Standing, Tag
from datadao.merkle import leaf_hash, verify
from datadao.types import Contribution, Dao, Party


class Warden:
    """Wraps a `Gate` so that an exception, an answer of the wrong shape or a finalized block that moved back all end in
    `GateUnavailable`. `finalized` is the highest block number seen final."""

    def __init__(self, gate: Gate, dao: Dao, finalized: int = 0) -> None:
        self._gate, self._dao, self.finalized = gate, dao, finalized

    def approved(self, lease_id: int) -> LeaseState:
        """The lease at the finalized block. Raises `LeaseNotApproved`, `LeaseEnded`."""
        lease = self._lease(lease_id, "finalized")
        _refuse_unapproved(lease, "finalized")
        return lease

    def running(self, lease_id: int) -> LeaseState:
        """The lease at the latest block, if it runs at the finalized and still at the latest, under one key.

        Raises the `LeaseRefused` that says why not.
        """
        final, latest = self._lease(lease_id, "finalized"), self._lease(lease_id, "latest")
        _refuse_idle(final, "finalized")
        _refuse_idle(latest, "latest")
        if (final.hpke_key, final.dataset_id) != (latest.hpke_key, latest.dataset_id):
            raise LicenseeKeyChanged(f"lease {lease_id}: its new key is not final yet; prepare again when it is")
        return latest

    def seat(self, epoch: int, slot: int, public_key: bytes, tag: Tag) -> Party:
        """The chain's record of a seat. A replaced custodian finds another key there: `SeatMismatch`."""
        with _fail_closed():
            seat = self._gate.custodian(epoch, slot, tag)
            key = seat.hpke_key
        if key != public_key:
            raise SeatMismatch(f"slot {slot} of epoch {epoch} is held by key {key.hex()}; use that one, or retire")
        return seat

    def members(
        self, lease: LeaseState, listed: Sequence[Contribution]
    ) -> tuple[dict[bytes, Contribution], list[bytes]]:
        """What is finally active of `listed`, by id, and the ids that a readiness signature covers.

        Proofs are checked here against roots the chain gave: `NotIncluded` for one that fails or is another dataset's.
        """
        batches: dict[int, BatchState] = {}
        members: dict[bytes, Contribution] = {}
        covered = []
        for item in listed:
            if item.batch_id not in batches:
                with _fail_closed():
                    batches[item.batch_id] = self._gate.batch(item.batch_id, "finalized")
            batch = batches[item.batch_id]
            name = leaf_hash(self._dao, batch.dataset_id, batch.sequence, item.leaf)
            if batch.dataset_id != lease.dataset_id or not verify(batch.root, name, item.proof):
                raise NotIncluded(f"{name.hex()} is no leaf of dataset {lease.dataset_id}; list its manifests' leaves")
            if batch.activated_at:
                members[name] = item
                if batch.activated_at <= lease.approved_at:
                    covered.append(name)
        return members, covered

    def gone(self, members: Mapping[bytes, Contribution], tag: Tag) -> dict[bytes, DataDAOError]:
        """Which of these are not (or no longer) part of the dataset at the block, by id."""
        with _fail_closed():
            answers = [Standing(answer) for answer in self._gate.standing(list(members.values()), tag)]
            named = list(zip(members, answers, strict=True))
        return {i: ContributionErased(f"{i.hex()} is {now.value}") for i, now in named if now is not Standing.INCLUDED}

    def _lease(self, lease_id: int, tag: Tag) -> LeaseState:
        with _fail_closed():
            lease = self._gate.lease(lease_id, tag)
            if lease.lease_id != lease_id or len(lease.hpke_key) != 32:
                raise ValueError(f"asked for lease {lease_id}, was told of {lease.lease_id}")
            if lease.block.number < self.finalized:
                raise ValueError(f"the {tag} block is {lease.block.number}, but {self.finalized} was final before")
        if tag == "finalized":
            self.finalized = lease.block.number
        return lease


def _refuse_unapproved(lease: LeaseState, tag: Tag) -> None:
    if not lease.approved_at:
        raise LeaseNotApproved(f"lease {lease.lease_id}: not approved at the {tag} block; wait for finality")
    if lease.ended:
        raise LeaseEnded(f"lease {lease.lease_id}: ended or terminated at the {tag} block")


def _refuse_idle(lease: LeaseState, tag: Tag) -> None:
    _refuse_unapproved(lease, tag)
    if not lease.started:
        raise LeaseNotStarted(f"lease {lease.lease_id}: no instalment paid at the {tag} block; wait for a final start")
    if lease.overdue:
        raise LeaseOverdue(f"lease {lease.lease_id}: erasures unacknowledged at the {tag} block; the licensee has to")
    if lease.block.timestamp >= lease.paid_until:
        raise LeaseLapsed(f"lease {lease.lease_id}: paid access is over at the {tag} block; an instalment reopens it")


@contextmanager
def _fail_closed() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise GateUnavailable(f"the chain could not be read: {error}; nothing was released, try again") from error
