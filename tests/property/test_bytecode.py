"""What the deployed code cannot do, read from the code itself: no contract of the DAO can be replaced, initialized
again, run foreign code as its own, create another, vanish, or distinguish a person from a contract (AB-15, AB-19,
AB-76, AB-77, AB-80).
"""

from __future__ import annotations

from collections import Counter

import pytest

from assurance.harness.chain.artifacts import artifacts
from datadao.chain.abi import FACTORY, ORDER

CONTRACTS = [name for _, name in ORDER]
EVERYTHING = [*CONTRACTS, FACTORY]
CREATE, CALLCODE, DELEGATECALL, CREATE2, SELFDESTRUCT, ORIGIN = 0xF0, 0xF2, 0xF4, 0xF5, 0xFF, 0x32
PUSH1, PUSH32 = 0x60, 0x7F
GAS, CALL, STATICCALL = 0x5A, 0xF1, 0xFA
INVALID, JUMPDEST = 0xFE, 0x5B


def operations(code: bytes) -> Counter[int]:
    return Counter(listed(code))


def listed(code: bytes) -> list[int]:
    """Opcodes of runtime code in their order, without the data of pushes, the constants that the optimizer keeps behind
    the code, and the metadata whose length its last two bytes say. Only a jump leads past an invalid opcode."""
    found, at = list[int](), 0
    end = len(code) - 2 - int.from_bytes(code[-2:], "big")
    while at < end:
        found.append(code[at])
        if code[at] == INVALID:
            following = code.find(JUMPDEST, at, end)
            at = end if following < 0 else following
            continue
        at += 1 + (code[at] - PUSH1 + 1 if PUSH1 <= code[at] <= PUSH32 else 0)
    return found


@pytest.mark.parametrize("name", EVERYTHING)
def test_code__runs_no_foreign_code_as_its_own_and_never_goes_away_AB15(name: str) -> None:
    """A target whose code changed after the vote, or a contract that is not what it was, takes one of these. A
    destroyed contract cannot come back under its address either: since Cancun code outlives its destruction."""
    found = operations(artifacts()[name].runtime)
    assert found[0x00] and found[0xF3], "this is code"
    assert not {DELEGATECALL, CALLCODE, SELFDESTRUCT} & found.keys()


@pytest.mark.parametrize("name", CONTRACTS)
def test_code__creates_no_contract_AB51_AB77(name: str) -> None:
    """No salt to front-run, no address to fund first, no clone to own. The factory's salts are in unit/factory."""
    assert not {CREATE, CREATE2} & operations(artifacts()[name].runtime).keys()


@pytest.mark.parametrize("name", EVERYTHING)
def test_code__passes_on_all_gas_and_never_asks_how_much_is_left(name: str) -> None:
    """Under Amsterdam's rules the limit of the sender decides what a call with a fixed amount of gas can write."""
    found = listed(artifacts()[name].runtime)
    calls = [at for at, operation in enumerate(found) if operation in (CALL, STATICCALL)]
    assert [at + 1 for at, operation in enumerate(found) if operation == GAS] == calls


@pytest.mark.parametrize("name", EVERYTHING)
def test_code__does_not_ask_who_began_the_transaction_AB80(name: str) -> None:
    assert ORIGIN not in operations(artifacts()[name].runtime)


@pytest.mark.parametrize("name", EVERYTHING)
def test_interface__has_no_initializer_and_no_owner_AB19_AB76(name: str) -> None:
    names = {entry["name"].lower() for entry in artifacts()[name].abi if entry["type"] == "function"}
    for word in ("init", "upgrade", "implementation", "proxy", "owner", "sweep", "rescue", "migrate"):
        assert not {function for function in names if word in function}, word


def test_operations__of_code_that_does_it__are_seen() -> None:
    """The reader bites: a delegate call, a creation and an origin are found, and what only looks like one is not."""
    metadata = bytes(3) + (3).to_bytes(2, "big")
    assert operations(bytes([DELEGATECALL, CREATE2, ORIGIN]) + metadata).keys() == {DELEGATECALL, CREATE2, ORIGIN}
    assert operations(bytes([PUSH1, DELEGATECALL, PUSH32, *[SELFDESTRUCT] * 32, 0]) + metadata).keys() == {
        PUSH1,
        PUSH32,
        0,
    }
    constant = bytes([INVALID, CALLCODE, SELFDESTRUCT])
    assert operations(constant + metadata).keys() == {INVALID}
    assert operations(constant + bytes([JUMPDEST, ORIGIN]) + metadata).keys() == {INVALID, JUMPDEST, ORIGIN}
