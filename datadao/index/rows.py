"""Rows as projections change them: read once, changed in memory, written together; and taken back to a final block."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from datadao.index.database import Database
from datadao.index.schema import OWN, TABLES

_EMPTY: dict[str, Any] = {"int": 0, "amount": 0, "flag": False, "data": b"", "word": "0x" + "00" * 32}
ZERO = "0x" + "00" * 20

Row = dict[str, Any]


class Rows:
    """The rows of `TABLES` by key. Nothing is written before `flush`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._found: dict[tuple[Any, ...], Row | None] = {}
        self._former: dict[tuple[Any, ...], Row | None] = {}

    def get(self, table: str, *key: Any) -> Row | None:
        """A row; None if there is none. Not to be changed."""
        place = (table, *key)
        if place not in self._found:
            self._found[place] = self._read(table, key)
        return self._found[place]

    def of(self, table: str, *key: Any) -> Row:
        """A row, with nothing in it if there is none."""
        return self.get(table, *key) or _empty(table, key)

    def put(self, table: str, *key: Any, **values: Any) -> None:
        """Sets columns of a row, which is made if there is none."""
        place, row = (table, *key), self.get(table, *key)
        self._former.setdefault(place, row)
        self._found[place] = (row or _empty(table, key)) | values

    def add(self, table: str, *key: Any, **changes: int) -> None:
        """Adds to columns of a row, which is made if there is none."""
        row = self.of(table, *key)
        self.put(table, *key, **{column: row[column] + change for column, change in changes.items()})

    def flush(self, *, final: bool) -> None:
        """Writes what has changed. Unless it is `final`, what it was before is kept for `take_back`."""
        changed: dict[str, list[Row]] = {}
        for place in self._former:
            row = self._found[place]
            assert row is not None
            changed.setdefault(place[0], []).append(row)
        if not final and self._former:
            undone = ", ".join("?" for _ in OWN["undo"].kinds)
            former = [
                (place[0], json.dumps(place[1:]), "" if row is None else json.dumps(list(row.values())))
                for place, row in self._former.items()
            ]
            self._database.do(f"INSERT INTO undo VALUES ({undone}) ON CONFLICT DO NOTHING", *former)  # noqa: S608
        for name, rows in changed.items():
            self._database.put(name, TABLES[name], [list(row.values()) for row in rows])
        self.forget()

    def take_back(self) -> None:
        """All rows as they were at the last final block."""
        for former in self._database.rows("undo", OWN["undo"]):
            table, name = TABLES[former["name"]], former["name"]
            if former["former"]:
                self._database.put(name, table, [json.loads(former["former"])])
            else:
                self._database.drop(name, table, [json.loads(former["id"])])
        self.settle()
        self.forget()

    def settle(self) -> None:
        """What is written is final."""
        self._database.do("DELETE FROM undo")

    def forget(self) -> None:
        """Reads again what is asked for from now on: another process may write too."""
        self._found.clear()
        self._former.clear()

    def _read(self, name: str, key: tuple[Any, ...]) -> Row | None:
        table = TABLES[name]
        where = " AND ".join(f"{column} = ?" for column in table.key)
        values = [self._database.value(kind, part) for kind, part in zip(table.key.values(), key, strict=True)]
        return next(iter(self._database.rows(name, table, f"WHERE {where}", values)), None)


def _empty(name: str, key: tuple[Any, ...]) -> Row:
    return dict(_blank(name, key))


def _blank(name: str, key: tuple[Any, ...]) -> Iterator[tuple[str, Any]]:
    table = TABLES[name]
    yield from zip(table.key, key, strict=True)
    for column, kind in table.columns.items():
        yield column, ZERO if kind == "account" else _EMPTY.get(kind, "")
