"""Contract sizes beside what chains take: 24,576 bytes of code (EIP-170), 49,152 bytes to create it (EIP-3860)."""

from __future__ import annotations

from dataclasses import dataclass

from eth_utils import keccak

from datadao.factory import CODE_LIMIT, FACTORY
from scripts._artifacts import CONTRACTS, creation_code, runtime_code

CREATION_LIMIT = 2 * CODE_LIMIT


@dataclass(frozen=True)
class Size:
    """Bytes of one contract; `creation` without constructor arguments, whose hash is what deployers compare."""

    contract: str
    code: int
    creation: int
    creation_hash: str

    @property
    def headroom(self) -> int:
        """Bytes of code left below EIP-170's limit."""
        return CODE_LIMIT - self.code

    @property
    def creation_headroom(self) -> int:
        """Bytes left below EIP-3860's limit, for constructor arguments and growth."""
        return CREATION_LIMIT - self.creation


def sizes() -> list[Size]:
    """Of the contracts of a DAO, in the order of their deployment, and of the factory."""
    return [_size(name) for name in (*CONTRACTS, FACTORY)]


def _size(name: str) -> Size:
    creation = creation_code(name)
    return Size(name, len(runtime_code(name)), len(creation), "0x" + keccak(creation).hex())
