"""The read model of one DAO: follows its events, and keeps its tables as of the newest block.

What is final is written for good. What came after it is taken back as soon as the chain shows another block in its
place. Every change is whole or not there, so a process that dies, and several that write, do no harm.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from datadao.chain.codec import CONTRACTS
from datadao.chain.connected import Connected
from datadao.chain.connection import LAG, Web3, patiently
from datadao.chain.events import ASSET, Event, decode, topic
from datadao.chain.rpc import (
    Block,
    Call,
    Log,
    ask_many,
    block_of,
    check_complete,
    quantity,
    read_block,
    read_many,
    timed,
)
from datadao.chain.scan import scan
from datadao.errors import ChainUnavailable, IndexUnusable
from datadao.index.database import Database
from datadao.index.projection import Projection
from datadao.index.rows import Rows
from datadao.index.schema import OWN, TABLES, VERSION

DAO = "dao"
"""The feed of the DAO's own events; `asset` is what the settlement asset says of money that leaves it."""


class _Cursor(NamedTuple):
    """How far a feed was read, and the newest block of it that was final. A hash is empty before the first block, and
    where a scan was interrupted below the final block."""

    reached: int
    reached_hash: bytes = b""
    final: int = -1
    final_hash: bytes = b""


class Index:
    """Opens or makes the read model of `dao` at `where`, a file or the address of a PostgreSQL database (of this DAO
    alone; several share one with a schema each). `close` it, or use it with `with`.

    Raises `IndexUnusable` when it cannot be used, or is of another DAO.
    """

    def __init__(self, where: str | Path, dao: Connected) -> None:
        self.database = Database(where)
        self._dao = dao
        try:
            self._prepare()
        except BaseException:
            self.database.close()
            raise
        self._rows = Rows(self.database)
        self._projection = Projection(self._rows, dao.addresses)
        self._missing = (-1, 0.0)
        self.turn = threading.RLock()
        """Held while the chain is followed. Who holds it reads tables as of the block that `sync` returned."""

    def __enter__(self) -> Index:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self.database.close()

    def sync(self) -> Block:
        """Follows the DAO to the newest block, and returns it.

        Raises `NodeRefused`; `ChainUnavailable` when the node lags or its answers do not fit together; `Malformed` for
        events of contracts that are none of a DAO.
        """
        wanted = {"address": [self._dao.addresses[key] for key in CONTRACTS]}
        return self._follow(DAO, wanted, self._enter)

    def sync_checked(self) -> Block:
        """As `sync`, and compared with what the contracts count. Raises as `check`, too."""
        head = self.sync()
        self.check(head)
        return head

    def sync_asset(self, asset: str, payers: Sequence[str]) -> Block:
        """The same for what the settlement asset says of money that leaves these accounts."""
        froms = ["0x" + payer[2:].lower().rjust(64, "0") for payer in payers]
        transfer = "0x" + topic("DataToken", "Transfer").hex()
        return self._follow(ASSET, {"address": [asset], "topics": [[transfer], froms]}, lambda _: None)

    def rows(self, table: str, where: str = "", *values: Any) -> list[dict[str, Any]]:
        """Rows of one of the documented tables, by column; `where` is the rest of a statement, `?` for values."""
        return self.database.rows(table, TABLES[table], where, values)

    def count(self, table: str) -> int:
        """How many rows a table has."""
        return int(self.database.ask(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608  # names are ours

    def logs(self, *addresses: str, last: int | None = None) -> list[Log]:
        """All events of these contracts up to a block, oldest first; of all contracts if none is named, what the
        settlement asset said included."""
        conditions: list[str] = []
        values: list[Any] = []
        if last is not None:
            conditions, values = ["block <= ?"], [last]
        if addresses:
            conditions.append(f"address IN ({', '.join('?' for _ in addresses)})")
            values += [address.lower() for address in addresses]
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        found = self.database.rows("logs", OWN["logs"], f"{where} ORDER BY block, position", values)
        return [_log(row) for row in found]

    def events(self, key: str, *names: str, fields: Collection[str] | None = None) -> Iterator[Event]:
        """The events of one contract with these names, oldest first, with all fields or `fields`."""
        contract, kinds = {key: self._dao.addresses[key]}, {topic(CONTRACTS[key], name) for name in names}
        logs = self.logs(self._dao.addresses[key])
        yield from decode((log for log in logs if log.topics[0] in kinds), contract, fields)

    @contextmanager
    def doubted(self) -> Iterator[None]:
        """Where contracts know more than events say, the events are read anew the next time."""
        try:
            yield
        except ChainUnavailable:
            self.clear()
            raise

    def check(self, head: Block) -> None:
        """Compares what the tables add up to with what the contracts count at the block that `sync` returned: a node
        may have given fewer events than there are, without a word. Raises `ChainUnavailable`; what is here is read anew
        then."""
        totals = {row["name"]: row["value"] for row in self.rows("totals")}
        held = self.rows("members", "WHERE account = ?", self._dao.addresses["registry"].lower())
        expected: dict[tuple[Any, ...], int] = {
            ("registry", "datasetCount"): self.count("datasets"),
            ("registry", "batchCount"): self.count("batches"),
            ("leases", "leaseCount"): self.count("leases"),
            ("leases", "offerCount"): self.count("offers"),
            ("leases", "treasuryOwed"): totals.get("treasury_owed", 0),
            ("models", "modelCount"): self.count("models"),
            ("token", "totalSupply"): totals.get("supply", 0),
            ("token", "memberCount"): totals.get("members", 0),
            ("token", "balanceOf", self._dao.addresses["registry"]): held[0]["tokens"] if held else 0,
        }
        calls = [Call(self._dao.addresses[key], CONTRACTS[key], *_split(call)) for key, *call in expected]
        answers = read_many(self._dao.web3, calls, head.number)
        with self.doubted():
            for (key, view, *_), known, there in zip(expected, expected.values(), answers, strict=True):
                check_complete(known, there, f"as {key}.{view}", head)
                check_complete(there, known, f"as {key}.{view}", head)

    def verified(self) -> dict[str, str]:
        """Facts that an audit found to be so, each with a digest of what it rested on."""
        return {row["fact"]: row["answer"] for row in self.database.rows("verified", OWN["verified"])}

    def verify(self, facts: Mapping[str, str]) -> None:
        """Adds to `verified`."""
        with self.database.writing():
            self.database.put("verified", OWN["verified"], list(facts.items()))

    def clear(self) -> None:
        """Forgets everything; the next `sync` reads it anew."""
        for feed in (DAO, ASSET):
            while True:
                with suppress(_Overtaken):
                    self._clear(feed, self._cursor(feed))
                    break

    # Following

    def _follow(self, feed: str, wanted: Mapping[str, Any], enter: Callable[[Sequence[_Placed]], None]) -> Block:
        with self.turn:
            while True:
                with suppress(_Overtaken):
                    head, parts = self._go_on(feed, wanted, enter)
                    if parts <= _FEW:  # a longer scan took a while, in which the chain went on
                        return head

    def _go_on(
        self, feed: str, wanted: Mapping[str, Any], enter: Callable[[Sequence[_Placed]], None]
    ) -> tuple[Block, int]:
        """The newest block, up to which the feed is read now, and in how many parts."""
        cursor, head, final = patiently(lambda: self._standing(feed), LAG / 3, lambda: (_Behind,))
        cursor = self._settle(feed, cursor, final, enter)
        parts = 0
        if cursor.reached < head.number:
            for reached, raw in scan(self._dao.web3, wanted, cursor.reached + 1, head):
                at = (reached, head.hash if reached == head.number else b"")
                cursor = self._take(feed, cursor, at, _placed(self._dao.web3, raw), enter)
                parts += 1
        return head, parts

    def _standing(self, feed: str) -> tuple[_Cursor, Block, Block]:
        """Where the feed stands once it has lost what the chain no longer has; the newest block, and the final one,
        which is the one before the first where a node has none."""
        cursor = self._cursor(feed)
        asked: list[str | int] = ["latest", "finalized", max(0, cursor.reached), max(0, cursor.final)]
        newest, final, reached, settled = (
            block_of(answer["result"]) if answer.get("result") else None for answer in self._blocks(asked)
        )
        if newest is None:
            newest = read_block(self._dao.web3, "latest")  # which says why there is none
        final = final or _NONE
        if cursor.reached_hash and reached and reached.hash == cursor.reached_hash and newest.number >= reached.number:
            return cursor, newest, final
        if cursor.final_hash and settled is None:
            raise ChainUnavailable(f"the node does not have block {cursor.final}, which was final; name another")
        if cursor.final_hash and settled and settled.hash != cursor.final_hash:
            return self._clear(feed, cursor), newest, final
        if cursor.reached > cursor.final and cursor.reached >= self._dao.since:
            if newest.number < cursor.reached and not self._waited(cursor.reached):
                raise _Behind(f"the node showed block {cursor.reached}, and is at {newest.number} now; try again")
            return self._take_back(feed, cursor), newest, final
        return cursor, newest, final

    def _waited(self, block: int) -> bool:
        """Whether a node's back ends had the time to catch up with a block; a chain that went back never does."""
        number, since = self._missing
        if number != block:
            self._missing = (block, time.monotonic())
            return False
        return time.monotonic() - since > LAG / 4

    def _blocks(self, asked: Sequence[str | int]) -> list[Any]:
        tags = [hex(name) if isinstance(name, int) else name for name in asked]
        return ask_many(self._dao.web3, "eth_getBlockByNumber", [[tag, False] for tag in tags])

    def _take(
        self,
        feed: str,
        cursor: _Cursor,
        reached: tuple[int, bytes],
        logs: Sequence[_Placed],
        enter: Callable[[Sequence[_Placed]], None],
    ) -> _Cursor:
        """Writes the next events, and how far they reach."""
        with self._writing(feed, cursor):
            rows = [[block, position, feed, log.address.lower(), b"".join(log.topics), log.data, log.timestamp]
                    for block, position, log in logs]  # fmt: skip
            self.database.put("logs", OWN["logs"], rows)
            self._project([item for item in logs if item[0] <= cursor.final], enter, final=True)
            self._project([item for item in logs if item[0] > cursor.final], enter, final=False)
            return self._put(feed, _Cursor(*reached, cursor.final, cursor.final_hash))

    def _settle(self, feed: str, cursor: _Cursor, final: Block, enter: Any) -> _Cursor:
        """Makes final what has become so."""
        if final.number <= cursor.final:
            return cursor
        with self._writing(feed, cursor):
            if cursor.reached > cursor.final and feed == DAO:
                newer = self._stored(feed, cursor.final + 1)
                settled = [item for item in newer if item[0] <= final.number]
                if len(settled) == len(newer):
                    self._rows.settle()
                elif settled:
                    self._rows.take_back()
                    self._project(settled, enter, final=True)
                    self._project(newer[len(settled) :], enter, final=False)
            return self._put(feed, _Cursor(cursor.reached, cursor.reached_hash, final.number, final.hash))

    def _take_back(self, feed: str, cursor: _Cursor) -> _Cursor:
        """Forgets what came after the last final block."""
        with self._writing(feed, cursor):
            self.database.do("DELETE FROM verified")
            if feed == DAO:
                self._rows.take_back()
            self.database.do("DELETE FROM logs WHERE feed = ? AND block > ?", [feed, cursor.final])
            reached = max(cursor.final, self._dao.since - 1)
            return self._put(feed, cursor._replace(reached=reached, reached_hash=cursor.final_hash))

    def _clear(self, feed: str, cursor: _Cursor) -> _Cursor:
        """Forgets everything of a feed: it is of another chain."""
        with self._writing(feed, cursor):
            self._rows.forget()
            for name in (*TABLES, "undo", "verified") if feed == DAO else ():
                self.database.do(f"DELETE FROM {name}")  # noqa: S608  # names are ours
            self.database.do("DELETE FROM logs WHERE feed = ?", [feed])
            return self._put(feed, _Cursor(self._dao.since - 1))

    def _project(self, logs: Sequence[_Placed], enter: Callable[[Sequence[_Placed]], None], *, final: bool) -> None:
        if logs:
            enter(logs)
            self._rows.flush(final=final)

    def _enter(self, logs: Sequence[_Placed]) -> None:
        events = decode((log for *_, log in logs), self._dao.addresses)
        for (block, position, _), event in zip(logs, events, strict=True):
            self._projection.enter(event, block, position)

    # What is written

    def _prepare(self) -> None:
        database, about = self.database, {**self._dao.addresses, "tables": VERSION, "since": str(self._dao.since)}
        with database.writing():
            for name, table in (OWN | TABLES).items():
                database.create(name, table)
            found = dict(database.ask("SELECT name, value FROM about"))
            if found and found != about:
                other = next(name for name in about if found.get(name) != about[name])
                raise IndexUnusable(
                    f"the read model {database.name} has {other} {found.get(other)}, not {about[other]}; name another, "
                    "or delete it: it is written anew from the chain"
                )
            database.put("about", OWN["about"], list(about.items()))

    def _cursor(self, feed: str) -> _Cursor:
        found = self.database.rows("cursors", OWN["cursors"], "WHERE feed = ?", [feed])
        return _Cursor(*list(found[0].values())[1:]) if found else _Cursor(self._dao.since - 1)

    def _put(self, feed: str, cursor: _Cursor) -> _Cursor:
        self.database.put("cursors", OWN["cursors"], [[feed, *cursor]])
        return cursor

    @contextmanager
    def _writing(self, feed: str, cursor: _Cursor) -> Iterator[None]:
        """A transaction, unless another process wrote since the cursor was read."""
        with self.database.writing():
            if self._cursor(feed) != cursor:
                raise _Overtaken
            try:
                yield
            except BaseException:
                self._rows.forget()
                raise

    def _stored(self, feed: str, first: int) -> list[_Placed]:
        where = "WHERE feed = ? AND block >= ? ORDER BY block, position"
        return [
            (r["block"], r["position"], _log(r)) for r in self.database.rows("logs", OWN["logs"], where, [feed, first])
        ]


_Placed = tuple[int, int, Log]
"""An event with its block and its place there."""
_NONE = Block(-1, b"", 0)
_FEW = 2


class _Overtaken(Exception):
    """Another process follows too, and was first."""


class _Behind(ChainUnavailable):
    """A node that had a block already does not have it."""


def _placed(web3: Web3, raw: Sequence[Mapping[str, Any]]) -> list[_Placed]:
    """Events in order, each once."""
    logs = zip(raw, timed(web3, raw), strict=True)
    found = {(quantity(item["blockNumber"]), quantity(item["logIndex"])): log for item, log in logs}
    return [(*place, found[place]) for place in sorted(found)]


def _split(call: Sequence[Any]) -> tuple[str, tuple[Any, ...]]:
    return call[0], tuple(call[1:])


def _log(row: Mapping[str, Any]) -> Log:
    topics = [row["topics"][i : i + 32] for i in range(0, len(row["topics"]), 32)]
    where = f"block {row['block']}, log {row['position']}"
    return Log(row["address"], topics, row["data"], row["time"], where)
