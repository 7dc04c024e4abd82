"""The harness's own ABI codec agrees with eth_abi on every type it takes, and takes no other."""

from __future__ import annotations

import eth_abi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.words import checksummed, codec_of

ADDRESSES = st.binary(min_size=20, max_size=20).map(lambda raw: checksummed("0x" + raw.hex()))
WORDS = {
    "address": ADDRESSES,
    "bool": st.booleans(),
    "bytes32": st.binary(min_size=32, max_size=32),
    **{f"uint{bits}": st.integers(0, 2**bits - 1) for bits in (8, 48, 64, 256)},
}
TYPED = st.sampled_from(sorted(WORDS)).flatmap(lambda kind: st.tuples(st.just(kind), WORDS[kind]))
LISTS = st.sampled_from(sorted(WORDS)).flatmap(
    lambda kind: st.tuples(st.just(kind + "[]"), st.lists(WORDS[kind], max_size=3))
)


@given(st.lists(st.one_of(TYPED, LISTS), max_size=6))
def test_encode__agrees_with_eth_abi(fields: list[tuple[str, object]]) -> None:
    kinds = tuple(kind for kind, _ in fields)
    values = [value for _, value in fields]
    codec = codec_of(kinds)
    assert codec is not None
    assert codec.encode(values) == eth_abi.encode(kinds, values)


@given(st.lists(TYPED, max_size=6))
def test_decode__agrees_with_eth_abi(fields: list[tuple[str, object]]) -> None:
    kinds = tuple(kind for kind, _ in fields)
    values = tuple(value for _, value in fields)
    codec = codec_of(kinds, lists=False)
    assert codec is not None
    assert codec.decode(eth_abi.encode(kinds, values)) == values


@pytest.mark.parametrize(
    ("kind", "value"),
    [("uint48", 2**48), ("uint256", -1), ("bool", 2), ("bytes32", b"short"), ("address", "0x00")],
)
def test_encode__value_does_not_fit__raises(kind: str, value: object) -> None:
    codec = codec_of((kind,))
    assert codec is not None
    with pytest.raises((OverflowError, ValueError)):
        codec.encode([value])


@pytest.mark.parametrize("kind", ["string", "bytes", "bytes4", "(uint256,bool)", "uint256[][]", "int256"])
def test_codec_of__other_types__none(kind: str) -> None:
    assert codec_of((kind,)) is None
