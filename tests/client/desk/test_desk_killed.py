"""A desk killed with signal 9, at random points of what a member hands in: nothing is half registered, and what was
begun goes on with the next desk. The desk is the command, in a process of its own.
"""

from __future__ import annotations

import hashlib
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from assurance import ROOT
from assurance.harness.chain.node import until
from datadao.profile import Profile
from tests.client.chain_world import ChainWorld

from .conftest import DeskWorld, Made, hexed

KILLS = 5
STAGED = re.compile(r"[0-9a-f]{64}#[0-9]+")
"""What obstore leaves of an object when it is killed in the middle of a write; it never lists it."""
PROGRAM = """
import os, sys
import uvicorn
import datadao.cli.desk, datadao.desk.app
from datadao.cli.main import cli
for line in sys.stdin:
    if not (child := os.fork()):
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        cli(line.split())
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitpid(child, 0)[1], flush=True)
"""
"""Has imported everything, and forks a command for each line; the line after it asks how that ended."""


class Desks:
    """Desks one after another, at one address."""

    def __init__(self, home: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.url, self._home, self.pid = f"http://127.0.0.1:{self.port}", home, 0
        self._process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True,
        )  # fmt: skip

    def start(self) -> None:
        self.pid = int(self._asked(f"desk --home {self._home} --port {self.port}"))
        until(self._answers)

    def end(self, number: int) -> int:
        """Its exit status."""
        os.kill(self.pid, number)
        return int(self._asked(""))

    def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)

    def _answers(self) -> bool:
        try:
            return requests.get(f"{self.url}/openapi.json", timeout=5).ok
        except requests.ConnectionError:
            return False

    def _asked(self, line: str) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self._process.stdout.readline()


@pytest.fixture
def desks(leased: ChainWorld, tmp_path: Path) -> Iterator[Desks]:
    store = {"url": f"file://{leased.home / 'store'}"}
    home = tmp_path / "operator"
    Profile(home, network=leased.url, deployment=dict(leased.dao.addresses), store=store).write()
    desks = Desks(home)
    yield desks
    desks.close()


def half_put(desks: Desks, made: Made, key: str, digest: bytes, sent: int) -> None:
    """Sends so many bytes of a request that puts an object."""
    body = made.objects[digest]
    head = (
        f"PUT /v1/submissions/{key}/objects/{hexed(digest)} HTTP/1.1\r\nHost: {urlsplit(desks.url).netloc}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", desks.port)) as line:
        line.sendall((head.encode() + body)[:sent])
        time.sleep(random.random() / 20)
        desks.end(signal.SIGKILL)


def check_whole(desk: DeskWorld, desks: Desks, tmp_path: Path) -> None:
    """What lies in storage is what its name says; the desk's folder holds its tables alone; on the board is nothing
    whose objects are not there."""
    for path in (desk.world.home / "store" / "sha256").rglob("*"):
        if path.is_file() and not STAGED.fullmatch(path.name):
            assert path.name == hashlib.sha256(path.read_bytes()).hexdigest()
    assert {path.name.partition("-")[0] for path in (tmp_path / "operator" / "desk").iterdir()} == {"desk.sqlite"}
    for submission in desk.board.values():
        assert desk.world.store.has(submission.file_hash) and desk.world.store.has(submission.envelope_hash)


def test_desk__killed_at_random_points__registers_nothing_by_half_and_the_next_one_goes_on_K11(
    desk: DeskWorld, desks: Desks, tmp_path: Path
) -> None:
    before = desk.board.keys()
    made = desk.make(random.randbytes(300_000))
    key = hexed(made.submission.id(desk.world.dao.id))
    for kill in range(KILLS):
        desks.start()
        answer = requests.post(f"{desks.url}/v1/submissions", json=made.document, timeout=30).json()
        if answer["state"] == "handed in":
            desks.end(signal.SIGKILL)
            break
        digest = bytes.fromhex(answer["missing"][0][2:])
        whole = len(made.objects[digest]) + 300
        half_put(desks, made, key, digest, whole if kill % 2 else random.randrange(whole))
        check_whole(desk, desks, tmp_path)
    desks.start()
    answer = requests.post(f"{desks.url}/v1/submissions", json=made.document, timeout=30).json()
    for digest in answer["missing"]:
        url = f"{desks.url}/v1/submissions/{key}/objects/{digest}"
        answer = requests.put(url, data=made.objects[bytes.fromhex(digest[2:])], timeout=30).json()
    assert answer["state"] == "handed in"
    assert {hexed(name): item for name, item in desk.board.items() if name not in before} == {key: made.submission}
    check_whole(desk, desks, tmp_path)
    assert desks.end(signal.SIGTERM) == 0, "asked to end, it ends well"
