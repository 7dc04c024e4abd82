"""A factory on a chain against the code of this project, and the transaction that created it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from eth_utils import keccak

from datadao.chain.abi import FACTORY, create_address, initcode
from datadao.ledger.facts import Fact
from deployer.artifacts import CONTRACTS, abi_of, creation_code, runtime_code
from deployer.creation import blueprint_codes
from deployer.verify.reader import Check, Reader, compare


def check_factory(reader: Reader, transaction: str) -> Iterator[Fact]:
    """Its code, that of each blueprint it creates from, and its creation.

    Code alone shows nothing: what ran when the factory was created may have put a contract of its own where the factory
    puts a DAO's, or named blueprints that were replaced since. A transaction of an account, whose input is this
    project's code and the blueprints, does neither.
    """
    # It has no immutables, so its code is the compiler's to the last byte.
    wanted = keccak(runtime_code(FACTORY))
    code = reader.code(reader.addresses[FACTORY])
    yield Fact([code], lambda actual: [compare(FACTORY, "code hash", wanted, keccak(actual))])
    yield reader.readable(FACTORY, "blueprints", partial(_blueprints, reader, transaction))


def _blueprints(reader: Reader, transaction: str, blueprints: Sequence[Mapping[str, Any]]) -> Iterator[Fact]:
    for name, parts in zip(CONTRACTS, blueprints, strict=True):
        yield _blueprint(reader, name, parts)
    created = initcode(abi_of(FACTORY), creation_code(FACTORY), [blueprints])
    yield reader.mined(FACTORY, transaction, partial(_created, reader.addresses[FACTORY], created))


def _created(address: str, code: bytes, transaction: Mapping[str, Any], _: Mapping[str, Any]) -> Iterator[Check]:
    yield compare(FACTORY, "created at", address, created_at(transaction))
    yield compare(FACTORY, "creation code hash", keccak(code), keccak(hexstr=transaction["input"]))


def created_at(transaction: Mapping[str, Any]) -> str:
    """The address of what a transaction creates; in words, if it creates nothing."""
    if transaction["to"]:
        return f"a call of {transaction['to']}"
    return create_address(transaction["from"], int(transaction["nonce"], 16))


def _blueprint(reader: Reader, name: str, parts: Mapping[str, Any]) -> Fact:
    expected = _hash(*blueprint_codes(creation_code(name)))
    codes = [reader.code(account) for account in parts.values() if int(account, 16)]
    return Fact(codes, lambda *actual: [compare(name, "blueprint hash", expected, _hash(*actual))])


def _hash(*codes: bytes) -> bytes:
    """Of all parts, each by itself, so that no byte can move from one to another."""
    return keccak(b"".join(keccak(code) for code in codes))
