"""The harness's own ABI coder agrees with eth_abi on every type it takes, and takes no other."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.chain.abi import Coder, checksummed
from assurance.harness.chain.artifacts import artifacts
from datadao.chain.abi import canonical_type

Entry = dict[str, Any]

WORDS = {
    "address": st.binary(min_size=20, max_size=20).map(lambda raw: checksummed("0x" + raw.hex())),
    "bool": st.booleans(),
    **{f"bytes{size}": st.binary(min_size=size, max_size=size) for size in (1, 4, 32)},
    **{f"uint{bits}": st.integers(0, 2**bits - 1) for bits in (8, 48, 64, 208, 256)},
}
VALUES = {**WORDS, "bytes": st.binary(max_size=70), "string": st.text(max_size=20)}


def extended(inner: st.SearchStrategy[Entry]) -> st.SearchStrategy[Entry]:
    lists = st.tuples(inner, st.sampled_from(["[]", "[1]", "[3]"])).map(
        lambda drawn: {**drawn[0], "type": drawn[0]["type"] + drawn[1]}
    )
    structs = st.lists(inner, min_size=1, max_size=3).map(
        lambda parts: {"type": "tuple", "components": [{**part, "name": f"f{i}"} for i, part in enumerate(parts)]}
    )
    return lists | structs


ENTRIES = st.lists(
    st.recursive(st.sampled_from(sorted(VALUES)).map(lambda kind: {"type": kind}), extended, max_leaves=5), max_size=4
)


def values_of(entry: Entry) -> st.SearchStrategy[Any]:
    kind = entry["type"]
    if kind.endswith("]"):
        element, _, count = kind[:-1].rpartition("[")
        return st.lists(values_of({**entry, "type": element}), min_size=int(count or 0), max_size=int(count or 3))
    if kind == "tuple":
        names = [part["name"] for part in entry["components"]]
        fields = st.tuples(*map(values_of, entry["components"]))
        return fields.map(lambda drawn: SimpleNamespace(**dict(zip(names, drawn, strict=True))))
    return VALUES[kind]


def plain(value: Any) -> Any:
    """As eth_abi takes it: structs as tuples."""
    if isinstance(value, SimpleNamespace):
        return tuple(map(plain, vars(value).values()))
    return list(map(plain, value)) if isinstance(value, list) else value


@given(ENTRIES, st.data())
def test_coder__any_types_and_values__agrees_with_eth_abi_both_ways(entries: list[Entry], data: st.DataObject) -> None:
    values = [data.draw(values_of(entry)) for entry in entries]
    encoded = Coder(entries).encode(values)
    assert encoded == eth_abi.encode([canonical_type(entry) for entry in entries], plain(values))
    assert Coder(entries).decode(encoded) == tuple(values)


@given(ENTRIES, st.data())
def test_decode__bytes_cut_or_changed__refused_or_read_as_eth_abi_does(
    entries: list[Entry], data: st.DataObject
) -> None:
    encoded = Coder(entries).encode([data.draw(values_of(entry)) for entry in entries])
    bent = bytearray(encoded[: data.draw(st.integers(0, len(encoded)))])
    if bent:
        bent[data.draw(st.integers(0, len(bent) - 1))] ^= data.draw(st.integers(0, 255))
    try:
        told = Coder(entries).decode(bytes(bent))
    except (ValueError, OverflowError):
        return
    theirs = eth_abi.decode([canonical_type(entry) for entry in entries], bytes(bent), strict=False)
    assert listed(plain(list(told))) == listed(theirs)


def listed(value: Any) -> Any:
    """An answer without what eth_abi does not tell apart: structs and lists, and spellings of addresses."""
    if isinstance(value, tuple | list):
        return [listed(item) for item in value]
    return checksummed(value) if isinstance(value, str) and value.startswith("0x") and len(value) == 42 else value


@pytest.mark.parametrize("kind", ["struct", "mapping", "positions"])
def test_encode__structs__as_namespace_mapping_or_positions(kind: str) -> None:
    fields = {"who": "0x" + "11" * 20, "count": 3}
    given_as = {"struct": SimpleNamespace(**fields), "mapping": fields, "positions": list(fields.values())}[kind]
    parts = [{"name": "who", "type": "address"}, {"name": "count", "type": "uint8"}]
    encoded = Coder([{"type": "tuple", "components": parts}]).encode([given_as])
    assert encoded == bytes(12) + bytes([0x11] * 20) + bytes(31) + b"\3"


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        *[("uint48", 2**48), ("uint256", -1), ("bool", 2), ("bytes32", b"short"), ("address", "0x00")],
        *[("uint8[2]", [1]), ("uint8[2]", [1, 2, 3]), ("uint8[]", [256])],
    ],
)
def test_encode__value_does_not_fit__raises(kind: str, value: object) -> None:
    with pytest.raises((OverflowError, ValueError)):
        Coder([{"type": kind}]).encode([value])


@pytest.mark.parametrize("count", [0, 2])
def test_encode__wrong_number_of_values__raises(count: int) -> None:
    with pytest.raises(ValueError):
        Coder([{"type": "bool"}]).encode([True] * count)


@pytest.mark.parametrize("kind", ["int256", "fixed128x18", "function", "uint", "bytes0x"])
def test_coder__other_types__refused(kind: str) -> None:
    with pytest.raises(ValueError):
        Coder([{"type": kind}])


def test_coder__takes_every_type_of_the_contracts() -> None:
    for artifact in artifacts().values():
        for entry in artifact.abi:
            Coder(entry.get("inputs", []) + entry.get("outputs", []))
