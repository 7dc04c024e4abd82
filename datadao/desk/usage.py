"""What a desk keeps on its disk: announced submissions, and how much of each day's limits is used.

SQLite, whose transactions survive a kill: each method is one.
"""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from datadao.desk.web import TooMuch
from datadao.errors import DiskUnavailable, ProfileRefused
from datadao.handwritten import key_faults

DAY = 86_400
KEPT = 7
"""Days for which an announced submission waits for its objects."""
REMEMBERED = 60
"""Days for which a request is."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS announced (id BLOB PRIMARY KEY, record BLOB NOT NULL, day INTEGER NOT NULL,
    handed_in INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS posted (id BLOB PRIMARY KEY, kind TEXT NOT NULL, day INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS used (day INTEGER, who TEXT, what TEXT, amount INTEGER NOT NULL,
    PRIMARY KEY (day, who, what)) WITHOUT ROWID;
"""
ALL = ""
"""Stands for all accounts together."""


@dataclass(frozen=True)
class Limits:
    """A day is one of UTC. Those of one account count by its signature, those of an `address` by who connects: signing
    keys cost nothing. `all_bytes` are of everybody together."""

    file_bytes: int = 16 * 1024**3
    day_bytes: int = 64 * 1024**3
    day_submissions: int = 1_000
    day_requests: int = 50
    all_bytes: int = 1024**4
    address_submissions: int = 5_000
    address_requests: int = 1_000
    address_bytes: int = 256 * 1024**3

    @classmethod
    def of(cls, given: Mapping[str, Any]) -> Limits:
        """As a configuration has them under `desk`. Raises `ProfileRefused`."""
        faults = list(key_faults(given, [field.name for field in fields(cls)], optional=True))
        faults += [
            f"{name}: expected a number from 0 on, got {value!r}"
            for name, value in given.items()
            if not isinstance(value, int) or isinstance(value, bool) or value < 0
        ]
        if faults:
            raise ProfileRefused("\n".join(f"config.yaml: desk: {fault}" for fault in faults))
        return cls(**given)


class Usage:
    """In a file of `folder`, which is made. Raises `DiskUnavailable`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "desk.sqlite"
        self._lock = threading.Lock()
        self._addresses: dict[tuple[int, str, str], int] = {}
        with self._transaction() as database:
            database.executescript(_SCHEMA)

    def take(self, what: str, amount: int, address: tuple[str, int], *accounts: tuple[str, int]) -> None:
        """Counts `amount` of what an address and these accounts may each have so much of a day: of all of them, or of
        none where it raises `TooMuch`. Who connects from where is in memory only and not written down."""
        with self._transaction() as database:
            day = _today()
            database.execute("DELETE FROM used WHERE day < ?", (day,))
            if any(of < day for of, *_ in self._addresses):
                self._addresses = {key: used for key, used in self._addresses.items() if key[0] == day}
            connected, most = address
            of_address = self._addresses.get((day, connected, what), 0) + amount
            _check("this network address", what, of_address, most)
            for who, most in accounts:
                row = database.execute("SELECT amount FROM used WHERE (day, who, what) = (?, ?, ?)", (day, who, what))
                used = (row.fetchone() or (0,))[0] + amount
                _check(who or "all members together", what, used, most)
                database.execute("INSERT OR REPLACE INTO used VALUES (?, ?, ?, ?)", (day, who, what, used))
            self._addresses[day, connected, what] = of_address

    def give_back(self, what: str, amount: int, address: str, *accounts: str) -> None:
        """What was taken and not needed, of today."""
        with self._transaction() as database:
            wanted = [(amount, _today(), who, what) for who in accounts]
            database.executemany(
                "UPDATE used SET amount = max(0, amount - ?) WHERE (day, who, what) = (?, ?, ?)", wanted
            )
            key = _today(), address, what
            self._addresses[key] = max(0, self._addresses.get(key, 0) - amount)

    def announce(self, key: bytes, record: bytes) -> None:
        """Keeps a submission's record until its objects are there. One that is handed in stays as it is."""
        with self._transaction() as database:
            day = _today()
            database.execute("DELETE FROM announced WHERE day < ?", (day - KEPT,))
            database.execute(
                "INSERT INTO announced (id, record, day) VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE "
                "SET record = excluded.record, day = excluded.day WHERE handed_in = 0",
                (key, record, day),
            )

    def announced(self, key: bytes) -> tuple[bytes, bool] | None:
        """The record, and whether it is handed in; None if it is not known here."""
        with self._transaction() as database:
            row = database.execute("SELECT record, handed_in FROM announced WHERE id = ?", (key,)).fetchone()
        return (row[0], bool(row[1])) if row else None

    def handed_in(self, key: bytes) -> None:
        """Its record is on the board."""
        with self._transaction() as database:
            database.execute("UPDATE announced SET handed_in = 1 WHERE id = ?", (key,))

    def post(self, key: bytes, kind: str) -> None:
        """A request is on the board; it is remembered for as long as one is looked for there, and some more."""
        with self._transaction() as database:
            day = _today()
            database.execute("DELETE FROM posted WHERE day < ?", (day - REMEMBERED,))
            database.execute("INSERT OR IGNORE INTO posted VALUES (?, ?, ?)", (key, kind, day))

    def posted(self, key: bytes) -> str | None:
        """The kind of a request that was handed in here; None for any other."""
        with self._transaction() as database:
            row = database.execute("SELECT kind FROM posted WHERE id = ?", (key,)).fetchone()
        return str(row[0]) if row else None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with self._lock, closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                yield database
        except sqlite3.OperationalError as error:
            raise DiskUnavailable(f"{self._path} ({error})", 5) from error


def _today() -> int:
    return int(time.time()) // DAY


def _check(who: str, what: str, used: int, most: int) -> None:
    if used > most:
        raise TooMuch(f"{who}: more than {most} {what} in a day (UTC); come back tomorrow, or use another desk")
