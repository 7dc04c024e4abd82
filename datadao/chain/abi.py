"""ABIs as data: types and values by name and in order, creation code, predicted addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

import eth_abi
import rlp  # type: ignore[import-untyped]
from eth_typing import ABIComponent, ABIElement
from eth_utils import keccak, to_checksum_address
from eth_utils.abi import abi_to_signature, collapse_if_tuple

# Key in the `System` struct, contract. A contract checks the code of those above it; the registry, without which none
# of them works, comes last: a deployment that stops half way leaves nothing usable.
ORDER: tuple[tuple[str, str], ...] = (
    ("timelock", "DataTimelock"),
    ("brake", "EmergencyBrake"),
    ("token", "DataToken"),
    ("splitter", "RevenueSplitter"),
    ("governor", "DataGovernor"),
    ("leases", "DataLeases"),
    ("models", "ModelRegistry"),
    ("registry", "DatasetRegistry"),
)


LOCAL_CHAIN_IDS = frozenset({1337, 31337})


Abi = Sequence[Mapping[str, Any]]
"""A contract's JSON ABI."""


def constructor_inputs(abi: Abi) -> Sequence[Mapping[str, Any]]:
    """Inputs of the constructor in an ABI; none if it has none."""
    for entry in abi:
        if entry.get("type") == "constructor":
            inputs: Sequence[Mapping[str, Any]] = entry.get("inputs", [])
            return inputs
    return []


def initcode(abi: Abi, creation: bytes, arguments: Sequence[Any]) -> bytes:
    """What a creation transaction carries: the compiled code followed by the constructor's arguments, structs as
    mappings or in order."""
    inputs = constructor_inputs(abi)
    values = [positional(entry, value) for entry, value in zip(inputs, arguments, strict=True)]
    return creation + eth_abi.encode([canonical_type(entry) for entry in inputs], values)


def create_address(sender: str, nonce: int) -> str:
    """Address of the contract that `sender` creates with its transaction `nonce` (Yellow Paper, section 7)."""
    encoded: bytes = rlp.encode([bytes.fromhex(sender[2:]), nonce])
    return to_checksum_address(keccak(encoded)[12:])


def predict(deployer: str, nonce: int) -> dict[str, str]:
    """The `System` of a DAO that `deployer` deploys in `ORDER`, its first contract at `nonce`."""
    return {key: create_address(deployer, nonce + offset) for offset, (key, _) in enumerate(ORDER)}


def canonical_type(entry: Mapping[str, Any]) -> str:
    """ABI type of an input or output as signatures spell it, tuples written out."""
    return collapse_if_tuple(cast("ABIComponent", entry))


def signature_of(entry: Mapping[str, Any]) -> str:
    """The signature of a function, event or error, such as `claim(address,uint256[])`."""
    return abi_to_signature(cast("ABIElement", entry))


def positional(entry: Mapping[str, Any], value: Any) -> Any:
    """A value of the ABI entry's type as an encoder takes it: structs, given by field or in order, as tuples."""
    if item := _item(entry):
        return [positional(item, v) for v in value]
    if entry["type"] == "tuple":
        fields = [value[c["name"]] for c in entry["components"]] if isinstance(value, Mapping) else value
        return tuple(positional(c, v) for c, v in zip(entry["components"], fields, strict=True))
    return value


def named(entry: Mapping[str, Any], value: Any) -> Any:
    """The other way round: a decoded value with structs as mappings and addresses in checksummed spelling."""
    if item := _item(entry):
        return [named(item, v) for v in value]
    if entry["type"] == "tuple":
        return {c["name"]: named(c, v) for c, v in zip(entry["components"], value, strict=True)}
    return to_checksum_address(value) if entry["type"] == "address" else value


def _item(entry: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The entry of a list's items; None for what is no list."""
    kind: str = entry["type"]
    return {**entry, "type": kind[: kind.rindex("[")]} if kind.endswith("]") else None


FACTORY = "DataDAOFactory"
