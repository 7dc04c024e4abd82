"""An append-only log whose every line carries the hash of all lines before it, on disk before anything is done.

Altering, removing or re-ordering a line breaks the chain. Cutting lines off the end does not: publish `head` somewhere
now and then. A line torn by a crash was never acted upon and is dropped; `torn` is its length in bytes.

What is over need not be kept for ever: a log can begin anew with what it adds up to, behind a signed checkpoint that
names the head it had. So the chain goes on, and whoever kept an old head or an old copy can tell that it does.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

from datadao.crypto.files import sync_directory
from datadao.errors import JournalBusy, JournalCorrupt
from datadao.messages.eip712 import Message

Entry = dict[str, Any]

_CHECKPOINT = "checkpoint"


@dataclass(frozen=True)
class Checkpoint(Message):
    """What a log was before it began anew: its `head`, its number of `entries` since it first began; `restated` is the
    sha256 of the hashes of the entries that now stand for them. Signed by the slot's holder, the `signer`."""

    STRUCT: ClassVar = "JournalCheckpoint(bytes32 head,uint256 entries,bytes32 restated)"

    head: bytes
    entries: int
    restated: bytes
    signer: str = ""
    signature: bytes = b""


class Journal:
    """Opens or creates the log at `path` for one process. Raises `JournalBusy`, `JournalCorrupt`."""

    def __init__(self, path: Path) -> None:
        self.head = bytes(32).hex()
        self.entries: list[Entry] = []
        self.torn = 0
        self.checkpoint: Checkpoint | None = None
        self._links: list[str] = []
        self._path, self._file = path, path.open("a+b")
        try:
            self._lock(path)
            self._load(path)
            self._links.clear()
            sync_directory(path.parent)
        except BaseException:
            self._file.close()
            raise

    def append(self, event: str, **details: Any) -> None:
        """Adds an entry; it is on disk when this returns. Details are JSON values."""
        entry = {"event": event, **details}
        link = _link(self.head, entry)
        try:
            self._file.write(_line(entry, link))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError:
            # Half a line may be on disk. Opening the log again drops it; writing on after it would spoil the log.
            with suppress(OSError):
                self._file.close()
            raise
        self._accept(entry, link)

    def restart(self, entries: Sequence[Entry], sign: Callable[[Checkpoint], Checkpoint]) -> None:
        """Begins anew with these entries behind a checkpoint, which `sign` signs. A crash leaves one log or the other
        whole."""
        before = self.checkpoint.entries if self.checkpoint else 0
        head, lines = self.head, list[bytes]()
        links = list[str]()
        for entry in entries:
            head = _link(head, entry)
            lines.append(_line(entry, head))
            links.append(head)
        made = sign(Checkpoint(bytes.fromhex(self.head), before + len(self.entries), _restated(links)))
        first = {
            "event": _CHECKPOINT, "head": self.head, "entries": made.entries, "restated": len(links),
            "signer": made.signer, "signature": made.signature.hex(),
        }  # fmt: skip
        made_at = self._path.with_name(f".part-{self._path.name}")
        file = made_at.open("w+b")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)  # before it takes the place of what is locked
            file.write(b"".join((_line(first, self.head), *lines)))
            file.flush()
            os.fsync(file.fileno())
            made_at.replace(self._path)
        except BaseException:
            file.close()
            raise
        sync_directory(self._path.parent)
        self._file.close()
        self._file, self.checkpoint = file, made
        self.entries, self.head = list(entries), head

    def close(self) -> None:
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _lock(self, path: Path) -> None:
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            gone = os.fstat(self._file.fileno()).st_ino != path.stat().st_ino  # it began anew in that moment
        except OSError as error:
            raise JournalBusy(f"{path.name} is in use by another custodian process; stop one of them") from error
        if gone:
            raise JournalBusy(f"{path.name} was just begun anew by another custodian process; stop one of them")

    def _load(self, path: Path) -> None:
        self._file.seek(0)
        whole = 0
        first: Entry | None = None
        for number, line in enumerate(self._file, 1):
            if not line.endswith(b"\n"):
                self._file.truncate(whole)
                self.torn = len(line)
                break
            whole += len(line)
            try:
                entry = json.loads(line)
                link = entry.pop("hash")
                if number == 1 and entry["event"] == _CHECKPOINT:
                    first, self.head = entry, entry["head"]
                altered = link != (self.head if entry is first else _link(self.head, entry))
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                raise JournalCorrupt(f"{path.name} line {number} is no log entry; keep it, restore a copy") from error
            if altered:
                raise JournalCorrupt(f"{path.name} was altered at or before line {number}; keep it, restore a copy")
            if entry is not first:
                self._accept(entry, link)
                self._links.append(link)
        if first is not None:
            self.checkpoint = self._standing_for(first, path)

    def _standing_for(self, first: Entry, path: Path) -> Checkpoint:
        try:
            head, count, signature = bytes.fromhex(first["head"]), first["restated"], bytes.fromhex(first["signature"])
            if not 0 < count <= len(self._links) or not isinstance(first["entries"], int):
                raise ValueError(f"{count} entries should follow it")
            return Checkpoint(head, first["entries"], _restated(self._links[:count]), first["signer"], signature)
        except (ValueError, KeyError, TypeError) as error:
            raise JournalCorrupt(f"{path.name} begins with no checkpoint: {error}; keep it, restore a copy") from error

    def _accept(self, entry: Entry, link: str) -> None:
        self.head = link
        self.entries.append(entry)


def _link(head: str, entry: Entry) -> str:
    return hashlib.sha256(f"{head}\n{json.dumps(entry, sort_keys=True)}".encode()).hexdigest()


def _line(entry: Entry, link: str) -> bytes:
    return json.dumps({**entry, "hash": link}).encode() + b"\n"


def _restated(links: Sequence[str]) -> bytes:
    return hashlib.sha256("".join(links).encode()).digest()
