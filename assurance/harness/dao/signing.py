"""What is signed: EIP-712 digests of flat messages, put together once for a type.

Machines sign thousands of messages of a few types, and a general library spends more on each than the EVM on the
transaction. Tests hold them to eth_account's.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from eth_utils import keccak

from assurance.harness.chain.abi import Coder
from datadao.messages import eip712

Fields = tuple[tuple[str, str], ...]
"""Names and types."""
_HASHED: dict[str, Callable[[Any], bytes]] = {"string": lambda text: keccak(text=text), "bytes": keccak}


def digest(typed: dict[str, Any]) -> bytes:
    """The 32 bytes that are signed, of EIP-712 data given as a full message."""
    name, types = typed["primaryType"], typed["types"]
    message = _encoder(name, _fields(types[name]))
    if message is None:
        return eip712.digest(typed)
    place = _separator(_fields(types["EIP712Domain"]), tuple(typed["domain"].values()))
    return keccak(b"\x19\x01" + place + message(typed["message"]))


def _fields(members: list[dict[str, str]]) -> Fields:
    return tuple([(member["name"], member["type"]) for member in members])


@cache
def _encoder(name: str, fields: Fields) -> Callable[[dict[str, Any]], bytes] | None:
    """Hashes a struct; none of one that holds arrays or structs."""
    coders: list[Callable[[Any], bytes]] = []
    for _, kind in fields:
        if kind in _HASHED:
            coders.append(_HASHED[kind])
        elif kind.startswith(("uint", "bytes", "address", "bool")) and not kind.endswith("]"):
            coders.append(partial(_word, Coder([{"type": kind}])))
        else:
            return None
    kind_hash = keccak(text=f"{name}({','.join(f'{kind} {field}' for field, kind in fields)})")
    members = [(field, coder) for (field, _), coder in zip(fields, coders, strict=True)]
    return lambda values: keccak(kind_hash + b"".join([coder(values[field]) for field, coder in members]))


def _word(coder: Coder, value: Any) -> bytes:
    return coder.encode((value,))


@cache
def _separator(fields: Fields, values: tuple[Any, ...]) -> bytes:
    encoder = _encoder("EIP712Domain", fields)
    assert encoder is not None
    return encoder(dict(zip([field for field, _ in fields], values, strict=True)))
