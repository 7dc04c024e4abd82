"""A small DAO without a chain: five custodians, three attestors, a licensee, a store, a view the test controls."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account import Account
from eth_account.messages import encode_typed_data
from eth_utils import keccak

from datadao.attestor.attestor import Attestor, openers
from datadao.attestor.scoring import ScoringResult
from datadao.chain.rpc import Block
from datadao.chain.view import At, AttestorSet, BatchState, Counts, LeaseState, Payment, Standing, Tag
from datadao.contributor import contribute
from datadao.crypto.merkle import leaf_hash
from datadao.crypto.seal import public_key
from datadao.custodian.custodian import Custodian
from datadao.licensee.licensee import Licensee
from datadao.messages.batch import Batch, Policy
from datadao.messages.bundle import Bundle, bundles_of
from datadao.messages.eip712 import TypedData
from datadao.messages.manifest import Manifest, build_batch
from datadao.messages.submission import Submission, Witness
from datadao.storage.manifests import store_manifest
from datadao.storage.store import Store
from datadao.types import Committee, Contribution, Dao, Leaf, Party, Slot

DATASET, COMMITTEE_VERSION, LEASE, BATCH_ID = 7, 2, 2, 2
DAO = Dao(31337, "0x" + "a1" * 20, "0x" + "b2" * 20)
POLICY = Policy(version=1, shares_per_unit=10_000, min_quality=5_000)
DATA = (b"zero", b"one", b"two", b"three", b"four")
TAGS: tuple[Tag, ...] = ("finalized", "latest")


class Wallet:
    """A plain account that signs typed data."""

    def __init__(self, seed: str) -> None:
        self._account = Account.from_key(keccak(text=seed))
        self.address: str = self._account.address

    def __call__(self, data: TypedData) -> bytes:
        return bytes(self._account.sign_message(encode_typed_data(full_message=data)).signature)


def hpke_key(seed: str) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(keccak(text=seed))


@dataclass
class Parties:
    """The members of a committee or attestor set, with their secrets."""

    role: str
    count: int

    def __post_init__(self) -> None:
        self.wallets = [Wallet(f"{self.role} {i}") for i in range(self.count)]
        self.keys = [hpke_key(f"{self.role} {i}") for i in range(self.count)]
        pairs = zip(self.wallets, self.keys, strict=True)
        self.parties = tuple(Party(wallet.address, public_key(key)) for wallet, key in pairs)


class FakeView:
    """Answers what the test sets, at each of the two blocks. `fault`, if set, is called before each answer with its
    question.

    Of the leases and batches before those of the test the former are over, the latter were never active.
    """

    def __init__(self, custodians: Sequence[Party]) -> None:
        self.custodians = list(custodians)
        self.leases: dict[Tag, dict[int, LeaseState]] = {"finalized": {}, "latest": {}}
        self.batches: dict[int, BatchState] = {}
        self.manifests: dict[int, bytes] = {}
        self.leavers: dict[int, list[Party]] = {}
        self.gone: dict[Tag, dict[bytes, Standing]] = {"finalized": {}, "latest": {}}
        self.sets: dict[Tag, AttestorSet] = {}
        self.fault: Callable[[str, Tag], None] | None = None
        self.asked: list[tuple[str, str]] = []

    def _ask(self, what: str, tag: Tag) -> None:
        self.asked.append((what, tag))
        if self.fault is not None:
            self.fault(what, tag)

    def lease(self, lease_id: int, tag: Tag) -> LeaseState:
        self._ask("lease", tag)
        return self._lease(lease_id, tag)

    def _lease(self, lease_id: int, tag: Tag) -> LeaseState:
        if lease_id not in self.leases[tag] and 0 < lease_id < LEASE:
            return dataclasses.replace(self.leases[tag][LEASE], lease_id=lease_id, ended=True)
        return self.leases[tag][lease_id]

    def batch(self, batch_id: int, tag: Tag) -> BatchState:
        self._ask("batch", tag)
        return self._batch(batch_id)

    def batch_states(self, batch_ids: Sequence[int], tag: Tag) -> list[BatchState]:
        self._ask("batch", tag)
        return [self._batch(number) for number in batch_ids]

    def _batch(self, batch_id: int) -> BatchState:
        if batch_id not in self.batches and 0 < batch_id < max(self.batches):
            return BatchState(DATASET, 0, bytes(32), 0, 0)
        return self.batches[batch_id]

    def lease_states(self, lease_ids: Sequence[int], tag: Tag) -> list[LeaseState]:
        self._ask("leases", tag)
        return [self._lease(lease_id, tag) for lease_id in lease_ids]

    def payments(self, lease_id: int, count: int) -> Sequence[Payment]:
        raise AssertionError(f"nothing asks for the {count} payments of lease {lease_id} without a chain")

    def standing(self, contributions: Sequence[Contribution], tag: At) -> Sequence[Standing]:
        assert not isinstance(tag, int), "blocks by number need a chain"
        self._ask("standing", tag)
        return [self.gone[tag].get(item.leaf.fingerprint, Standing.INCLUDED) for item in contributions]

    def custodian(self, version: int, slot: int, tag: Tag) -> Party:
        self._ask("custodian", tag)
        if version != COMMITTEE_VERSION:
            raise LookupError(f"no committee {version}")
        return self.custodians[slot]

    def custody(self, lease_id: int, version: int, slot: int, tag: Tag) -> tuple[LeaseState, Party]:
        return self.lease(lease_id, tag), self.custodian(version, slot, tag)

    def attestors(self, tag: Tag) -> AttestorSet:
        self._ask("attestors", tag)
        return self.sets[tag]

    def counts(self) -> Counts:
        self._ask("counts", "finalized")
        return Counts(max(self.leases["finalized"]), max(self.batches, default=0), DATASET, COMMITTEE_VERSION)

    def manifest(self, batch_id: int) -> bytes:
        self._ask("manifest", "finalized")
        return self.manifests[batch_id]

    def slots(self) -> dict[Slot, list[Party]]:
        """Those of the world's committee: `leavers` by slot, oldest first, then who sits there."""
        self._ask("slots", "finalized")
        return {
            (COMMITTEE_VERSION, slot): [*self.leavers.get(slot, []), now] for slot, now in enumerate(self.custodians)
        }

    def set_lease(self, *tags: Tag, **changes: Any) -> None:
        """Changes the test lease at the given blocks, at both if none is given."""
        for tag in tags or TAGS:
            self.leases[tag][LEASE] = dataclasses.replace(self.leases[tag][LEASE], **changes)


