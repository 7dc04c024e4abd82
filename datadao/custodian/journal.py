"""An append-only log whose every line carries the hash of all lines before it, on disk before anything is done.

Altering, removing or re-ordering a line breaks the chain. Cutting lines off the end does not: publish `head` somewhere
now and then. A line torn by a crash was never acted upon and is dropped; `torn` is its length in bytes.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from datadao.crypto.files import sync_directory
from datadao.errors import JournalBusy, JournalCorrupt

Entry = dict[str, Any]


class Journal:
    """Opens or creates the log at `path` for one process. Raises `JournalBusy`, `JournalCorrupt`."""

    def __init__(self, path: Path) -> None:
        self.head = bytes(32).hex()
        self.entries: list[Entry] = []
        self.torn = 0
        self._file = path.open("a+b")
        try:
            self._lock(path)
            self._load(path)
            sync_directory(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, event: str, **details: Any) -> None:
        """Adds an entry; it is on disk when this returns. Details are JSON values."""
        entry = {"event": event, **details}
        link = self._link(entry)
        try:
            self._file.write(json.dumps({**entry, "hash": link}).encode() + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            # Half a line may be on disk. Opening the log again drops it; writing on after it would spoil the log.
            with suppress(OSError):
                self._file.close()
            raise
        self._accept(entry, link)

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise JournalBusy(f"{path.name} is in use by another custodian process; stop one of them") from error

    def _load(self, path: Path) -> None:
        self._file.seek(0)
        whole = 0
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                self._file.truncate(whole)
                self.torn = len(line)
                break
            whole += len(line)
            try:
                entry = json.loads(line)
                link = entry.pop("hash")
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise JournalCorrupt(f"{path.name} line {number} is no log entry; keep it, restore a copy") from error
            if link != self._link(entry):
                raise JournalCorrupt(f"{path.name} was altered at or before line {number}; keep it, restore a copy")
            self._accept(entry, link)

    def _link(self, entry: Entry) -> str:
        return hashlib.sha256(f"{self.head}\n{json.dumps(entry, sort_keys=True)}".encode()).hexdigest()

    def _accept(self, entry: Entry, link: str) -> None:
        self.head = link
        self.entries.append(entry)
