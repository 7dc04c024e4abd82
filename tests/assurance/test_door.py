"""The node with rules to come answers as anvil does under the rules that both have, and keeps Amsterdam's own."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from eth_account import Account
from eth_utils import keccak
from web3 import Web3

from assurance import ROOT
from assurance.harness.chain.artifacts import artifacts
from assurance.harness.chain.door import Door
from assurance.harness.chain.node import FINALITY, Node, until
from datadao.chain.connection import answer_of, answers_of
from datadao.chain.reverts import revert_data

START, GWEI = 2_000_000_000, 10**9
KEYS = [Account.from_key(keccak(text=f"door/{number}")) for number in range(2)]
OTHER, FRESH = "0x" + "12" * 20, "0x" + "34" * 20
AT = "0x" + "77" * 20
ANSWERING_42 = "0x602a5f5260205ff3"
"""MSTORE 42, RETURN."""
OF_THE_NODE = frozenset({
    "hash", "blockHash", "parentHash", "stateRoot", "receiptsRoot", "transactionsRoot", "size", "miner", "mixHash",
    "extraData", "blobGasUsed", "excessBlobGas", "blobGasPrice", "parentBeaconBlockRoot", "withdrawals", "requestsHash",
    "withdrawalsRoot", "totalDifficulty", "yParity", "v", "r", "s", "accessList", "authorizationList",
    "baseFeePerBlobGas", "blobGasUsedRatio", "reward", "blockTimestamp",
})  # fmt: skip
"""What differs with the software: what a block's hash is made of, and fields that may be left out."""


class Pair:
    """Every question goes to both nodes; so does every transaction."""

    def __init__(self, door: Door, anvil: Node) -> None:
        self.nodes = (door.web3, anvil.web3)
        self.probe = artifacts()["Probe"]

    def ask(self, method: str, *params: Any) -> Any:
        """The answer of the one that `@ethereumjs/vm` gives, once anvil gives the same."""
        door, anvil = (answer_of(web3, method, list(params)) for web3 in self.nodes)
        assert _kind(door) == _kind(anvil), (method, door, anvil)
        return door.get("result", door.get("error"))

    def send(self, account: Any, to: str | None, data: bytes, gas: int, nonce: int, value: int = 0) -> Any:
        """Its receipt."""
        answer = self.ask("eth_sendRawTransaction", self.sign(account, to, data, gas, nonce, value))
        if not isinstance(answer, str):
            return answer
        # anvil answers before a large creation is in its block.
        until(lambda: answer_of(self.nodes[1], "eth_getTransactionReceipt", [answer])["result"])
        return self.ask("eth_getTransactionReceipt", answer)

    @staticmethod
    def sign(account: Any, to: str | None, data: bytes, gas: int, nonce: int, value: int = 0) -> str:
        fields = {"data": data, "gas": gas, "nonce": nonce, "value": value, "chainId": 31_337}
        fields["to"] = Web3.to_checksum_address(to) if to else b""
        fees = {"maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": GWEI}
        raw: str = account.sign_transaction(fields | fees).raw_transaction.to_0x_hex()
        return raw


def _kind(answer: Any) -> Any:
    """What must be equal: of a refusal that there is one, and what a contract said."""
    if "error" in answer:
        return "error", revert_data(answer["error"])
    return _comparable(answer["result"])


def _comparable(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _comparable(item) for key, item in value.items() if key not in OF_THE_NODE}
    return [_comparable(item) for item in value] if isinstance(value, list) else value


def _call(name: str, *words: int) -> bytes:
    return keccak(text=name)[:4] + b"".join(word.to_bytes(32) for word in words)


SET, REFUSE, VALUE, BOMB = (
    _call("set(uint256)", 5), _call("refuse(uint256)", 7), _call("value()"), _call("bomb(uint256,bool)", 2**40, 0),
)  # fmt: skip


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    door, anvil = Door("cancun", block_gas=30_000_000), Node()
    try:
        yield Pair(door, anvil)
    finally:
        door.stop()
        anvil.stop()


@pytest.fixture(scope="module")
def probe(pair: Pair) -> str:
    """The address of a contract, after some life on both nodes: creation, event of a transfer, refusals, halts."""
    pair.ask("anvil_setBlockTimestampInterval", 3)
    pair.ask("evm_setNextBlockTimestamp", START)
    for key in KEYS:
        pair.ask("anvil_setBalance", key.address, hex(10**20))
    created = pair.send(KEYS[0], None, pair.probe.creation, 2_000_000, 0)
    at = str(created["contractAddress"])
    assert pair.send(KEYS[0], at, SET, 200_000, 1, value=9)["status"] == "0x1"
    assert pair.send(KEYS[0], at, REFUSE, 200_000, 2)["status"] == "0x0"
    halted = pair.send(KEYS[1], at, BOMB, 200_000, 0)
    assert halted["status"] == "0x0" and halted["gasUsed"] == hex(200_000)
    asset = artifacts()["TestAsset"].creation + b"".join(word.to_bytes(32) for word in (96, 160, 6, 1, 0x41 << 248, 1))
    token = pair.send(KEYS[1], None, asset + (0x42 << 248).to_bytes(32), 3_000_000, 1)["contractAddress"]
    mint = _call("mint(address,uint256)", int(OTHER, 16), 1000)
    assert len(pair.send(KEYS[1], token, mint, 200_000, 2)["logs"]) == 1
    assert pair.send(KEYS[1], FRESH, b"", 21_000, 3, value=1)["gasUsed"] == hex(21_000)
    return at


