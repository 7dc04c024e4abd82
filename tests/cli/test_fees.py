"""What a transaction offers for gas: as given, else what the chain and the node say; shown before it is sent.

given nothing is said        it should offer twice the base fee, and the node's tip or 1 wei
given --max-fee, --tip       it should offer these, and refuse what no block takes
given a chain without a base fee   it should offer a gas price
"""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from web3.types import TxData

from assurance.harness.chain.node import roll_up, roll_up_in_gas
from assurance.harness.chain.proxy import Answer, Proxy, Request
from assurance.harness.commands import Ran
from tests.cli.conftest import FreshDao
from tests.cli.licensee import Licensee
from tests.cli.test_rehearsal import refuse, words

GWEI = 10**9
THREE_SLOTS = 3 * 22_100
"""Gas that limits have beyond half as much again as the estimate."""
SEND = ("send", "asset.approve", "leases", "1", "--yes", "--json")


@pytest.fixture
def licensee(live: FreshDao) -> Licensee:
    live.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * GWEI))
    live.node.rpc("evm_mine")
    live.node.rpc("anvil_setNextBlockBaseFeePerGas", hex(2 * GWEI))
    return Licensee(live)


def sent(licensee: Licensee, done: Ran) -> TxData:
    """The one transaction, as it is on chain."""
    assert done.code == 0, done.err
    (only,) = done.document["transactions"]
    return licensee.live.node.web3.eth.get_transaction(only["transaction"])


def through(licensee: Licensee, alter: Callable[[Request, Answer], Answer], *more: str) -> Ran:
    with Proxy(licensee.live.node.url) as proxy:
        proxy.alter = alter
        return licensee.run(*SEND, "--network", proxy.url, *more)


def test_fee__nothing_said__is_twice_the_base_fee_and_the_nodes_tip(licensee: Licensee) -> None:
    done = licensee.run(*SEND)
    found = sent(licensee, done)
    assert (found["maxPriorityFeePerGas"], found["maxFeePerGas"]) == (GWEI, 5 * GWEI)
    assert "(base fee 2 gwei, tip 1, at most 5)" in done.err


@pytest.mark.parametrize(("suggested", "tip"), [("0x0", 1), ("0x7", 7)])
def test_fee__tip_that_the_node_suggests__is_offered_but_at_least_1_wei(
    licensee: Licensee, suggested: str, tip: int
) -> None:
    def alter(request: Request, answer: Answer) -> Answer:
        return answer | {"result": suggested} if request["method"] == "eth_maxPriorityFeePerGas" else answer

    assert sent(licensee, through(licensee, alter))["maxPriorityFeePerGas"] == tip


def test_fee__node_that_suggests_no_tip__is_what_its_price_has_above_the_base_fee(licensee: Licensee) -> None:
    def alter(request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_gasPrice":
            return answer | {"result": hex(2 * GWEI + 5)}
        return refuse(request, answer) if request["method"] == "eth_maxPriorityFeePerGas" else answer

    assert sent(licensee, through(licensee, alter))["maxPriorityFeePerGas"] == 5


@pytest.mark.parametrize(
    ("options", "most", "tip"),
    [
        (("--max-fee", "3.5", "--tip", "0.25"), 3_500_000_000, 250_000_000),
        (("--tip", "0.000000001"), 4 * GWEI + 1, 1),
        (("--max-fee", "2"), 2 * GWEI, GWEI),
        (("--max-fee", "0002.0"), 2 * GWEI, GWEI),
    ],
)
def test_fee__as_given__is_offered(licensee: Licensee, options: tuple[str, ...], most: int, tip: int) -> None:
    found = sent(licensee, licensee.run(*SEND, *options))
    assert (found["maxFeePerGas"], found["maxPriorityFeePerGas"]) == (most, tip)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (
            ("--max-fee", "1.9"),
            "a max fee of 1.9 gwei is below the last block's base fee of 2 gwei; nothing was sent",
        ),
        (("--max-fee", "3", "--tip", "4"), "a tip of 4 gwei is above the max fee of 3 gwei; nothing was sent"),
    ],
)
def test_fee__that_no_block_takes__is_refused_before_anything_is_sent(
    licensee: Licensee, options: tuple[str, ...], expected: str
) -> None:
    before = licensee.nonce
    done = licensee.run(*SEND, *options)
    assert (done.code, done.document["error"]["message"]) == (1, expected)
    assert (licensee.nonce, licensee.allowance, licensee.pool, licensee.kept) == (before, 0, 0, [])


@pytest.mark.parametrize("amount", ["0", "-1", "1e3", "1.0000000001", "", "gwei", "1,5", "0x2", "9" * 16])
def test_fee__that_is_no_amount__is_wrong_usage(licensee: Licensee, amount: str) -> None:
    for option in ("--max-fee", "--tip"):
        done = licensee.run(*SEND, f"{option}={amount}")
        assert done.code == 2 and f"expected gwei above 0 like 2 or 1.5, with 9 decimals at most; got {amount!r}" in (
            done.err
        )


def legacy(request: Request, answer: Answer) -> Answer:
    """A chain from before EIP-1559."""
    if request["method"].startswith("eth_getBlockBy"):
        (answer["result"] or {}).pop("baseFeePerGas", None)
    known = request["method"] not in ("eth_maxPriorityFeePerGas", "eth_feeHistory")
    return answer if known else refuse(request, answer)


@pytest.mark.parametrize(("options", "price"), [((), None), (("--max-fee", "6"), 6 * GWEI)])
def test_fee__chain_without_a_base_fee__is_a_gas_price(
    licensee: Licensee, options: tuple[str, ...], price: int | None
) -> None:
    expected = licensee.live.node.web3.eth.gas_price if price is None else price
    found = sent(licensee, through(licensee, legacy, *options))
    assert (found["type"], found["gasPrice"]) == (0, expected)


