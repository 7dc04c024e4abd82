"""Compiled contracts of this project, and the errors they raise.

Each is read once: what a command rehearses, sends and verifies is the same code, whatever is edited meanwhile.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

import ape
import eth_abi
from eth_utils import keccak

from datadao.deployment import ORDER, canonical_type

CONTRACTS = tuple(name for _, name in ORDER)

_BUILTIN = (
    {"name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


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


def refusal(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments of the custom error in revert data; `("no reason", {})` for none."""
    entry = _errors().get(data[:4])
    if entry is None:
        return f"unknown error 0x{data.hex()}" if data else "no reason", {}
    values = eth_abi.decode([canonical_type(i) for i in entry["inputs"]], data[4:])
    return entry["name"], {i["name"]: v for i, v in zip(entry["inputs"], values, strict=True)}


def described(data: bytes) -> str:
    """Revert data as a person reads it: `DataLeases_InvalidParameter(name=bondDelay, value=1, ...)`."""
    name, values = refusal(data)
    spelled = ", ".join(f"{key}={_spelled(value)}" for key, value in values.items())
    return f"{name}({spelled})" if values else name


@cache
def _errors() -> dict[bytes, Mapping[str, Any]]:
    errors: dict[bytes, Mapping[str, Any]] = {}
    for entry in (*_BUILTIN, *(e for name in CONTRACTS for e in abi_of(name) if e["type"] == "error")):
        types = ",".join(canonical_type(i) for i in entry["inputs"])
        errors[keccak(text=f"{entry['name']}({types})")[:4]] = entry
    return errors


def _spelled(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if text and text.isascii() and text.decode().isidentifier() else f"0x{value.hex()}"
    return str(value)


def _bytes(code: Any) -> bytes:
    return bytes.fromhex(code.bytecode.removeprefix("0x"))
