"""The node of the playground: a process that outlives the command that started it, and its clock."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import requests

from datadao.errors import DataDAOError

_START, _STOP = 20.0, 10.0
"""Seconds that the node may take to answer at first, and to end."""
_FINAL = 3
"""Blocks after which everything before them is final: the node calls final what is two epochs of one block old."""
_POLL = 0.05


class PlaygroundError(DataDAOError):
    """The playground cannot do that now; says why."""


class PlayNode:
    """The node whose process and address `folder` names, running or not."""

    def __init__(self, folder: Path) -> None:
        self._process, self._address, self.log = (folder / f"node.{end}" for end in ("pid", "url", "log"))

    @property
    def url(self) -> str:
        return self._address.read_text().strip()

    @property
    def running(self) -> bool:
        """Whether the process is there, and the node answers: after a restart its number may be another's."""
        try:
            os.kill(self._pid, 0)
        except (ProcessLookupError, PermissionError, PlaygroundError):
            return False
        return self._answers()

    def start(self, mnemonic: str, accounts: int) -> None:
        """Starts it on a port of its own; it mines at each transaction until `tick`."""
        port = free_port()
        # One block an epoch: custodians, who act on what is final, need not wait for 64.
        command = ["anvil", "--port", str(port), "--mnemonic", mnemonic, "--accounts", str(accounts),
                   "--hardfork", "cancun", "--slots-in-an-epoch", "1", "--silent"]  # fmt: skip
        with self.log.open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._process.write_text(f"{process.pid}\n")
        self._address.write_text(f"http://127.0.0.1:{port}\n")
        end = time.monotonic() + _START
        while not self._answers():
            if process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise PlaygroundError(f"the node did not start: {self.log.read_text().strip() or 'it says nothing'}")
            time.sleep(_POLL)

    def tick(self) -> None:
        """From now on a block comes every second, whether or not anything is sent."""
        self.rpc("evm_setIntervalMining", 1)

    def wait(self, seconds: int) -> int:
        """Lets time pass, and makes final what was before; the chain's time afterwards, Unix seconds."""
        self.rpc("evm_increaseTime", seconds)
        self.rpc("anvil_mine", hex(_FINAL))
        return int(self.rpc("eth_getBlockByNumber", "latest", False)["timestamp"], 16)

    def stop(self) -> bool:
        """Ends it; whether it was there."""
        was = self.running
        if was:
            os.kill(self._pid, signal.SIGTERM)
            end = time.monotonic() + _STOP
            while self.running:
                if time.monotonic() > end:
                    os.kill(self._pid, signal.SIGKILL)
                time.sleep(_POLL)
        self._process.unlink(missing_ok=True)
        return was

    def rpc(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        answer = requests.post(self.url, json=request, timeout=_START).json()
        if "error" in answer:
            raise PlaygroundError(f"the node refuses {method}: {answer['error'].get('message')}")
        return answer["result"]

    @property
    def _pid(self) -> int:
        try:
            return int(self._process.read_text())
        except (FileNotFoundError, ValueError):
            raise PlaygroundError("no playground runs") from None

    def _answers(self) -> bool:
        try:
            return bool(self.rpc("eth_chainId"))
        except (requests.RequestException, OSError, ValueError, PlaygroundError):
            return False


def free_port() -> int:
    # Not one that the system gives to outgoing connections.
    while True:
        port = random.randrange(10_000, 32_768)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)):
                return port
