"""Why a contract of the DAO refused, in its own words: custom errors by name, with their arguments."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol

from eth_abi.exceptions import EncodingError
from eth_utils import keccak

from datadao.chain.abi import canonical_type, signature_of
from datadao.chain.codec import CONTRACTS, abi, decode, encode
from datadao.chain.connection import Web3, answer_of, result, said
from datadao.errors import Malformed, Reverted
from datadao.types import ENUMS, ProposalState, word, words_of
from datadao.values import is_moment, moment

_FACTORY = "DataDAOFactory"
_HEX = re.compile(r"0x(?:[0-9a-fA-F]{2})*")

_BUILTIN = (
    {"type": "error", "name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"type": "error", "name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


def refusal(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments of the error in revert data; `("no reason", {})` for none."""
    entry = _errors().get(data[:4])
    if entry is None:
        return f"unknown error 0x{data.hex()}" if data else "no reason", {}
    types = [canonical_type(i) for i in entry["inputs"]]
    try:
        values = decode(types, data[4:])
        # The library reads numbers from nothing at all.
        if encode(types, values) != data[4:]:
            raise Malformed("cut short")
    except (Malformed, EncodingError):
        return f"unknown error 0x{data.hex()}", {}
    return entry["name"], {i["name"]: v for i, v in zip(entry["inputs"], values, strict=True)}


def described(data: bytes) -> str:
    """Revert data as a person reads it, times as dates and states as words: `DataLeases_WrongStatus(leaseId=1,
    actual=Pending)`."""
    name, values = refusal(data)
    if not values:
        return name
    inputs = _errors()[data[:4]]["inputs"]
    # An offer's expiry has the error of all its fields.
    times = values.get("field") == b"expiry".ljust(32, b"\0")
    spelled = (f"{entry['name']}={_in_words(entry, values[entry['name']], times=times)}" for entry in inputs)
    return f"{name}({', '.join(spelled)})"


class Asked(Protocol):
    """What a node can be asked to try: a call of the DAO's, or a transaction that was sent."""

    @property
    def to(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def what(self) -> str: ...


def revert_data(error: Any) -> bytes | None:
    """What a contract returned when it reverted, from a node's answer; None if the node says of no revert.

    Nodes differ: the bytes may stand in `data`, in an object there, behind a word, or be left out.
    """
    if not isinstance(error, Mapping):
        return None
    data = error.get("data")
    if isinstance(data, Mapping):
        data = data.get("data", data.get("result"))
    reverts = error.get("code") == 3 or "revert" in str(error.get("message", "")).lower()
    if isinstance(data, str):
        found = _HEX.fullmatch(data.removeprefix("Reverted").strip())
        if found and (reverts or len(data) > len("0x")):
            return bytes.fromhex(found.group()[2:])
        reverts |= data.startswith("Reverted")
    return b"" if reverts else None


def estimate_gas(web3: Web3, sender: str, call: Asked) -> int:
    """Gas that the call would use if `sender` sent it now. Raises `Reverted` if a contract refuses it, `NodeRefused` if
    the node does, for want of money for gas among other reasons."""
    return int(outcome(call, answer_of(web3, "eth_estimateGas", [request_of(sender, call)])), 16)


def try_call(web3: Web3, sender: str | None, call: Asked, block: str = "latest", value: int = 0) -> bytes:
    """What the call would return if `sender`, or no account in particular, made it after this block, with so many wei.
    Raises as `estimate_gas`."""
    request = request_of(sender, call) | ({"value": hex(value)} if value else {})
    return bytes.fromhex(outcome(call, answer_of(web3, "eth_call", [request, block]))[2:])


def refused(what: str, error: Any) -> Reverted | None:
    """The refusal of a contract in a node's answer, in words; None if it was the node that refused."""
    data = revert_data(error)
    return None if data is None else Reverted(what, described(data) if data else said(error), data)


def request_of(sender: str | None, call: Asked) -> dict[str, str]:
    """As nodes are asked for it."""
    return {"to": call.to, "data": "0x" + call.data.hex()} | ({"from": sender} if sender else {})


def outcome(call: Asked, answer: Any) -> str:
    """What a node answers to it. Raises `Reverted` if a contract refuses it, `NodeRefused` if the node does."""
    if "error" in answer and (refusal := refused(call.what, answer["error"])) is not None:
        raise refusal
    return str(result(call.what, answer))


@cache
def _errors() -> dict[bytes, Mapping[str, Any]]:
    declared = (entry for name in (*CONTRACTS.values(), _FACTORY) for entry in abi(name) if entry["type"] == "error")
    return {keccak(text=signature_of(entry))[:4]: entry for entry in (*_BUILTIN, *declared)}


def _in_words(entry: Mapping[str, Any], value: Any, *, times: bool) -> str:
    kind = ENUMS.get(str(entry.get("internalType")))
    if kind is not None:
        return word(kind(value)) if value in list(kind) else str(value)
    if entry["name"] == "expectedStates":
        return words_of(ProposalState, int.from_bytes(value))
    # In errors, what has this type is a point in time.
    if entry["type"] == "uint48" or (entry["type"] == "uint256" and (times or is_moment(entry["name"]))):
        return moment(value) or "0"
    return _spelled(value)


def _spelled(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if text and text.isascii() and text.decode().isidentifier() else f"0x{value.hex()}"
    if isinstance(value, str):  # which a contract chooses, like any text from outside
        return "".join(c if c.isprintable() else "\ufffd" for c in value)
    return str(value)
