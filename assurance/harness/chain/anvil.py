"""The back end on a node: the anvil that Ape runs, driven over Ape's own connection.

Time stands still between transactions, as in process, so that the same test says the same on both.
"""

from __future__ import annotations

import time
from typing import Any

from web3 import Web3

from assurance.harness.chain.handles import Log, Result, Reverted, reverted
from assurance.harness.chain.recording import recorded
from datadao.chain.reverts import revert_data

_GAS_LIMIT = 16_000_000
_BALANCE = 10**24


@recorded
class Anvil:
    """`Revm`'s twin over JSON-RPC."""

    def __init__(self, web3: Web3, timestamp: int = 1_800_000_000, gas_limit: int = _GAS_LIMIT) -> None:
        self.web3, self._gas_limit = web3, gas_limit
        self.chain_id: int = web3.eth.chain_id
        self._funded: set[str] = set()
        self.edits: list[tuple[int, str, int, int]] = []
        """Storage written without a transaction: after which block, and address, slot and word."""
        self._rpc("anvil_autoImpersonateAccount", True)
        self._rpc("anvil_setBlockTimestampInterval", 0)
        # Ape's node may have lived through other tests: never go back in time.
        self.timestamp = max(timestamp, web3.eth.get_block("latest")["timestamp"] + 1)
        self._mine()

    def _rpc(self, method: str, *params: Any) -> Any:
        response = self.web3.provider.make_request(method, list(params))  # type: ignore[arg-type]
        if "error" in response:
            if (data := revert_data(response["error"])) is not None:
                raise reverted(data)
            raise RuntimeError(f"{method}: {response['error']}")
        return response["result"]

    def _mine(self) -> None:
        self._rpc("evm_setNextBlockTimestamp", self.timestamp)
        self._rpc("evm_mine")

    def warp(self, seconds: int) -> None:
        """Moves on to a block `seconds` later."""
        if seconds:
            self.timestamp += seconds
            self._mine()

    def snapshot(self) -> tuple[str, int]:
        return self._rpc("evm_snapshot"), self.timestamp

    def revert(self, snapshot: tuple[str, int]) -> None:
        name, self.timestamp = snapshot
        if not self._rpc("evm_revert", name):
            raise RuntimeError(f"the node no longer knows snapshot {name}")
        self.edits = [edit for edit in self.edits if edit[0] < self.web3.eth.block_number]
        self._funded.clear()

    def nonce(self, address: str) -> int:
        return self.web3.eth.get_transaction_count(Web3.to_checksum_address(address))

    def balance(self, address: str) -> int:
        """Ether, in wei."""
        return self.web3.eth.get_balance(Web3.to_checksum_address(address))

    def code(self, address: str) -> bytes:
        return bytes(self.web3.eth.get_code(Web3.to_checksum_address(address)))

    def logs_of(self, address: str) -> list[Log]:
        found = self.web3.eth.get_logs({"address": Web3.to_checksum_address(address), "fromBlock": 0})
        return [Log(log["address"], [bytes(topic) for topic in log["topics"]], bytes(log["data"])) for log in found]

    def storage(self, address: str, slot: int) -> int:
        return int.from_bytes(self.web3.eth.get_storage_at(Web3.to_checksum_address(address), slot))

    def set_storage(self, address: str, slot: int, word: int) -> None:
        self._rpc("anvil_setStorageAt", address, hex(slot), f"0x{word:064x}")
        self.edits.append((self.web3.eth.block_number, address, slot, word))

    def call(self, sender: str, to: str, data: bytes) -> bytes:
        return self._call({"from": sender, "to": to, "data": "0x" + data.hex()})

    def transact(self, sender: str, to: str, data: bytes, value: int) -> Result:
        request = {"from": sender, "to": to, "data": "0x" + data.hex(), "value": hex(value)}
        return self._send(request)

    def create(self, sender: str, code: bytes) -> str:
        request = {"from": sender, "data": "0x" + code.hex()}
        self._send(request)
        address: str = self._receipt["contractAddress"]
        return address

    def place(self, address: str, code: bytes) -> None:
        """For as long as the state is not put back."""
        self._rpc("anvil_setCode", address, "0x" + code.hex())

    def _call(self, request: dict[str, Any]) -> bytes:
        response = self.web3.provider.make_request("eth_call", [request, "latest"])  # type: ignore[arg-type]
        if "error" in response:
            raise _refusal(response["error"])
        return bytes.fromhex(response["result"][2:])

    def _send(self, request: dict[str, Any]) -> Result:
        self._fund(request["from"])
        request["gas"] = hex(self._gas_limit)
        output = self._call(request)
        tx_hash = self._rpc("eth_sendTransaction", request)
        # A node that mines at once still answers before a large creation is in its block.
        while (receipt := self._rpc("eth_getTransactionReceipt", tx_hash)) is None:
            time.sleep(0.002)
        self._receipt = receipt
        if self._receipt["status"] != "0x1":
            raise Reverted("Halt", f"passed as a call, failed as transaction {tx_hash}")
        logs = [
            Log(log["address"], [bytes.fromhex(t[2:]) for t in log["topics"]], bytes.fromhex(log["data"][2:]))
            for log in self._receipt["logs"]
        ]
        return Result(output, int(self._receipt["gasUsed"], 16), logs, tx_hash)

    def _fund(self, account: str) -> None:
        if account not in self._funded:
            self._rpc("anvil_setBalance", account, hex(_BALANCE))
            self._funded.add(account)


def _refusal(error: Any) -> Reverted:
    data = revert_data(error)
    return Reverted("Halt", str(error)) if data is None else reverted(data)
