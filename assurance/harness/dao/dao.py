"""A DAO with verbs: what its people do, in one line each, for tests that are about something else.

Every verb goes through the real contracts with real signatures; nothing is impersonated and no storage is written.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from eth_utils import keccak

from assurance.harness.chain.handles import Handle, Receipt
from assurance.harness.dao.system import DAY, Actor, System, actor
from datadao.messages import eip712
from datadao.messages.batch import BATCH
from datadao.messages.manifest import Manifest
from datadao.types import Dao as DaoId
from datadao.types import Leaf, ProposalState, Vote
from deployer.creation import storing

AGAINST, FOR, ABSTAIN = Vote
PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = ProposalState
"""States of a proposal, as in OpenZeppelin's `IGovernor`."""

READINESS = "Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeVersion)"
ERASE = "Erase(uint256 batchId,bytes32 fingerprint,uint48 deadline)"
HPKE_KEY = keccak(text="licensee key")
MANIFEST_HASH, AGREEMENT_HASH = keccak(text="manifest"), keccak(text="agreement")


@functools.cache
def leaf(contributor: Actor, name: str, units: int = 1, quality: int = 10_000) -> Leaf:
    """A leaf whose hashes follow from `name`."""
    digest = [keccak(text=f"{kind}/{name}") for kind in ("fingerprint", "file", "envelope")]
    return Leaf(contributor.address, digest[0], digest[1], digest[2], units, quality)


@dataclass(frozen=True)
class Batch:
    """A published batch as its members know it."""

    id: int
    manifest: Manifest
    message: tuple[Any, ...]

    def index(self, item: Leaf) -> int:
        return self.manifest.leaves.index(item)

    def proof(self, item: Leaf) -> list[bytes]:
        return list(self.manifest.tree.proof(self.index(item)))


@dataclass(frozen=True)
class Proposal:
    id: int
    targets: list[str]
    values: list[int]
    calldatas: list[bytes]
    description_hash: bytes

    @property
    def action(self) -> tuple[list[str], list[int], list[bytes], bytes]:
        return self.targets, self.values, self.calldatas, self.description_hash


