"""What a relay knows of requests, what it sent, and what each day and member cost: one SQLite file.

A transaction is on the disk, signed, before it leaves, together with what it is charged for. So whatever is killed, the
next run asks what became of exactly that transaction, gives the same bytes to the node again, and never signs another
for what may still be mined.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from datadao.chain.transactions import Sent
from datadao.errors import DiskUnavailable, InvalidArgument
from datadao.messages.requests import Request

DAY = 86_400
WAITING, SENT, DONE, DROPPED = "waiting", "sent", "done", "dropped"
"""States of a request."""
FINAL = (DONE, DROPPED)
MINED, FAILED, VOID = "mined", "failed", "void"
"""How a batch ended; a void one was never mined, and another transaction has its nonce."""

Share = tuple[str, int]
"""Who is charged for a request, and for how many parts of its batch."""

_SCHEMA = """
CREATE TABLE IF NOT EXISTS about (chain TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS request (id BLOB PRIMARY KEY, kind TEXT NOT NULL, account TEXT NOT NULL,
    state TEXT NOT NULL, reason TEXT NOT NULL, sent TEXT, at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batch (id INTEGER PRIMARY KEY, kind TEXT NOT NULL, attempts TEXT NOT NULL,
    state TEXT NOT NULL, day INTEGER NOT NULL, gas INTEGER NOT NULL, wei TEXT NOT NULL, alone INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS item (batch INTEGER NOT NULL, request BLOB NOT NULL, account TEXT NOT NULL,
    weight INTEGER NOT NULL, PRIMARY KEY (batch, request)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS open_batches ON batch (state) WHERE state = 'sent';
CREATE INDEX IF NOT EXISTS days ON batch (day);
"""


@dataclass(frozen=True)
class Batch:
    """A transaction of the relay's: `attempts` at one nonce, of which one can be mined. `wei` is what it cost, and may
    cost while it is not mined; `alone` the gas of as many transactions of the members' own."""

    number: int
    kind: str
    attempts: tuple[Sent, ...]
    items: Mapping[bytes, Share]
    state: str
    gas: int
    wei: int
    alone: int


class Journal:
    """`chain` names chain and DAO: a file of another is refused. Raises `DiskUnavailable`, `InvalidArgument`."""

    def __init__(self, folder: Path, chain: str) -> None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._path = folder / "relay.sqlite"
        with self._transaction() as database:
            database.executescript(_SCHEMA)
            of = database.execute("SELECT chain FROM about").fetchone()
            if of is None:
                database.execute("INSERT INTO about VALUES (?)", (chain,))
            elif of[0] != chain:
                raise InvalidArgument(
                    f"{self._path} is of {of[0]}, not of {chain}; give every relay a folder of its own"
                )

    # Requests

    def known(self) -> set[bytes]:
        """Ids of what is done or dropped."""
        with self._transaction() as database:
            rows = database.execute("SELECT id FROM request WHERE state IN (?, ?)", FINAL)
            return {row[0] for row in rows}

    def note(self, noted: Iterable[tuple[Request, str, str]]) -> None:
        """Requests with their state and why."""
        rows = [(item.id, item.KIND, item.signer, state, reason, int(time.time())) for item, state, reason in noted]
        with self._transaction() as database:
            database.executemany(
                "INSERT INTO request (id, kind, account, state, reason, at) VALUES (?, ?, ?, ?, ?, ?) "
                "ON CONFLICT (id) DO UPDATE SET state = excluded.state, reason = excluded.reason, at = excluded.at "
                "WHERE (state, reason) != (excluded.state, excluded.reason)",
                rows,
            )

    def about(self, key: bytes) -> dict[str, Any] | None:
        """Kind, state, reason and transaction of a request; None if it is not known here."""
        with self._transaction() as database:
            row = database.execute("SELECT kind, state, reason, sent FROM request WHERE id = ?", (key,)).fetchone()
        return dict(zip(("kind", "state", "reason", "transaction"), row, strict=True)) if row else None

    def dropped(self, limit: int = 100) -> list[dict[str, Any]]:
        """The newest that were dropped, with their reasons."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT id, kind, account, reason, at FROM request WHERE state = ? ORDER BY at DESC LIMIT ?",
                (DROPPED, limit),
            ).fetchall()
        return [dict(zip(("id", "kind", "account", "reason", "at"), row, strict=True)) for row in rows]

    # Batches

    def begin(self, kind: str, sent: Sent, items: Mapping[bytes, Share], wei: int, alone: int) -> Batch:
        """Keeps a transaction that is about to be sent for these requests, each with who it is charged to; it is on
        the disk when this returns."""
        with self._transaction() as database:
            number = database.execute(
                "INSERT INTO batch (kind, attempts, state, day, gas, wei, alone) VALUES (?, ?, ?, ?, 0, ?, ?)",
                (kind, _written([sent]), SENT, _today(), str(wei), alone),
            ).lastrowid
            assert number is not None
            database.executemany(
                "INSERT INTO item VALUES (?, ?, ?, ?)", [(number, key, *share) for key, share in items.items()]
            )
            database.executemany(
                "UPDATE request SET state = ?, reason = '', sent = ? WHERE id = ?",
                [(SENT, sent.hash, key) for key in items],
            )
        return Batch(number, kind, (sent,), dict(items), SENT, 0, wei, alone)

    def again(self, batch: Batch, sent: Sent, wei: int) -> Batch:
        """Keeps a transaction that is about to take the place of the last attempt."""
        attempts = (*batch.attempts, sent)
        with self._transaction() as database:
            found = (_written(attempts), str(wei), batch.number)
            database.execute("UPDATE batch SET attempts = ?, wei = ? WHERE id = ?", found)
            database.executemany("UPDATE request SET sent = ? WHERE id = ?", [(sent.hash, key) for key in batch.items])
        return replace(batch, attempts=attempts, wei=wei)

    def settle(self, batch: Batch, state: str, gas: int, wei: int, ends: Mapping[bytes, tuple[str, str]]) -> None:
        """What became of a batch: its gas, what it cost, and state and reason of its requests. The same again changes
        nothing."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE batch SET state = ?, gas = ?, wei = ? WHERE id = ? AND state = ?",
                (state, gas, str(wei), batch.number, SENT),
            ).rowcount
            if changed:
                database.executemany(
                    "UPDATE request SET state = ?, reason = ?, at = ? WHERE id = ?",
                    [(*end, int(time.time()), key) for key, end in ends.items()],
                )

    def open(self) -> list[Batch]:
        """Batches whose fate is not known, oldest first."""
        return self._batches("WHERE state = ?", SENT)

    def batches(self, limit: int = 100) -> list[Batch]:
        """The newest batches, newest first."""
        return self._batches("ORDER BY id DESC LIMIT ?", limit)

    def spent(self) -> int:
        """Wei spent today, and that may be."""
        with self._transaction() as database:
            return sum(int(wei) for (wei,) in database.execute("SELECT wei FROM batch WHERE day = ?", (_today(),)))

    def spent_of(self, accounts: Sequence[str]) -> dict[str, int]:
        """The same of members, each charged for its part of every batch, rounded up."""
        with self._transaction() as database:
            rows = database.execute(
                "SELECT account, wei, weight, total FROM item JOIN batch ON batch.id = item.batch "
                "JOIN (SELECT batch, sum(weight) AS total FROM item GROUP BY batch) AS t ON t.batch = item.batch "
                "WHERE day = ?",
                (_today(),),
            ).fetchall()
        found = dict.fromkeys(accounts, 0)
        for account, wei, weight, total in rows:
            if account in found:
                found[account] += -(-int(wei) * weight // total)
        return found

    def _batches(self, which: str, *values: Any) -> list[Batch]:
        with self._transaction() as database:
            rows = database.execute(
                f"SELECT id, kind, attempts, state, gas, wei, alone FROM batch {which}",  # noqa: S608  # our own words
                values,
            ).fetchall()
            return [
                Batch(
                    number, kind, _read(attempts),
                    {key: (account, weight) for key, account, weight in database.execute(
                        "SELECT request, account, weight FROM item WHERE batch = ?", (number,))},
                    state, gas, int(wei), alone,
                )
                for number, kind, attempts, state, gas, wei, alone in rows
            ]  # fmt: skip

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        try:
            with closing(sqlite3.connect(self._path, timeout=30)) as database, database:
                yield database
        except sqlite3.OperationalError as error:
            raise DiskUnavailable(f"{self._path} ({error})", 5) from error


def _today() -> int:
    return int(time.time()) // DAY


def _written(attempts: Sequence[Sent]) -> str:
    return json.dumps([asdict(replace(sent, data=b"")) | {"data": sent.data.hex()} for sent in attempts])


def _read(text: str) -> tuple[Sent, ...]:
    return tuple(Sent(**fields | {"data": bytes.fromhex(fields["data"])}) for fields in json.loads(text))
