"""`make demo` whose node dies: a message, not a traceback. tests/outside plays it to its end, in a folder and on S3."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

from assurance import ROOT
from tests.scenario.demo import DEMO


def test_demo__node_is_killed_half_way__says_so_and_fails() -> None:
    heard = {**os.environ, "PYTHONUNBUFFERED": "1"}
    play = subprocess.Popen(DEMO, cwd=ROOT, env=heard, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        node = _wait_for_node(play)
        shown = ""
        assert play.stdout is not None
        for line in play.stdout:
            shown += line
            if line.startswith("2. Contribution"):
                subprocess.run(["kill", f"-{signal.SIGKILL.value}", str(node)], check=True)
        assert play.wait(timeout=120) == 1
    finally:
        play.kill()
    assert "The demo stopped." in shown
    assert "Traceback" not in shown


def _wait_for_node(play: subprocess.Popen[str]) -> int:
    """Process id of the node that this run of the demo started."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and play.poll() is None:
        for process in Path("/proc").glob("[0-9]*"):
            try:
                name = (process / "comm").read_text().strip()
                parents = _ancestors(process)
            except OSError:
                continue
            if name == "anvil" and play.pid in parents:
                return int(process.name)
        time.sleep(0.2)
    raise AssertionError("the demo started no node")


def _ancestors(process: Path) -> set[int]:
    found: set[int] = set()
    while process.name != "0":
        parent = int((process / "stat").read_text().rpartition(")")[2].split()[1])
        found.add(parent)
        process = process.parent / str(parent)
    return found
