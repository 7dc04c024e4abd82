"""The read model over HTTP: each table as `datadao index` has it, page by page; cards; the audit's last word.

given a DAO with accepted contributions and a lease
  when a table is asked for           its rows should be the read model's, in the shape that the document has
  when rows are asked for by a value  only those should come
  when a page ends                    the following one should begin there
  when the question is no good        it should be refused by name
  when a dataset's card is asked for  it should be the one of `datadao card`
  when the audit is asked for         it should say what the last one found
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.node import until
from datadao.batches import Catalog
from datadao.card.read import read_card
from datadao.desk.document import shape, validator
from datadao.index import TABLES, Index
from datadao.ledger import audit
from datadao.storage.board import Board

from .conftest import DeskWorld, refused


def told(desk: DeskWorld, path: str, named: str) -> Any:
    answer = desk.served.get(path)
    assert answer.status_code == 200, answer.text
    validator(named).validate(answer.json())
    return answer.json()


def test_tables__each__have_the_rows_of_the_read_model(desk: DeskWorld) -> None:
    desk.world.dao.deposit(1, 10**9)
    listed = told(desk, "v1/tables", "Tables")["tables"]
    assert [table["name"] for table in listed] == list(TABLES)
    with Index(desk.folder / "other.sqlite", desk.world.handle) as other:
        other.sync()
        for table in listed:
            name = table["name"]
            rows = told(desk, f"v1/tables/{name}?limit=100", shape(name))["rows"]
            assert len(rows) == table["rows"] == other.count(name)
            kinds = TABLES[name].kinds
            amounts = {key for key, kind in kinds.items() if kind == "amount"}
            plain = [{key: str(row[key]) if key in amounts else row[key] for key in kinds} for row in other.rows(name)]
            assert sorted(rows, key=str) == sorted(plain, key=str), name
    assert {table["name"] for table in listed if table["rows"]} >= {"members", "batches", "leases", "deposits"}


def test_rows__by_a_value_and_page_by_page__are_those(desk: DeskWorld) -> None:
    member = desk.world.members[0]
    (row,) = told(desk, f"v1/tables/members?account={member.address}", shape("members"))["rows"]
    assert row["account"] == member.address.lower()
    assert row["tokens"] == str(desk.world.dao.token.balanceOf(member.address))
    found = told(desk, f"v1/tables/shares?account={member.address}&dataset=1", shape("shares"))["rows"]
    assert [entry["shares"] for entry in found] == [str(desk.world.dao.splitter.sharesOf(1, member.address))]
    every = told(desk, "v1/tables/shares?limit=100", shape("shares"))
    assert len(every["rows"]) > 1 and every["next"] is None
    seen, after = [], ""
    while after is not None:
        page = told(desk, f"v1/tables/shares?limit=1{after and f'&after={after}'}", shape("shares"))
        seen += page["rows"]
        after = page["next"]
    assert seen == every["rows"]


@pytest.mark.parametrize(
    ("path", "status", "kind", "words"),
    [
        ("v1/tables/logs", 404, "NotFound", "Not Found"),
        ("v1/tables/members?tokens=5", 400, "InvalidArgument", "tokens: members is asked by account"),
        ("v1/tables/members?account=0x12", 400, "InvalidArgument", "account=0x12: expected an address"),
        ("v1/tables/batches?dataset=-1", 400, "InvalidArgument", "dataset=-1: expected a number"),
        ("v1/tables/contributions?fingerprint=0xzz", 400, "InvalidArgument", "expected 0x and 64 hex digits"),
        ("v1/tables/shares?after=1", 400, "InvalidArgument", "expected what the page before gave as `next`"),
        ("v1/tables/shares?limit=101", 400, "InvalidArgument", "limit '101': expected 1 to 100"),
        ("v1/tables/members?account=' OR 1=1", 400, "InvalidArgument", "expected an address"),
        ("v1/datasets/2/card", 404, "NotFound", "no dataset 2; there are 1 to 1"),
        ("v1/datasets/x/card", 404, "NotFound", "no dataset x; there are 1 to 1"),
    ],
)
def test_a_question_that_is_no_good__is_refused_by_name(
    desk: DeskWorld, path: str, status: int, kind: str, words: str
) -> None:
    assert refused(desk.served.get(path), status, kind, words)


def test_card__is_that_of_the_client(desk: DeskWorld) -> None:
    found = told(desk, "v1/datasets/1/card", "Card")
    world = desk.world
    with Index(desk.folder / "other.sqlite", world.handle) as other:
        catalog, board = Catalog(world.handle, world.store, index=other), Board(world.handle.id, world.store)
        assert found == read_card(world.handle, other, catalog, board, 1, lambda _: None).document() | {
            "batches": found["batches"], "leases": found["leases"], "samples": [], "quality": found["quality"],
            "purposes": found["purposes"],
        }  # fmt: skip
    assert found["records"] == sum(leaf.units for leaf in world.manifest.leaves) and len(found["leases"]) == 1


def test_audit__says_what_the_last_one_found(desk: DeskWorld) -> None:
    first = told(desk, "v1/audit", "Audit")
    assert first == {"running": True, "report": None}
    until(lambda: not told(desk, "v1/audit", "Audit")["running"])
    report = told(desk, "v1/audit", "Audit")["report"]
    expected = audit(desk.world.handle)
    assert (report["ok"], report["differing"], report["counts"]) == (True, 0, dict(expected.counts))
    assert report["block"] == expected.block
