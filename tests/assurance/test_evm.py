"""The in-process EVM: its fork, messages from contracts, and answers that it keeps."""

from __future__ import annotations

from typing import Any

import pyrevm
import pytest

from assurance.harness.chain.evm import FORK, Revm
from assurance.harness.chain.handles import Reverted

SENDER, READER, LATER = ("0x" + byte * 20 for byte in ("11", "22", "33"))
TLOAD = "5f 5c 5f 52 6020 5f f3"
"""Cancun's: returns the word of transient storage at 0."""
CLZ = "5f 1e 5f 52 6020 5f f3"
"""Osaka's: counts the leading zeros of 0."""
COUNT = "5f 54 33 73" + SENDER[2:] + " 14 6022 57 5f 52 6020 5f f3 5b 6001 01 5f 55 00"
"""Counts the messages of `SENDER`, returns the count to others."""


def place(chain: Revm, code: str, address: str = "0x" + "44" * 20) -> str:
    chain.evm.insert_account_info(address, pyrevm.AccountInfo(code=bytes.fromhex(code)))
    return address


def word(chain: Revm, address: str, sender: str = READER) -> int:
    return int.from_bytes(chain.call(sender, address, b""), "big")


def test_revm__by_an_opcode_of_its_fork__answers() -> None:
    chain = Revm()
    assert word(chain, place(chain, TLOAD)) == 0


def test_revm__by_an_opcode_of_a_later_fork__halts() -> None:
    chain = Revm()
    with pytest.raises(Reverted, match="OpcodeNotFound"):
        chain.call(READER, place(chain, CLZ), b"")


def test_fork__spelled_otherwise__would_be_the_newest() -> None:
    """pyrevm knows one spelling of a fork: in Shanghai there is no TLOAD, in SHANGHAI there is."""

    def tload(fork: str) -> Any:
        evm = pyrevm.EVM(spec_id=fork)
        evm.insert_account_info(LATER, pyrevm.AccountInfo(code=bytes.fromhex(TLOAD)))
        return evm.message_call(SENDER, LATER, gas=100_000)

    assert FORK.capitalize() == FORK
    assert tload("SHANGHAI") == tload(FORK) == bytes(32)
    with pytest.raises(RuntimeError, match="NotActivated"):
        tload("Shanghai")


def test_place__of_code_that_no_chain_allows__is_that_code() -> None:
    chain, code = Revm(), bytes.fromhex("60015f5260205ff3") + b"\x5b" * 100_000
    chain.place(LATER, code)
    assert chain.code(LATER) == code and word(chain, LATER) == 1


def test_place__state_is_put_back__stays_where_it_is() -> None:
    chain, answer = Revm(), "60015f5260205ff3"
    before = chain.snapshot()
    chain.place(LATER, bytes.fromhex(answer))
    assert word(chain, LATER) == 1
    chain.revert(before)
    assert word(chain, LATER) == 1


# Messages of contracts


def test_message__of_a_contract__is_its_own_and_finds_its_code() -> None:
    """It calls itself back: the callee returns what its caller answers."""
    chain = Revm()
    seven = place(chain, "6007 5f 52 6020 5f f3", SENDER)
    back = place(chain, "6020 5f 5f 5f 33 5a fa 50 33 6020 52 6040 5f f3")  # calls its caller; returns answer, caller
    answer = chain.call(seven, back, b"")
    assert int.from_bytes(answer[:32], "big") == 7
    assert answer[44:] == bytes.fromhex(SENDER[2:])
    assert word(chain, seven) == 7


def test_message__of_a_contract_to_itself__runs_its_code() -> None:
    chain = Revm()
    own = place(chain, "33 5f 52 6020 5f f3", SENDER)  # returns its caller
    assert word(chain, own, sender=own) == int(SENDER, 16)
    assert chain.code(own) == bytes.fromhex("33 5f 52 6020 5f f3")


def test_message__of_a_contract__keeps_its_storage_nonce_and_balance() -> None:
    chain = Revm()
    account = pyrevm.AccountInfo(balance=5, nonce=3, code=bytes.fromhex("00"))  # type: ignore[call-arg]
    chain.evm.insert_account_info(SENDER, account)
    counter = place(chain, COUNT)
    for _ in range(2):
        chain.transact(SENDER, counter, b"", 0)
    assert word(chain, counter) == 2
    assert (chain.nonce(SENDER), chain.balance(SENDER), chain.code(SENDER)) == (3, 5, b"\0")


def test_message__of_a_contract_refused__gives_the_error() -> None:
    chain = Revm()
    place(chain, "00", SENDER)
    panic = "634e487b71 60e0 1b 5f 52 6011 6004 52 6024 5f fd"
    with pytest.raises(Reverted) as caught:
        chain.transact(SENDER, place(chain, panic), b"", 0)
    assert caught.value == Reverted("Panic", 0x11)


# Answers


def created(chain: Revm, code: str) -> str:
    runtime = bytes.fromhex(code)
    return chain.create(LATER, bytes.fromhex(f"60{len(runtime):02x} 80 6009 5f 39 5f f3") + runtime)


def test_call__again__is_asked_again_only_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    chain = Revm()
    asked: list[str] = []
    message = chain._message

    def noted(sender: str, to: str, *args: Any, **more: Any) -> bytes:
        asked.append(to)
        return message(sender, to, *args, **more)

    monkeypatch.setattr(chain, "_message", noted)
    counter, clock = created(chain, COUNT), created(chain, "42 5f 52 6020 5f f3")
    start, before = chain.timestamp, chain.snapshot()

    def look(count: int, time: int) -> None:
        del asked[:]
        for _ in range(3):
            assert (word(chain, counter), word(chain, clock)) == (count, time)
        assert len(asked) == 2

    look(0, start)
    chain.transact(SENDER, counter, b"", 0)
    look(1, start)
    chain.warp(5)
    look(1, start + 5)
    chain.set_storage(counter, 0, 9)
    look(9, start + 5)
    created(chain, COUNT)
    look(9, start + 5)
    chain.revert(before)
    look(0, start)


def test_call__after_the_evm_was_given_away__is_always_asked_again() -> None:
    chain = Revm()
    counter = created(chain, COUNT)
    evm = chain.evm
    assert word(chain, counter) == 0
    evm.insert_account_storage(counter, 0, 8)
    assert word(chain, counter) == 8


def test_call__after_a_refused_transaction__is_as_before() -> None:
    chain = Revm()
    counts = created(chain, "5f 54 33 73" + SENDER[2:] + " 14 6022 57 5f 52 6020 5f f3 5b 6001 01 5f 55 5f 5f fd")
    assert word(chain, counts) == 0
    with pytest.raises(Reverted):
        chain.transact(SENDER, counts, b"", 0)
    assert word(chain, counts) == 0
    chain.warp(1)
    assert word(chain, counts) == 0
