"""Why a contract of the DAO refused, in its own words: custom errors by name, with their arguments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, Protocol

import eth_abi
from eth_abi.exceptions import DecodingError, EncodingError
from eth_utils import keccak
from web3 import Web3
from web3.types import RPCEndpoint

from datadao.chain import CONTRACTS, abi, ask_many
from datadao.deployment import canonical_type
from datadao.errors import NodeRefused, Reverted
from datadao.factory import FACTORY

_BUILTIN = (
    {"name": "Error", "inputs": [{"name": "reason", "type": "string"}]},
    {"name": "Panic", "inputs": [{"name": "code", "type": "uint256"}]},
)


def refusal(data: bytes) -> tuple[str, dict[str, Any]]:
    """Name and arguments of the error in revert data; `("no reason", {})` for none."""
    entry = _errors().get(data[:4])
    if entry is None:
        return f"unknown error 0x{data.hex()}" if data else "no reason", {}
    types = [canonical_type(i) for i in entry["inputs"]]
    try:
        values = eth_abi.decode(types, data[4:])
        # The library reads numbers from nothing at all.
        if eth_abi.encode(types, values) != data[4:]:
            raise ValueError("cut short")
    except (DecodingError, EncodingError, ValueError, OverflowError):
        return f"unknown error 0x{data.hex()}", {}
    return entry["name"], {i["name"]: v for i, v in zip(entry["inputs"], values, strict=True)}


def described(data: bytes) -> str:
    """Revert data as a person reads it: `DataLeases_InvalidParameter(name=bondDelay, value=1, ...)`."""
    name, values = refusal(data)
    spelled = ", ".join(f"{key}={_spelled(value)}" for key, value in values.items())
    return f"{name}({spelled})" if values else name


class Asked(Protocol):
    """What a node can be asked to try: a call of the DAO's, or a transaction that was sent."""

    @property
    def to(self) -> str: ...
    @property
    def data(self) -> bytes: ...
    @property
    def what(self) -> str: ...


def estimate_gas(web3: Web3, sender: str, call: Asked) -> int:
    """Gas that the call would use if `sender` sent it now. Raises `Reverted` if a contract refuses it, `NodeRefused` if
    the node does, for want of money for gas among other reasons."""
    return int(_asked(web3, "eth_estimateGas", sender, call), 16)


def estimate_many(web3: Web3, sender: str, calls: Sequence[Asked]) -> list[int]:
    """The same of many calls, each on the state as it is now. Raises at the first that is refused."""
    answers = ask_many(web3, "eth_estimateGas", [[_request(sender, call)] for call in calls])
    return [int(_result(call, answer), 16) for call, answer in zip(calls, answers, strict=True)]


def try_call(web3: Web3, sender: str, call: Asked, block: str = "latest") -> bytes:
    """What the call would return if `sender` made it after this block. Raises as `estimate_gas`."""
    return bytes.fromhex(_asked(web3, "eth_call", sender, call, block)[2:])


def _asked(web3: Web3, method: str, sender: str, call: Asked, *block: str) -> str:
    return _result(call, web3.provider.make_request(RPCEndpoint(method), [_request(sender, call), *block]))


def _request(sender: str, call: Asked) -> dict[str, str]:
    return {"from": sender, "to": call.to, "data": "0x" + call.data.hex()}


def _result(call: Asked, answer: Any) -> str:
    if "error" not in answer:
        return str(answer["result"])
    data = revert_data(answer["error"])
    if data is None:
        error = answer["error"]
        raise NodeRefused(f"{call.what}: {error.get('message', error) if isinstance(error, dict) else error}")
    raise Reverted(call.what, described(data), data)


def revert_data(error: Any) -> bytes | None:
    """What a contract returned when it reverted, from a node's answer; None if the node says of no revert."""
    data = error.get("data") if isinstance(error, Mapping) else None
    if isinstance(data, Mapping):  # some nodes wrap it
        data = data.get("data")
    if isinstance(data, str) and data.startswith("0x"):
        return bytes.fromhex(data[2:])
    return b"" if isinstance(error, Mapping) and "revert" in str(error.get("message", "")) else None


@cache
def _errors() -> dict[bytes, Mapping[str, Any]]:
    errors: dict[bytes, Mapping[str, Any]] = {}
    names = (*CONTRACTS.values(), FACTORY)
    for entry in (*_BUILTIN, *(e for name in names for e in abi(name) if e["type"] == "error")):
        types = ",".join(canonical_type(i) for i in entry["inputs"])
        errors[keccak(text=f"{entry['name']}({types})")[:4]] = entry
    return errors


def _spelled(value: Any) -> str:
    if isinstance(value, bytes):
        text = value.rstrip(b"\0")
        return text.decode() if text and text.isascii() and text.decode().isidentifier() else f"0x{value.hex()}"
    return str(value)
