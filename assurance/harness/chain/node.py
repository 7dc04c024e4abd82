"""An anvil of the test's own, with Ape's test accounts."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from typing import Any

from web3 import Web3

from datadao.chain.data_fee import ARBITRUM_ORACLE, OP_ORACLE

MNEMONIC = "test test test test test test test test test test test junk"
FINALITY = 65
"""Blocks after which anvil calls a block final."""


class Node:
    """Listens on a free port until `stop`; `options` are anvil's."""

    def __init__(self, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        self.web3 = Web3(Web3.HTTPProvider(self.url))
        command = ["anvil", "--port", str(port), "--mnemonic", MNEMONIC, "--hardfork", "cancun", "--silent", *options]
        # After 500 blocks, those put back included, anvil keeps the state of one block fewer at each further one, down
        # to ten: what is asked at a final block must not depend on how many tests a node has seen.
        self._states = tempfile.TemporaryDirectory(prefix="anvil-")
        if "--max-persisted-states" not in options:
            command += ["--max-persisted-states", "5000", "--cache-path", self._states.name]
        self.process = subprocess.Popen(command)
        until(self.web3.is_connected)

    def rpc(self, method: str, *params: Any) -> Any:
        response = self.web3.provider.make_request(method, list(params))  # type: ignore[arg-type]
        assert "error" not in response, response
        return response["result"]

    def finalize(self) -> None:
        """Mines, without time passing, until every block so far is final."""
        self.rpc("anvil_mine", hex(FINALITY), "0x0")

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self._states.cleanup()


def roll_up(node: Any, price: int) -> None:
    """Makes of a node a rollup's: blocks share timestamps from now on, and the OP stack's oracle asks `price` wei for a
    byte of a transaction."""
    node.rpc("anvil_setBlockTimestampInterval", 0)
    # The length of the bytes that it is asked about, times the price; nothing for other questions.
    node.rpc("anvil_setCode", OP_ORACLE, f"0x60243567{price:016x}025f5260205ff3")


def roll_up_in_gas(node: Any, gas: int) -> None:
    """The same with Arbitrum's oracle, which asks so much gas for a byte of a transaction's data. That a rollup's node
    counts it into its estimates is left to a proxy."""
    node.rpc("anvil_setBlockTimestampInterval", 0)
    # The length of the bytes, times the gas, as the first of three words.
    node.rpc("anvil_setCode", ARBITRUM_ORACLE, f"0x60643563{gas:08x}025f5260605ff3")


def until(condition: Callable[[], object], seconds: float = 60) -> None:
    """Waits until the condition holds. Raises `AssertionError` after as many seconds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)