def test_door__blocks_receipts_transactions_logs__are_anvils(pair: Pair, probe: str) -> None:
    assert pair.ask("eth_blockNumber") == "0x7"
    for number in range(1, 8):
        block = pair.ask("eth_getBlockByNumber", hex(number), True)
        assert block["timestamp"] == hex(START + 3 * (number - 1))
        pair.ask("eth_getTransactionByHash", block["transactions"][0]["hash"])
    everything = {"fromBlock": "0x0", "toBlock": "latest"}
    (log,) = pair.ask("eth_getLogs", everything)
    assert log["blockTimestamp"] == hex(START + 3 * (int(log["blockNumber"], 16) - 1))
    for wanted in (
        {"topics": [[log["topics"][0], "0x" + "11" * 32]]}, {"topics": [None, "0x" + "00" * 32]}, {"address": probe},
        {"topics": ["0x" + "11" * 32]}, {"address": [log["address"]], "fromBlock": "0x7"},
        {"fromBlock": "0x0", "toBlock": "0x5"},
    ):  # fmt: skip
        pair.ask("eth_getLogs", everything | wanted)


@pytest.mark.parametrize("tag", ["latest", "pending", "earliest", "safe", "finalized", "0x2", "0x63"])
def test_door__state_at_a_block__is_anvils(pair: Pair, probe: str, tag: str) -> None:
    for address in (probe, KEYS[0].address, FRESH, AT):
        pair.ask("eth_getBalance", address, tag)
        pair.ask("eth_getCode", address, tag)
        pair.ask("eth_getTransactionCount", address, tag)
        pair.ask("eth_getStorageAt", address, "0x0", tag)
    pair.ask("eth_call", {"to": probe, "data": "0x" + VALUE.hex()}, tag)
    if tag in ("latest", "0x2", "0x63"):
        pair.ask("eth_getBlockByNumber", tag, False)


def test_door__calls_and_overrides__are_anvils(pair: Pair, probe: str) -> None:
    def call(to: str, data: bytes, *more: Any, **fields: str) -> Any:
        return pair.ask("eth_call", {"to": to, "data": "0x" + data.hex(), **fields}, "latest", *more)

    assert int(call(probe, VALUE), 16) == 5
    assert call(probe, REFUSE)["data"].endswith("7")
    assert "code" in call(probe, BOMB)
    assert int(call(AT, b"", {AT: {"code": ANSWERING_42}}), 16) == 42
    # The sender itself may be given code: so a command tries what it sends one after another.
    sender = KEYS[0].address
    assert int(call(sender, b"", {sender: {"code": ANSWERING_42}}, **{"from": sender}), 16) == 42
    slot = "0x" + "00" * 32
    for field in ("state", "stateDiff"):
        assert int(call(probe, VALUE, {probe: {field: {slot: "0x" + "00" * 31 + "08"}}}), 16) == 8
    assert int(call(probe, VALUE), 16) == 5
    # ADDRESS BALANCE, and the address that a creation by it gets
    balance, creating = "0x47" + "5f5260205ff3", "0x5f5f5ff0" + "5f5260205ff3"
    assert int(call(AT, b"", {AT: {"code": balance, "balance": "0x9"}}), 16) == 9
    assert int(call(AT, b"", {AT: {"code": creating, "nonce": "0x9"}}), 16)


def test_door__refusals__are_where_anvils_are(pair: Pair, probe: str) -> None:
    for fields in ({"nonce": 0}, {"gas": 20_000}, {"value": 10**21}, {"gas": 31_000_000}):
        refused = pair.send(KEYS[0], probe, SET, **({"gas": 200_000, "nonce": 3} | fields))
        assert "code" in refused, fields
    assert "code" in pair.ask("eth_noSuchMethod")
    assert "code" in pair.ask("eth_sendRawTransaction", "0x02ff")
    assert pair.ask("eth_getTransactionReceipt", "0x" + "11" * 32) is None
    assert pair.ask("eth_getTransactionByHash", "0x" + "11" * 32) is None
    assert pair.ask("eth_getBlockByHash", "0x" + "11" * 32, False) is None


