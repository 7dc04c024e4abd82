"""What passes between the leaver of a slot and its successor: signed records of resealed shares, and receipts for them.

They lie in storage, which may lose them and may hold others' junk; nothing is believed but signatures, and no share but
by its envelope's commitment. `datadao.custodian.succession` is what the two sides do.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from datadao.encoding import Record, domain_hash
from datadao.errors import Malformed
from datadao.messages import eip712
from datadao.messages.bundle import Sealed, ids_hash
from datadao.messages.submission import MAX_FILES
from datadao.types import Dao

TAKEOVER = "Takeover(uint256 committeeVersion,uint256 slot,bytes32 recordHash)"


@dataclass(frozen=True)
class Handover(Record, Sealed):
    """A slot's shares of up to 500 contributions, named by their leaf hashes in `ids`, for its holder by `hpke_key`.

    `sealed` holds the 32-byte shares in the same order; `signature` is the leaver's.
    """

    STRUCT: ClassVar = (
        "Handover(uint256 committeeVersion,uint256 slot,bytes32 hpkeKey,bytes32 idsHash,bytes32 sealedHash)"
    )
    TYPES: ClassVar = ("uint256", "uint256", "bytes32", "bytes32[]", "bytes", "bytes")

    committee_version: int
    slot: int
    hpke_key: bytes
    ids: tuple[bytes, ...]
    sealed: bytes
    signature: bytes

    def __post_init__(self) -> None:
        if not 1 <= len(self.ids) <= MAX_FILES or len(set(self.ids)) < len(self.ids):
            raise Malformed(f"a hand-over covers 1 to {MAX_FILES} different contributions, not {len(self.ids)}")

    def open(self, dao: Dao, private_key: X25519PrivateKey) -> dict[bytes, bytes]:
        """As `shares`."""
        return self.shares(private_key, handover_info(dao, self.committee_version, self.slot, self.ids))


def handover_info(dao: Dao, version: int, slot: int, ids: Sequence[bytes]) -> bytes:
    """sha256(abi.encode("datadao/handover/1", chainId, registry, version, slot, sha256(ids))), 32 bytes."""
    return domain_hash("datadao/handover/1", dao.chain_id, dao.registry, version, slot, ids_hash(ids))


def inherited(
    records: Iterable[tuple[bytes, set[bytes]]], dao: Dao, private_key: X25519PrivateKey
) -> dict[bytes, bytes]:
    """Shares by contribution id: of encoded records, those with the ids that were found good."""
    shares: dict[bytes, bytes] = {}
    for data, ids in records:
        opened = Handover.decode(data).open(dao, private_key)
        shares |= {name: opened[name] for name in ids}
    return shares


def takeover(dao: Dao, version: int, slot: int, data: bytes) -> eip712.TypedData:
    """What the successor signs when it keeps every share of an encoded record."""
    record_hash = hashlib.sha256(data).digest()
    return eip712.typed_data("DatasetRegistry", dao.chain_id, dao.registry, TAKEOVER, version, slot, record_hash)
