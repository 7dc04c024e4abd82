"""What a rollup asks for data: by the OP stack's oracle or Arbitrum's, at their addresses on a node of our own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from web3 import Web3

from assurance.harness.chain.node import Node
from datadao.chain.data_fee import ARBITRUM_ORACLE, OP_ORACLE, DataFee, Outgoing, data_fees

GWEI = 10**9
ENVELOPE = 128
SENT = [Outgoing("0x" + "11" * 20, b"\1" * 100, 50_000), Outgoing(None, b"\2" * 1000, 1_000_000)]


def selected(selector: str, answer: str) -> str:
    """Code that runs `answer`, whose first byte is at 17, for this selector, and stops for any other."""
    # PUSH0 CALLDATALOAD PUSH1 224 SHR PUSH4 selector EQ PUSH1 15 JUMPI STOP JUMPDEST
    return f"5f3560e01c63{selector}14600f57005b{answer}"


def length_times(price: int, place: int, words: int = 1) -> str:
    """The number at `place` of the calldata times `price`, as the first of `words`."""
    return f"60{place:02x}3563{price:08x}025f5260{32 * words:02x}5ff3"


@pytest.fixture
def node() -> Iterator[Node]:
    running = Node()
    yield running
    running.stop()


def put(node: Node, at: str, function: str, answer: str) -> None:
    node.rpc("anvil_setCode", at, "0x" + selected(Web3.keccak(text=function)[:4].hex(), answer))


def test_data_fees__no_oracle__are_nothing(node: Node) -> None:
    assert data_fees(node.web3, SENT) == [DataFee(), DataFee()]
    assert data_fees(node.web3, []) == []


def test_data_fees__op_stack__are_wei_for_the_bytes_of_the_transaction(node: Node) -> None:
    put(node, OP_ORACLE, "getL1Fee(bytes)", length_times(GWEI, 36))
    assert data_fees(node.web3, SENT) == [DataFee(wei=GWEI * (ENVELOPE + size)) for size in (100, 1000)]


def test_data_fees__op_stack_with_an_operators_fee__have_it_by_gas(node: Node) -> None:
    put(node, OP_ORACLE, "getOperatorFee(uint256)", length_times(3, 4))
    assert data_fees(node.web3, SENT) == [DataFee(wei=150_000), DataFee(wei=3_000_000)]


def test_data_fees__arbitrum__are_gas_of_its_own(node: Node) -> None:
    put(node, ARBITRUM_ORACLE, "gasEstimateL1Component(address,bool,bytes)", length_times(7, 100, 3))
    assert data_fees(node.web3, SENT) == [DataFee(gas=700), DataFee(gas=7_000)]


@pytest.mark.parametrize("code", ["fe", "5f5ffd", "60055ff3", "60015ff3"], ids=["halts", "reverts", "short", "a byte"])
def test_data_fees__what_is_there_is_no_oracle__are_nothing(node: Node, code: str) -> None:
    for at in (OP_ORACLE, ARBITRUM_ORACLE):
        node.rpc("anvil_setCode", at, "0x" + code)
    assert data_fees(node.web3, SENT) == [DataFee(), DataFee()]
