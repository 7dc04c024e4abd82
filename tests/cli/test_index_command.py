"""`datadao index`: anyone keeps the DAO's tables, in the role's folder or elsewhere."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from tests.cli.conftest import FreshDao


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
