"""`datadao.index`: tables equal to the audit's books, whatever the node allows, however the chain turns.

given a life in which every kind of event occurs
    read at once, block by block, with interruptions, across re-organisations: the same tables, equal to the books
given a node with limits: as few questions as they allow
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness.chain.log_node import LogNode
from assurance.harness.dao.books import events_of, fold_of
from assurance.harness.dao.chronicle import chronicle
from assurance.harness.dao.system import System
from datadao.errors import ChainUnavailable, IndexUnusable
from datadao.index import TABLES, Index
from datadao.ledger import Ledger
from datadao.ledger.base import ZERO
from datadao.types import LeaseStatus


@pytest.fixture(scope="module")
def life() -> System:
    return chronicle()


@pytest.fixture(scope="module")
def books(life: System) -> Ledger:
    return fold_of(life, events_of(life))


def node_of(life: System, **options: Any) -> LogNode:
    return LogNode.of(life.chain.logs, life.chain.log_times, **options)


def opened(path: Path | str, life: System, node: LogNode) -> Index:
    return Index(path, SimpleNamespace(web3=node.web3, addresses=life.addresses, since=0))


def tables(index: Index) -> dict[str, list[Any]]:
    """Everything, in an order of its own; rows that say nothing count for none."""
    blank = {"totals": ("value",), "credits": ("amount",)}
    return {
        name: sorted(
            (tuple(row.values()) for row in index.rows(name) if name not in blank or row[blank[name][0]]), key=repr
        )
        for name in TABLES
    }


def assert_equal_to_books(index: Index, books: Ledger) -> None:
    """Every figure that table and book both have, to the unit."""
    token, splitter, registry, governor = books.token, books.splitter, books.registry, books.governor
    totals = {row["name"]: row["value"] for row in index.rows("totals")}
    assert totals["supply"] == token.supply.latest and totals["members"] == len(token._numbers)
    assert totals.get("treasury_owed", 0) == books.leases.treasury
    members = {row["account"]: row for row in index.rows("members")}
    for account in {*token.balances, *token.votes, *members}:
        row = members[account]
        assert row["tokens"] == token.balances[account], account
        assert row["votes"] == (token.votes[account].latest if account in token.votes else 0), account
        assert row["number"] == token._numbers.get(account, 0), account
        heir, days, since, opened_at = token._heirs.get(account, (ZERO, 0, 0, 0))
        assert (row["heir"], row["heir_delay_days"], row["heir_since"], row["heir_opened_at"]) == (
            heir, days, since, opened_at
        )  # fmt: skip
        assert row["succeeded_by"] == token._holders.get(account, ZERO)
    shares = {(row["account"], row["dataset"]): row["shares"] for row in index.rows("shares")}
    held = {key: member.shares for key, member in splitter._members.items() if key[0] != ZERO}
    assert {key: value for key, value in shares.items() if value} == {k: v for k, v in held.items() if v}
    pools = {row["pool"]: (row["accumulator"], row["shares"], row["received"]) for row in index.rows("pools")}
    assert pools == {n: (pool.acc, pool.shares, pool.received) for n, pool in splitter.pools.items()}
    paid = Counter[int]()
    for row in index.rows("payouts"):
        paid[row["pool"]] += row["amount"]
    assert paid.total() == splitter._paid
    assert {row["pool"]: row["paid"] for row in index.rows("pools") if row["paid"]} == {
        k: v for k, v in paid.items() if v
    }
    assert {
        bytes.fromhex(row["fingerprint"][2:]): (row["status"], row["contributor"], row["batch"], row["shares"])
        for row in index.rows("contributions")
    } == {fingerprint: tuple(record) for fingerprint, record in registry.records.items()}
    assert {
        row["batch"]: (
            row["dataset"],
            row["status"],
            row["unresolved_shares"],
            row["unresolved_leaves"],
            row["sequence"],
        )
        for row in index.rows("batches")
    } == {n: (b.dataset_id, b.status, b.shares, b.leaves, b.sequence) for n, b in registry.batches.items()}
    assert {row["dataset"]: row["erasures"] for row in index.rows("datasets")} == {
        number: dataset.erasures.latest for number, dataset in registry.datasets.items()
    }
    assert {
        row["lease"]: (row["status"], row["licensee"], row["paid_periods"], row["paid_until"], row["returnable"],
                       row["slashed"], row["acknowledged"], row["price_per_period"], row["hpke_key"])
        for row in index.rows("leases")
    } == {
        n: (lease.status, lease.licensee, lease.paid_periods, lease.paid_until, lease.returnable, lease.slashed,
            lease.acknowledged, lease.terms.price, "0x" + lease.key.hex())
        for n, lease in books.leases.leases.items()
    }  # fmt: skip
    assert {row["offer"]: (row["taken"], row["closed"]) for row in index.rows("offers")} == {
        n: (offer.taken, offer.closed) for n, offer in books.leases.offers.items()
    }
    assert {
        row["proposal"]: (
            row["votes_against"],
            row["votes_for"],
            row["votes_abstain"],
            row["vote_end"],
            row["executed"],
        )
        for row in index.rows("proposals")
    } == {n: (p.votes[0], p.votes[1], p.votes[2], p.end, p.executed) for n, p in governor.proposals.items()}
    assert {(row["proposal"], row["voter"]) for row in index.rows("ballots")} == {
        (n, voter) for n, proposal in governor.proposals.items() for voter in proposal.voters
    }
    assert {row["account"]: row["amount"] for row in index.rows("credits") if row["amount"]} == {
        account: amount for account, amount in books.models.credits.items() if amount
    }
    assert {row["model"]: row["paid"] for row in index.rows("models")} == {
        n: m.paid for n, m in books.models.models.items()
    }


def test_life_with_every_kind_of_event__tables_equal_the_books_to_the_unit_X3(
    life: System, books: Ledger, tmp_path: Path
) -> None:
    with opened(tmp_path / "index", life, node_of(life)) as index:
        index.sync()
        assert_equal_to_books(index, books)
        assert LeaseStatus.ENDED in {row["status"] for row in index.rows("leases")}
        assert all(index.rows(name) for name in TABLES), "a table that the life leaves empty is not tried"


def test_read_again__two_requests_and_nothing_changes(life: System, tmp_path: Path) -> None:
    node = node_of(life)
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
        before, node.requests = tables(index), 0
        index.sync()
        assert node.requests == 1
        node.head += 5
        index.sync()
        assert node.requests <= 3 and tables(index) == before
    with opened(tmp_path / "index", life, node) as index:
        node.requests = 0
        index.sync()
        assert node.requests == 1 and tables(index) == before


@pytest.mark.parametrize("step", [1, 7])
def test_followed_as_blocks_come_and_become_final__as_read_at_once(life: System, tmp_path: Path, step: int) -> None:
    node = node_of(life)
    whole = node.head
    with opened(tmp_path / "whole", life, node) as index:
        index.sync()
        wanted = tables(index)
    with opened(tmp_path / "parts", life, node) as index:
        for head in (*range(1, whole, step), whole):
            node.head, node.final = head, max(0, head - 10)
            index.sync()
        assert tables(index) == wanted


def test_reorganisation__takes_back_what_was_not_final(life: System, tmp_path: Path) -> None:
    node, whole = node_of(life), node_of(life)
    half = node.head // 2
    with opened(tmp_path / "whole", life, whole) as index:
        whole.head = half - 1
        index.sync()
        wanted = tables(index)
    with opened(tmp_path / "index", life, node) as index:
        node.final = half - 30
        index.sync()
        assert tables(index) != wanted
        node.fork(half)
        node.head += 3
        index.sync()
        assert tables(index) == wanted
        assert all(int(log.where.split()[1].rstrip(",")) < half for log in index.logs())


def test_another_chain_in_its_place__is_read_from_the_beginning(life: System, books: Ledger, tmp_path: Path) -> None:
    other, node = node_of(life), node_of(life)
    other.forks, other.final = [1], 50
    with opened(tmp_path / "index", life, other) as index:
        index.sync()
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
        assert_equal_to_books(index, books)


def test_back_end_that_lags__is_not_believed_that_the_chain_went_back(
    life: System, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("datadao.index.index.LAG", 1.2)
    node = node_of(life)
    whole, node.final = node.head, node.head - 20
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
        before = tables(index)
        node.head, asked = whole - 1, node._block

        def late(name: str) -> Any:
            node.head = whole
            node.__dict__.pop("_block")
            return asked(name) if name != "latest" else {**asked(hex(whole - 1))}

        node._block = late
        index.sync()
        assert tables(index) == before
        node.head = 10
        node.final = 10
        with pytest.raises(ChainUnavailable, match=f"does not have block {whole - 20}, which was final"):
            index.sync()
        assert tables(index) == before


def test_scan_that_dies__goes_on_from_what_is_written(life: System, books: Ledger, tmp_path: Path) -> None:
    node = node_of(life, limit=5)
    node.final = node.head - 5
    answer, count = node._events, [0]

    def dying(wanted: Any) -> Any:
        count[0] += 1
        if count[0] in (9, 12):
            raise KeyboardInterrupt
        return answer(wanted)

    node._events = dying
    for _ in range(2):
        with opened(tmp_path / "index", life, node) as index, pytest.raises(KeyboardInterrupt):
            index.sync()
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
        assert_equal_to_books(index, books)


@pytest.mark.parametrize(
    ("limit", "refusal"),
    [(10_000, "block range too wide"), (10_000, "max 10,000 blocks, not 1000000"), (2_000, "range limit is 2k"),
     (800, "Try with this block range [0x0, 0x31f]."), (100_000, "too many")],
)  # fmt: skip
def test_first_scan_on_a_node_with_a_limit__little_more_than_the_least_questions(
    life: System, tmp_path: Path, limit: int, refusal: str
) -> None:
    node = LogNode(limit=limit, refusal=refusal)
    node.head, node.final = 1_000_000, 999_900
    least = -(-node.head // limit)
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
    assert node.requests <= 1.15 * least or limit == 100_000
    assert node.questions["eth_getLogs"] <= 1.15 * least + (2 if limit < 100_000 else 100)


def test_node_that_caps_its_answers__is_asked_for_less_where_much_happened(
    life: System, books: Ledger, tmp_path: Path
) -> None:
    node = node_of(life, most=40)
    with opened(tmp_path / "index", life, node) as index:
        index.sync()
        assert_equal_to_books(index, books)


def overtake(index: Index, question: str, meanwhile: Callable[[], Any]) -> None:
    """Another reads the same file after this one's next question and before it writes."""
    ask = getattr(index, question)

    def overtaken(asked: Any) -> Any:
        found = ask(asked)
        meanwhile()
        setattr(index, question, ask)
        return found

    setattr(index, question, overtaken)


