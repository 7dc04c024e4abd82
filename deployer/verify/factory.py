"""A factory on a chain against the code of this project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from eth_utils import keccak

from datadao.chain.abi import FACTORY
from datadao.ledger.facts import Fact
from deployer.artifacts import CONTRACTS, creation_code, runtime_code
from deployer.creation import blueprint_codes
from deployer.verify.reader import Reader, compare


def check_factory(reader: Reader) -> Iterator[Fact]:
    """Its code, and that of each blueprint it creates from."""
    # It has no immutables, so its code is the compiler's to the last byte.
    wanted = keccak(runtime_code(FACTORY))
    code = reader.code(reader.addresses[FACTORY])
    yield Fact([code], lambda actual: [compare(FACTORY, "code hash", wanted, keccak(actual))])
    yield reader.readable(
        FACTORY,
        "blueprints",
        lambda blueprints: (_blueprint(reader, *item) for item in zip(CONTRACTS, blueprints, strict=True)),
    )


def _blueprint(reader: Reader, name: str, parts: Mapping[str, Any]) -> Fact:
    expected = _hash(*blueprint_codes(creation_code(name)))
    codes = [reader.code(account) for account in parts.values() if int(account, 16)]
    return Fact(codes, lambda *actual: [compare(name, "blueprint hash", expected, _hash(*actual))])


def _hash(*codes: bytes) -> bytes:
    """Of all parts, each by itself, so that no byte can move from one to another."""
    return keccak(b"".join(keccak(code) for code in codes))