def test_door__estimates__suffice_and_are_close_to_what_is_used(pair: Pair, probe: str) -> None:
    sender = KEYS[0].address
    for data in (SET, VALUE):
        request = {"from": sender, "to": probe, "data": "0x" + data.hex()}
        door, anvil = (int(answer_of(web3, "eth_estimateGas", [request])["result"], 16) for web3 in pair.nodes)
        assert abs(door - anvil) * 50 <= anvil
    request = {"from": sender, "data": "0x" + pair.probe.creation.hex()}
    door, anvil = (int(answer_of(web3, "eth_estimateGas", [request])["result"], 16) for web3 in pair.nodes)
    assert abs(door - anvil) * 50 <= anvil
    assert pair.ask("eth_estimateGas", {"from": sender, "to": probe, "data": "0x" + REFUSE.hex()})["code"] == 3


def test_door__batches_fees_snapshots_finality__are_anvils(pair: Pair, probe: str) -> None:
    asked: Any = [("eth_chainId", []), ("eth_noSuchMethod", []), ("eth_getCode", [probe, "latest"])]
    door, anvil = (list(answers_of(web3, asked)) for web3 in pair.nodes)
    assert [_kind(answer) for answer in door] == [_kind(answer) for answer in anvil]
    history = pair.ask("eth_feeHistory", "0x3", "latest", [])
    assert len(history["baseFeePerGas"]) == 4
    kept = [web3.provider.make_request("evm_snapshot", [])["result"] for web3 in pair.nodes]  # type: ignore[arg-type]
    pair.ask("anvil_setBlockTimestampInterval", 0)
    for web3 in pair.nodes:
        web3.provider.make_request("anvil_mine", [hex(FINALITY), "0x0"])  # type: ignore[arg-type]
    assert pair.ask("eth_getBlockByNumber", "finalized", False)["number"] == hex(7 + FINALITY - 64)
    for web3, name in zip(pair.nodes, kept, strict=True):
        assert web3.provider.make_request("evm_revert", [name])["result"]  # type: ignore[arg-type]
    assert pair.ask("eth_getBlockByNumber", "latest", False)["number"] == "0x7"
    assert pair.ask("eth_getLogs", {"fromBlock": "0x0", "toBlock": "latest"})


def test_door__a_nonce_ahead__waits_for_the_one_before(pair: Pair, probe: str) -> None:
    sender, sent = KEYS[0].address, [pair.sign(KEYS[0], probe, SET, 200_000, nonce) for nonce in (4, 3)]
    later = pair.ask("eth_sendRawTransaction", sent[0])
    assert pair.ask("eth_getTransactionReceipt", later) is None
    assert pair.ask("eth_getTransactionCount", sender, "latest") == "0x3"
    pair.ask("eth_sendRawTransaction", sent[1])
    # anvil puts both into a block or into two, as it happens.
    for web3 in pair.nodes:
        assert web3.eth.wait_for_transaction_receipt(later)["status"] == 1
        assert web3.eth.get_transaction_count(sender) == 5


@pytest.fixture(scope="module")
def amsterdam() -> Iterator[Door]:
    door = Door()
    yield door
    door.stop()


def test_door__amsterdam__has_the_prices_of_its_rules(amsterdam: Door) -> None:
    rich = Account.from_key("0x" + "ac0974bec39a17e36ba4a6b4d238ff944bacb478cbed5efcae784d7bf4f2ff80")
    asked = amsterdam.rpc("eth_estimateGas", {"from": rich.address, "to": FRESH, "value": "0x1"})
    assert int(asked, 16) == 204_600
    # SSTORE of a new slot
    raw = {"data": bytes.fromhex("60015f55"), "nonce": 0, "gas": 120_000_000, "chainId": 31_337, "value": 0, "to": b""}
    signed = rich.sign_transaction(raw | {"maxFeePerGas": 3 * GWEI, "maxPriorityFeePerGas": GWEI})
    name = amsterdam.rpc("eth_sendRawTransaction", signed.raw_transaction.to_0x_hex())
    receipt = amsterdam.rpc("eth_getTransactionReceipt", name)
    assert receipt["status"] == "0x1"
    block = amsterdam.rpc("eth_getBlockByNumber", "latest", False)
    state = (64 + 120) * 1_530
    assert int(receipt["gasUsed"], 16) > state
    assert int(block["gasUsed"], 16) == state


def test_command_line__with_a_command__gives_it_the_node_and_ends_as_it_does() -> None:
    door = [sys.executable, "-m", "assurance.harness.chain.door", "osaka", "--port", "0"]
    asked = b'{"jsonrpc": "2.0", "id": 1, "method": "eth_chainId", "params": []}'
    asking = f"import sys, urllib.request as net; print(net.urlopen(sys.argv[1], {asked}).read().decode()); sys.exit(5)"
    program = [*door, "--", sys.executable, "-c", asking, "{}"]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (5, "")
    said, answer = done.stdout.split("\n", 1)
    assert re.fullmatch(r"osaka at http://127\.0\.0\.1:\d+", said)
    assert json.loads(answer)["result"] == hex(31_337)
