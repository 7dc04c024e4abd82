"""Is the code on chain the code compiled here, with the wiring in its immutables?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from eth_utils import keccak

from datadao.ledger.facts import Fact
from deployer.artifacts import CONTRACTS, runtime_code
from deployer.verify.reader import Check, Reader, compare

_PUSH1, _PUSH32 = 0x60, 0x7F
_DOMAIN = keccak(text="EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)")
_LONG_STRING = (0xFF).to_bytes(32, "big")
"""What OpenZeppelin's ShortString holds in place of a text of more than 31 bytes."""
_IMMUTABLES = {
    "DataTimelock": "",
    "EmergencyBrake": "timelock",
    "DataToken": "registry timelock brake token splitter governor leases models transferable maturitySupply",
    "RevenueSplitter": "registry token asset",
    "DataGovernor": "timelock token leases brake quorumFloor",
    "DataLeases": "timelock brake splitter governor registry asset "
    "minRequestEscrow startWindow ackWindow ackSlashBps maxSlashBps bondDelay",
    "ModelRegistry": "timelock splitter leases asset",
    "DatasetRegistry": "registry timelock brake token splitter governor leases models "
    "challengePeriod claimPeriod epochLength epochFloor epochCapBps",
}
"""Besides those of the EIP-712 domain: counterparts, arguments and parameters."""


def check_code(reader: Reader, expected: Mapping[str, Mapping[str, Any]]) -> Iterator[Fact]:
    """Code and immutables of each contract."""
    for name in CONTRACTS:
        yield check_runtime(reader, name, expected)


def check_runtime(reader: Reader, name: str, arguments: Mapping[str, Mapping[str, Any]]) -> Fact:
    """The code that runs, and the values in it."""
    expected = immutables(reader, name, arguments)
    code = reader.code(reader.addresses[name])
    if name == "DataGovernor":
        # A time of its creation, which `check_parameters` holds to the configuration.
        return Fact([code, reader.view(name, "floorUntil")], partial(_runtime, name, expected))
    return Fact([code], partial(_runtime, name, expected))


def _runtime(name: str, expected: Mapping[str, bytes], actual: bytes, *until: Any) -> Iterator[Check]:
    if until and isinstance(until[0], int):
        expected = {**expected, "floorUntil": _word(until[0])}
    compiled = runtime_code(name)
    places = holes(compiled)
    yield compare(name, "code hash", masked_hash(compiled, places), masked_hash(actual, places))
    if not places:
        return  # nothing that the hash does not cover
    words = {actual[place : place + 32] for place in places}
    strange = sorted(words - set(expected.values()))
    missing = [key for key, word in expected.items() if word not in words]
    wrong = [f"missing: {', '.join(missing)}"] if missing else []
    wrong += [f"unexpected: {', '.join('0x' + word.hex() for word in strange)}"] if strange else []
    wanted = ", ".join(expected)
    yield Check(name, "immutables", wanted, "; ".join(wrong) or wanted, not wrong)


def holes(code: bytes) -> list[int]:
    """Where the compiler left room for immutables: the operands of `PUSH32 0`, which it never writes otherwise."""
    found, position = [], 0
    while position < len(code):
        opcode = code[position]
        if opcode == _PUSH32 and not any(code[position + 1 : position + 33]) and position + 33 <= len(code):
            found.append(position + 1)
        position += opcode - _PUSH1 + 2 if _PUSH1 <= opcode <= _PUSH32 else 1
    return found


def immutables(reader: Reader, name: str, expected: Mapping[str, Mapping[str, Any]]) -> dict[str, bytes]:
    """Every immutable of a contract by name, as the word that stands in its code."""
    own = expected[name]
    floor = expected["DataToken"]["maturitySupply"] // 2
    values = {**own, **own.get("params", {}), **own["system"], "quorumFloor": floor}
    words = {key: _word(values[key]) for key in _IMMUTABLES[name].split()}
    domain = {"DataToken": own.get("name"), "DataGovernor": own.get("name")}.get(name, name)
    if name in ("DataToken", "DataGovernor", "DatasetRegistry"):
        words |= _domain_words(str(domain), reader.chain_id, reader.addresses[name])
    return words


def masked_hash(code: bytes, places: list[int]) -> bytes:
    """Hash of a code without its immutables."""
    masked = bytearray(code)
    for place in places:
        masked[place : place + 32] = bytes(32)
    return keccak(bytes(masked))


def _domain_words(name: str, chain_id: int, address: str) -> dict[str, bytes]:
    parts = [_DOMAIN, keccak(text=name), keccak(text="1"), _word(chain_id), _word(address)]
    return {
        "domain separator": keccak(b"".join(parts)),
        "domain chain": parts[3],
        "domain address": parts[4],
        "domain name hash": parts[1],
        "domain version hash": parts[2],
        "domain name": _short_string(name),
        "domain version": _short_string("1"),
    }


def _short_string(text: str) -> bytes:
    data = text.encode()
    return data.ljust(31, b"\0") + bytes([len(data)]) if len(data) < 32 else _LONG_STRING


def _word(value: Any) -> bytes:
    return bytes.fromhex(value[2:]).rjust(32, b"\0") if isinstance(value, str) else int(value).to_bytes(32, "big")