class Dao(System):
    """`System` with verbs. Members sign with their own keys; gas is free in process."""

    @property
    def id(self) -> DaoId:
        return DaoId(self.chain.chain_id, self.addresses["registry"], self.addresses["leases"])

    def who(self, name: str) -> Actor:
        return self.actors.get(name) or actor(name)

    # Accepting data

    def batch_message(
        self, leaves: Sequence[Leaf], dataset: int = 1, **changes: Any
    ) -> tuple[tuple[Any, ...], Manifest]:
        """The message attestors sign for `leaves` in this order; `changes` replace fields by their ABI names."""
        standing = self.registry.dataset(dataset)
        policy = self.registry.policy(dataset, standing.policyVersion)
        sequence = changes.get("sequence", standing.lastSequence + 1)
        manifest = Manifest(self.id, dataset, sequence, tuple(leaves))
        fields = {
            "datasetId": dataset,
            "sequence": sequence,
            "root": manifest.tree.root,
            "totalShares": sum(item.units * item.quality * policy.sharesPerUnit // 10_000 for item in leaves),
            "count": len(leaves),
            "manifestHash": MANIFEST_HASH,
            "policyVersion": standing.policyVersion,
            "attestorSetVersion": self.registry.attestorSetVersion(),
            "deadline": self.chain.timestamp + DAY,
        }
        return tuple((fields | changes).values()), manifest

    def sign_batch(self, message: tuple[Any, ...], signers: Sequence[Actor] | None = None) -> list[bytes]:
        """Signatures in ascending order of their signers; two attestors unless said."""
        signers = signers or [self.actors["attestor-0"], self.actors["attestor-1"]]
        registry = self.addresses["registry"]
        typed = eip712.typed_data("DatasetRegistry", self.chain.chain_id, registry, BATCH, *message)
        return [s.sign(typed) for s in sorted(signers, key=lambda s: int(s.address, 16))]

    def publish(self, leaves: Sequence[Leaf], dataset: int = 1, **changes: Any) -> Batch:
        message, manifest = self.batch_message(leaves, dataset, **changes)
        receipt = self.registry.publish(message, self.sign_batch(message), "", sender=self.who("relayer").address)
        return Batch(receipt.value, manifest, message)

    def activate(self, batch: Batch) -> Receipt:
        """Waits out the challenge period and activates."""
        self.chain.warp(
            max(0, self.registry.batch(batch.id).since + self.registry.challengePeriod() - self.chain.timestamp)
        )
        receipt: Receipt = self.registry.activate(batch.id, sender=self.who("relayer").address)
        return receipt

    def claim(self, batch: Batch, item: Leaf) -> Receipt:
        receipt: Receipt = self.registry.claim(
            batch.id, tuple(item), batch.proof(item), sender=self.who("relayer").address
        )
        return receipt

    def contribute(self, *leaves: Leaf, dataset: int = 1) -> Batch:
        """Publishes, activates and claims for everybody."""
        batch = self.publish(leaves, dataset)
        self.activate(batch)
        for item in leaves:
            self.claim(batch, item)
        self.chain.warp(1)
        return batch

    # Money

    def fund(self, account: Actor, amount: int, *spenders: Handle) -> None:
        """Mints the asset and approves it, without limit, to `spenders`."""
        self.asset.mint(account.address, amount, sender=account.address)
        for spender in spenders:
            self.asset.approve(spender.address, 2**256 - 1, sender=account.address)

    def deposit(self, pool: int, amount: int) -> Receipt:
        payer = self.who("payer")
        self.fund(payer, amount, self.splitter)
        receipt: Receipt = self.splitter.deposit(pool, amount, sender=payer.address)
        return receipt

    # Voting

    def propose(
        self, proposer: Actor, *actions: tuple[Handle, str, tuple[Any, ...]], text: str = "proposal"
    ) -> Proposal:
        targets = [handle.address for handle, _, _ in actions]
        calldatas = [handle.encode(name, *args) for handle, name, args in actions]
        values = [0] * len(actions)
        receipt = self.governor.propose(targets, values, calldatas, text, sender=proposer.address)
        return Proposal(receipt.value, targets, values, calldatas, keccak(text=text))

    def to_vote(self, proposal_id: int) -> None:
        """Moves to the first second in which votes count."""
        self.chain.warp(max(0, self.governor.proposalSnapshot(proposal_id) + 1 - self.chain.timestamp))

    def to_end_of_vote(self, proposal_id: int) -> None:
        self.chain.warp(max(0, self.governor.proposalDeadline(proposal_id) + 1 - self.chain.timestamp))

    def vote(self, proposal_id: int, *voters: Actor, support: int = FOR) -> None:
        for voter in voters:
            self.governor.castVote(proposal_id, support, sender=voter.address)

    def queue(self, proposal: Proposal) -> None:
        self.governor.queue(*proposal.action, sender=self.who("relayer").address)

    def execute(self, proposal: Proposal) -> Receipt:
        """Waits out the timelock and executes."""
        self.chain.warp(max(0, self.governor.proposalEta(proposal.id) - self.chain.timestamp))
        receipt: Receipt = self.governor.execute(*proposal.action, sender=self.who("relayer").address)
        return receipt

    def carry(self, proposal: Proposal, *voters: Actor) -> None:
        """Votes for and queues."""
        self.to_vote(proposal.id)
        self.vote(proposal.id, *voters)
        self.to_end_of_vote(proposal.id)
        self.queue(proposal)

    def pass_(self, proposal: Proposal, *voters: Actor) -> Receipt:
        """Votes for, queues and executes."""
        self.carry(proposal, *voters)
        return self.execute(proposal)

    def govern(self, voter: Actor, handle: Handle, name: str, *args: Any) -> Receipt:
        """Makes the timelock call `handle.name(*args)`, through a whole proposal that `voter` carries alone."""
        text = f"{name} at {self.chain.timestamp}"
        return self.pass_(self.propose(voter, (handle, name, args), text=text), voter)

    # Leases

    def terms(self, **changes: Any) -> dict[str, Any]:
        fields = {
            "datasetId": 1,
            "purposes": 1,
            "pricePerPeriod": 120_000_000,
            "periodLength": 30 * DAY,
            "periods": 3,
            "bond": 60_000_000,
            "royaltyBps": 0,
            "exclusive": False,
            "minShares": 0,
            "agreementHash": AGREEMENT_HASH,
        }
        if unknown := changes.keys() - fields.keys():
            raise KeyError(f"no such terms: {unknown}")
        return fields | changes

    def request(
        self, licensee: Actor, terms: dict[str, Any] | None = None, text: str = "for research"
    ) -> tuple[int, Proposal]:
        """Funds the licensee with exactly what the request escrows, and requests."""
        terms = terms or self.terms()
        self.fund(licensee, terms["pricePerPeriod"] * terms["periods"] + terms["bond"], self.leases)
        lease, _ = self.leases.request(terms, HPKE_KEY, text, sender=licensee.address).value
        return lease, self.lease_proposal(lease)

    def lease_proposal(self, lease: int) -> Proposal:
        action = self.leases.proposalOf(lease)
        return Proposal(self.governor.getProposalId(*action), *action)

    def readiness(self, lease: int, release_root: bytes, *slots: int) -> list[bytes]:
        """Custodians' signatures that keys are ready, in ascending order of their signers."""
        version = self.leases.lease(lease).committeeVersion
        typed = eip712.typed_data(
            "DatasetRegistry", self.chain.chain_id, self.addresses["registry"], READINESS, lease, release_root, version
        )
        signers = [self.actors[f"custodian-{slot}"] for slot in slots]
        return [s.sign(typed) for s in sorted(signers, key=lambda s: int(s.address, 16))]

    def deliver(self, lease: int) -> Receipt:
        root = keccak(text="release")
        signatures = self.readiness(lease, root, 0, 1, 2)
        receipt: Receipt = self.leases.confirmDelivery(lease, root, signatures, sender=self.who("relayer").address)
        return receipt

    def erase(self, batch: Batch, item: Leaf, proof: list[bytes] | None = None, by: str | None = None) -> Receipt:
        """By the contributor, or by the account that has its place."""
        receipt: Receipt = self.registry.erase(
            batch.id, tuple(item), batch.proof(item) if proof is None else proof, sender=by or item.contributor
        )
        return receipt


def changed(item: Leaf, **fields: Any) -> Leaf:
    """The leaf with some fields altered."""
    return item._replace(**fields)


def renumbered(batch: Batch, batch_id: int) -> Batch:
    """The batch under another number."""
    return replace(batch, id=batch_id)


def agreeing_wallet(dao: Dao) -> str:
    """A contract that answers whatever it is asked with ERC-1271's magic value."""
    code = bytes.fromhex("631626ba7e60e01b5f5260205ff3")
    address: str = dao.chain.create(dao.who("wallet owner").address, storing(code))
    return address
