"""Contracts that lie: honest code behind code of a hostile deployer's, which answers some functions by itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import ape
from eth_abi import decode, encode
from eth_utils import keccak, to_checksum_address

from datadao.chain.abi import canonical_type

Outputs = Iterable[Mapping[str, Any]]


def front(honest: str, answers: Mapping[bytes, bytes]) -> bytes:
    """Code that returns `answers` by selector, whoever asks, and runs what is at `honest` for everything else."""
    tests = 5 + 11 * len(answers)
    # Everything else: all of the calldata by DELEGATECALL, and back what it returns or reverts with.
    call = bytes.fromhex("365f5f375f5f365f73" + honest[2:] + "5af43d5f5f3e")
    forward = call + b"\x61" + (tests + len(call) + 7).to_bytes(2, "big") + bytes.fromhex("573d5ffd5b3d5ff3")
    place = tests + len(forward)
    data = place + 14 * len(answers)
    dispatch, ends, blob = bytes.fromhex("5f3560e01c"), b"", b""
    for selector, answer in answers.items():
        size, start = len(answer).to_bytes(2, "big"), (data + len(blob)).to_bytes(2, "big")
        # DUP1 PUSH4 EQ PUSH2 JUMPI; JUMPDEST PUSH2 PUSH2 PUSH0 CODECOPY PUSH2 PUSH0 RETURN
        dispatch += b"\x80\x63" + selector + b"\x14\x61" + (place + len(ends)).to_bytes(2, "big") + b"\x57"
        ends += b"\x5b\x61" + size + b"\x61" + start + b"\x5f\x39\x61" + size + b"\x5f\xf3"
        blob += answer
    return dispatch + forward + ends + blob


def put_in_front(address: str, answers: Mapping[bytes, bytes]) -> None:
    """Puts such code at an address, where honest code is."""
    provider = ape.networks.provider
    elsewhere = to_checksum_address(keccak(text=f"behind {address}")[12:])
    provider.make_request("anvil_setCode", [elsewhere, "0x" + bytes(provider.get_code(address)).hex()])
    provider.make_request("anvil_setCode", [address, "0x" + front(elsewhere, answers).hex()])


def otherwise(outputs: Outputs, answer: bytes) -> bytes:
    """An answer of the same types, in which every single value is another."""
    entries = list(outputs)
    types = [canonical_type(entry) for entry in entries]
    return encode(types, [_other(entry, value) for entry, value in zip(entries, decode(types, answer), strict=True)])


def _other(entry: Mapping[str, Any], value: Any) -> Any:
    kind: str = entry["type"]
    if kind.endswith("]"):
        return [_other({**entry, "type": kind[: kind.rindex("[")]}, inner) for inner in value]
    if kind == "tuple":
        return tuple(_other(part, inner) for part, inner in zip(entry["components"], value, strict=True))
    if kind == "address":
        return "0x" + (int(value, 16) ^ 1).to_bytes(20, "big").hex()
    if kind == "bool":
        return not value
    if kind == "string":
        return value + "'"
    if kind.startswith("bytes"):
        return value + b"\1" if kind == "bytes" else value[:-1] + bytes([value[-1] ^ 1])
    return value ^ 1
