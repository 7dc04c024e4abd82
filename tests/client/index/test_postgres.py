"""The read model in PostgreSQL: the same code and the same rows as in a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.harness.dao.system import System
from assurance.harness.postgres import postgres
from datadao.errors import IndexUnusable
from datadao.index import TABLES

from .test_index import life, node_of, opened, tables

__all__ = ["life"]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgres() as made:
        yield made


def test_life_in_postgresql__followed_and_taken_back__equals_the_file(
    life: System, server: str, tmp_path: Path
) -> None:
    node, other = node_of(life), node_of(life)
    node.final = other.final = node.head - 30
    with opened(server, life, node) as index, opened(tmp_path / "index", life, other) as file:
        for each, followed in ((node, index), (other, file)):
            followed.sync()
            each.fork(each.head - 10)
            each.head += 2
            followed.sync()
        assert tables(index) == tables(file)
        for name in TABLES:
            assert index.count(name) == file.count(name)
        ((total,),) = index.database.ask("SELECT sum(amount) FROM payouts")
        assert total == sum(row["amount"] for row in file.rows("payouts"))


def test_server_that_is_not_there__refused_without_its_password(life: System) -> None:
    with pytest.raises(IndexUnusable, match=r"the read model postgresql://localhost:1/dao: ") as refusal:
        opened("postgresql://me:secret@localhost:1/dao", life, node_of(life))
    assert "secret" not in str(refusal.value)
