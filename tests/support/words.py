"""ABI coding of the commonest types: single words and flat lists of them. Everything else is left to eth_abi.

A property test spends more time in a general ABI library than in the EVM. `codec_of` says which types it takes; for
these it codes exactly as eth_abi does, which a test of its own holds it to.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

from eth_utils import to_checksum_address

checksummed = functools.cache(to_checksum_address)
_WORD = 32


class Codec:
    """Encodes and decodes values of fixed types."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._packers = [(_packer(kind.removesuffix("[]")), kind.endswith("[]")) for kind in kinds]
        self._unpackers = [_unpacker(kind) for kind in kinds if not kind.endswith("[]")]
        self._head = _WORD * len(kinds)

    def encode(self, values: Sequence[Any]) -> bytes:
        heads, tails, offset = [], [], self._head
        for (pack, is_list), value in zip(self._packers, values, strict=True):
            if not is_list:
                heads.append(pack(value))
                continue
            heads.append(offset.to_bytes(_WORD, "big"))
            tails.append(len(value).to_bytes(_WORD, "big"))
            tails.extend(pack(item) for item in value)
            offset += _WORD * (len(value) + 1)
        return b"".join(heads + tails)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Only for types without lists."""
        if len(data) != self._head:
            raise ValueError(f"expected {self._head} bytes, got {len(data)}")
        return tuple(
            unpack(data[i : i + _WORD]) for unpack, i in zip(self._unpackers, range(0, len(data), _WORD), strict=True)
        )


@functools.cache
def codec_of(kinds: tuple[str, ...], *, lists: bool = True) -> Codec | None:
    """The codec for these types, or none if there is one among them that is not a word or a flat list of words."""
    words = [kind.removesuffix("[]") if lists else kind for kind in kinds]
    if not all(word in ("address", "bool", "bytes32") or word.removeprefix("uint").isdecimal() for word in words):
        return None
    return Codec(kinds)


def _packer(kind: str) -> Callable[[Any], bytes]:
    if kind == "address":
        return _pack_address
    if kind == "bytes32":
        return _pack_bytes32
    limit = 2 if kind == "bool" else 1 << int(kind[4:])

    def pack(value: int) -> bytes:
        if not 0 <= value < limit:
            raise OverflowError(f"{value} is no {kind}")
        return value.to_bytes(_WORD, "big")

    return pack


def _pack_address(value: str) -> bytes:
    if len(value) != 42:
        raise ValueError(f"{value!r} is no address")
    return bytes.fromhex(value[2:]).rjust(_WORD, b"\0")


def _pack_bytes32(value: bytes) -> bytes:
    if len(value) != _WORD:
        raise ValueError(f"{value!r} is no bytes32")
    return bytes(value)


def _unpacker(kind: str) -> Callable[[bytes], Any]:
    if kind == "address":
        return lambda word: checksummed("0x" + word[12:].hex())
    if kind == "bytes32":
        return bytes
    if kind == "bool":
        return lambda word: bool(int.from_bytes(word, "big"))
    return lambda word: int.from_bytes(word, "big")
