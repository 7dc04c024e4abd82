"""SQLite and PostgreSQL behind one small seam: the same statements, each with its own spelling of types and values."""

from __future__ import annotations

import re
import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from typing import Any

from datadao.errors import IndexUnusable, PackageMissing
from datadao.index.schema import Table

_WAIT = 60.0
"""Seconds to wait for another process that writes the same read model."""
_LITE = {"int": "INTEGER", "flag": "INTEGER", "amount": "TEXT", "data": "BLOB"}
_POSTGRES = {"int": "BIGINT", "flag": "BOOLEAN", "amount": "NUMERIC(78)", "data": "BYTEA"}
_LOCK = 0x64617461


class Database:
    """One connection, which threads use in turns. `where` is a file, made if it is not there, or the address of a
    PostgreSQL database.

    Statements have `?` for values. Raises `IndexUnusable` for what cannot be opened, read or written.
    """

    def __init__(self, where: str | Path) -> None:
        self.name = _shown(where)
        self.is_postgres = str(where).startswith(("postgres://", "postgresql://"))
        self._types = _POSTGRES if self.is_postgres else _LITE
        self._lock = threading.RLock()
        self._kinds = _postgres_errors() if self.is_postgres else (sqlite3.Error, OverflowError)
        with self._errors():
            self._connection: Any = _postgres(str(where)) if self.is_postgres else _lite(Path(where))

    def ask(self, statement: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        with self._lock, self._errors():
            return list(self._connection.execute(self._spelled(statement), values).fetchall())

    def do(self, statement: str, *rows: Sequence[Any]) -> None:
        """A statement, once for each row of values."""
        with self._lock, self._errors():
            cursor = self._connection.cursor()
            if rows:
                cursor.executemany(self._spelled(statement), rows)
            else:
                cursor.execute(statement)

    @contextmanager
    def writing(self) -> Iterator[None]:
        """A transaction that no other process writes beside; what fails in it leaves nothing."""
        with self._lock, self._errors():
            self._connection.execute("BEGIN" if self.is_postgres else "BEGIN IMMEDIATE")
            try:
                if self.is_postgres:
                    self._connection.execute(f"SELECT pg_advisory_xact_lock({_LOCK})")
                yield
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")

    def create(self, name: str, table: Table) -> None:
        """A table, unless it is there."""
        columns = [f"{column} {self._types.get(kind, 'TEXT')} NOT NULL" for column, kind in table.kinds.items()]
        self.do(f"CREATE TABLE IF NOT EXISTS {name} ({', '.join(columns)}, PRIMARY KEY ({', '.join(table.key)}))")
        for column in table.indexed:
            self.do(f"CREATE INDEX IF NOT EXISTS {name}_{column} ON {name} ({column})")

    def put(self, name: str, table: Table, rows: Sequence[Sequence[Any]]) -> None:
        """Writes whole rows, over those with the same keys."""
        if not rows:
            return
        places = ", ".join("?" for _ in table.kinds)
        news = ", ".join(f"{column} = excluded.{column}" for column in table.columns)
        statement = f"INSERT INTO {name} VALUES ({places}) ON CONFLICT ({', '.join(table.key)}) DO UPDATE SET {news}"  # noqa: S608  # names are ours
        writers = [self._writer(kind) for kind in table.kinds.values()]
        self.do(statement, *([write(value) for write, value in zip(writers, row, strict=True)] for row in rows))

    def drop(self, name: str, table: Table, keys: Sequence[Sequence[Any]]) -> None:
        """Deletes rows by their keys."""
        if keys:
            where = " AND ".join(f"{column} = ?" for column in table.key)
            writers = [self._writer(kind) for kind in table.key.values()]
            written = ([write(value) for write, value in zip(writers, key, strict=True)] for key in keys)
            self.do(f"DELETE FROM {name} WHERE {where}", *written)  # noqa: S608

    def rows(self, name: str, table: Table, where: str = "", values: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Rows by column, in Python's types; `where` may order them too."""
        statement = f"SELECT {', '.join(table.kinds)} FROM {name} {where}"  # noqa: S608
        readers = [(column, _READ.get(kind, str)) for column, kind in table.kinds.items()]
        return [
            {column: read(value) for (column, read), value in zip(readers, row, strict=True)}
            for row in self.ask(statement, values)
        ]

    def value(self, kind: str, value: Any) -> Any:
        """A value as statements compare it with a column of this kind."""
        return self._writer(kind)(value)

    def close(self) -> None:
        self._connection.close()

    def _writer(self, kind: str) -> Callable[[Any], Any]:
        if kind == "text":
            return lambda text: str(text).replace("\0", "\ufffd")
        if kind == "amount":
            return Decimal if self.is_postgres else str
        return bool if kind == "flag" else lambda value: value

    def _spelled(self, statement: str) -> str:
        return statement.replace("?", "%s") if self.is_postgres else statement

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self._kinds as error:
            words = str(error).strip().partition("\n")[0]
            advice = "" if self.is_postgres else "; it can be deleted at any time, and is then written anew"
            raise IndexUnusable(f"the read model {self.name}: {words}{advice}") from error


_READ: dict[str, Callable[[Any], Any]] = {"int": int, "amount": int, "flag": bool, "data": bytes}


def _lite(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=_WAIT, isolation_level=None, check_same_thread=False)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")  # what a power cut takes is read again
    except BaseException:
        connection.close()
        raise
    return connection


def _postgres(address: str) -> Any:
    import psycopg

    return psycopg.connect(address, autocommit=True)


def _postgres_errors() -> tuple[type[Exception], ...]:
    try:
        import psycopg
    except ImportError:
        raise PackageMissing("psycopg", "postgres") from None
    return (psycopg.Error, OverflowError)


def _shown(where: str | Path) -> str:
    """Without a password."""
    return re.sub(r"//[^@/]*@", "//", str(where)).partition("?")[0]