def test_two_that_write_one_file__leave_it_whole(life: System, books: Ledger, tmp_path: Path) -> None:
    node = node_of(life)
    with opened(tmp_path / "index", life, node) as one, opened(tmp_path / "index", life, node) as other:
        for head in range(20, node.head, 20):
            node.head = head
            one.sync()

            def grow(head: int = head) -> None:
                node.head = head + 10
                other.sync()

            overtake(one, "_standing", grow)
            one.sync()
        node.head = len(set(life.chain.log_times))
        one.sync()
        assert_equal_to_books(other, books)


def test_two_that_make_blocks_final__leave_it_whole(life: System, books: Ledger, tmp_path: Path) -> None:
    node = node_of(life)
    with opened(tmp_path / "index", life, node) as one, opened(tmp_path / "index", life, node) as other:
        for head in range(20, node.head, 20):
            node.head, node.final = head, head - 10
            overtake(one, "_blocks", other.sync)
            one.sync()
        node.head = len(set(life.chain.log_times))
        one.sync()
        assert_equal_to_books(other, books)


def test_threads_of_one_process__follow_in_turns(life: System, books: Ledger, tmp_path: Path) -> None:
    node = node_of(life)
    last = node.head
    with opened(tmp_path / "index", life, node) as index, ThreadPoolExecutor(4) as pool:

        def looked(head: int) -> bool:
            node.head = max(node.head, head)
            with index.turn:
                return index.sync().number == max(row[0] for row in index.database.ask("SELECT reached FROM cursors"))

        node.head = 10
        assert all(pool.map(looked, range(10, last, 10)))
        node.head = last
        index.sync()
        assert_equal_to_books(index, books)


