"""What a custodian reads from the chain, and each refusal that follows. No storage and no keys here."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import groupby
from operator import itemgetter

from datadao.chain.connection import in_words
from datadao.chain.view import At, AttestorSet, BatchState, Counts, LeaseState, Payment, Standing, Tag, View
from datadao.crypto.merkle import MerkleTree, leaf_hashes, verify
from datadao.errors import (
    ChainUnavailable,
    ComputeLease,
    ContributionErased,
    DataDAOError,
    LeaseEnded,
    LeaseLapsed,
    LeaseNotApproved,
    LeaseNotStarted,
    LeaseOverdue,
    LicenseeKeyChanged,
    NotIncluded,
    SlotMismatch,
)
from datadao.messages.purposes import COMPUTE
from datadao.types import Contribution, Dao, Party, Slot

TAGS: tuple[Tag, Tag] = ("finalized", "latest")
_GONE = {
    Standing.ERASED: "was erased by its contributor",
    Standing.DUPLICATE: "is a duplicate: the same data was recorded in another contribution first",
}


class Checks:
    """Wraps a `View` so that an exception, an answer of the wrong shape or a finalized block that moved back all end in
    `ChainUnavailable`. `finalized` is the highest block number seen final."""

    def __init__(self, view: View, dao: Dao, finalized: int = 0) -> None:
        self._view, self._dao, self.finalized = view, dao, finalized
        self._active: dict[int, BatchState] = {}
        self._whole: dict[int, tuple[list[Contribution], list[bytes]]] = {}

    def counts(self) -> Counts:
        """How many leases, batches, datasets and committees there are at the finalized block."""
        with _fail_closed():
            return Counts(*map(int, self._view.counts()))

    def manifests(self, dataset_id: int | None = None, count: int | None = None) -> dict[int, bytes]:
        """Manifest hashes of the finally active batches of a dataset, or of all, by batch id, of the first `count`."""
        with _fail_closed():
            batches = self._view.counts().batches if count is None else count
            found = self._batches(range(1, batches + 1))
            wanted = [i for i, batch in found.items() if batch.activated_at and dataset_id in (None, batch.dataset_id)]
            return {batch_id: self._view.manifest(batch_id) for batch_id in wanted}

    def leases(self, lease_ids: Sequence[int]) -> dict[int, LeaseState]:
        """Leases at the finalized block."""
        with _fail_closed():
            found = self._view.lease_states(lease_ids, "finalized") if lease_ids else []
            pairs = zip(lease_ids, found, strict=True)
            return {number: self._believed(number, lease, "finalized") for number, lease in pairs}

    def approved(self, lease_id: int) -> LeaseState:
        """The lease at the finalized block. Raises `LeaseNotApproved`, `LeaseEnded`."""
        return self.served(self._lease(lease_id, "finalized"))

    def served(self, lease: LeaseState) -> LeaseState:
        """A lease at the finalized block. Raises `LeaseNotApproved`, `LeaseEnded`."""
        _refuse_unapproved(lease, "finalized")
        return lease

    def running(self, lease_id: int) -> LeaseState:
        """The lease at the latest block, if it runs at the finalized and still at the latest, under one key.

        Raises the `LeaseRefused` that says why not.
        """
        return _running(self._lease(lease_id, "finalized"), self._lease(lease_id, "latest"))

    def releasing(self, lease_id: int, version: int, slot: int, public_key: bytes) -> tuple[LeaseState, Party]:
        """As `running` and `holder`, asked together."""
        (final, former), (latest, present) = (self._custody(lease_id, version, slot, tag) for tag in TAGS)
        return _running(final, latest), _held(version, slot, public_key, former, present)

    def preparing(self, lease_id: int, version: int, slot: int, public_key: bytes) -> tuple[LeaseState, Party]:
        """As `approved` and `holder`, asked together."""
        final, former = self._custody(lease_id, version, slot, "finalized")
        _refuse_unapproved(final, "finalized")
        with _fail_closed():
            present = Party(*vars(self._view.custodian(version, slot, "latest")).values())
        return final, _held(version, slot, public_key, former, present)

    def computing(self, lease_id: int) -> LeaseState:
        """The lease at the finalized block, if it gives a right to a run there and at the latest: approved and not
        started yet, or running. Raises the `LeaseRefused` that says why not, `ComputeLease` for a data lease."""
        final = self.approved(lease_id)
        if final.purposes != COMPUTE:
            raise ComputeLease(f"lease {lease_id} is for data, mask {final.purposes:#x}: no program is run for it")
        if final.started:
            self.running(lease_id)
        else:
            _refuse_unapproved(self._lease(lease_id, "latest"), "latest")
        return final

    def payments(self, lease: LeaseState) -> Sequence[Payment]:
        """The instalments that were paid at the lease's block."""
        with _fail_closed():
            return self._view.payments(lease.lease_id, lease.paid_periods)

    def attestors(self) -> AttestorSet:
        """The set at the finalized block. Raises `SlotMismatch` while its replacement is not final."""
        with _fail_closed():
            final, latest = (self._view.attestors(tag) for tag in TAGS)
        if final != latest:
            raise SlotMismatch(
                f"attestor set {latest.version} is not final yet; keys of files wait until it is, and then go to it"
            )
        return final

    @staticmethod
    def for_data(lease: LeaseState) -> None:
        """Raises `ComputeLease` for a lease under which no key goes to the licensee."""
        if lease.purposes == COMPUTE:
            raise ComputeLease(
                f"lease {lease.lease_id} is for compute alone: no key goes to its licensee, whose program attestors run"
            )

    def holder(self, version: int, slot: int, public_key: bytes) -> Party:
        """The holder of a slot at both blocks. A replaced custodian finds another key there, a successor whose
        appointment is not final its predecessor's: `SlotMismatch`."""
        return _held(version, slot, public_key, *self._holders(version, slot))

    def succession(self, version: int, slot: int, public_key: bytes) -> tuple[Party, Party]:
        """A former holder of a slot, by its key, and who holds it now. `SlotMismatch` unless the change is final."""
        final, latest = self._holders(version, slot)
        if public_key in (final.hpke_key, latest.hpke_key):
            raise SlotMismatch(
                f"slot {slot} of committee {version} still has this key; wait until its replacement is final"
            )
        if final != latest:
            raise SlotMismatch(
                f"slot {slot} of committee {version} has a new key that is not final yet; try again later"
            )
        leaver = next((party for party in self.predecessors(version, slot) if party.hpke_key == public_key), None)
        if leaver is None:
            raise SlotMismatch(
                f"key {public_key.hex()} never held slot {slot} of committee {version}; use its former key"
            )
        return leaver, latest

    def predecessors(self, version: int, slot: int) -> list[Party]:
        """Former holders of a slot, the last one first."""
        with _fail_closed():
            return list(self._view.slots()[version, slot])[-2::-1]

    def slots_of(self, public_key: bytes) -> tuple[list[Slot], list[Slot]]:
        """Slots that a key holds, and slots that it held."""
        with _fail_closed():
            slots = self._view.slots()
            keys = {slot: [party.hpke_key for party in holders] for slot, holders in slots.items()}
        held = [slot for slot, of in keys.items() if of[-1] == public_key]
        return held, [slot for slot, of in keys.items() if public_key in of[:-1] and slot not in held]

    def members(
        self, lease: LeaseState, listed: Sequence[Contribution], until: int | None = None
    ) -> tuple[dict[bytes, Contribution], list[bytes]]:
        """What is finally active of `listed`, or was at the time `until`, by id, and the ids that a readiness signature
        covers.

        A batch whose own policy does not allow the lease's purposes is passed over: what was given for less is not
        opened by a later vote. Proofs are checked here against roots the chain gave: `NotIncluded` for one that fails
        or is another dataset's.
        """
        members: dict[bytes, Contribution] = {}
        covered: list[bytes] = []
        for batch, names, items in self._proved(listed):
            if batch.dataset_id != lease.dataset_id:
                raise NotIncluded(
                    f"{names[0].hex()} is not a leaf of dataset {lease.dataset_id}; list leaves of its manifests"
                )
            there = batch.activated_at and (until is None or batch.activated_at <= until)
            if there and not lease.purposes & ~batch.purposes:
                members.update(zip(names, items, strict=True))
                if batch.activated_at <= lease.approved_at:
                    covered += names
        return members, covered

    def active(self, listed: Sequence[Contribution]) -> dict[bytes, tuple[int, Contribution]]:
        """What is finally active of `listed`, by id, with its dataset. `NotIncluded` for a proof that fails."""
        active = [found for found in self._proved(listed) if found[0].activated_at]
        return {
            name: (batch.dataset_id, item)
            for batch, names, items in active
            for name, item in zip(names, items, strict=True)
        }

    def schema(self, batch_id: int) -> bytes:
        """The sha256 of the schema by which the records of an active batch were accepted."""
        with _fail_closed():
            return self._batch(batch_id).schema

    def gone(self, members: Mapping[bytes, Contribution], tag: At) -> dict[bytes, DataDAOError]:
        """Which of these are not (or no longer) part of the dataset at the block, by id."""
        with _fail_closed():
            answers = [Standing(answer) for answer in self._view.standing(list(members.values()), tag)]
            named = list(zip(members, answers, strict=True))
        return {i: ContributionErased(f"{i.hex()} {_GONE[now]}") for i, now in named if now is not Standing.INCLUDED}

    def gone_of(self, dataset_id: int, listed: Sequence[Contribution]) -> dict[bytes, DataDAOError]:
        """Which of a dataset's active leaves are not part of it at the finalized block, by id."""
        active = self.active(listed)
        return self.gone({name: item for name, (at, item) in active.items() if at == dataset_id}, "finalized")

    def _proved(
        self, listed: Sequence[Contribution]
    ) -> Iterator[tuple[BatchState, Sequence[bytes], Sequence[Contribution]]]:
        """Of each batch its state, and the ids of its leaves beside them. Raises `NotIncluded`."""
        for batch_id, items in groupby(listed, key=itemgetter(0)):
            with _fail_closed():
                batch = self._batch(batch_id)
            leaves = list(items)
            names, whole = self._names(batch_id, batch, leaves)
            for name, item in () if whole else zip(names, leaves, strict=True):
                if not verify(batch.root, name, item.proof):
                    raise NotIncluded(f"{name.hex()} is not a leaf of batch {batch_id}; list leaves of its manifest")
            yield batch, names, leaves

    def _names(self, batch_id: int, batch: BatchState, leaves: list[Contribution]) -> tuple[Sequence[bytes], bool]:
        """Ids of leaves, and whether they are the whole batch in its order, which proves itself; of a part of one, each
        leaf is proved."""
        known, names = self._whole.get(batch_id, ([], []))
        if known == leaves and batch_id in self._active:
            return names, True
        names = leaf_hashes(self._dao, batch.dataset_id, batch.sequence, (item.leaf for item in leaves))
        whole = MerkleTree(names).root == batch.root
        if whole and batch.activated_at:
            self._whole[batch_id] = leaves, names
        return names, whole

    def _batch(self, batch_id: int) -> BatchState:
        return self._batches([batch_id])[batch_id]

    def _batches(self, batch_ids: Sequence[int]) -> dict[int, BatchState]:
        """Batches at the finalized block; one that is active there never changes again."""
        new = [batch_id for batch_id in batch_ids if batch_id not in self._active]
        states = dict(zip(new, self._view.batch_states(new, "finalized") if new else (), strict=True))
        self._active |= {batch_id: batch for batch_id, batch in states.items() if batch.activated_at}
        return {batch_id: states.get(batch_id) or self._active[batch_id] for batch_id in batch_ids}

    def _holders(self, version: int, slot: int) -> tuple[Party, Party]:
        with _fail_closed():
            final, latest = (self._view.custodian(version, slot, tag) for tag in ("finalized", "latest"))
            return Party(*vars(final).values()), Party(*vars(latest).values())

    def _custody(self, lease_id: int, version: int, slot: int, tag: Tag) -> tuple[LeaseState, Party]:
        with _fail_closed():
            lease, holder = self._view.custody(lease_id, version, slot, tag)
            return self._believed(lease_id, lease, tag), Party(*vars(holder).values())

    def _lease(self, lease_id: int, tag: Tag) -> LeaseState:
        with _fail_closed():
            return self._believed(lease_id, self._view.lease(lease_id, tag), tag)

    def _believed(self, lease_id: int, lease: LeaseState, tag: Tag) -> LeaseState:
        if lease.lease_id != lease_id or len(lease.hpke_key) != 32:
            raise ValueError(f"asked for lease {lease_id}, got lease {lease.lease_id}")
        if lease.block.number < self.finalized:
            raise ValueError(f"the {tag} block is {lease.block.number}, but {self.finalized} was final before")
        if tag == "finalized":
            self.finalized = lease.block.number
        return lease


