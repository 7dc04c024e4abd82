"""Logs of the eight contracts as named events, by the ABIs shipped with this package."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

from eth_utils import keccak

from datadao.chain.abi import canonical_type, signature_of
from datadao.chain.codec import CONTRACTS, abi, is_dynamic
from datadao.chain.codec import decode as decode_abi
from datadao.chain.rpc import Log
from datadao.errors import Malformed

SILENT = frozenset({
    ("asset", "Approval"), ("token", "Approval"), ("token", "EIP712DomainChanged"), ("registry", "EIP712DomainChanged"),
    ("governor", "EIP712DomainChanged"), ("governor", "TimelockChange"),
    ("governor", "BallotSkipped"), ("splitter", "ClaimSkipped"), ("registry", "ContributionSkipped"),
    ("leases", "EIP712DomainChanged"),
    ("leases", "DeliveryConfirmed"), ("leases", "LeaseTerminated"), ("leases", "RequestCanceled"),
    ("timelock", "CallScheduled"), ("timelock", "CallExecuted"), ("timelock", "CallSalt"), ("timelock", "Cancelled"),
    ("timelock", "RoleAdminChanged"), ("timelock", "RoleGranted"), ("timelock", "RoleRevoked"),
})  # fmt: skip
"""Events that change no book: what did not happen, intentions, whose effects other events state, and allowances, which
no event states in full. Roles are the business of `ape run verify`."""


ASSET = "asset"
"""Key of the settlement asset."""


def contract_of(key: str) -> str:
    """The contract whose ABI holds for a key; ERC-20 is the same everywhere."""
    return "DataToken" if key == ASSET else CONTRACTS[key]


class Event(NamedTuple):
    """What a contract said: `contract` is its key in a deployment record, `fields` the event's fields by ABI name.

    Addresses are in lower case, structs and lists are tuples; `timestamp` is the block's, Unix seconds.
    """

    contract: str
    name: str
    fields: dict[str, Any]
    timestamp: int
    where: str

    @property
    def block(self) -> int:
        """The number of its block."""
        return int(self.where.removeprefix("block ").partition(",")[0])


def decode(logs: Iterable[Log], addresses: Mapping[str, str], fields: Collection[str] | None = None) -> Iterator[Event]:
    """The logs of a DAO's contracts, in their order; `addresses` by key, perhaps with the settlement asset's. Of an
    event's fields only `fields` are decoded, if given.

    Logs of other contracts, and what an asset says beyond ERC-20, are passed over. Raises `Malformed` for an event
    that a contract's ABI does not know.
    """
    keys = {address.lower(): key for key, address in addresses.items()}
    for log in logs:
        key = keys.get(log.address.lower())
        if key is None:
            continue
        contract = contract_of(key)
        entry = _events(contract).get(bytes(log.topics[0])) if log.topics else None
        try:
            if entry is None:
                raise Malformed(f"{contract} has no such event; is {log.address} its address?")
            indexed, plain = _fields(contract, entry["name"])
            values = dict(_values(indexed, b"".join(log.topics[1:]), fields)) | dict(_values(plain, log.data, fields))
        except Malformed as error:
            if key == ASSET:
                continue
            raise Malformed(f"{log.where}: {error}") from error
        yield Event(key, entry["name"], values, log.timestamp, log.where)


def topic(contract: str, event: str) -> bytes:
    """The first topic of a contract's event, 32 bytes."""
    return next(found for found, entry in _events(contract).items() if entry["name"] == event)


def _values(fields: list[tuple[str, str]], data: bytes, wanted: Collection[str] | None) -> Iterator[tuple[str, Any]]:
    """Of what is not wanted, a value of dynamic size is left where its offset points."""
    chosen = [wanted is None or name in wanted for name, _ in fields]
    kinds = [
        kind if take or not is_dynamic(kind) else "uint256" for take, (_, kind) in zip(chosen, fields, strict=True)
    ]
    values = decode_abi(kinds, data)
    return ((name, value) for take, (name, _), value in zip(chosen, fields, values, strict=True) if take)


@cache
def _events(contract: str) -> dict[bytes, dict[str, Any]]:
    entries = (entry for entry in abi(contract) if entry["type"] == "event")
    return {keccak(text=signature_of(entry)): entry for entry in entries}


@cache
def _fields(contract: str, event: str) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Names and types of an event's indexed and other fields. All indexed fields of this DAO are single words."""
    inputs = next(e["inputs"] for e in abi(contract) if e["type"] == "event" and e["name"] == event)
    indexed, plain = (
        [(i["name"], canonical_type(i)) for i in inputs if i["indexed"] is side] for side in (True, False)
    )
    return indexed, plain
