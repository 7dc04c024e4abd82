"""A factory on a chain, held to the code of this project."""

from __future__ import annotations

from collections.abc import Iterator

from eth_utils import keccak

from datadao.chain.abi import FACTORY
from deployer.artifacts import CONTRACTS, creation_code, runtime_code
from deployer.creation import blueprint_codes
from deployer.verify.reader import Check, Reader, Unreadable, compare


def check_factory(reader: Reader) -> Iterator[Check]:
    """Its code, and that of each blueprint it creates from."""
    # It has no immutables, so its code is the compiler's to the last byte.
    yield compare(FACTORY, "code hash", keccak(runtime_code(FACTORY)), keccak(reader.code(reader.addresses[FACTORY])))
    try:
        blueprints = reader.read(FACTORY, "blueprints")
    except Unreadable as error:
        yield compare(FACTORY, "blueprints", "readable", error)
        return
    for name, parts in zip(CONTRACTS, blueprints, strict=True):
        expected = blueprint_codes(creation_code(name))
        actual = [reader.code(account) for account in parts.values() if int(account, 16)]
        yield compare(name, "blueprint hash", _hash(expected), _hash(actual))


def _hash(codes: list[bytes] | tuple[bytes, ...]) -> bytes:
    """Of all parts, each for itself, so that none can lend another a byte."""
    return keccak(b"".join(keccak(code) for code in codes))
