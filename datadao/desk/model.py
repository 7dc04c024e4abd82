"""The read model of `datadao index` over HTTP: its tables row by row, datasets' cards, and the audit's last word."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from datadao.batches import Catalog
from datadao.card.read import read_card
from datadao.chain.rpc import read_block
from datadao.client import DataDAO
from datadao.desk.web import NotFound, log
from datadao.encoding import address
from datadao.errors import DataDAOError, InvalidArgument, StoreUnavailable
from datadao.index import TABLES, Index
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.storage.store import Store

AGAIN = 3_600.0
"""Seconds after which whoever asks for the audit's last word has another one begun."""
_SHOWN = 20
_DIGITS = {"int": 18, "amount": 78}
_LONGEST = 200
"""Of a value that rows are asked for by."""


class Model:
    """Methods raise `NodeRefused`, `ChainUnavailable`, `IndexUnusable`, `InvalidArgument`, `NotFound`."""

    def __init__(self, dao: DataDAO, index: Index, catalog: Catalog, board: Board, store: Store) -> None:
        self._dao, self._index, self._catalog, self._board, self._store = dao, index, catalog, board, store
        self._lock = threading.Lock()
        self._report: dict[str, Any] | None = None
        self._next, self._auditing = 0.0, False

    def tables(self) -> dict[str, Any]:
        """Every table with its columns and how many rows it has."""
        with self._index.turn:
            head = self._index.sync()
            counts = {name: self._index.count(name) for name in TABLES}
        return {
            "block": {"number": head.number, "time": head.timestamp},
            "tables": [
                {"name": name, "key": list(table.key), "columns": table.kinds, "filters": list(table.filters),
                 "rows": counts[name]}
                for name, table in TABLES.items()
            ],
        }  # fmt: skip

    def rows(self, name: str, wanted: tuple[tuple[str, str], ...], after: str | None, limit: int) -> dict[str, Any]:
        """A page of a table in the order of its key: rows with these values, after the row whose key is `after`."""
        table = TABLES[name]
        conditions, values = [], []
        for column, text in wanted:
            kind = table.filters.get(column)
            if kind is None:
                raise InvalidArgument(f"{column[:80]}: {name} is asked by {', '.join(table.filters)}")
            conditions.append(f"{column} = ?")
            values.append(self._value(column, kind, text))
        if after is not None:
            parts = after.split(",")
            if len(parts) != len(table.key):
                raise InvalidArgument(f"after={after[:80]}: expected what the page before gave as `next`")
            conditions.append(f"({', '.join(table.key)}) > ({', '.join('?' for _ in parts)})")
            values += [self._value("after", kind, part) for kind, part in zip(table.key.values(), parts, strict=True)]
        where = f"WHERE {' AND '.join(conditions)} " if conditions else ""
        with self._index.turn:
            head = self._index.sync()
            found = self._index.rows(name, f"{where}ORDER BY {', '.join(table.key)} LIMIT ?", *values, limit + 1)
        page = [{column: _told(kind, row[column]) for column, kind in table.kinds.items()} for row in found[:limit]]
        following = ",".join(str(page[-1][column]) for column in table.key) if len(found) > limit else None
        return {"block": {"number": head.number, "time": head.timestamp}, "rows": page, "next": following}

    def card(self, dataset: str) -> dict[str, Any]:
        """A dataset's data card, as `datadao card` has it."""
        count = self._dao.read("registry", "datasetCount")
        if not (dataset.isascii() and dataset.isdecimal() and 1 <= int(dataset[:18]) <= count):
            raise NotFound(f"no dataset {dataset[:80]}; there are 1 to {count}")
        number = int(dataset)
        with self._index.turn:
            return self._card(number)

    def _card(self, number: int) -> dict[str, Any]:
        return read_card(self._dao, self._index, self._catalog, self._board, number, self._schema).document()

    def audit(self) -> dict[str, Any]:
        """What the last audit of this desk found, if there was one; where it is old, another one begins."""
        with self._lock:
            if not self._auditing and time.monotonic() > self._next:
                self._auditing = True
                threading.Thread(target=self._audit, name="audit", daemon=True).start()
            return {"running": self._auditing, "report": self._report}

    def _audit(self) -> None:
        from datadao.ledger import audit

        pause = AGAIN / 60  # of one that did not come to an end
        try:
            found = audit(self._dao, index=self._index, every=False)
            named = found.as_json()
            told = named | {
                "time": read_block(self._dao.web3, found.block).timestamp,
                "differences": named["differences"][:_SHOWN], "differing": len(named["differences"]),
            }  # fmt: skip
            with self._lock:
                self._report = told
            pause = AGAIN
        except (DataDAOError, OSError) as error:
            log.warning("audit: %s: %s", type(error).__name__, error)
        finally:
            with self._lock:
                self._auditing, self._next = False, time.monotonic() + pause

    def _schema(self, policy: Any) -> Schema | None:
        digest = bytes(policy.schemaHash)
        try:
            return Schema(self._store.get(digest), digest)
        except StoreUnavailable:
            raise
        except DataDAOError:
            return None  # then the card has no properties

    def _value(self, column: str, kind: str, text: str) -> Any:
        """A value of a query as the database compares it."""
        read = _READ[kind]
        try:
            return self._index.database.value(kind, read(text[:_LONGEST]))
        except (ValueError, DataDAOError):
            raise InvalidArgument(f"{column}={text[:80]}: expected {_EXPECTED[kind]}") from None


def _number(digits: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        if not (text.isascii() and text.isdecimal() and len(text) <= digits):
            raise ValueError(text)
        return int(text)

    return read


def _word(text: str) -> str:
    if len(text) != 66 or not text.startswith("0x"):
        raise ValueError(text)
    return "0x" + bytes.fromhex(text[2:]).hex()


def _flag(text: str) -> bool:
    return ("false", "true").index(text) == 1


def _told(kind: str, value: Any) -> Any:
    return str(value) if kind == "amount" else value


_READ: dict[str, Callable[[str], Any]] = {
    "int": _number(_DIGITS["int"]), "amount": _number(_DIGITS["amount"]), "account": lambda text: address(text).lower(),
    "word": _word, "flag": _flag, "text": str,
}  # fmt: skip
_EXPECTED = {
    "int": "a number", "amount": "a number", "account": "an address", "word": "0x and 64 hex digits",
    "flag": "true or false", "text": "a text",
}  # fmt: skip