class FixedScorer:
    """One unit of full quality for any file; its fingerprint is the plaintext's hash."""

    def score(self, file: BinaryIO) -> tuple[ScoringResult, None]:
        return ScoringResult(1, 10_000, keccak(file.read())), None

    def sealed(self, table: object) -> bytes:
        raise AssertionError("there is no table")


@dataclass
class World:
    home: Path
    store: Store = field(default_factory=lambda: Store("memory://"))
    manifest: Manifest | None = None
    threshold: int = 3
    count: int = 5

    def __post_init__(self) -> None:
        self.custodians = Parties("custodian", self.count)
        self.attestors = Parties("attestor", 3)
        self.committee = Committee(COMMITTEE_VERSION, self.threshold, self.custodians.parties)
        self.licensee_key = hpke_key("licensee")
        self.view = FakeView(self.custodians.parties)
        self.view.sets = dict.fromkeys(TAGS, AttestorSet(1, 2, self.attestors.parties))
        for tag, number in zip(TAGS, (100, 110), strict=True):
            self.view.leases[tag][LEASE] = LeaseState(
                lease_id=LEASE,
                dataset_id=DATASET,
                purposes=1,
                agreement_hash=bytes(32),
                hpke_key=public_key(self.licensee_key),
                committee_version=COMMITTEE_VERSION,
                approved_at=1_000,
                started=True,
                paid_until=9_000,
                paid_periods=1,
                ended=False,
                overdue=False,
                block=Block(number, bytes(32), 2_000),
            )

    def contribute(self, data: bytes | BinaryIO, owner: Wallet | str, **changes: Any) -> Submission:
        settings: dict[str, Any] = {
            "dao": DAO,
            "dataset_id": DATASET,
            "contributor": getattr(owner, "address", owner),
            "committee": self.committee,
            "attestors": self.attestors.parties,
            "store": self.store,
            "signer": owner,
        }
        source = io.BytesIO(data) if isinstance(data, bytes) else data
        return contribute(source, **(settings | changes))

    def members(self, *data: bytes, **changes: Any) -> list[Leaf]:
        """Accepted contributions of as many people, without the signatures that custodians and licensees never see."""
        owners = [f"0x{i + 1:040x}" for i in range(len(data))]
        pairs = zip(data, owners, strict=True)
        return [leaf_of(self.contribute(d, o, contributor=o, signer=lambda _: b"", **changes), d) for d, o in pairs]

    def custodian(self, index: int, **changes: Any) -> Custodian:
        settings: dict[str, Any] = {
            "dao": DAO,
            "committee_version": COMMITTEE_VERSION,
            "slot": index,
            "private_key": self.custodians.keys[index],
            "signer": self.custodians.wallets[index],
            "view": self.view,
            "store": self.store,
            "home": self.home / f"custodian-{index}",
        }
        return Custodian(**(settings | changes))

    def witnesses(self, submissions: Sequence[Submission], slots: Sequence[int] = range(5)) -> list[Witness]:
        found = []
        for slot in slots:
            custodian = self.custodian(slot, home=self.home / f"witness-{slot}")
            found += custodian.test_open(submissions)[0]
            custodian.close()
        return found

    def attestor(self, slot: int = 0, **changes: Any) -> Attestor:
        settings: dict[str, Any] = {
            "dao": DAO,
            "slot": slot,
            "private_key": self.attestors.keys[slot],
            "committee": self.committee,
            "store": self.store,
            "scorer": FixedScorer(),
        }
        return Attestor(**(settings | changes))

    def opened(self, witnesses: Sequence[Witness]) -> dict[bytes, set[int]]:
        return openers(DAO, self.committee, witnesses)

    def activate(
        self, leaves: Sequence[Leaf], batch_id: int = BATCH_ID, sequence: int = 1, at: int = 900, purposes: int = 3
    ) -> Manifest:
        """A batch of these leaves, active since `at`, of a policy for `purposes`; the lease was approved at 1 000."""
        batch, manifest = self.build(leaves, sequence)
        self.view.batches[batch_id] = BatchState(batch.dataset_id, batch.sequence, batch.root, at, purposes)
        self.view.manifests[batch_id] = store_manifest(self.store, manifest)
        return manifest

    @staticmethod
    def build(leaves: Sequence[Leaf], sequence: int = 1) -> tuple[Batch, Manifest]:
        return build_batch(DAO, DATASET, sequence, leaves, POLICY, attestor_set_version=1, deadline=5_000)

    def licensee(self, **changes: Any) -> Licensee:
        settings: dict[str, Any] = {
            "dao": DAO,
            "lease_id": LEASE,
            "private_key": self.licensee_key,
            "committees": {COMMITTEE_VERSION: self.committee},
            "store": self.store,
        }
        return Licensee(**(settings | changes))


