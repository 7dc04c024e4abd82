"""DataTimelock's operations, under a governor that is an account: their states, and every refusal that the real
governor never lets happen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import DAY, actor
from datadao.chain.abi import ORDER, create_address

GOVERNOR = actor("governor that is an account")
DELAY = 2 * DAY
UNSET, WAITING, READY, DONE = range(4)
NONE = bytes(32)
SALT = b"\1" * 32


class Desk:
    """The timelock, and calls to an asset as its operations."""

    def __init__(self, dao: Dao) -> None:
        self.chain, self.asset = dao.chain, dao.asset
        deployer = actor("timelock-deployer").address
        system = {key: actor(f"counterpart-{key}").address for key, _ in ORDER}
        system |= {"governor": GOVERNOR.address, "timelock": create_address(deployer, dao.chain.nonce(deployer))}
        self.timelock: Handle = deploy(dao.chain, "DataTimelock", system, DELAY, sender=deployer)

    def approval(self, amount: int) -> tuple[str, int, bytes]:
        """An action: the timelock approves the governor's account."""
        return self.asset.address, 0, self.asset.encode("approve", GOVERNOR.address, amount)

    def send(self, name: str, *args: Any) -> Any:
        return getattr(self.timelock, name)(*args, sender=GOVERNOR.address)

    def state(self, operation: bytes) -> tuple[int, bool, bool, bool, bool, int, int]:
        """State; whether it exists, is pending, ready, done; when it is due; what was approved."""
        t = self.timelock
        known = t.isOperation(operation), t.isOperationPending(operation), t.isOperationReady(operation)
        approved = self.asset.allowance(t.address, GOVERNOR.address)
        return t.getOperationState(operation), *known, t.isOperationDone(operation), t.getTimestamp(operation), approved


@pytest.fixture
def desk(dao: Dao) -> Desk:
    return Desk(dao)


def refused(desk: Desk, operation: bytes, call: Callable[[], Any], error: str, *args: Any) -> None:
    before = desk.state(operation)
    with pytest.raises(Reverted) as caught:
        call()
    assert caught.value == Reverted(error, *args)
    assert desk.state(operation) == before


def bitmap(state: int) -> bytes:
    return (1 << state).to_bytes(32, "big")


def test_operation__scheduled_and_executed__passes_through_its_states(desk: Desk) -> None:
    call = (*desk.approval(7), NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    assert desk.state(operation) == (UNSET, False, False, False, False, 0, 0)
    receipt = desk.send("schedule", *call, DELAY)
    assert [event.name for event in receipt.events] == ["CallScheduled", "CallSalt"]
    due = desk.chain.timestamp + DELAY
    assert desk.state(operation) == (WAITING, True, True, False, False, due, 0)
    desk.chain.warp(DELAY)
    assert desk.state(operation) == (READY, True, True, True, False, due, 0)
    receipt = desk.send("execute", *call)
    assert "CallExecuted" in [event.name for event in receipt.events]
    assert desk.state(operation) == (DONE, True, False, False, True, 1, 7)


def test_batch__scheduled_and_executed__performs_all_calls(desk: Desk) -> None:
    targets, values, calls = zip(desk.approval(1), desk.approval(2), strict=True)
    batch = (list(targets), list(values), list(calls), NONE, SALT)
    operation = desk.timelock.hashOperationBatch(*batch)
    desk.send("scheduleBatch", *batch, DELAY)
    desk.chain.warp(DELAY)
    desk.send("executeBatch", *batch)
    assert desk.state(operation)[0] == DONE
    assert desk.state(operation)[-1] == 2


def test_cancel__of_a_waiting_operation__forgets_it(desk: Desk) -> None:
    call = (*desk.approval(7), NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    desk.send("schedule", *call, DELAY)
    receipt = desk.send("cancel", operation)
    assert [(event.name, event.args) for event in receipt.events] == [("Cancelled", {"id": operation})]
    assert desk.state(operation) == (UNSET, False, False, False, False, 0, 0)


def test_cancel__of_what_is_not_pending__refused(desk: Desk) -> None:
    pending = (bitmap(WAITING)[-1] | bitmap(READY)[-1]).to_bytes(32, "big")
    refused(desk, SALT, lambda: desk.send("cancel", SALT), "TimelockUnexpectedOperationState", SALT, pending)


def test_schedule__with_less_than_the_delay__refused_G7(desk: Desk) -> None:
    call = (*desk.approval(7), NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    short = DELAY - 1
    refused(desk, operation, lambda: desk.send("schedule", *call, short), "TimelockInsufficientDelay", short, DELAY)


def test_schedule__of_a_known_operation__refused(desk: Desk) -> None:
    call = (*desk.approval(7), NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    desk.send("schedule", *call, DELAY)
    again = "TimelockUnexpectedOperationState", operation, bitmap(UNSET)
    refused(desk, operation, lambda: desk.send("schedule", *call, DELAY), *again)


def test_batch__of_lists_that_do_not_match__refused(desk: Desk) -> None:
    target, _, data = desk.approval(7)
    batch = ([target], [], [data], NONE, SALT)
    lengths = "TimelockInvalidOperationLength", 1, 1, 0
    refused(desk, NONE, lambda: desk.send("scheduleBatch", *batch, DELAY), *lengths)
    refused(desk, NONE, lambda: desk.send("executeBatch", *batch), *lengths)


def test_execute__before_the_delay_is_over__refused_G7(desk: Desk) -> None:
    call = (*desk.approval(7), NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    desk.send("schedule", *call, DELAY)
    desk.chain.warp(DELAY - 1)
    early = "TimelockUnexpectedOperationState", operation, bitmap(READY)
    refused(desk, operation, lambda: desk.send("execute", *call), *early)


def test_execute__before_its_predecessor__refused(desk: Desk) -> None:
    call = (*desk.approval(7), SALT, NONE)
    operation = desk.timelock.hashOperation(*call)
    desk.send("schedule", *call, DELAY)
    desk.chain.warp(DELAY)
    refused(desk, operation, lambda: desk.send("execute", *call), "TimelockUnexecutedPredecessor", SALT)


def test_execute__of_a_call_that_fails_without_a_word__refused(desk: Desk) -> None:
    call = (desk.asset.address, 0, b"\xff" * 4, NONE, SALT)
    operation = desk.timelock.hashOperation(*call)
    desk.send("schedule", *call, DELAY)
    desk.chain.warp(DELAY)
    refused(desk, operation, lambda: desk.send("execute", *call), "FailedCall")


def test_receipt_of_other_tokens__is_confirmed_as_the_standards_say(desk: Desk) -> None:
    t, sender = desk.timelock, GOVERNOR.address
    zero = ADDRESS_ZERO
    single = t.onERC721Received(zero, zero, 1, b"", sender=sender).value
    one = t.onERC1155Received(zero, zero, 1, 1, b"", sender=sender).value
    many = t.onERC1155BatchReceived(zero, zero, [1], [1], b"", sender=sender).value
    assert [single.hex(), one.hex(), many.hex()] == ["150b7a02", "f23a6e61", "bc197c81"]
    known = ["01ffc9a7", "7965db0b", "4e2312e0"]  # ERC-165, AccessControl, ERC-1155 receiver
    assert [t.supportsInterface(bytes.fromhex(name)) for name in [*known, "ffffffff"]] == [True, True, True, False]
