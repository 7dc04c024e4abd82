"""`datadao audit`: anyone, without an account, learns whether the events account for what the chain holds."""

from __future__ import annotations

from typing import Any

import pytest

from datadao.chain.events import topic
from datadao.chain.scan import scan
from tests.cli.conftest import FreshDao


def test_audit__of_a_dao_whose_books_are_right__says_so_to_people_and_programs(live: FreshDao) -> None:
    home = live.home("auditor", account="")
    done = live.run(home, "audit")
    assert done.code == 0, done.err
    assert "equal to the unit" in done.out
    document = live.run(home, "audit", "--json").document
    assert document["ok"] is True
    assert document["differences"] == []
    assert document["counts"]["events"] > 10


def test_audit__of_books_that_differ__names_it_and_fails(live: FreshDao, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node forgets the event of the first dataset's policy."""

    monkeypatch.setattr("datadao.index.index.scan", lambda *asked: _without(scan(*asked)))
    monkeypatch.setattr("datadao.chain.scan.scan", lambda *asked: _without(scan(*asked)))
    done = live.run(live.home("auditor"), "audit")
    assert done.code == 1
    assert "registry.dataset(1).policyVersion: rebuilt 0, chain 1" in done.out


def test_audit__since_a_block_after_the_deployment__refused(live: FreshDao) -> None:
    head = live.node.web3.eth.block_number
    refusal = live.run(live.home("auditor"), "audit", "--from-block", str(head)).refusal
    assert refusal == (
        f"the DAO at {live.addresses['timelock']} was not deployed in blocks {head} to {head}, or the node no "
        "longer has the events of that time"
    )


def test_audit__again__says_the_same_in_few_requests(live: FreshDao) -> None:
    home = live.home("auditor")
    first = live.run(home, "audit", "--json").document
    again = live.run(home, "audit", "--json").document
    assert again == first
    assert live.run(home, "audit", "--all", "--json").document == first


def _without(parts: Any) -> Any:
    created = topic("DatasetRegistry", "PolicyUpdated")
    for reached, found in parts:
        yield reached, [log for log in found if log["topics"][0] != "0x" + created.hex()]
