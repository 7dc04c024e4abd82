"""Refusals in words, whatever a node wraps them in."""

from __future__ import annotations

import re
from typing import Any

import eth_abi
import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st
from web3.exceptions import ContractCustomError, ContractLogicError, Web3RPCError

from assurance import ROOT
from assurance.harness.dao.registry import name32
from datadao.chain.abi import canonical_type
from datadao.chain.codec import CONTRACTS, abi
from datadao.chain.connection import ask
from datadao.chain.reverts import described, refusal, revert_data, try_call
from datadao.chain.rpc import Call
from datadao.errors import NodeRefused, Reverted
from datadao.types import ENUMS

UNKNOWN_BATCH = keccak(text="DatasetRegistry_UnknownBatch(uint256)")[:4] + eth_abi.encode(["uint256"], [7])


@pytest.mark.parametrize(
    ("data", "expected"),
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
def test_described__names_the_error_and_its_arguments(data: bytes, expected: str) -> None:
    assert described(data) == expected


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


class Raising:
    """A connection whose provider raises what a node answered."""

    def __init__(self, error: Exception) -> None:
        self.provider, self.error = self, error

    def make_request(self, method: str, params: list[Any]) -> Any:
        raise self.error


@pytest.mark.parametrize(
    "error",
    [
        Web3RPCError("no", {"error": {"code": 3, "message": "execution reverted", "data": "0x" + UNKNOWN_BATCH.hex()}}),
        ContractLogicError("execution reverted", "0x" + UNKNOWN_BATCH.hex()),
        ContractLogicError("execution reverted", {"data": "0x" + UNKNOWN_BATCH.hex()}),
        ContractCustomError("0x" + UNKNOWN_BATCH.hex(), "0x" + UNKNOWN_BATCH.hex()),
    ],
    ids=lambda error: type(error).__name__,
)
def test_try_call__the_provider_raises_the_nodes_error__the_refusal_has_its_name(error: Exception) -> None:
    with pytest.raises(Reverted) as caught:
        try_call(Raising(error), None, Call("0x" + "11" * 20, "DatasetRegistry", "batch", (7,), "the batch"))  # type: ignore[arg-type]
    assert caught.value.data == UNKNOWN_BATCH
    assert "DatasetRegistry_UnknownBatch(batchId=7)" in str(caught.value)


def test_ask__the_provider_raises_the_nodes_error__code_and_data_are_kept() -> None:
    error = {"code": -32000, "message": "no such thing", "data": "0x07"}
    with pytest.raises(NodeRefused, match="no such thing") as caught:
        ask(Raising(Web3RPCError("no", {"error": error})), "eth_call")  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.data) == (-32000, "0x07")


# Times are dates, states are words

MOMENT = 1_800_000_000


def errors_with(kind: str) -> list[tuple[dict[str, Any], str]]:
    """Errors of all contracts, each with an argument of this type or enumeration."""
    entries = {e["name"]: e for name in CONTRACTS.values() for e in abi(name) if e["type"] == "error"}
    return [
        (entry, i["name"])
        for entry in entries.values()
        for i in entry["inputs"]
        if kind in (i["type"], str(i.get("internalType")).partition(" ")[0])
    ]


def said(entry: dict[str, Any], name: str, value: int) -> str:
    """The error with this argument and zeros elsewhere, in words."""
    types = [canonical_type(i) for i in entry["inputs"]]
    data = b"".join((value if i["name"] == name else 0).to_bytes(32) for i in entry["inputs"])
    return described(keccak(text=f"{entry['name']}({','.join(types)})")[:4] + data)


@pytest.mark.parametrize(
    ("entry", "name"), errors_with("uint48"), ids=lambda value: "" if isinstance(value, dict) else value
)
def test_described__every_time_in_an_error__is_a_date(entry: dict[str, Any], name: str) -> None:
    assert f"{name}=2027-01-15 08:00 UTC" in said(entry, name, MOMENT)
    assert f"{name}=0" in said(entry, name, 0)
    assert f"{name}=after the year 9999" in said(entry, name, 2**48 - 1)


@pytest.mark.parametrize(
    ("signature", "values", "expected"),
    [
        (
            "DataLeases_InvalidOffer(bytes32,uint256,uint256,uint256)",
            [name32("expiry"), MOMENT, MOMENT + 60, 2**48 - 1],
            "field=expiry, value=2027-01-15 08:00 UTC, min=2027-01-15 08:01 UTC, max=after the year 9999",
        ),
        (
            "DataLeases_InvalidOffer(bytes32,uint256,uint256,uint256)",
            [name32("capacity"), 0, 1, 65535],
            "field=capacity, value=0, min=1, max=65535",
        ),
        ("ERC5805FutureLookup(uint256,uint48)", [MOMENT, MOMENT], "timepoint=2027-01-15 08:00 UTC, clock=2027"),
        ("VotesExpiredSignature(uint256)", [MOMENT], "expiry=2027-01-15 08:00 UTC"),
        (
            "GovernorUnexpectedProposalState(uint256,uint8,bytes32)",
            [7, 3, (1 << 1 | 1 << 4).to_bytes(32)],
            "proposalId=7, current=Defeated, expectedStates=Active or Succeeded",
        ),
    ],
)
def test_described__times_and_states_of_other_types__are_dates_and_words(
    signature: str, values: list[Any], expected: str
) -> None:
    types = signature.partition("(")[2][:-1].split(",")
    assert expected in described(keccak(text=signature)[:4] + eth_abi.encode(types, values))


@pytest.mark.parametrize(
    ("entry", "name"), errors_with("enum"), ids=lambda value: "" if isinstance(value, dict) else value
)
def test_described__every_state_in_an_error__is_a_word(entry: dict[str, Any], name: str) -> None:
    (kind,) = [i["internalType"] for i in entry["inputs"] if i["name"] == name]
    for state in ENUMS[kind]:
        assert f"{name}={state.name.capitalize()}" in said(entry, name, state)
    assert f"{name}={len(ENUMS[kind])}" in said(entry, name, len(ENUMS[kind]))


@pytest.mark.parametrize("kind", sorted(ENUMS))
def test_states__are_those_of_the_contracts(kind: str) -> None:
    interface, _, name = kind.removeprefix("enum ").partition(".")
    folder = "node_modules/@openzeppelin/contracts/governance" if interface == "IGovernor" else "contracts/interfaces"
    source = re.sub(r"//[^\n]*", "", (ROOT / folder / f"{interface}.sol").read_text())
    body = re.search(rf"enum {name} \{{([^}}]*)\}}", source)
    assert body is not None
    assert [state.strip().upper() for state in body.group(1).split(",")] == [state.name for state in ENUMS[kind]]