def leaf_of(submission: Submission, data: bytes) -> Leaf:
    """The leaf attestors would sign, without asking them."""
    return Leaf(
        submission.contributor, keccak(data), submission.file_hash, submission.envelope_hash, units=1, quality=10_000
    )


def published(world: World) -> list[str]:
    """Names of all bundles in storage."""
    return list(world.store.names(bundles_of(DAO, LEASE)))


def contributions(manifest: Manifest, batch_id: int = BATCH_ID) -> list[Contribution]:
    return [manifest.contribution(batch_id, i) for i in range(len(manifest.leaves))]


def ids_of(world: World, listed: Sequence[Contribution]) -> list[bytes]:
    batch = world.view.batches[listed[0].batch_id]
    return [leaf_hash(DAO, batch.dataset_id, batch.sequence, item.leaf) for item in listed]


def released_ids(world: World) -> list[bytes]:
    """Every id in every published bundle, repeats included."""
    return [i for name in published(world) for i in Bundle.decode(world.store.get(name)).ids]


def run_all(world: World, listed: Sequence[Contribution]) -> None:
    """One life of the first custodian: prepare, publish, end."""
    custodian = world.custodian(0)
    try:
        custodian.prepare(LEASE, listed)
        custodian.publish(LEASE, listed)
    finally:
        custodian.close()
