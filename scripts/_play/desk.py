"""The desk of the playground: a process beside the node, which serves the members' page."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import requests

from deployer.networks import ROOT
from scripts._play.node import PlaygroundError, free_port

_START = 60.0
"""Seconds that it may take to answer at first."""
_POLL = 0.1


class PlayDesk:
    """The desk whose process and address `folder` names, running or not."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process, self._address, self._log = (folder / f"desk.{end}" for end in ("pid", "url", "log"))

    @property
    def url(self) -> str:
        return self._address.read_text().strip() if self._address.exists() else ""

    @property
    def running(self) -> bool:
        try:
            # Of what needs no node: one that is gone, or slow, must not hide a desk that is to be ended.
            return bool(self.url) and requests.get(f"{self.url}/openapi.json", timeout=20).ok
        except requests.RequestException:
            return False

    def start(self, home: Path, record: Path, node: str) -> None:
        """Builds the page of the newest deployment of `record`, and serves it for whoever opens it on this machine."""
        page = self._folder / "page"
        given = ["--record", str(record), "--name", "Survey of voters", "--node", node, "--out", str(page)]
        built = subprocess.run(
            ["node", str(ROOT / "web/build.mjs"), *given], capture_output=True, text=True, check=False
        )
        if built.returncode:
            raise PlaygroundError(f"the page was not built: {built.stderr.strip()}")
        port = free_port()
        program = Path(sys.executable).with_name("datadao")
        place = ["--home", str(home), "--port", str(port), "--page", str(page), "--node", node]
        command = [str(program), "desk", *place, "--relay"]
        with self._log.open("wb") as log:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, start_new_session=True
            )
        self._process.write_text(f"{process.pid}\n")
        self._address.write_text(f"http://127.0.0.1:{port}\n")
        end = time.monotonic() + _START
        while not self.running:
            if process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise PlaygroundError(f"the desk did not start: {self._log.read_text().strip() or 'it says nothing'}")
            time.sleep(_POLL)

    def stop(self) -> None:
        """Ends it, if it runs."""
        if self.running:
            os.kill(int(self._process.read_text()), signal.SIGTERM)
        self._process.unlink(missing_ok=True)
        self._address.unlink(missing_ok=True)
