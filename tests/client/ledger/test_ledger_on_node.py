"""`datadao.ledger` over a real node: what it reads, what it refuses to report on, what it says."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from datadao.errors import ChainUnavailable, InvalidArgument, NodeRefused
from datadao.index import Index
from datadao.ledger import audit


@pytest.fixture
def market(dao: Dao) -> Market:
    """A DAO with a member, a running lease and income paid out."""
    market = Market(dao)
    market.active()
    dao.splitter.claim(market.founder.address, [0, 1], sender=market.stranger.address)
    return market


@pytest.fixture
def lived(dao: Dao, market: Market) -> Dao:
    return dao


class Altered(HTTPProvider):
    """The test's node as another would answer: `alter(method, params, answer)` gives the answer."""

    batches = True

    def __init__(self, dao: Dao, alter: Callable[[str, Any, Any], Any]) -> None:
        super().__init__(dao.chain.web3.provider.endpoint_uri)
        self._alter = alter

    def make_request(self, method: Any, params: Any) -> Any:
        return self._alter(method, params, super().make_request(method, params))

    def make_batch_request(self, requests: Any) -> Any:
        if not self.batches:
            raise ValueError("batches are not supported")
        answers = super().make_batch_request(requests)
        return [self._alter(*request, answer) for request, answer in zip(requests, answers, strict=True)]


def seen(dao: Dao, alter: Callable[[str, Any, Any], Any] = lambda method, params, answer: answer) -> Any:
    """The DAO as `audit` takes one, over that node."""
    return SimpleNamespace(web3=Web3(Altered(dao, alter)), addresses=dao.addresses, since=0)


def refuse(message: str) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": 1, "error": {"code": -32005, "message": message}}


def test_audit__of_a_life_on_a_node__agrees_and_counts_X3(lived: Dao) -> None:
    report = audit(seen(lived))
    assert report.ok, report.render()
    assert report.block == lived.chain.web3.eth.block_number
    assert {what: report.counts[what] for what in ("contributions", "batches", "leases", "models", "proposals")} == {
        "contributions": 1, "batches": 1, "leases": 1, "models": 0, "proposals": 1,
    }  # fmt: skip
    assert f"rebuilt from {report.counts['events']} events: equal to the unit" in report.render()


def test_audit__of_a_node_with_short_ranges_no_batches_and_silent_about_time__reads_the_same(lived: Dao) -> None:
    wanted = audit(seen(lived))
    asked = []

    def picky(method: str, params: Any, answer: Any) -> Any:
        if method != "eth_getLogs":
            return answer
        asked.append(params)
        if "toBlock" in params[0] and int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) > 3:
            return refuse("block range is too wide")
        for log in answer["result"]:
            log.pop("blockTimestamp", None)
        return answer

    node = seen(lived, picky)
    node.web3.provider.batches = False
    assert audit(node) == wanted
    assert len(asked) > 10


def test_audit__since_a_block_after_its_deployment__refused_by_name(lived: Dao) -> None:
    head = lived.chain.web3.eth.block_number
    with pytest.raises(InvalidArgument, match=rf"{lived.timelock.address} was not deployed in blocks {head} to {head}"):
        audit(seen(lived), from_block=head)


def test_audit__of_a_node_that_gives_no_events__refused_in_its_words(lived: Dao) -> None:
    def mute(method: str, params: Any, answer: Any) -> Any:
        return refuse("no logs today") if method == "eth_getLogs" else answer

    with pytest.raises(NodeRefused, match="eth_getLogs: no logs today"):
        audit(seen(lived, mute))


def test_audit__of_a_node_that_fails_to_answer_a_view__is_no_difference(lived: Dao) -> None:
    def forgetful(method: str, params: Any, answer: Any) -> Any:
        return refuse("missing trie node") if method == "eth_call" else answer

    with pytest.raises(NodeRefused, match="missing trie node"):
        audit(seen(lived, forgetful))


