"""What a custodian hands to a licensee: bundles of shares, sealed to the lease's on-chain key and signed."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.crypto.envelope import SHARE
from datadao.crypto.merkle import MerkleTree
from datadao.crypto.seal import unseal
from datadao.encoding import Record, domain_hash
from datadao.errors import Malformed, NothingToRelease
from datadao.messages.eip712 import Message
from datadao.messages.submission import MAX_FILES
from datadao.types import Dao


class Sealed(Message):
    """Base of messages whose `sealed` holds the 32-byte shares of the contributions with these `ids`, in this order."""

    ids: tuple[bytes, ...]
    sealed: bytes

    @property
    def ids_hash(self) -> bytes:
        return ids_hash(self.ids)

    @property
    def sealed_hash(self) -> bytes:
        return hashlib.sha256(self.sealed).digest()

    def shares(self, private_key: X25519PrivateKey, info: bytes) -> dict[bytes, bytes]:
        """The shares by contribution id, unchecked. Raises `UnsealFailed`, `Malformed`."""
        plain = unseal(self.sealed, private_key, info)
        if len(plain) != SHARE * len(self.ids):
            raise Malformed(f"{len(plain)} bytes of shares for {len(self.ids)} files; report who signed it")
        return {name: plain[SHARE * i : SHARE * (i + 1)] for i, name in enumerate(self.ids)}


@dataclass(frozen=True)
class Bundle(Record, Sealed):
    """The shares of custodian (`committee_version`, `slot`) for up to 500 contributions, named by leaf hashes in `ids`.

    `sealed` holds the 32-byte shares in the same order; what it is sealed in, `release_info`, pins lease, slot and ids.
    """

    CONTRACT: ClassVar = "DataLeases"
    STRUCT: ClassVar = (
        "Bundle(uint256 leaseId,uint256 committeeVersion,uint256 slot,bytes32 idsHash,bytes32 sealedHash)"
    )
    TYPES: ClassVar = ("uint256", "uint256", "uint256", "bytes32[]", "bytes", "bytes")

    lease_id: int
    committee_version: int
    slot: int
    ids: tuple[bytes, ...]
    sealed: bytes
    signature: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.ids) <= MAX_FILES:
            raise Malformed(f"a bundle covers 1 to {MAX_FILES} contributions, not {len(self.ids)}")

    def open(self, dao: Dao, private_key: X25519PrivateKey) -> dict[bytes, bytes]:
        """As `shares`."""
        return self.shares(private_key, release_info(dao, self.lease_id, self.committee_version, self.slot, self.ids))


@dataclass(frozen=True)
class Readiness(Record, Message):
    """A custodian's signed word that its keys for a lease are ready, as it travels to who sends `confirmDelivery`."""

    CONTRACT: ClassVar = "DatasetRegistry"
    STRUCT: ClassVar = "Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeVersion)"
    TYPES: ClassVar = ("uint256", "bytes32", "uint256", "address", "bytes")

    lease_id: int
    release_root: bytes
    committee_version: int
    signer: str
    signature: bytes


def ids_hash(ids: Sequence[bytes]) -> bytes:
    """sha256 over the 32-byte ids, one after the other."""
    return hashlib.sha256(b"".join(ids)).digest()


def release_info(dao: Dao, lease_id: int, version: int, slot: int, ids: Sequence[bytes]) -> bytes:
    """sha256(abi.encode("datadao/release/1", chainId, leases, leaseId, slot, version, sha256(ids))), 32 bytes."""
    return domain_hash("datadao/release/1", dao.chain_id, dao.leases, lease_id, slot, version, ids_hash(ids))


def release_root(ids: Iterable[bytes]) -> bytes:
    """The `releaseRoot` of a readiness signature: Merkle root over the covered contributions' ids, sorted.

    Covered are all leaves of the lease's dataset in batches active when the lease was approved, later erased ones
    included: a set fixed by the chain at approval, so that all custodians sign one root whenever they look.
    """
    distinct = sorted(set(ids))
    if not distinct:
        raise NothingToRelease("no contribution was active when the lease was approved; the lease should be refunded")
    return MerkleTree(distinct).root


def bundles_of(dao: Dao, lease_id: int) -> str:
    """The folder in storage that holds a lease's bundles."""
    return f"bundles/{dao.chain_id}/{dao.leases.lower()}/{lease_id}"


def bundle_name(dao: Dao, lease_id: int, version: int, slot: int, bundle: bytes) -> str:
    """Where a slot's encoded bundle lies: its sha256 is part of the name, so that no other
    account, a former holder of the slot included, can have taken it."""
    return f"{bundles_of(dao, lease_id)}/{version}-{slot}-{hashlib.sha256(bundle).hexdigest()}"
