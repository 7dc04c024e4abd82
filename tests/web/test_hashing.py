"""Of a file encrypted in a browser, the hash that the page's other thread makes meanwhile.

given the page's code in Chromium
  when a file is encrypted
    it should have the thread's hash, which is the blob's
    it should be hashed at the end where the thread cannot be had or fails
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from assurance.harness.browser import Browser
from assurance.harness.browser.page import FileServer, bundle

PIECE = 4 * 1024 * 1024
"""Bytes of ciphertext that the page hands over at once, in chunks of 64 KiB and 16 bytes."""
SIZES = (0, 1, PIECE - 2_000, PIECE, 64 * 64 * 1024 - 200, 2 * PIECE + 5)
GIVES_BACK = "onmessage = ({ data }) => data ? postMessage(data.buffer, [data.buffer]) : postMessage(%s);"
SCRIPTS = {
    "liar": GIVES_BACK % "new Uint8Array(32)",
    "mute": GIVES_BACK % "null",
    "keeps": "onmessage = () => postMessage(null);",
    "dies": "let n = 0; "
    + GIVES_BACK % "null"
    + " addEventListener('message', () => { if (n++) throw new Error(); });",
}
"""Threads: one with a wrong hash, one with none, one that keeps the buffers, one that ends half way."""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    folder: Path = tmp_path_factory.mktemp("hashing") / "site"
    folder.mkdir()
    (folder / "index.html").write_text("<!doctype html><title>hashing</title>")
    for name, text in SCRIPTS.items():
        (folder / f"{name}.js").write_text(text)
    bundle("src/hasher.ts", folder / "hasher.js")
    script = bundle("test/hashing.ts", folder / "hashing.js").read_text()
    with FileServer(folder) as server, Browser("http://127.0.0.1:1", 1) as browser:
        browser.open(server.url)
        browser.do("evaluate", script=script)
        yield browser


def hashes(page: Browser, size: int, hasher: str) -> dict[str, Any]:
    answer: dict[str, Any] = page.do("evaluate", script=f'hashed({size}, "{hasher}")')
    return answer


@pytest.mark.parametrize("size", SIZES)
def test_encrypt__with_a_thread__has_the_hash_of_the_blob(page: Browser, size: int) -> None:
    found = hashes(page, size, "hasher.js")
    assert found["ours"] == found["blob"]


def test_encrypt__with_a_thread__takes_its_word(page: Browser) -> None:
    """Else nothing here would say whose hash it is. A desk hashes what it is handed, and refuses a wrong name."""
    assert hashes(page, 2 * PIECE, "liar.js")["ours"] == f"0x{bytes(32).hex()}"


@pytest.mark.parametrize("hasher", ["nowhere.js", "mute.js", "keeps.js", "dies.js"])
def test_encrypt__thread_is_missing_or_dies__hashes_at_the_end(page: Browser, hasher: str) -> None:
    found = hashes(page, 3 * PIECE, hasher)
    assert found["ours"] == found["blob"]