def test_file_of_another_dao__refused_by_name(life: System, tmp_path: Path) -> None:
    node = node_of(life)
    opened(tmp_path / "index", life, node).close()
    other = SimpleNamespace(web3=node.web3, addresses={**life.addresses, "token": "0x" + "11" * 20}, since=0)
    with pytest.raises(IndexUnusable, match=f"has token {life.addresses['token']}, not 0x1111"):
        Index(tmp_path / "index", other)


def test_file_that_is_no_database__refused_and_left(life: System, tmp_path: Path) -> None:
    (tmp_path / "index").write_text("a letter" * 100)
    with pytest.raises(IndexUnusable, match="not a database; it can be deleted"):
        opened(tmp_path / "index", life, node_of(life))
    assert (tmp_path / "index").read_text() == "a letter" * 100


def test_page__describes_every_table_and_column() -> None:
    page = (ROOT / "docs/index.md").read_text()
    lines = {line.split("`")[1]: line.replace("*", "") for line in page.splitlines() if line.startswith("| `")}
    assert lines.keys() == TABLES.keys()
    more = page[page.index("More of `batches`") : page.index("Statuses are")].split("\n\n")
    said = {part.split("`")[1]: part for part in more if part.startswith("More of")}
    terms = next(part for part in more if part.startswith("The terms"))
    for name, table in TABLES.items():
        words = lines[name] + said.get(name, "") + (terms if "the terms" in lines[name] else "")
        missing = [column for column in table.kinds if not re.search(rf"\b{column}\b", words)]
        assert not missing, (name, missing)
