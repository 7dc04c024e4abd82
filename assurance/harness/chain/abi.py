"""ABI coding to and from plain Python values: structs as namespaces, addresses checksummed, contracts as addresses.

A property test would spend more time in a general ABI library than in the EVM. A `Coder` is put together once for a
list of types and then does no more than its values need. It codes exactly as eth_abi does, and refuses what eth_abi
refuses: a test of its own holds it to that.
"""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any, NamedTuple

from eth_utils import to_checksum_address

checksummed = functools.cache(to_checksum_address)
_WORD = 32


class _Kind(NamedTuple):
    """How values of one type are coded."""

    size: int
    """Bytes in place; 0 for a type of dynamic size, which leaves an offset in its place."""
    encode: Callable[[Any], bytes]
    decode: Callable[[bytes, int], Any]
    """The value whose encoding begins there."""


class Coder:
    """Codes values of the types of these ABI entries (`{"type": ..., "components": [...]}`), in their order."""

    def __init__(self, entries: Sequence[dict[str, Any]]) -> None:
        self._size, self._encode, self._decode = _sequence([_kind(entry["type"], entry) for entry in entries])
        self._fixed = self._size > 0 or not entries

    def encode(self, values: Sequence[Any]) -> bytes:
        """Raises `ValueError` or `OverflowError` for a value that does not fit its type."""
        return self._encode(values)

    def decode(self, data: bytes) -> tuple[Any, ...]:
        """Raises `ValueError` for data that no values of these types encode to."""
        if self._fixed:
            if len(data) != self._size:
                raise ValueError(f"expected {self._size} bytes, got {len(data)}")
            return tuple(self._decode(data, 0))
        values = self._decode(data, 0)
        # Offsets may point anywhere; Solidity writes the canonical encoding, and anything else is damage.
        if self._encode(values) != data:
            raise ValueError(f"{len(data)} bytes that are not the canonical encoding of their values")
        return tuple(values)


def _kind(name: str, entry: dict[str, Any]) -> _Kind:
    if name.endswith("]"):
        element, _, count = name[:-1].rpartition("[")
        return _sequence([_kind(element, entry)] * int(count)) if count else _list(_kind(element, entry))
    if name == "tuple":
        return _struct([c["name"] for c in entry["components"]], [_kind(c["type"], c) for c in entry["components"]])
    if name == "string":
        return _Kind(0, lambda text: _pack_bytes(text.encode()), lambda data, at: _unpack_bytes(data, at).decode())
    if name == "bytes":
        return _Kind(0, _pack_bytes, _unpack_bytes)
    if name == "address":
        return _Kind(_WORD, _pack_address, lambda data, at: _unpack_address(data[at : at + _WORD]))
    if name.startswith("bytes"):
        return _fixed_bytes(int(name[5:]))
    if name != "bool" and not name.startswith("uint"):
        raise ValueError(f"no coding for ABI type {name!r}")
    return _integer(name)


# Single words


def _word(data: bytes, at: int) -> bytes:
    word = data[at : at + _WORD]
    if len(word) != _WORD:
        raise ValueError(f"a word at {at} of {len(data)} bytes")
    return word


def _number(data: bytes, at: int) -> int:
    return int.from_bytes(_word(data, at), "big")


def _integer(name: str) -> _Kind:
    limit = 2 if name == "bool" else 1 << int(name[4:])
    typed: Callable[[int], int] = bool if name == "bool" else int

    def encode(value: int) -> bytes:
        if not 0 <= value < limit:
            raise OverflowError(f"{value} is no {name}")
        return value.to_bytes(_WORD, "big")

    def decode(data: bytes, at: int) -> int:
        word = data[at : at + _WORD]
        value = int.from_bytes(word, "big")
        if len(word) != _WORD:
            raise ValueError(f"a word at {at} of {len(data)} bytes")
        if value >= limit:
            raise ValueError(f"{value} is no {name}")
        return typed(value)

    return _Kind(_WORD, encode, decode)


