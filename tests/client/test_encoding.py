"""Bytes all parties must agree on: golden vectors, the general ABI encoder as second opinion, canonical records."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

import pytest
from eth_abi import encode
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.dao.parties import DAO
from datadao.crypto.envelope import Context
from datadao.encoding import Record, address, domain_hash, word
from datadao.errors import InvalidArgument, Malformed
from datadao.messages.bundle import ids_hash, release_info
from datadao.types import Committee, Dao, Party

CONTEXT = Context(DAO, 7, 2, "0x" + "c3" * 20, b"\x0f" * 32)


def test_info__golden_vector() -> None:
    assert CONTEXT.info(4).hex() == "866706807c7a11edb91bce6accd785718764ec784f01a5ad8b8f03653bf77ea7"
    assert (
        CONTEXT.info(4, "datadao/submit/1").hex() == "51946445b4f82de22f76353cfdff8110081490c13e859fc0b9fc496e3dffac36"
    )


def test_commitment__golden_vector() -> None:
    assert (
        CONTEXT.commitment(4, bytes(range(32))).hex()
        == "e729f974b5e5685ef85a677cfde37ef7980aeddcaf3ab745a5d42550bf079f97"
    )


def test_release_info__golden_vector() -> None:
    assert (
        release_info(DAO, 11, 2, 4, [b"\1" * 32, b"\2" * 32]).hex()
        == "a255562413dffe084da0f1b48fdba4c8580f48a35c3b8ef87ba8bd9013a53ca2"
    )


def test_golden_vectors__written_out_by_hand__agree() -> None:
    """The same four digests from the sentences of the design, through the general encoder."""
    kinds = ["string", "uint256", "address", "uint256", "uint256", "address", "bytes32", "uint256"]
    place = [31337, DAO.registry, 7, 2, "0x" + "c3" * 20, b"\x0f" * 32, 4]
    info = hashlib.sha256(encode(kinds, ["datadao/wrap/1", *place])).digest()
    assert CONTEXT.info(4) == info
    assert CONTEXT.info(4, "datadao/submit/1") == hashlib.sha256(encode(kinds, ["datadao/submit/1", *place])).digest()
    assert CONTEXT.commitment(4, bytes(32)) == hashlib.sha256(b"datadao/commit/1" + info + bytes(32)).digest()
    kinds = ["string", "uint256", "address", "uint256", "uint256", "uint256", "bytes32"]
    ids = hashlib.sha256(b"\1" * 32 + b"\2" * 32).digest()
    release = encode(kinds, ["datadao/release/1", 31337, DAO.leases, 11, 4, 2, ids])
    assert release_info(DAO, 11, 2, 4, [b"\1" * 32, b"\2" * 32]) == hashlib.sha256(release).digest()
    assert ids_hash([b"\1" * 32, b"\2" * 32]) == ids


values = st.lists(
    st.one_of(
        st.tuples(st.just("uint256"), st.integers(0, 2**256 - 1)),
        st.tuples(st.just("address"), st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex())),
        st.tuples(st.just("bytes32"), st.binary(min_size=32, max_size=32)),
    ),
    max_size=9,
)


@given(st.text(max_size=70), values)
def test_domain_hash__any_static_values__equals_the_general_encoder(
    domain: str, pairs: list[tuple[str, object]]
) -> None:
    kinds, items = [kind for kind, _ in pairs], [item for _, item in pairs]
    assert domain_hash(domain, *items) == hashlib.sha256(encode(["string", *kinds], [domain, *items])).digest()


@given(st.integers(0, 31), st.integers(0, 31), st.sampled_from(["datadao/wrap/1", "datadao/submit/1"]))
def test_info__two_slots_or_purposes__never_share_one(one: int, other: int, domain: str) -> None:
    assert (CONTEXT.info(one) == CONTEXT.info(other, domain)) == (one == other and domain == "datadao/wrap/1")


@pytest.mark.parametrize("value", [-1, 2**256, b"\0" * 31, b"\0" * 33, "0x12", "c3" * 21, "0x" + "g" * 40])
def test_word__values_no_chain_holds__refused(value: int | str | bytes) -> None:
    with pytest.raises(InvalidArgument):
        word(value)


def test_address__two_spellings__become_one() -> None:
    assert address("0x" + "ab" * 20) == address("0x" + "AB" * 20) == Dao(1, "0x" + "ab" * 20, "0x" + "AB" * 20).leases


@dataclass(frozen=True)
class Sample(Record):
    TYPES: ClassVar = ("uint8", "address", "bytes", "bytes32[]")
    LIMIT: ClassVar = 4_096

    number: int
    owner: str
    data: bytes
    hashes: tuple[bytes, ...]


samples = st.builds(
    Sample,
    st.integers(0, 255),
    st.binary(min_size=20, max_size=20).map(lambda b: "0x" + b.hex()),
    st.binary(max_size=70),
    st.lists(st.binary(min_size=32, max_size=32), max_size=4).map(tuple),
)


@given(samples)
def test_record__any_values__round_trips(sample: Sample) -> None:
    assert Sample.decode(sample.encode()) == sample


@given(samples, st.data())
def test_record__any_other_bytes__are_malformed_or_another_record(sample: Sample, data: st.DataObject) -> None:
    encoded = sample.encode()
    at = data.draw(st.integers(0, len(encoded) - 1))
    bent = encoded[:at] + bytes([encoded[at] ^ data.draw(st.integers(1, 255))]) + encoded[at + 1 :]
    try:
        other = Sample.decode(bent)
    except Malformed:
        return
    assert other != sample


@given(samples, st.binary(min_size=1, max_size=64))
def test_record__bytes_after_the_end__malformed(sample: Sample, tail: bytes) -> None:
    with pytest.raises(Malformed):
        Sample.decode(sample.encode() + tail)


@given(st.binary(max_size=300))
def test_record__noise__malformed_and_nothing_else(noise: bytes) -> None:
    with pytest.raises(Malformed):
        Sample.decode(noise)


def test_record__longer_than_its_limit__malformed_unread() -> None:
    with pytest.raises(Malformed, match="at most 4096"):
        Sample.decode(Sample(1, DAO.registry, bytes(5_000), ()).encode())


@pytest.mark.parametrize("key", [bytes(32), bytes(31), b"\1" * 33])
def test_party__key_that_no_party_can_hold__refused(key: bytes) -> None:
    with pytest.raises(InvalidArgument):
        Party(DAO.registry, key)


@pytest.mark.parametrize(("threshold", "count"), [(0, 3), (4, 3), (1, 0), (3, 33)])
def test_committee__impossible_threshold__refused(threshold: int, count: int) -> None:
    with pytest.raises(InvalidArgument):
        Committee(1, threshold, (Party(DAO.registry, b"\1" * 32),) * count)


@pytest.mark.parametrize(("threshold", "count", "needed"), [(3, 5, 4), (3, 3, 3), (1, 1, 1), (1, 3, 2)])
def test_committee__readable_at__is_one_more_than_the_threshold(threshold: int, count: int, needed: int) -> None:
    assert Committee(1, threshold, (Party(DAO.registry, b"\1" * 32),) * count).readable_at == needed
