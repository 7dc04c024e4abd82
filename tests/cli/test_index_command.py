"""`datadao index`: anyone keeps the DAO's tables, in the role's folder or elsewhere.

given a file, or a PostgreSQL server
  when it is written                   it should have the DAO's rows, and say how many
  when there can be none               it should be refused in one sentence
given one that follows (`--follow`), in a process of its own
  when something happens               its row should be there a moment later
  when the node is lost                it should say so once a look, keep what it has, and go on when it is back
  when it is terminated                it should end with 0 and its result; the file is whole, and goes on from there
"""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from assurance.harness.chain.node import until
from assurance.harness.chain.proxy import Proxy
from assurance.harness.forked import program
from assurance.harness.postgres import postgres
from datadao.crypto.keyfile import new_key
from datadao.index import TABLES
from datadao.index.database import Database
from tests.cli.conftest import FreshDao
from tests.cli.test_refusals import REQUEST


def test_index__of_a_dao__writes_its_tables_and_says_how_much(live: FreshDao, tmp_path: Path) -> None:
    home = live.home("watcher", account="")
    document = live.run(home, "index", "--json").document
    assert document["block"] == live.node.web3.eth.block_number
    assert document["rows"]["datasets"] == 1 and document["index"] == str(home / "index.sqlite")
    elsewhere = tmp_path / "tables"
    done = live.run(home, "index", "--to", str(elsewhere))
    assert f"{elsewhere} is at block {document['block']}." in done.out and "1 datasets" in done.out
    with sqlite3.connect(elsewhere) as tables:
        assert tables.execute("SELECT policy_version FROM datasets").fetchall() == [(1,)]


def test_index__where_no_file_can_be__refused_in_one_sentence(live: FreshDao, tmp_path: Path) -> None:
    refusal = live.run(live.home("watcher"), "index", "--to", str(tmp_path / "missing" / "tables")).refusal
    assert refusal.startswith(f"the read model {tmp_path / 'missing' / 'tables'}: unable to open database file")


def test_index__to_postgresql__has_the_rows_of_a_file_and_only_adds_what_is_new(live: FreshDao) -> None:
    home, asks = live.home("watcher", account=""), licensee(live)
    with postgres() as server:
        for count in (0, 1):
            if count:
                request(live, asks)
            document = live.run(home, "index", "--to", server, "--json").document
            assert document["rows"]["leases"] == count and document["index"].startswith("postgresql://")
            assert document["block"] == live.node.web3.eth.block_number
            beside = live.run(home, "index", "--json").document
            assert document["rows"] == beside["rows"]
        with closing(Database(server)) as there, closing(Database(home / "index.sqlite")) as here:
            for table, columns in TABLES.items():
                rows = [[tuple(row.values()) for row in each.rows(table, columns)] for each in (there, here)]
                assert sorted(map(repr, rows[0])) == sorted(map(repr, rows[1])), table


def licensee(live: FreshDao) -> Path:
    """Its folder."""
    home = live.home("licensee")
    new_key(home / "keys" / "sealing")
    return home


def request(live: FreshDao, home: Path) -> None:
    """A lease, and a proposal for it."""
    ran = live.run(home, "lease", "request", *REQUEST, "--price", "100", "--bond", "50", "--yes")
    assert ran.code == 0, ran.err


class Following:
    """`datadao index --follow` behind a proxy that can be lost and come back."""

    def __init__(self, live: FreshDao) -> None:
        self.proxy = Proxy(live.node.url)
        self._live, self._port = live, self.proxy.port
        self.home = live.home("watcher", account="", network=self.proxy.url)
        self.log, self.result = live.folder / "follow.err", live.folder / "follow.out"
        self.start()

    def start(self) -> None:
        words = ("index", "--follow", "--interval", "0.2", "--json", "--home", str(self.home))
        with self.log.open("wb") as err, self.result.open("wb") as out:
            self.process = subprocess.Popen([program("datadao", *words), *words], stdout=out, stderr=err)
        until(lambda: "Following from block" in self.said)

    @property
    def said(self) -> str:
        return self.log.read_text()

    def count(self, table: str) -> int:
        """Rows, as a reader beside it finds them."""
        with closing(sqlite3.connect(self.home / "index.sqlite")) as tables:
            (found,) = tables.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608  # names are ours
            return int(found)

    def lose(self) -> None:
        """Lines that are open end, and no other is taken."""
        self.proxy.silent = True
        self.proxy.stop()

    def regain(self) -> None:
        self.proxy = Proxy(self._live.node.url, port=self._port)

    def terminate(self, block: int) -> None:
        """Its exit is 0, its result that of its file, which is whole and as of this block."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(60) == 0, self.said
        document = json.loads(self.result.read_text())
        assert document["rows"] == {name: self.count(name) for name in TABLES}
        assert document["block"] == block
        with closing(sqlite3.connect(self.home / "index.sqlite")) as tables:
            assert tables.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert "Traceback" not in self.said

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.proxy.stop()


@pytest.fixture
def following(live: FreshDao) -> Iterator[Following]:
    made = Following(live)
    yield made
    made.close()


def test_follow__goes_on_past_a_lost_node_and_ends_whole(live: FreshDao, following: Following) -> None:
    home = licensee(live)
    assert following.count("leases") == 0
    request(live, home)
    until(lambda: following.count("leases") == 1)

    following.lose()
    request(live, home)
    until(lambda: "Waiting:" in following.said)
    assert following.process.poll() is None and following.count("leases") == 1
    following.regain()
    until(lambda: following.count("leases") == 2)

    reached = live.node.web3.eth.block_number
    following.terminate(reached)
    request(live, home)
    before = len(following.proxy.seen)
    following.start()
    until(lambda: following.count("leases") == 3)
    asked = [each.params[0] for each in following.proxy.seen[before:] if each.method == "eth_getLogs"]
    assert asked and all(int(each["fromBlock"], 16) > reached for each in asked if "fromBlock" in each)

    last = live.node.web3.eth.block_number
    following.lose()
    request(live, home)
    until(lambda: "Waiting:" in following.said)
    following.terminate(last)