def _fixed_bytes(size: int) -> _Kind:
    padding = bytes(_WORD - size)

    def encode(value: bytes) -> bytes:
        if len(value) != size:
            raise ValueError(f"{value!r} is no bytes{size}")
        return bytes(value) + padding

    def decode(data: bytes, at: int) -> bytes:
        word = data[at : at + _WORD]
        if word[size:] != padding or len(word) != _WORD:
            raise ValueError(f"{word.hex()} is no bytes{size}")
        return word[:size]

    return _Kind(_WORD, encode, decode)


def _pack_address(value: Any) -> bytes:
    return _packed_address(value if isinstance(value, str) else value.address)


@functools.cache
def _packed_address(value: str) -> bytes:
    if len(value) != 42:
        raise ValueError(f"{value!r} is no address")
    return bytes.fromhex(value[2:]).rjust(_WORD, b"\0")


@functools.cache
def _unpack_address(word: bytes) -> str:
    if len(word) != _WORD or any(word[:12]):
        raise ValueError(f"{word.hex()} is no address")
    return checksummed("0x" + word[12:].hex())


# What is made of words


def _pack_bytes(value: bytes) -> bytes:
    return len(value).to_bytes(_WORD, "big") + value + bytes(-len(value) % _WORD)


def _unpack_bytes(data: bytes, at: int) -> bytes:
    size = _number(data, at)
    value = data[at + _WORD : at + _WORD + size]
    if len(value) != size:
        raise ValueError(f"{size} bytes at {at} of {len(data)}")
    return value


def _sequence(kinds: Sequence[_Kind]) -> _Kind:
    """Values of these types, one after the other."""
    size = sum([kind.size or _WORD for kind in kinds])
    at = list(itertools.accumulate([kind.size or _WORD for kind in kinds], initial=0))
    if all(kind.size for kind in kinds):
        encoders = [kind.encode for kind in kinds]
        decoders = [(kind.decode, offset) for kind, offset in zip(kinds, at, strict=False)]
        return _Kind(
            size,
            lambda values: b"".join([encode(value) for encode, value in zip(encoders, values, strict=True)]),
            lambda data, base: [decode(data, base + offset) for decode, offset in decoders],
        )

    def encode(values: Sequence[Any]) -> bytes:
        heads, tails, offset = [], [], size
        for kind, value in zip(kinds, values, strict=True):
            coded = kind.encode(value)
            if kind.size:
                heads.append(coded)
            else:
                heads.append(offset.to_bytes(_WORD, "big"))
                tails.append(coded)
                offset += len(coded)
        return b"".join(heads + tails)

    def decode(data: bytes, base: int) -> list[Any]:
        places = [base + offset for offset in at]
        return [
            kind.decode(data, place if kind.size else base + _number(data, place))
            for kind, place in zip(kinds, places, strict=False)
        ]

    return _Kind(0, encode, decode)


def _list(element: _Kind) -> _Kind:
    of = functools.cache(lambda count: _sequence([element] * count))

    def encode(values: Sequence[Any]) -> bytes:
        return len(values).to_bytes(_WORD, "big") + of(len(values)).encode(values)

    def decode(data: bytes, at: int) -> list[Any]:
        count = _number(data, at)
        if count * (element.size or _WORD) > len(data):
            raise ValueError(f"{count} elements in {len(data)} bytes")
        values: list[Any] = of(count).decode(data, at + _WORD)
        return values

    return _Kind(0, encode, decode)


def _struct(names: list[str], kinds: list[_Kind]) -> _Kind:
    size, encode_fields, decode_fields = _sequence(kinds)

    def encode(value: Any) -> bytes:
        """Of a namespace, a mapping, or a sequence in the order of the fields."""
        if isinstance(value, SimpleNamespace):
            value = vars(value)
        return encode_fields([value[name] for name in names] if isinstance(value, dict) else value)

    def decode(data: bytes, at: int) -> SimpleNamespace:
        return SimpleNamespace(**dict(zip(names, decode_fields(data, at), strict=True)))

    return _Kind(size, encode, decode)
