"""A storage whose small objects, once read or written, are kept on this machine: they are write-once, so that what was
read need not be read again."""

from __future__ import annotations

import hashlib
import sqlite3
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

from datadao.storage.store import SMALL, Store, content_name

_DELETED = ("samples/",)
"""Folders whose records may be deleted."""


class KeptStore(Store):
    """`Store`, with what it read and wrote in the file `keep`, which may be deleted at any time. Objects by sha256 are
    checked on every read; a record under a name is what storage gave first."""

    def __init__(self, url: str, *, keep: Path, **options: Any) -> None:
        super().__init__(url, **options)
        self._made_from = partial(
            Store, *self._made_from.args, **self._made_from.keywords
        )  # another machine has no file
        self._lock, self._kept = Lock(), None
        with suppress(sqlite3.Error, OSError):
            keep.touch(mode=0o600)
            kept = sqlite3.connect(keep, timeout=5.0, isolation_level=None, check_same_thread=False)
            for statement in (
                "PRAGMA journal_mode = WAL",
                "PRAGMA synchronous = OFF",  # nothing is lost that storage does not have
                "CREATE TABLE IF NOT EXISTS objects (name TEXT PRIMARY KEY, data BLOB NOT NULL) WITHOUT ROWID",
            ):
                kept.execute(statement)
            self._kept = kept

    def get(self, key: bytes | str, limit: int = SMALL) -> bytes:
        name = content_name(key) if isinstance(key, bytes) else key
        found = self._find(name)
        if found is not None and len(found) <= limit and (name == key or hashlib.sha256(found).digest() == key):
            return found
        data = super().get(key, limit)
        self._keep(name, data)
        return data

    def put(self, name: str, data: bytes) -> None:
        super().put(name, data)
        self._keep(name, data)

    def put_bytes(self, data: bytes) -> bytes:
        digest = super().put_bytes(data)
        self._keep(content_name(digest), data)
        return digest

    def _find(self, name: str) -> bytes | None:
        with self._lock, suppress(sqlite3.Error):
            if self._kept is not None:
                found = self._kept.execute("SELECT data FROM objects WHERE name = ?", [name]).fetchone()
                return bytes(found[0]) if found else None
        return None

    def _keep(self, name: str, data: bytes) -> None:
        with self._lock, suppress(sqlite3.Error):
            if self._kept is not None and len(data) <= SMALL and not name.startswith(_DELETED):
                self._kept.execute("INSERT OR REPLACE INTO objects VALUES (?, ?)", [name, data])
