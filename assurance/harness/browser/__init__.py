"""A page in a real Chromium, with wallets that hold the test's keys, driven from Python one step at a time."""

from __future__ import annotations

import atexit
import json
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assurance import ROOT

SCRIPT = Path(__file__).with_name("drive.mjs")


@dataclass(frozen=True)
class Wallet:
    """Announces itself in the page. `account` is a contract that the key owns; it signs as a Safe where there are
    `owners` (their keys), and as an account of a passkey where there is `passkey` (a P-256 key, PEM). `atomic` wallets
    send calls together."""

    name: str
    key: bytes
    account: str | None = None
    atomic: bool = False
    owners: Sequence[bytes] = ()
    passkey: str = ""

    def given(self) -> dict[str, Any]:
        known = {"name": self.name, "key": "0x" + self.key.hex(), "atomic": self.atomic}
        owners = ["0x" + key.hex() for key in self.owners]
        more = {"account": self.account, "owners": owners, "passkey": self.passkey}
        return known | {name: value for name, value in more.items() if value}


class Chromium:
    """A browser, and its pages. It ends with the process that made it, or by `close`."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            ["node", str(SCRIPT)], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self._pages = 0
        self._answer()
        atexit.register(self.close)

    def begin(self, **given: Any) -> int:
        """A page without anything of the others: its number."""
        self._pages += 1
        self.do(self._pages, "begin", **given)
        return self._pages

    def do(self, page: int, command: str, **given: Any) -> Any:
        """One of drive.mjs's commands; what it answers. Raises `AssertionError` where the page does not do as told."""
        assert self._process.stdin
        self._process.stdin.write(json.dumps({"page": page, "command": command} | given) + "\n")
        self._process.stdin.flush()
        reply = self._answer()
        assert "error" not in reply, reply["error"]
        return reply["result"]

    def close(self) -> None:
        """Ends it, by force where it hangs; again changes nothing."""
        atexit.unregister(self.close)
        if self._process.stdin:
            self._process.stdin.close()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout
        line = self._process.stdout.readline()
        assert line, "the browser ended"
        reply: dict[str, Any] = json.loads(line)
        return reply


@cache
def _shared() -> Chromium:
    return Chromium()


class Browser:
    """One page with wallets, of a browser that all tests of a process share unless one is given; ends with its context.
    Each step raises `AssertionError` where the page does not do as told."""

    def __init__(
        self, node: str, chain_id: int, wallets: Sequence[Wallet] = (), chromium: Chromium | None = None
    ) -> None:
        self._chromium = chromium or _shared()
        given = [wallet.given() for wallet in wallets]
        self._page = self._chromium.begin(node=node, chainId=chain_id, wallets=given)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.do("end")

    def do(self, command: str, **given: Any) -> Any:
        """One of drive.mjs's commands; what it answers."""
        return self._chromium.do(self._page, command, **given)

    def open(self, url: str) -> None:
        self.do("open", url=url)

    def press(self, name: str, role: str = "") -> None:
        """Clicks what is called so."""
        self.do("press", name=name, role=role)

    def fill(self, name: str, value: str) -> None:
        self.do("fill", name=name, value=value)

    def drop(self, path: Path) -> None:
        """Drags this file onto the page's place for files."""
        self.do("drop", path=str(path))

    def reach(self, name: str) -> None:
        """Moves the focus to what is called so, as somebody without a mouse does."""
        self.do("reach", name=name)

    def key(self, *keys: str) -> None:
        self.do("key", keys=keys)

    def see(self, *texts: str) -> str:
        """The page's text, as soon as all of these are in it."""
        shown: str = self.do("see", texts=texts)
        return shown

    def connect(self, wallet: str) -> None:
        self.press("Connect a wallet", "button")
        self.press(wallet, "button")
        self.see("Connected as")

    def picture(self, path: Path, width: int = 1000, height: int = 800, scheme: str = "light") -> list[str]:
        """A picture of the whole page; what sticks out of the window at that width."""
        self.do("size", width=width, height=height, scheme=scheme)
        self.do("picture", path=str(path))
        out: list[str] = self.do("overflow")
        return out
