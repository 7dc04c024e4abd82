"""What a custodian hands to a licensee: bundles of shares, sealed to the lease's on-chain key and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from datadao.crypto.merkle import MerkleTree
from datadao.encoding import Record, domain_hash
from datadao.errors import Malformed, NothingToRelease
from datadao.messages import eip712
from datadao.messages.submission import MAX_FILES
from datadao.types import Dao

READINESS = "Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeEpoch)"
BUNDLE = "Bundle(uint256 leaseId,uint256 epoch,uint256 slot,bytes32 idsHash,bytes32 sealedHash)"


@dataclass(frozen=True)
class Bundle(Record):
    """The shares of custodian (`epoch`, `slot`) for up to 500 contributions, named by their leaf hashes in `ids`.

    `sealed` holds the 32-byte shares in the same order; what it is sealed in, `release_info`, pins lease, slot and ids.
    """

    TYPES: ClassVar = ("uint256", "uint256", "uint256", "bytes32[]", "bytes", "bytes")
    LIMIT: ClassVar = 64 * 1024

    lease_id: int
    epoch: int
    slot: int
    ids: tuple[bytes, ...]
    sealed: bytes
    signature: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.ids) <= MAX_FILES:
            raise Malformed(f"a bundle covers 1 to {MAX_FILES} contributions, not {len(self.ids)}")

    def typed(self, dao: Dao) -> eip712.TypedData:
        """What the custodian signs."""
        fields = (self.lease_id, self.epoch, self.slot, ids_hash(self.ids), hashlib.sha256(self.sealed).digest())
        return eip712.typed_data("DataLeases", dao.chain_id, dao.leases, BUNDLE, *fields)


@dataclass(frozen=True)
class Readiness(Record):
    """A custodian's signed word that its keys for a lease are ready, as it travels to who sends `confirmDelivery`."""

    TYPES: ClassVar = ("uint256", "bytes32", "uint256", "address", "bytes")
    LIMIT: ClassVar = 64 * 1024

    lease_id: int
    root: bytes
    epoch: int
    signer: str
    signature: bytes

    def typed(self, dao: Dao) -> eip712.TypedData:
        """What the custodian signs."""
        return readiness(dao, self.lease_id, self.root, self.epoch)


def ids_hash(ids: Sequence[bytes]) -> bytes:
    """sha256 over the 32-byte ids, one after the other."""
    return hashlib.sha256(b"".join(ids)).digest()


def release_info(dao: Dao, lease_id: int, epoch: int, slot: int, ids: Sequence[bytes]) -> bytes:
    """sha256(abi.encode("datadao/release/1", chainId, leases, leaseId, slot, epoch, sha256(ids))), 32 bytes."""
    return domain_hash("datadao/release/1", dao.chain_id, dao.leases, lease_id, slot, epoch, ids_hash(ids))


def release_root(ids: Iterable[bytes]) -> bytes:
    """The `releaseRoot` of a readiness signature: Merkle root over the covered contributions' ids, sorted.

    Covered are all leaves of the lease's dataset in batches active when the lease was approved, later erased ones
    included: a set fixed by the chain at approval, so that all custodians sign one root whenever they look.
    """
    distinct = sorted(set(ids))
    if not distinct:
        raise NothingToRelease("no contribution was active when the lease was approved; the lease should be refunded")
    return MerkleTree(distinct).root


def readiness(dao: Dao, lease_id: int, root: bytes, committee_epoch: int) -> eip712.TypedData:
    """The message `DataLeases.confirmDelivery` counts signatures of."""
    return eip712.typed_data("DataLeases", dao.chain_id, dao.leases, READINESS, lease_id, root, committee_epoch)


def bundles_of(dao: Dao, lease_id: int) -> str:
    """The folder in storage that holds a lease's bundles."""
    return f"bundles/{dao.chain_id}/{dao.leases.lower()}/{lease_id}"


def bundle_name(dao: Dao, lease_id: int, epoch: int, slot: int, bundle: bytes) -> str:
    """Where a slot's encoded bundle lies: its sha256 is part of the name, so that no other
    account, a former holder of the slot included, can have taken it."""
    return f"{bundles_of(dao, lease_id)}/{epoch}-{slot}-{hashlib.sha256(bundle).hexdigest()}"
