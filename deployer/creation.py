"""A DAO from a `DataDAOFactory`: creation code as ERC-5202 blueprints, parameters, CREATE3 addresses, calldata.

It sends nothing. `ape run deploy --factory` executes it, `ape run verify` compares the chain with it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import FACTORY, ORDER, canonical_type, constructor_inputs, create_address, named, positional
from datadao.chain.codec import abi, decode
from datadao.chain.rpc import Call
from datadao.errors import Malformed

CODE_LIMIT = 24_576
"""Bytes of code that an account holds (EIP-170)."""

_PREAMBLE = bytes.fromhex("fe7100")
_ZERO = "0x" + "00" * 20
_PROXY_HASH = keccak(hexstr="73365f5f37365f34f06012573d5f5f3e3d5ffd5b005f526014600cf3")
"""Hash of the creation code of OpenZeppelin's CREATE3 account, which creates what it is called with."""

_FIELDS = {
    "DataGovernor.name": "governorName",
    "DataGovernor.params": "governor",
    "DataLeases.params": "leases",
    "DatasetRegistry.params": "registry",
}
"""What a constructor takes, and the field of `DaoParams` that holds it where that has another name."""


@dataclass(frozen=True)
class Creation:
    """A DAO that `creator` has the factory create from `params`, a `DaoParams` by field; `salt` is 32 bytes."""

    factory: str
    creator: str
    params: Mapping[str, Any]
    salt: bytes

    @cached_property
    def id(self) -> bytes:
        """What the addresses are derived from, and what its events are indexed by."""
        # `predict` takes what the factory hashes: creator, parameters, salt.
        return keccak(self._data("predict", self.creator)[4:])

    @cached_property
    def system(self) -> dict[str, str]:
        """Where its contracts are or will be, by key of `System`."""
        salts = [keccak(self.id + place.to_bytes(32, "big")) for place in range(len(ORDER))]
        return {key: create3_address(self.factory, salt) for (key, _), salt in zip(ORDER, salts, strict=True)}

    @property
    def begin(self) -> bytes:
        """Calldata of the creator's transaction."""
        return self._data("begin")

    @property
    def complete(self) -> bytes:
        """Calldata of the second transaction, which anyone may send."""
        return self._data("complete", self.creator)

    def arguments(self, contract: str) -> dict[str, Any]:
        """What the factory gives the constructor of `contract`, by ABI name without trailing underscores."""
        names = [entry["name"].rstrip("_") for entry in constructor_inputs(abi(contract))]
        return {name: self.system if name == "system" else self.params[_field(contract, name)] for name in names}

    def _data(self, function: str, *before: str) -> bytes:
        (entry,) = (i for i in _inputs(function) if i["name"] == "params")
        values = (*before, positional(entry, self.params), self.salt)
        return Call(self.factory, FACTORY, function, values).data


def dao_params(arguments: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """`DaoParams` by field, from the arguments of the eight constructors by contract and ABI name."""
    return {
        _field(contract, name.rstrip("_")): value
        for contract, own in arguments.items()
        for name, value in own.items()
        if name != "system"
    }


def _field(contract: str, name: str) -> str:
    return _FIELDS.get(f"{contract}.{name}", name)


def creation_from(factory: str, creator: str, calldata: bytes) -> Creation:
    """The DAO that `creator` began with this calldata. Raises `Malformed` if it is no call of `begin`."""
    inputs = _inputs("begin")
    types = [canonical_type(i) for i in inputs]
    try:
        params, salt = decode(types, calldata[4:])
    except Malformed as error:
        raise Malformed(f"no parameters of a DAO: {error}") from error
    creation = Creation(factory, creator, named(inputs[0], params), salt)
    if creation.begin != calldata:
        raise Malformed(f"no call of {FACTORY}.begin: 0x{calldata[:4].hex()}...")
    return creation


def blueprint_codes(creation: bytes) -> tuple[bytes, ...]:
    """A contract's creation code as the codes of the one or two accounts that keep it.

    Raises `ValueError` for code that two do not hold.
    """
    room = CODE_LIMIT - len(_PREAMBLE)
    parts = [creation[start : start + room] for start in range(0, len(creation), room)]
    if not 1 <= len(parts) <= 2:
        raise ValueError(f"creation code of 1 to {2 * room} bytes fits a blueprint, this has {len(creation)}")
    return tuple(_PREAMBLE + part for part in parts)


def storing(code: bytes) -> bytes:
    """Creation code of an account whose code is `code`, byte for byte."""
    # PUSH2 length, DUP1, PUSH1 10, RETURNDATASIZE, CODECOPY, RETURNDATASIZE, RETURN
    return b"\x61" + len(code).to_bytes(2, "big") + bytes.fromhex("80600a3d393df3") + code


def blueprint(accounts: Sequence[str]) -> tuple[str, str]:
    """Head and tail of a `Blueprint` that lies in one or two accounts."""
    head, tail = (*accounts, _ZERO)[:2]
    return head, tail


def create3_address(factory: str, salt: bytes) -> str:
    """Where OpenZeppelin's `Create3.deploy`, called in `factory`, puts a contract."""
    return create_address(create3_account(factory, salt), 1)


def create3_account(factory: str, salt: bytes) -> str:
    """The account that creates it, and creates nothing else at that address."""
    return to_checksum_address(keccak(b"\xff" + bytes.fromhex(factory[2:]) + salt + _PROXY_HASH)[12:])


def _inputs(function: str) -> Sequence[Mapping[str, Any]]:
    inputs: Sequence[Mapping[str, Any]] = next(e for e in abi(FACTORY) if e.get("name") == function)["inputs"]
    return inputs