def test_audit__of_a_block_that_is_replaced_meanwhile__refused(lived: Dao) -> None:
    blocks = []

    def reorganised(method: str, params: Any, answer: Any) -> Any:
        if method == "eth_getBlockByNumber":
            blocks.append(params)
            if len(blocks) > 3:  # the asset's, and the first and last of the events'
                answer["result"]["hash"] = "0x" + "11" * 32
        return answer

    with pytest.raises(ChainUnavailable, match="changed while it was read"):
        audit(seen(lived, reorganised))


def test_audit__of_a_node_that_lies_about_a_balance__names_contract_view_and_both_values(lived: Dao) -> None:
    treasury = "0x" + lived.leases.encode("treasuryOwed").hex()

    def lying(method: str, params: Any, answer: Any) -> Any:
        if method == "eth_call" and "to" not in params[0]:  # many together, which it does not take apart
            return refuse("no such call")
        if method == "eth_call" and params[0]["data"] == treasury:
            answer["result"] = f"0x{int(answer['result'], 16) + 1:064x}"
        return answer

    report = audit(seen(lived, lying))
    owed = lived.leases.treasuryOwed()
    assert report.differences == [("leases.treasuryOwed()", owed, owed + 1)]
    assert f"leases.treasuryOwed(): rebuilt {owed}, chain {owed + 1}" in report.render()
    document = json.loads(json.dumps(report.as_json()))
    assert document["ok"] is False
    assert document["differences"] == [{"what": "leases.treasuryOwed()", "rebuilt": str(owed), "chain": str(owed + 1)}]


# With a read model


class Counted(Altered):
    """Counts what is asked."""

    requests = 0

    def make_request(self, method: Any, params: Any) -> Any:
        self.requests += 1
        return super().make_request(method, params)

    def make_batch_request(self, requests: Any) -> Any:
        self.requests += 1
        return super().make_batch_request(requests)


def counted(dao: Dao, alter: Callable[[str, Any, Any], Any] = lambda method, params, answer: answer) -> Any:
    return SimpleNamespace(web3=Web3(Counted(dao, alter)), addresses=dao.addresses, since=0)


def test_audit__again_after_new_events__asks_for_what_is_new(lived: Dao, market: Market, tmp_path: Path) -> None:
    node = counted(lived)
    wanted = audit(node)
    with Index(tmp_path / "index", node) as index:
        assert audit(node, index=index) == wanted
        for new in (0, 3):
            for _ in range(new):
                lived.splitter.claim(market.founder.address, [0, 1], sender=market.stranger.address)
                lived.token.delegate(market.founder.address, sender=market.founder.address)
            node.web3.provider.requests = 0
            report = audit(node, index=index, every=False)
            assert report.ok and node.web3.provider.requests <= 14
            assert report == audit(node, index=index, every=True) == audit(node)


def test_audit__of_a_node_that_lies_about_what_was_equal_before__is_found_by_asking_for_every_fact(
    lived: Dao, market: Market, tmp_path: Path
) -> None:
    held = "0x" + lived.token.encode("balanceOf", market.founder.address).hex()
    lies: list[int] = []

    def lying(method: str, params: Any, answer: Any) -> Any:
        if lies and method == "eth_call" and "to" not in params[0]:
            return refuse("no such call")
        if lies and method == "eth_call" and params[0]["data"] == held:
            answer["result"] = f"0x{int(answer['result'], 16) + lies[0]:064x}"
        return answer

    node = counted(lived, lying)
    with Index(tmp_path / "index", node) as index:
        assert audit(node, index=index).ok
        lies.append(1)
        (difference,) = audit(node, index=index).differences
        assert difference.what == f"token.balanceOf({market.founder.address.lower()})"


@pytest.mark.parametrize("damage", ["DELETE FROM logs WHERE position > 0", "UPDATE logs SET time = time + 1"])
def test_audit__with_a_read_model_that_is_wrong__asks_the_chain_and_mends_it(
    lived: Dao, tmp_path: Path, damage: str
) -> None:
    node = seen(lived)
    with Index(tmp_path / "index", node) as index:
        wanted = audit(node, index=index)
        index.database.do(damage)
        assert audit(node, index=index) == wanted
        assert audit(node, index=index) == wanted
