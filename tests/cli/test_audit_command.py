"""`datadao audit`: anyone, without an account, learns whether the events tell what the chain holds."""

from __future__ import annotations

from typing import Any

import pytest

import datadao.audit
from tests.cli.conftest import Newborn


def test_audit__of_a_dao_whose_books_are_right__says_so_to_people_and_programs(born: Newborn) -> None:
    home = born.home("auditor", account="")
    done = born.run(home, "audit")
    assert done.code == 0, done.err
    assert "equal to the unit" in done.out
    document = born.run(home, "audit", "--json").document
    assert document["ok"] is True
    assert document["differences"] == []
    assert document["counts"]["events"] > 10


def test_audit__of_books_that_differ__names_it_and_fails(born: Newborn, monkeypatch: pytest.MonkeyPatch) -> None:
    """The node forgets the event of the first dataset's policy."""

    def forgetful(*asked: Any) -> list[Any]:
        created = datadao.audit.topic("DatasetRegistry", "PolicyUpdated")
        return [log for log in read_logs(*asked) if log.topics[0] != created]

    read_logs = datadao.audit.read_logs
    monkeypatch.setattr(datadao.audit, "read_logs", forgetful)
    done = born.run(born.home("auditor"), "audit")
    assert done.code == 1
    assert "registry.dataset(1).policyVersion: rebuilt 0, chain 1" in done.out


def test_audit__since_a_block_after_the_birth__refused(born: Newborn) -> None:
    head = born.node.web3.eth.block_number
    refusal = born.run(born.home("auditor"), "audit", "--from-block", str(head)).refusal
    assert refusal == (
        f"the DAO at {born.addresses['timelock']} was not deployed in blocks {head} to {head}, or the node no "
        "longer has the events of that time"
    )