def _refuse_unapproved(lease: LeaseState, tag: Tag) -> None:
    if lease.ended:
        raise LeaseEnded(f"lease {lease.lease_id}: ended, terminated or refunded at the {tag} block")
    if not lease.approved_at:
        raise LeaseNotApproved(f"lease {lease.lease_id}: not approved at the {tag} block; wait for finality")


def _refuse_idle(lease: LeaseState, tag: Tag) -> None:
    _refuse_unapproved(lease, tag)
    if not lease.started:
        raise LeaseNotStarted(
            f"lease {lease.lease_id}: no instalment is paid at the {tag} block; wait until the start is final"
        )
    if lease.overdue:
        raise LeaseOverdue(
            f"lease {lease.lease_id}: erasures are not acknowledged at the {tag} block; the licensee must"
        )
    if lease.block.timestamp >= lease.paid_until:
        raise LeaseLapsed(f"lease {lease.lease_id}: the paid time is over at the {tag} block; an instalment extends it")


def _running(final: LeaseState, latest: LeaseState) -> LeaseState:
    """The lease at the latest block. Raises unless it runs at both, under one key."""
    _refuse_idle(final, "finalized")
    _refuse_idle(latest, "latest")
    if any(getattr(final, name) != getattr(latest, name) for name in ("hpke_key", "dataset_id", "purposes")):
        raise LicenseeKeyChanged(
            f"lease {final.lease_id}: the change of its key is not final yet; prepare again once it is"
        )
    return latest


def _held(version: int, slot: int, public_key: bytes, final: Party, latest: Party) -> Party:
    """The holder of a slot at the latest block. Raises unless it has the key at both."""
    for tag, party in zip(TAGS, (final, latest), strict=True):
        if party.hpke_key != public_key:
            raise SlotMismatch(
                f"slot {slot} of committee {version} has key {party.hpke_key.hex()} at the {tag} block; "
                "use that key, wait for finality, or hand the slot over"
            )
    return latest


@contextmanager
def _fail_closed() -> Iterator[None]:
    try:
        yield
    except Exception as error:
        raise ChainUnavailable(
            f"the chain could not be read: {in_words(error)}; nothing was released, try again"
        ) from error
