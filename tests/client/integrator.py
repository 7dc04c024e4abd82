"""A program of someone who builds on a Data DAO: it imports `datadao` and public packages, and nothing below them."""

from __future__ import annotations

import io
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_account.signers.local import LocalAccount

from datadao import BatchStatus, Call, Catalog, DataDAO, Licensee, Store, Terms, Vote, connect

DATASET = 1
TERMS = Terms(DATASET, purposes=1, price_per_period=30_000_000, period_length=30 * 86_400, periods=2, bond=5_000_000)


class Integrator:
    """A contributor that votes, and the company that leases its data."""

    def __init__(
        self, url: str, addresses: dict[str, str], storage: Path, person: LocalAccount, company: LocalAccount
    ) -> None:
        self.dao, self.store = DataDAO(addresses, connect(url)), Store(f"file://{storage}")
        self.person, self.company, self.key = person, company, X25519PrivateKey.generate()

    def contribute(self, data: bytes) -> tuple[bytes, bytes]:
        """Names of the file and the envelope in storage."""
        submission = self.dao.contribute(io.BytesIO(data), DATASET, self.store, self.person)
        return submission.file_hash, submission.envelope_hash

    def claim(self) -> int:
        """Claims what was accepted of the person's; returns its tokens."""
        catalog = Catalog(self.dao, self.store, self.dao.since)
        mine = [item for item in catalog.contributions(DATASET) if item.leaf.contributor == self.person.address]
        for item in mine:
            self.dao.claim(item, self.person)
        return int(self.dao.read("token", "balanceOf", self.person.address))

    def request(self) -> tuple[int, int]:
        """Asks for the dataset; returns the lease and its proposal."""
        asset = self.dao.read("leases", "asset")
        approval = (self.dao.addresses["leases"], TERMS.escrow)
        self.dao.send_many([Call(asset, "DataToken", "approve", approval)], self.company)
        public_key = self.key.public_key().public_bytes_raw()
        lease, proposal, _ = self.dao.request(TERMS, public_key, "for research", self.company)
        return lease, proposal

    def vote(self, proposal: int) -> None:
        self.dao.vote(proposal, Vote.FOR, self.person, "they pay well")

    def start(self, lease: int) -> None:
        """Executes the queued proposal, and pays the first instalment without waiting for custodians."""
        self.dao.execute(lease, self.company)
        self.dao.start(lease, self.company)

    def open(self, lease: int, folder: Path) -> list[bytes]:
        """What the company can read of the dataset."""
        committee = self.dao.committee()
        licensee = Licensee(
            dao=self.dao.id,
            lease_id=lease,
            private_key=self.key,
            committees={committee.version: committee},
            store=self.store,
        )
        assert licensee.collect() == []
        catalog = Catalog(self.dao, self.store, self.dao.since)
        opened = [
            item
            for _, manifest in catalog.manifests(DATASET, {BatchStatus.ACTIVE})
            for item in licensee.open_all(manifest, folder)
        ]
        return [item.path.read_bytes() for item in opened if item.path]

    def collect(self) -> int:
        """Asset units of rent that the person is paid."""
        paid, _ = self.dao.claim_revenue(self.person.address, [0, DATASET], self.person)
        return paid
