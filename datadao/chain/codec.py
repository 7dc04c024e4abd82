"""The one ABI codec for whatever comes from a chain: no text that stands there can stop a reader.

Solidity does not check that a `string` is UTF-8, and whoever sends a transaction chooses its bytes. Such text is shown
with U+FFFD in the place of what is no UTF-8; its bytes are kept, so that it is hashed, compared and sent again exactly.
"""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

from eth_abi.codec import ABICodec
from eth_abi.decoding import StringDecoder
from eth_abi.encoding import TextStringEncoder, encode_uint_256
from eth_abi.exceptions import DecodingError
from eth_abi.registry import BaseEquals
from eth_abi.registry import registry as _standard
from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import ORDER, canonical_type, signature_of
from datadao.errors import InvalidArgument, Malformed

CONTRACTS = dict(ORDER)
"""Contract names by their keys in a deployment record."""


class Text(str):
    """Text from a chain. As a `str` it is what may be shown; `raw` are the bytes that are there, which decide whether
    it is equal to another text."""

    raw: bytes

    def __new__(cls, raw: bytes) -> Text:
        made = super().__new__(cls, raw.decode("utf-8", "replace"))
        made.raw = raw
        return made

    def __eq__(self, other: object) -> bool:
        return self.raw == _encoded(other) if isinstance(other, str) else NotImplemented

    def __ne__(self, other: object) -> bool:
        return self.raw != _encoded(other) if isinstance(other, str) else NotImplemented

    __hash__ = str.__hash__  # equal bytes are shown alike

    def __reduce__(self) -> tuple[Any, ...]:
        return Text, (self.raw,)


def raw_text(text: str) -> bytes:
    """The bytes that contracts keep and hash for a text. Raises `InvalidArgument` for one that has none: so arrive
    arguments of a command that are no UTF-8."""
    try:
        return text.raw if isinstance(text, Text) else text.encode()
    except UnicodeEncodeError:
        raise InvalidArgument(f"text {text!r}: expected UTF-8") from None


def _encoded(text: str) -> bytes:
    return text.raw if isinstance(text, Text) else text.encode("utf-8", "surrogatepass")


class _TextDecoder(StringDecoder):
    def decode(self, stream: Any) -> Text:
        return Text(self.read_data_from_stream(stream))  # type: ignore[no-untyped-call]


class _TextEncoder(TextStringEncoder):
    @classmethod
    def encode(cls, value: str) -> bytes:
        cls.validate_value(value)  # type: ignore[no-untyped-call]
        raw = raw_text(value)
        return encode_uint_256(len(raw)) + raw + bytes(-len(raw) % 32)


_registry = _standard.copy()  # type: ignore[no-untyped-call]
_registry.unregister("string")
_registry.register(BaseEquals("string"), _TextEncoder, _TextDecoder, label="string")  # type: ignore[no-untyped-call]
_codec = ABICodec(_registry)


def encode(types: Sequence[str], values: Sequence[Any]) -> bytes:
    """ABI encoding. Raises `InvalidArgument` for text that is no Unicode, `eth_abi`'s `EncodingError` otherwise."""
    return _codec.encode(types, values)


def decode(types: Sequence[str], data: bytes) -> tuple[Any, ...]:
    """Values of an ABI encoding: texts as `Text`, structs and lists as tuples, addresses in lower case.

    Raises `Malformed` if these bytes are no encoding of the types.
    """
    try:
        return tuple(_codec.decode(types, data))
    except (DecodingError, ValueError, OverflowError) as error:
        raise Malformed(f"{len(data)} bytes are no ({', '.join(types)}): {error}") from error


@cache
def is_dynamic(kind: str) -> bool:
    """Whether values of an ABI type are of no fixed size, so that an offset stands in their place."""
    return bool(_registry.get_decoder(kind).is_dynamic)


@cache
def abi(contract: str) -> list[dict[str, Any]]:
    """A contract's ABI as shipped with this package."""
    text = (resources.files("datadao") / "abi" / f"{contract}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


@cache
def function(contract: str, name: str) -> dict[str, Any]:
    """The ABI entry of a function; none is overloaded."""
    entry: dict[str, Any] = next(e for e in abi(contract) if e["type"] == "function" and e["name"] == name)
    return entry


@cache
def signature(contract: str, name: str) -> tuple[bytes, list[str], list[str]]:
    """Selector, input and output types of a function."""
    entry = function(contract, name)
    inputs, outputs = ([canonical_type(i) for i in entry[side]] for side in ("inputs", "outputs"))
    return keccak(text=signature_of(entry))[:4], inputs, outputs


def named_result(contract: str, name: str, values: Any) -> Any:
    """What a function returned, as people use it: structs and several results by the names of the ABI, or in order;
    addresses in checksummed spelling."""
    return _namer(contract, name)(values)


@cache
def _namer(contract: str, name: str) -> Callable[[Any], Any]:
    outputs = function(contract, name)["outputs"]
    if len(outputs) == 1:
        return _naming(outputs[0])
    return _naming({"name": name, "type": "tuple", "components": outputs})


def _naming(entry: Mapping[str, Any]) -> Callable[[Any], Any]:
    kind: str = entry["type"]
    if kind.endswith("]"):
        item = _naming({**entry, "type": kind[: kind.rindex("[")]})
        return lambda values: tuple(map(item, values))
    if kind == "tuple":
        fields = [component["name"].rstrip("_") for component in entry["components"]]
        made = namedtuple("Struct", fields, rename=True)  # type: ignore[misc]  # the names are the ABI's
        parts = [_naming(component) for component in entry["components"]]
        return lambda values: made(*(part(value) for part, value in zip(parts, values, strict=True)))
    return to_checksum_address if kind == "address" else lambda value: value