def test_fee__tip_on_a_chain_without_a_base_fee__is_refused(licensee: Licensee) -> None:
    before = licensee.nonce
    done = through(licensee, legacy, "--tip", "1")
    assert (done.code, done.document["error"]["message"]) == (1, "this chain has no tips; say the max fee alone")
    assert licensee.nonce == before


def test_fee__more_than_the_account_holds__is_refused_though_less_would_be_paid(licensee: Licensee) -> None:
    before = licensee.nonce
    licensee.live.node.rpc("anvil_setBalance", licensee.address, hex(200_000 * GWEI))
    done = licensee.run(*SEND, "--max-fee", "1000")
    message = done.document["error"]["message"]
    assert done.code == 1 and message.startswith(f"{licensee.address} holds 0.0002 ETH, the fee is about 0.0001")
    assert message.endswith(" ETH; nothing was sent") and licensee.nonce == before


# Rollups, whose fee for data is no gas

PER_BYTE = 10**13


def test_fee__of_a_rollup__has_the_data_by_the_chains_oracle(licensee: Licensee) -> None:
    plain = licensee.run(*SEND)
    roll_up(licensee.live.node, PER_BYTE)
    done = licensee.run(*SEND)
    assert done.code == 0, done.err
    assert f" ETH, of it {PER_BYTE * (128 + 68) / 10**18:g} for data, by the chain's oracle (base fee " in done.err
    assert "for data" not in plain.err


def test_fee__of_a_rollup__more_than_the_account_holds__is_refused(licensee: Licensee) -> None:
    roll_up(licensee.live.node, PER_BYTE)
    before, data = licensee.nonce, PER_BYTE * (128 + 68)
    licensee.live.node.rpc("anvil_setBalance", licensee.address, hex(data))
    done = licensee.run(*SEND)
    assert done.code == 1 and " the fee is about 0.00" in done.document["error"]["message"]
    assert licensee.nonce == before


# Rollups that count the data into gas

GAS_A_BYTE = 1_000


def counted(request: Request, answer: Answer) -> Answer:
    """A node of Arbitrum: its estimates have what its oracle says."""
    if request["method"] != "eth_estimateGas" or "result" not in answer:
        return answer
    return answer | {"result": hex(int(answer["result"], 16) + GAS_A_BYTE * size_of(request["params"][0]["data"]))}


def size_of(data: str) -> int:
    return len(data) // 2 - 1


def figures(done: Ran) -> list[tuple[int, int | None]]:
    """About the gas of each transaction, and its limit where that is known."""
    found = re.findall(r"about ([\d,]+) gas(?:, limit ([\d,]+))?", done.err)
    return [(number(used), number(limit) if limit else None) for used, limit in found]


def number(text: str) -> int:
    return int(text.replace(",", ""))


def for_data(done: Ran) -> str:
    (found,) = re.findall(r", of it (\S+) for data, by the chain's oracle \(", done.err)
    return str(found)


def test_fee__of_a_rollup_that_counts_data_into_gas__is_the_nodes_estimate(licensee: Licensee) -> None:
    ((plain, _),) = figures(licensee.run(*SEND[:-2]))
    roll_up_in_gas(licensee.live.node, GAS_A_BYTE)
    done = through(licensee, counted)
    data = GAS_A_BYTE * 68
    ((used, limit),) = figures(done)
    assert plain + data <= used <= plain + data + 2_000  # an estimate has some gas more than is used
    assert limit == used * 3 // 2 + THREE_SLOTS == sent(licensee, done)["gas"]
    assert for_data(done) == f"{data * 3 * GWEI / 10**18:g}"


def test_fee__of_such_a_rollup__has_the_data_of_calls_that_no_node_can_estimate_yet(licensee: Licensee) -> None:
    (allowing, _), (asking, later) = figures(licensee.run(*words()[:-2]))
    roll_up_in_gas(licensee.live.node, GAS_A_BYTE)
    with Proxy(licensee.live.node.url) as proxy:
        proxy.alter = counted
        done = licensee.run(*words(), "--network", proxy.url)
    assert done.code == 0, done.err
    web3 = licensee.live.node.web3
    mined = [web3.eth.get_transaction(each["transaction"]) for each in done.document["transactions"]]
    data = [GAS_A_BYTE * len(each["input"]) for each in mined]
    (first, _), (second, unknown) = figures(done)
    assert allowing + data[0] <= first <= allowing + data[0] + 2_000
    assert (second, later, unknown) == (asking + data[1], None, None)
    assert for_data(done) == f"{sum(data) * 3 * GWEI / 10**18:g}"
    # Once it is next, the node estimates it.
    assert mined[1]["gas"] >= (asking + data[1]) * 3 // 2 + THREE_SLOTS
    assert licensee.leases == 1


def test_fee__of_such_a_rollup__more_than_the_account_holds__is_refused(licensee: Licensee) -> None:
    roll_up_in_gas(licensee.live.node, GAS_A_BYTE)
    before = licensee.nonce
    # Enough for what the EVM takes, at the max fee.
    licensee.live.node.rpc("anvil_setBalance", licensee.address, hex(100_000 * 5 * GWEI))
    done = through(licensee, counted)
    assert done.code == 1 and " ETH, the fee is about 0.0003" in done.document["error"]["message"]
    assert (licensee.nonce, licensee.allowance, licensee.pool, licensee.kept) == (before, 0, 0, [])
