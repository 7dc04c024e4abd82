"""Views asked together answer as those asked one by one, whatever a node makes of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from web3 import HTTPProvider, Web3

from assurance.harness.dao.dao import Dao
from datadao.chain.codec import CONTRACTS
from datadao.chain.rpc import Call, read_many, try_many
from datadao.errors import Malformed, Reverted

Alter = Callable[[Any, Any], Any]


class Node(HTTPProvider):
    """The real one, whose answers to calls of many are altered; counts calls."""

    def __init__(self, dao: Dao, alter: Alter = lambda _, answer: answer) -> None:
        super().__init__(str(dao.chain.web3.provider.endpoint_uri))
        self._alter, self.asked = alter, Counter[str]()

    def make_request(self, method: Any, params: Any) -> Any:
        return self._seen(method, params, super().make_request(method, params))

    def make_batch_request(self, requests: Any) -> Any:
        answers = super().make_batch_request(requests)
        return [self._seen(*request, answer) for request, answer in zip(requests, answers, strict=True)]

    def _seen(self, method: str, params: Any, answer: Any) -> Any:
        self.asked[method] += 1
        return self._alter(params, answer) if method == "eth_call" and "to" not in params[0] else answer


def calls_of(dao: Dao) -> list[Call]:
    """Of every kind: numbers, structs, texts, lists, one that reverts."""
    asked: list[tuple[Any, ...]] = [
        ("token", "symbol"), ("token", "totalSupply"), ("registry", "currentPolicy", 1), ("registry", "attestors", 1),
        ("registry", "batch", 99), ("governor", "proposalSnapshot", 1), ("governor", "state", 1),
        *(("token", "balanceOf", f"0x{number:040x}") for number in range(900)),
    ]  # fmt: skip
    return [Call(dao.addresses[key], CONTRACTS[key], name, tuple(arguments)) for key, name, *arguments in asked]


def answers(node: Node, calls: list[Call], block: int) -> list[Any]:
    found = try_many(Web3(node), calls, block)
    return [str(answer) if isinstance(answer, Reverted) else answer for answer in found]


def test_together_as_one_by_one__in_few_calls(dao: Dao) -> None:
    block, calls = dao.chain.web3.eth.block_number, calls_of(dao)
    alone = [answer for call in calls for answer in answers(Node(dao), [call], block)]
    node = Node(dao)
    assert answers(node, calls, block) == alone
    assert any("GovernorNonexistentProposal" in str(answer) for answer in alone)
    assert node.asked["eth_call"] <= 6


ODD: dict[str, Alter] = {
    "refuses": lambda _, answer: {"id": answer["id"], "error": {"code": -32602, "message": "no `to`"}},
    "nothing": lambda _, answer: {**answer, "result": "0x"},
    "cut": lambda _, answer: {**answer, "result": answer["result"][:-2]},
    "more": lambda _, answer: {**answer, "result": answer["result"] + "01000001aa"},
    "no hex": lambda _, answer: {**answer, "result": "0xzz"},
    "no text": lambda _, answer: {**answer, "result": None},
}


@pytest.mark.parametrize("alter", ODD.values(), ids=ODD)
def test_node_that_does_not_take_many_together__is_asked_one_by_one(dao: Dao, alter: Alter) -> None:
    block, calls = dao.chain.web3.eth.block_number, calls_of(dao)[:20]
    assert answers(Node(dao, alter), calls, block) == answers(Node(dao), calls, block)


def test_contract_that_is_not_there__is_said_by_name(dao: Dao) -> None:
    nowhere = "0x" + "77" * 20
    calls = [Call(dao.addresses["token"], "DataToken", "symbol", ()), Call(nowhere, "DataToken", "symbol", ())]
    with pytest.raises(Malformed, match=f"nothing at {nowhere} answers"):
        read_many(Web3(Node(dao)), calls, dao.chain.web3.eth.block_number)
