"""Contract sizes beside what chains take: 24,576 bytes of code (EIP-170), 49,152 bytes to create it (EIP-3860)."""

from __future__ import annotations

from typing import Any

from eth_utils import keccak

from assurance.harness.chain.artifacts import DEPLOYED, artifacts
from deployer.creation import CODE_LIMIT

CREATION_LIMIT = 2 * CODE_LIMIT
HEADROOM = 400
"""Bytes of code that each contract leaves, so that what mends a defect still fits."""


def sizes() -> dict[str, dict[str, Any]]:
    """Bytes of each contract's code and of its creation code without constructor arguments, and the hash of the
    latter, which is what deployers compare."""
    return {name: _size(name) for name in DEPLOYED}


def _size(name: str) -> dict[str, Any]:
    artifact = artifacts()[name]
    init_code_hash = "0x" + keccak(artifact.creation).hex()
    return {"code": len(artifact.runtime), "creation": len(artifact.creation), "init_code_hash": init_code_hash}


def too_large(built: dict[str, dict[str, Any]]) -> list[str]:
    """Contracts that no chain takes, or whose code leaves less than the headroom."""
    return [
        name
        for name, size in built.items()
        if size["code"] > CODE_LIMIT - HEADROOM or size["creation"] > CREATION_LIMIT
    ]
