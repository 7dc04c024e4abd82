"""What a policy pays, and the message by which attestors accept a batch of leaves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from datadao.messages import eip712
from datadao.types import BPS, Dao, Leaf

BATCH = (
    "Batch(uint256 datasetId,uint256 sequence,bytes32 root,uint256 totalShares,uint256 count,bytes32 manifestHash,"
    "uint256 policyVersion,uint256 attestorSetVersion,uint48 deadline)"
)


@dataclass(frozen=True)
class Policy:
    """What of a dataset's on-chain policy decides shares; `min_quality` in basis points."""

    version: int
    shares_per_unit: int
    min_quality: int

    def shares(self, leaf: Leaf) -> int:
        """`units * quality * sharesPerUnit / 10_000`, rounded down."""
        return leaf.units * leaf.quality * self.shares_per_unit // BPS

    def accepts(self, leaf: Leaf) -> bool:
        """Would the registry let this leaf be claimed?"""
        return self.min_quality <= leaf.quality <= BPS and leaf.units < 2**128 and self.shares(leaf) > 0


@dataclass(frozen=True)
class Batch(eip712.Message):
    """The message of `DatasetRegistry.publish`; `deadline` in Unix seconds."""

    STRUCT: ClassVar = BATCH

    dataset_id: int
    sequence: int
    root: bytes
    total_shares: int
    count: int
    manifest_hash: bytes
    policy_version: int
    attestor_set_version: int
    deadline: int

    def digest(self, dao: Dao) -> bytes:
        """The 32-byte EIP-712 digest the registry recovers signers from."""
        return eip712.digest(self.typed(dao))
