"""Proposals, for services that ask again and again.

given proposals that are final            they should be read from the node once
given newer ones                          they should be there, and gone again when their block is
given a node that hides one               it should be refused, whatever was known before
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.chain.proxy import Proxy
from datadao import proposals as module
from datadao.chain.patience import connect
from datadao.client import DataDAO
from datadao.errors import ChainUnavailable
from datadao.proposals import Proposals

from .chain_world import ChainWorld


def test_read__again__asks_for_what_is_not_final_and_no_more(
    leased: ChainWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    firsts: list[int] = []
    whole = module.read_logs

    def recorded(web3: Any, addresses: Any, first: int, *rest: Any) -> Any:
        firsts.append(first)
        return whole(web3, addresses, first, *rest)

    monkeypatch.setattr(module, "read_logs", recorded)
    every = Proposals(leased.handle)
    before = every.read()
    assert [item.lease_id for item in before] == [1]
    leased.finalize()
    assert every.read() == before
    snapshot = leased.chain.snapshot()
    dao = leased.dao
    made = dao.propose(leased.members[0], (dao.brake, "pull", ()), text="a proposal")
    assert [item.proposal_id for item in every.read()] == [before[0].proposal_id, made.id]
    assert firsts[0] == leased.handle.since < firsts[-1]
    leased.chain.revert(snapshot)
    assert every.read() == before


def test_read__of_a_node_that_hides_the_newest__is_refused(leased: ChainWorld) -> None:
    with Proxy(leased.url) as proxy:
        every = Proposals(DataDAO(leased.dao.addresses, connect(proxy.url)))
        assert len(every.read()) == 1
        leased.finalize()
        every.read()
        leased.approved()
        proxy.alter = lambda request, answer: answer | {"result": []} if request["method"] == "eth_getLogs" else answer
        with pytest.raises(ChainUnavailable, match="show 1 proposals of leases, the contracts 2"):
            every.read()
