"""Sending where state is paid apart: limits by estimate, figures that count state, what out of gas looks like, and a
whole life."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak, to_checksum_address

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.door import Door
from datadao.chain.costs import Gas, least_balance
from datadao.chain.fees import Fee, choose
from datadao.chain.reverts import estimate_gas
from datadao.chain.series import estimate_many, send_all
from datadao.chain.simulation import simulate, used_by
from datadao.chain.transactions import broadcast, limit_of, next_nonce, send, sign, wait
from datadao.errors import TransactionFailed
from tests.client import test_core
from tests.client.chain_world import ChainWorld

CODE = {
    "clearing": "".join(f"600160{n:02x}55" for n in range(20)) + "".join(f"5f60{n:02x}55" for n in range(20)),
    "lasting": "".join(f"600160{n:02x}55" for n in range(200)),
    "endless": "5f64ffffffffff52",  # MSTORE beyond what any gas pays
    "counting": "5f54600101805f5560019055",  # one more in slot 0, and the slot with that number
}
"""What writes slots: 20 that are cleared again; 200 that stay; none for want of gas; another one each time."""
AT = {name: to_checksum_address("0x" + f"{number:02x}" * 20) for number, name in enumerate(CODE, 0x5C)}
SLOT = 97_920
"""Gas of a new one, for state alone."""


def raw(to: str) -> Any:
    """A call of code that has no ABI."""
    return SimpleNamespace(to=to, data=b"", what="write", contract="", function="write")


@pytest.fixture(scope="module")
def door() -> Iterator[Door]:
    node = Door()
    for name, code in CODE.items():
        node.rpc("anvil_setCode", AT[name], "0x" + code)
    yield node
    node.stop()


@pytest.fixture(scope="module")
def account(door: Door) -> Any:
    found = Account.from_key(keccak(text="amsterdam"))
    door.rpc("anvil_setBalance", found.address, hex(10**20))
    return found


def test_send__slots_set_and_cleared__has_the_limit_that_it_needs_and_not_what_it_uses(
    door: Door, account: Any
) -> None:
    call = raw(AT["clearing"])
    needed = estimate_gas(door.web3, account.address, call)
    mined = send(door.web3, call, account)
    assert needed > 3 * mined.gas_used
    fee, nonce = choose(door.web3), next_nonce(door.web3, account.address)
    tight = sign(account, call, gas=mined.gas_used, nonce=nonce, fee=fee, chain_id=31_337)
    broadcast(door.web3, tight)
    with pytest.raises(TransactionFailed, match=f"^write: it ran out of its {mined.gas_used:,} gas "):
        wait(door.web3, tight, 10)


def test_send__more_state_than_a_transaction_may_execute__has_a_limit_beyond_it(door: Door, account: Any) -> None:
    mined = send(door.web3, raw(AT["lasting"]), account)
    assert 2**24 < 200 * SLOT < mined.gas_used
    sent = door.web3.eth.get_transaction(mined.hash)  # type: ignore[arg-type]
    assert mined.gas_used * 5 // 4 < sent["gas"] <= door.web3.eth.get_block("latest")["gasLimit"]


def test_limit__of_an_estimate__is_half_as_much_again_and_three_slots_within_what_may_be() -> None:
    fee = Fee(1, block=100_000_000, slot=1_000)
    assert limit_of(1_000_000, fee) == 1_503_000
    assert limit_of(12_000_000, fee) == 2**24
    assert limit_of(20_000_000, fee) == 30_003_000
    assert limit_of(90_000_000, fee) == fee.block
    assert limit_of(20_000_000, Fee(1)) == 20_000_000


def test_wait__all_execution_gas_spent__says_so_though_the_limit_is_not(door: Door, account: Any) -> None:
    call, limit = raw(AT["endless"]), 60_000_000
    nonce, fee = next_nonce(door.web3, account.address), choose(door.web3)
    sent = sign(account, call, gas=limit, nonce=nonce, fee=fee, chain_id=31_337)
    broadcast(door.web3, sent)
    with pytest.raises(TransactionFailed, match=r"^write: it ran out of its 60,000,000 gas "):
        wait(door.web3, sent, 10)


def test_simulate__new_slots__are_in_the_figures(door: Door, account: Any) -> None:
    calls = [raw("0x" + "11" * 20), raw(AT["counting"]), raw(AT["counting"])]
    gas = simulate(door.web3, account.address, calls)
    assert gas is not None
    assert gas[0] < SLOT < gas[2] < gas[1]


def test_used_by__slots_set_and_cleared__is_what_it_then_takes_and_not_the_limit_that_it_needs(
    door: Door, account: Any
) -> None:
    calls = [raw(AT["clearing"]), raw(AT["counting"])]
    used, needed = used_by(door.web3, account.address, calls), estimate_many(door.web3, account.address, calls)
    assert used is not None
    mined = send_all(door.web3, calls, account)
    assert used == [each.gas_used for each in mined]
    assert needed[0] > 3 * used[0] and needed[1] < used[1] * 11 // 10
    assert all(each.gas_limit >= least for each, least in zip(mined, needed, strict=True))


def test_used_by__a_call_that_is_refused_or_a_node_that_cannot_tell__says_nothing(door: Door, account: Any) -> None:
    assert used_by(door.web3, account.address, [raw(AT["endless"])]) is None
    assert used_by(SimpleNamespace(provider=SimpleNamespace(make_request=_unknown)), account.address, []) is None


def _unknown(*_: Any) -> Any:
    return {"error": {"code": -32601, "message": "Method not found"}}


def test_least_balance__is_what_a_node_asks_for_at_each_transaction() -> None:
    fee = Fee(most=5, tip=1, base=2)
    assert least_balance([], fee, []) == 0
    assert least_balance([Gas(10, 60)], fee, [7]) == 60 * 5 + 7
    assert least_balance([Gas(10, 60), Gas(100, 110)], fee, [7, 9]) == 10 * 3 + 7 + 110 * 5 + 9
    assert least_balance([Gas(100, 600), Gas(10, 15)], fee, [0, 0]) == 3_000


def test_send_all__each_writes_a_new_slot__all_are_mined(door: Door, account: Any) -> None:
    calls = [raw(AT["counting"]) for _ in range(5)]
    mined = send_all(door.web3, calls, account)
    assert all(SLOT < each.gas_used < 3 * SLOT for each in mined)


def test_life__amsterdam__contribute_claim_vote_lease_open(door: Door, tmp_path: Path) -> None:
    world = ChainWorld(Anvil(door.web3, gas_limit=100_000_000), tmp_path / "world")
    first = door.web3.eth.block_number
    test_core.test_life__contribute_claim_vote_lease_open__with_the_core_alone(world, tmp_path)
    # A claim of a new member, a request: the integrator's own transactions, with estimated limits.
    numbers = range(first, door.web3.eth.block_number + 1)
    blocks: list[Any] = [door.web3.eth.get_block(number, True) for number in numbers]
    sent = [tx for block in blocks for tx in block["transactions"] if tx["type"] == 2]
    used = [door.web3.eth.get_transaction_receipt(tx["hash"])["gasUsed"] for tx in sent]
    assert len(sent) > 4 and max(used) > 5 * SLOT
    assert all(gas < tx["gas"] < 2 * gas + 4 * SLOT for gas, tx in zip(used, sent, strict=True))
