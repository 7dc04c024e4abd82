"""The custodian: prepares bundles for approved leases, holds them back, publishes them for leases that run.

A loop, not an open port: it reads chain and storage, writes storage, answers no requests. It fails closed: what cannot
be proved now is not released now. It resumes after a crash at any point.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache, partial
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.chain.view import LeaseState, View
from datadao.crypto.seal import seal
from datadao.custodian.checks import Checks
from datadao.custodian.journal import Checkpoint
from datadao.custodian.key_shares import KeyShares, Refused, grouped
from datadao.custodian.state import State
from datadao.errors import (
    DataDAOError,
    JournalCorrupt,
    LicenseeKeyChanged,
    NothingToRelease,
    NotIncluded,
    ObjectMissing,
    SignatureRefused,
    SlotMismatch,
    StoreUnavailable,
    SubmissionRefused,
)
from datadao.messages import bundle as release
from datadao.messages import eip712
from datadao.messages.bundle import Bundle, Readiness
from datadao.messages.handover import inherited
from datadao.messages.submission import MAX_FILES, Submission, Witness
from datadao.storage.store import Store
from datadao.types import Contribution, Dao, Party

_root = lru_cache(maxsize=8)(release.release_root)
"""Of leases of one dataset, most cover the same files."""


@dataclass(frozen=True)
class Prepared:
    """`release_root` is what all custodians of the lease sign, `held` the number of files in held-back bundles;
    `refused` are files this custodian ought to open and cannot, which is no reason to hold up the others."""

    lease_id: int
    release_root: bytes
    committee_version: int
    held: int
    refused: Refused


@dataclass
class Custodian:
    """The custodian in one slot of one committee. An operator with slots in several committees runs one for each.

    `home` is a private folder (it holds bundles a licensee has not paid for yet); `signer` is the holder's wallet.
    `state`, `checks` and `key_shares` are its memory, its questions to the chain and its shares.
    """

    dao: Dao
    committee_version: int
    slot: int
    private_key: X25519PrivateKey
    signer: eip712.Signer
    view: View
    store: Store
    home: Path
    check: eip712.SignatureCheck = eip712.signed_by

    def __post_init__(self) -> None:
        self.state = State(
            self.home, {**asdict(self.dao), "committee_version": self.committee_version, "slot": self.slot}
        )
        self.checks = Checks(self.view, self.dao, self.state.finalized)
        self.key_shares = KeyShares(
            self.dao, self.committee_version, self.slot, self.private_key, self.store, home=self.home
        )
        point = self.state.checkpoint
        if point and not self.check(point.signer, point.typed(self.dao), point.signature):
            self.close()
            raise JournalCorrupt(f"{self.home.name}: {point.signer} did not sign that its journal began anew; keep it")
        try:
            self.key_shares.inherited.update(inherited(self.state.inheritance(), self.dao, self.private_key))
        except DataDAOError as error:
            self.close()
            raise SlotMismatch(f"{self.home.name} holds what was handed over to another key; use that one") from error

    def holder(self) -> Party:
        """This slot's holder on the chain. Raises `SlotMismatch` if it is another key's, `ChainUnavailable`."""
        return self.checks.holder(*self._place)

    def close(self) -> None:
        """Lets another process take `home`."""
        self.state.close()

    def tidy(self) -> None:
        """Begins the journal anew where most of it is of what is over. Raises `SlotMismatch`, `ChainUnavailable`."""
        if self.state.wasteful:
            holder = self.holder()

            def sign(point: Checkpoint) -> Checkpoint:
                return replace(point, signer=holder.signer, signature=self.signed_as(holder, point.typed(self.dao)))

            self.state.compact(sign)

    def released(self, lease_id: int) -> frozenset[bytes]:
        """Ids of the contributions whose share is published for the lease."""
        return frozenset(self.state.released[lease_id])

    def test_open(self, submissions: Sequence[Submission]) -> tuple[list[Witness], Refused]:
        """Before scoring: opens this slot's share of each submission; signs for those that open, 500 at a time."""
        opened: list[bytes] = []
        refused: Refused = {}
        for submission in submissions:
            name = submission.id(self.dao)
            try:
                if not self.check(submission.contributor, submission.typed(self.dao), submission.signature):
                    raise SignatureRefused(f"not signed by {submission.contributor}; ask it to sign again")
                if self.key_shares.share(submission.dataset_id, submission) is None:
                    raise SubmissionRefused(f"made for another committee than {self.committee_version}; encrypt again")
                opened.append(name)
            except StoreUnavailable:
                raise
            except DataDAOError as error:
                refused[name] = error
        groups = [tuple(opened[i : i + MAX_FILES]) for i in range(0, len(opened), MAX_FILES)]
        return [
            Witness(self.committee_version, self.slot, ids, b"").signed(self.dao, self._signed) for ids in groups
        ], refused

    def prepare(
        self,
        lease_id: int,
        contributions: Sequence[Contribution],
        *,
        lease: LeaseState | None = None,
        gone: Callable[[], Refused] | None = None,
    ) -> Prepared:
        """Before payment: seals this slot's shares to the approved lease's key and holds them back. Safe to repeat.

        `contributions` are all leaves of the dataset's active batches, from the manifests; nothing in them is trusted.
        `lease`, and which of all leaves are `gone`, is not asked where it was read at this finalized block.
        Raises `ChainUnavailable`, `LeaseNotApproved`, `LeaseEnded`, `ComputeLease`, `SlotMismatch`, `NotIncluded`,
        `NothingToRelease`.
        """
        holder: Party | None = None
        if lease is None:
            lease, holder = self.checks.preparing(lease_id, *self._place)
        self.checks.for_data(self.checks.served(lease))
        members, covered = self.checks.members(lease, contributions)
        root = _root(tuple(covered))
        for held in self.state.of(lease_id):
            if held.hpke_key != lease.hpke_key:
                self.state.discard(held, "the licensee's key changed")
        done = self.state.released[lease_id].union(*(held.ids for held in self.state.of(lease_id)))
        due = {i: item for i, item in members.items() if i not in done}
        out = {} if not due else gone() if gone else self.checks.gone(due, "finalized")
        left = {i: item for i, item in due.items() if i not in out}
        refused = self._hold(lease, left, holder or self.holder()) if left else {}
        waiting = {i for held in self.state.of(lease_id) for i in held.ids}
        if refused and not waiting and not done:
            raise NothingToRelease(f"none of {len(refused)} shares of slot {self.slot} opens; check its key")
        return Prepared(lease_id, root, lease.committee_version, len(waiting), refused)

    def sign_readiness(self, prepared: Prepared) -> Readiness:
        """The signature for `DataLeases.confirmDelivery`. Raises `SlotMismatch` for another committee's lease."""
        if prepared.committee_version != self.committee_version:
            raise SlotMismatch(
                f"committee {prepared.committee_version} signs for this lease, not {self.committee_version}; leave it"
            )
        holder, place = self.holder(), (prepared.lease_id, prepared.release_root)
        readiness = Readiness(*place, self.committee_version, holder.signer, b"")
        if place not in self.state.ready:
            self.state.signed(*place, self.signed_as(holder, readiness.typed(self.dao)))
        return replace(readiness, signature=self.state.ready[place])

    def publish(self, lease_id: int, contributions: Sequence[Contribution]) -> Refused:
        """After payment: publishes what is held back for the lease as long as it runs; returns the files left out.

        The chain is asked anew before every bundle. Raises the `LeaseRefused` that says why a lease does not run at the
        finalized or the latest block, `ChainUnavailable` when in doubt. Takes the same list as `prepare`.
        """
        refused: Refused = {}
        members: dict[bytes, Contribution] | None = None
        self._settle_crash(lease_id)
        while waiting := self.state.of(lease_id):
            held, data = waiting[0], self.state.read(waiting[0])
            lease, holder = self.checks.releasing(lease_id, *self._place)
            self.checks.for_data(lease)
            if held.hpke_key != lease.hpke_key:
                raise LicenseeKeyChanged(f"lease {lease_id} has a new key; prepare it again")
            if members is None:
                members, _ = self.checks.members(lease, contributions)
            if not members.keys() >= set(held.ids):
                raise NotIncluded(f"the list lacks contributions held back for lease {lease_id}; pass the whole of it")
            mine = {i: members[i] for i in held.ids}
            gone = self.checks.gone(mine, "latest")
            if gone or data is None:
                self.state.discard(held, "contributions were withdrawn" if gone else "its file is lost")
                left = {i: item for i, item in mine.items() if i not in gone}
                refused |= gone | self._hold(lease, left, holder)
                continue
            self.state.publishing(held, self.checks.finalized, lease.block.number)
            self.store.put(held.name, data)
            self.state.published(held)
        return refused

    def _settle_crash(self, lease_id: int) -> None:
        """A crash may have come between an upload and its entry: what is out is out, and is not made a second time."""
        for held in self.state.of(lease_id):
            if held.name not in self.state.begun:
                continue
            try:
                out = self.store.get(held.name, Bundle.LIMIT)
            except ObjectMissing:
                continue
            if hashlib.sha256(out).digest() == held.sha256:
                self.state.published(held)

    def forget(self, lease_id: int) -> None:
        """Destroys what is still held back for a lease that is finally over, and all that is noted of it."""
        self.state.over(lease_id)

    @property
    def _place(self) -> tuple[int, int, bytes]:
        return self.committee_version, self.slot, self.key_shares.public_key

    def _hold(self, lease: LeaseState, members: Mapping[bytes, Contribution], holder: Party) -> Refused:
        """Opens, seals anew to the lease's key and holds back; returns what does not open."""
        opened, refused = self.key_shares.shares(
            {name: (lease.dataset_id, item.leaf) for name, item in members.items()}
        )
        for ids, shares in grouped(opened, MAX_FILES):
            info = release.release_info(self.dao, lease.lease_id, self.committee_version, self.slot, ids)
            bundle = Bundle(
                lease.lease_id, self.committee_version, self.slot, ids, seal(shares, lease.hpke_key, info), b""
            )
            data = bundle.signed(self.dao, partial(self.signed_as, holder)).encode()
            place = release.bundle_name(self.dao, lease.lease_id, self.committee_version, self.slot, data)
            self.state.hold(lease.lease_id, place, ids, lease.hpke_key, data)
        return refused

    def _signed(self, message: eip712.TypedData) -> bytes:
        """Signs as the holder of this slot. Raises `SlotMismatch` unless key and wallet are those the chain names."""
        return self.signed_as(self.holder(), message)

    def signed_as(self, holder: Party, message: eip712.TypedData) -> bytes:
        """The wallet's signature. Raises `SlotMismatch` unless the wallet is the `holder`'s."""
        signature = self.signer(message)
        if not self.check(holder.signer, message, signature):
            raise SlotMismatch(
                f"the wallet is not {holder.signer}, which has slot {self.slot} of committee {self.committee_version}"
            )
        return signature
