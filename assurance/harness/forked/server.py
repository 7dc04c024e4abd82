"""Forks a program for each client that connects, after loading once what the program loads.

    python -m assurance.harness.forked.server CLIENT PROGRAM

It ends with its standard input.
"""

from __future__ import annotations

import gc
import json
import os
import pkgutil
import runpy
import shutil
import signal
import socket
import struct
import sys
import tempfile
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from selectors import EVENT_READ, DefaultSelector
from typing import Any

LATE = {
    "ape": ("ape.managers.chain", "ape_ethereum.provider", "ape_foundry.provider", "ape_test.provider"),
    "datadao": ("fsspec.implementations.local", "mlcroissant", "pyarrow.parquet", "eth_account.messages"),
    "halmos": ("halmos.__main__",),
    "solver.py": ("bitwuzla", "cvc5", "psutil", "tests.symbolic.integers"),
}
"""What a program loads when it first needs it, and takes a second."""


def load(program: str) -> None:
    """Imports what the program imports in most of its uses, and makes nothing with it."""
    for name in LATE[program]:
        import_module(name)
    if program == "ape":
        import_module("ape._cli")
        for module in pkgutil.iter_modules():
            if module.name.startswith("ape_"):
                import_module(module.name)
        import_module("ape_run._cli")
        import scripts

        # Ape runs each of them to know its commands; what they import is kept.
        for module in pkgutil.iter_modules(scripts.__path__, "scripts."):
            import_module(module.name)
        for name in [name for name in sys.modules if name.partition(".")[0] == "scripts"]:
            del sys.modules[name]
        assert not managers(), "accounts, connections and a folder's configuration are the child's own"
    elif program == "datadao":
        import datadao.cli.main

        for module in pkgutil.walk_packages(datadao.__path__, "datadao."):
            if module.name not in {"datadao.chain.wallet", "datadao.custodian.bot", "datadao.relay.bot"}:
                import_module(module.name)
        assert "ape" not in sys.modules, "it takes the signals of who imports it, which most commands do not"


def managers() -> list[str]:
    """Ape's that exist in this process."""
    from ape.utils.basemodel import ManagerAccessMixin

    return [name for name, value in vars(ManagerAccessMixin).items() if getattr(value, "_cache", None) is not None]


class Server:
    """Waits for clients, for the end of children, and for its own."""

    def __init__(self, client: Path) -> None:
        self._client = client
        self._children: dict[int, socket.socket] = {}
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(f"{client}.socket")
        self._door.listen(64)
        # SIGCHLD ends the wait.
        self._woken, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        signal.set_wakeup_fd(self._waker.fileno())
        signal.signal(signal.SIGCHLD, lambda *_: None)
        self._ready = DefaultSelector()
        for source in (sys.stdin, self._door, self._woken):
            self._ready.register(source, EVENT_READ)

    def serve(self) -> tuple[dict[str, Any], list[int]]:
        """What a client asked for, and its streams: returns in a new process for each client, and never in this one."""
        while True:
            for key, _ in self._ready.select():
                if key.fileobj is sys.stdin:
                    for child in self._children:
                        os.kill(child, signal.SIGKILL)
                    shutil.rmtree(self._client.parent, ignore_errors=True)  # left by tests that were killed
                    sys.exit()
                elif key.fileobj is self._woken:
                    self._woken.recv(4096)
                    self._reap()
                elif key.fileobj is not self._door:
                    self._forward(key.data)
                elif asked := self._accept():
                    return asked

    def _accept(self) -> tuple[dict[str, Any], list[int]] | None:
        asked = self._door.accept()[0]
        head, streams, *_ = socket.recv_fds(asked, 4, 3)
        request = json.loads(asked.recv(struct.unpack("I", head)[0], socket.MSG_WAITALL))
        load(self._client.name)
        gc.freeze()  # or the first collection of each child would copy all that it inherits
        if child := os.fork():
            for stream in streams:
                os.close(stream)
            self._children[child] = asked
            self._ready.register(asked, EVENT_READ, child)
            return None
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self._ready.close()
        for each in (asked, self._door, self._woken, self._waker, *self._children.values()):
            each.close()
        return request, streams

    def _reap(self) -> None:
        for child, asked in list(self._children.items()):
            ended, status = os.waitpid(child, os.WNOHANG)
            if ended:
                with suppress(OSError):  # the client was killed
                    asked.sendall(struct.pack("i", os.waitstatus_to_exitcode(status)))
                self._leave(child)

    def _forward(self, child: int) -> None:
        """Signals of a client to its child; with a client that is gone, which was killed, its child is."""
        if child in self._children:
            numbers = self._children[child].recv(64)
            for number in numbers or (signal.SIGKILL,):
                os.kill(child, number)
            if not numbers:
                os.waitpid(child, 0)
                self._leave(child)

    def _leave(self, child: int) -> None:
        asked = self._children.pop(child)
        self._ready.unregister(asked)
        asked.close()


def become(program: str, request: dict[str, Any], streams: list[int]) -> None:
    """Makes of this process one that was started so."""
    os.setsid()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.chdir(request["folder"])
    os.umask(request["mask"])
    os.environ.clear()
    os.environ.update(request["environment"])
    time.tzset()
    tempfile.tempdir = None
    if "numpy" in sys.modules:
        import_module("numpy").random.seed()
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        old = getattr(sys, name)
        lines = number == 2 or os.isatty(number)
        mode = "w" if number else "r"
        new = os.fdopen(number, mode, 1 if lines else -1, old.encoding, old.errors, closefd=False)
        setattr(sys, name, new)
        setattr(sys, f"__{name}__", new)
    sys.argv = [program, *request["arguments"]]
    sys.path[0] = str(Path(program).parent)


def main() -> None:
    _, client, program = sys.argv
    request, streams = Server(Path(client)).serve()
    become(program, request, streams)
    runpy.run_path(program, run_name="__main__")


if __name__ == "__main__":
    main()
