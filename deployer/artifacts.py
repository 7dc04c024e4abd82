"""Compiled contracts of this project.

Each is read once: what a command rehearses, sends and verifies is the same code, even if sources change meanwhile.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import ape

from datadao.chain.abi import ORDER

CONTRACTS = tuple(name for _, name in ORDER)


def container(name: str) -> Any:
    """Ape's container of a contract."""
    return ape.project.contracts[name]


@cache
def abi_of(name: str) -> list[dict[str, Any]]:
    """JSON ABI of a contract."""
    entries = container(name).contract_type.abi
    return [entry.model_dump(mode="json", by_alias=True, exclude_none=True) for entry in entries]


@cache
def creation_code(name: str) -> bytes:
    """Compiled code of a contract, to be followed by its constructor's arguments."""
    return _bytes(container(name).contract_type.deployment_bytecode)


@cache
def runtime_code(name: str) -> bytes:
    """Compiled code as it will lie on chain, with zeros where immutables go."""
    return _bytes(container(name).contract_type.runtime_bytecode)


def _bytes(code: Any) -> bytes:
    return bytes.fromhex(code.bytecode.removeprefix("0x"))
