"""A DAO on a real node with real encrypted data: what custodians, leavers and licensees are tested against.

Its roles are Ape's test accounts and the keys of `assurance.harness.dao.keys`, so that commands run in processes of
their own can play them too.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from eth_utils import keccak

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.handles import Receipt
from assurance.harness.chain.node import FINALITY
from assurance.harness.dao.dao import Batch, Dao
from assurance.harness.dao.keys import local_key
from assurance.harness.dao.system import DAY, ROLES, Actor, ape_account
from datadao.chain.patience import connect
from datadao.chain.view import View
from datadao.client import DataDAO
from datadao.contributor import contribute
from datadao.crypto.seal import public_key
from datadao.custodian.checks import Checks
from datadao.custodian.custodian import Custodian
from datadao.custodian.manifests import Manifests
from datadao.index.view import IndexedView
from datadao.licensee.licensee import Licensee, Opened
from datadao.messages.bundle import Bundle, bundles_of
from datadao.messages.manifest import Manifest, place_in_batch
from datadao.storage.manifests import store_manifest
from datadao.storage.store import Store
from datadao.types import Committee, Contribution, Leaf
from deployer.config import Config

COMMITTEE_VERSION = 1
DATA = (b"zero", b"one", b"two", b"three", b"four")
PERIOD = 30 * DAY


def custodian_key(slot: int) -> X25519PrivateKey:
    return X25519PrivateKey.from_private_bytes(local_key(f"custodian-{slot}"))


class ChainWorld:
    """Five accepted contributions, each of another member, and a lease of them that is approved but not final."""

    def __init__(self, chain: Anvil, home: Path, configuration: Config | None = None) -> None:
        self.chain, self.home = chain, home
        self.dao = Dao(configuration, chain=chain, actors={name: ape_account(n, name) for n, name in enumerate(ROLES)})
        self.url = str(chain.web3.provider.endpoint_uri)  # type: ignore[attr-defined]  # over HTTP
        # In the order of a batch's leaves.
        self.members = sorted(
            (self.dao.who(f"member {i}") for i in range(len(DATA))), key=lambda who: who.address.lower()
        )
        self.licensee_account = self.dao.who("licensee")
        self.licensee_key = X25519PrivateKey.from_private_bytes(keccak(text="licensee"))
        self._views = itertools.count()
        self.batches: list[Batch] = []
        self.accept(*zip(self.members, DATA, strict=True))
        self.finalize()
        self.lease = self.approved()

    # The store is a folder of the test's own.

    @property
    def store(self) -> Store:
        return Store((self.home / "store").as_uri(), create=True)

    def view(self, *urls: str, timeout: float = 5.0, **settings: Any) -> IndexedView:
        """What a custodian asks at one node, the real one unless said."""
        web3 = connect(urls[0] if urls else self.url, timeout, patience=1.0)
        return IndexedView(web3, self.dao.addresses, self.home / f"node-{next(self._views)}.sqlite", **settings)

    def custodian(self, slot: int, view: View | None = None, **changes: Any) -> Custodian:
        settings: dict[str, Any] = {
            "dao": self.dao.id,
            "committee_version": COMMITTEE_VERSION,
            "slot": slot,
            "private_key": custodian_key(slot),
            "signer": self.dao.actors[f"custodian-{slot}"].sign,
            "view": view or self.view(),
            "store": self.store,
            "home": self.home / f"custodian-{slot}",
        }
        return Custodian(**(settings | changes))

    @property
    def handle(self) -> DataDAO:
        return DataDAO(self.dao.addresses, connect(self.url))

    def committee(self) -> Committee:
        return self.handle.committee(COMMITTEE_VERSION)

    # Data

    def encrypt(self, owner: Actor, data: bytes, committee: Committee | None = None) -> Leaf:
        """A contribution's leaf, as attestors would score it, its file and envelope in storage."""
        submission = contribute(
            io.BytesIO(data),
            dao=self.dao.id,
            dataset_id=1,
            contributor=owner.address,
            committee=committee or self.committee(),
            attestors=self.handle.attestors(),
            store=self.store,
            signer=owner.sign,
        )
        hashes = (keccak(data), submission.file_hash, submission.envelope_hash)
        return Leaf(owner.address, *hashes, units=100, quality=10_000)

    def accept(self, *data: tuple[Actor, bytes]) -> list[Leaf]:
        """A batch of these contributions: published with its manifest, activated, claimed."""
        leaves = [self.encrypt(owner, content) for owner, content in data]
        self.accept_leaves(leaves)
        return leaves

    def accept_leaves(self, leaves: Sequence[Leaf]) -> None:
        batch = self.publish(leaves)
        for leaf in leaves:
            self.dao.claim(batch, leaf)
        self.chain.warp(1)

    def publish(self, leaves: Sequence[Leaf]) -> Batch:
        """An active batch with its manifest in storage, not claimed yet."""
        leaves = sorted(leaves, key=place_in_batch)
        digest = store_manifest(self.store, self.dao.batch_message(leaves)[1])
        batch = self.dao.publish(leaves, manifestHash=digest)
        self.dao.activate(batch)
        self.batches.append(batch)
        return batch

    def contributions(self) -> list[Contribution]:
        """As a custodian finds them."""
        checks = Checks(self.view(), self.dao.id)
        return Manifests(self.dao.id, checks, self.store).contributions(1)

    @property
    def manifest(self) -> Manifest:
        return self.batches[0].manifest

    # The lease

    def approved(self, **terms: Any) -> int:
        """A lease that the members voted for."""
        dao = self.dao
        asked = dao.terms(**terms)
        dao.fund(self.licensee_account, asked["pricePerPeriod"] * asked["periods"] + asked["bond"], dao.leases)
        key = public_key(self.licensee_key)
        lease, _ = dao.leases.request(asked, key, "for research", sender=self.licensee_account.address).value
        dao.pass_(dao.lease_proposal(lease), *self.members)
        return int(lease)

    def start(self) -> Receipt:
        """The licensee pays without waiting for custodians."""
        receipt: Receipt = self.dao.leases.start(self.lease, sender=self.licensee_account.address)
        return receipt

    def govern(self, contract: Any, name: str, *args: Any) -> None:
        """All members vote for a call."""
        dao = self.dao
        proposal = dao.propose(self.members[0], (contract, name, args), text=f"{name} at {self.chain.timestamp}")
        dao.pass_(proposal, *self.members)

    def replace(self, slot: int, successor: Actor, key: X25519PrivateKey) -> None:
        party = (successor.address, public_key(key), "")
        self.govern(self.dao.registry, "replaceCustodian", COMMITTEE_VERSION, slot, party)

    def mine(self, blocks: int) -> None:
        """Blocks without transactions, in which no time passes."""
        self.chain._rpc("anvil_mine", hex(blocks), "0x0")

    def finalize(self) -> None:
        """Makes everything so far final."""
        self.mine(FINALITY)

    def reorg(self, depth: int) -> None:
        """Replaces the last blocks by empty ones."""
        self.chain._rpc("anvil_reorg", depth, [])
        self.chain.timestamp = max(self.chain.timestamp, self.chain.web3.eth.get_block("latest")["timestamp"])

    # What came of it

    def published(self) -> list[Bundle]:
        """All bundles in storage."""
        names = self.store.names(bundles_of(self.dao.id, self.lease))
        return [Bundle.decode(self.store.get(name)) for name in names]

    def opened(self, folder: Path, manifest: Manifest | None = None) -> list[Opened]:
        """What the licensee makes of the bundles."""
        licensee = Licensee(
            dao=self.dao.id,
            lease_id=self.lease,
            private_key=self.licensee_key,
            committees={COMMITTEE_VERSION: self.committee()},
            store=self.store,
        )
        licensee.collect()
        return list(licensee.open_all(manifest or self.manifest, folder))


def role(world: ChainWorld, slot: int, **settings: object) -> Path:
    """The folder of a custodian: its configuration and its key."""
    home = world.home / f"role-{slot}"
    (home / "keys").mkdir(parents=True)
    key = home / "keys" / "sealing"
    key.touch(mode=0o600)
    key.write_bytes(custodian_key(slot).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    config = {
        "network": world.url,
        "deployment": dict(world.dao.addresses),
        "account": f"TEST::{5 + slot}",
        "store": {"url": (world.home / "store").as_uri()},
    }
    (home / "config.yaml").write_text(yaml.safe_dump(config | settings))
    return home
