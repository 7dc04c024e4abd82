"""An anvil of our own, spoken to directly: thousands of requests a second where a client library makes a hundred."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from assurance import ROOT
from assurance.audit.part import PartError

_PATIENCE = 30.0
"""Seconds for the node to start."""


class RpcError(Exception):
    """What the node answered instead of a result; `data` is what a contract reverted with, if that is why."""

    def __init__(self, method: str, error: dict[str, Any]) -> None:
        super().__init__(f"{method}: {error.get('message', error)}")
        data = error.get("data")
        self.data = bytes.fromhex(data[2:]) if isinstance(data, str) and data.startswith("0x") else None


class Node:
    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._connection = http.client.HTTPConnection("127.0.0.1", port)
        self._connection.connect()
        # Small requests, each waiting for the answer to the one before.
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def close(self) -> None:
        self._connection.close()

    def ask(self, method: str, *params: Any) -> Any:
        """The result.

        Raises:
            RpcError: the node gave none.
        """
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        self._connection.request("POST", "/", body, {"Content-Type": "application/json"})
        answer = json.loads(self._connection.getresponse().read())
        if "error" in answer:
            raise RpcError(method, answer["error"])
        return answer["result"]


@contextmanager
def anvil(*, chain_id: int, timestamp: int) -> Iterator[Node]:
    """A node with an empty chain, where any account may send and gas is free; killed at the end."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [
        *(str(ROOT / "toolchain" / "bin" / "anvil"), "--silent", "--port", str(port), "--accounts", "1"),
        *("--chain-id", str(chain_id), "--timestamp", str(timestamp), "--hardfork", "cancun"),
        *("--auto-impersonate", "--gas-price", "0", "--block-base-fee-per-gas", "0", "--disable-code-size-limit"),
    ]
    process = subprocess.Popen(command)
    try:
        _wait_for(process, port)
        with closing(Node(port)) as node:
            # Time stands still between transactions, as in process.
            node.ask("anvil_setBlockTimestampInterval", 0)
            yield node
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    end = time.monotonic() + _PATIENCE
    while process.poll() is None and time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise PartError(f"anvil did not start on port {port}: exit code {process.poll()}")
