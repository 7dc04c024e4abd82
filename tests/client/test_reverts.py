"""Refusals in words, whatever a node wraps them in."""

from __future__ import annotations

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from datadao.reverts import described, refusal, revert_data

UNKNOWN_BATCH = keccak(text="DatasetRegistry_UnknownBatch(uint256)")[:4] + eth_abi.encode(["uint256"], [7])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (UNKNOWN_BATCH, "DatasetRegistry_UnknownBatch(batchId=7)"),
        (keccak(text="Error(string)")[:4] + eth_abi.encode(["string"], ["no"]), "Error(reason=no)"),
        (keccak(text="Panic(uint256)")[:4] + eth_abi.encode(["uint256"], [17]), "Panic(code=17)"),
        (keccak(text="DataLeases_ZeroKey()")[:4], "DataLeases_ZeroKey"),
        (b"", "no reason"),
        (b"\xde\xad\xbe\xef", "unknown error 0xdeadbeef"),
        (
            keccak(text="Error(string)")[:4] + eth_abi.encode(["bytes"], [b"no \xff\x1b[2J"]),
            "Error(reason=no \ufffd\ufffd[2J)",
        ),
        (UNKNOWN_BATCH[:20], f"unknown error 0x{UNKNOWN_BATCH[:20].hex()}"),
    ],
)
def test_described__names_the_error_and_its_arguments(data: bytes, told: str) -> None:
    assert described(data) == told


@given(st.binary(max_size=200))
def test_refusal__of_any_bytes__is_words_and_never_an_error(data: bytes) -> None:
    for prefix in (b"", UNKNOWN_BATCH[:4], keccak(text="Error(string)")[:4]):
        name, _ = refusal(prefix + data)
        assert name


@pytest.mark.parametrize(
    ("error", "data"),
    [
        ({"code": 3, "message": "execution reverted", "data": "0x" + UNKNOWN_BATCH.hex()}, UNKNOWN_BATCH),
        ({"code": -32000, "message": "VM error", "data": {"data": "0x" + UNKNOWN_BATCH.hex()}}, UNKNOWN_BATCH),
        ({"code": 3, "message": "execution reverted"}, b""),
        (
            {"code": -32015, "message": "VM execution error.", "data": "Reverted 0x" + UNKNOWN_BATCH.hex()},
            UNKNOWN_BATCH,
        ),
        ({"code": -32015, "message": "VM execution error.", "data": "Reverted"}, b""),
        ({"code": -32000, "message": "header not found", "data": "0x"}, None),
        ({"code": -32602, "message": "invalid argument", "data": "0xzz"}, None),
        ({"code": -32000, "message": "insufficient funds for gas * price + value"}, None),
        ("down for maintenance", None),
    ],
)
def test_revert_data__of_a_nodes_answer(error: object, data: bytes | None) -> None:
    assert revert_data(error) == data
