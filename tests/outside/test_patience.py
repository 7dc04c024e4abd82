"""A node that is too busy, or whose back end lags, is asked again: later, no longer than is worth it, and of many
questions only those that it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest
import requests
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from datadao.chain.connection import answers_of, ask
from datadao.chain.patience import PATIENCE, Patient
from datadao.errors import NodeRefused

Answer = dict[str, Any]


class Scripted(JSONBaseProvider):
    """Answers from a script: each a function of the requests, or an HTTP error to raise."""

    def __init__(self, *script: Callable[[Sequence[Any]], Any] | Exception) -> None:
        super().__init__()
        self._script: Iterator[Any] = iter(script)
        self.asked: list[list[Any]] = []

    def make_request(self, method: Any, params: Any) -> Any:
        answer = self._next([(method, params)])
        return answer[0] if isinstance(answer, list) else answer

    def make_batch_request(self, batch_requests: Any) -> Any:
        return self._next(batch_requests)

    def _next(self, asked: Sequence[Any]) -> Any:
        self.asked.append(list(asked))
        step = next(self._script)
        if isinstance(step, Exception):
            raise step
        return step(asked)


def fine(asked: Sequence[Any]) -> Any:
    """The parameters, given back."""
    return refusing()(asked)


def refusing(*places: int, message: str = "rate limit exceeded", code: int = -32005) -> Callable[[Sequence[Any]], Any]:
    def answer(asked: Sequence[Any]) -> Any:
        answers: list[Answer] = [{"id": n, "result": params} for n, (_, params) in enumerate(asked)]
        for place in places:
            answers[place] = {"id": place, "error": {"code": code, "message": message}}
        return answers

    return answer


def http(status: int, body: bytes = b"", **headers: str) -> requests.HTTPError:
    response = requests.Response()
    response.status_code, response._content = status, body
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    return requests.HTTPError(response=response)


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited each time; the clock goes by these alone."""
    slept: list[float] = []
    monkeypatch.setattr("datadao.chain.patience.time.monotonic", lambda: sum(slept))
    monkeypatch.setattr("datadao.chain.patience.time.sleep", slept.append)
    return slept


def over(*script: Any) -> tuple[Web3, Scripted]:
    provider = Scripted(*script)
    return Web3(Patient(provider)), provider


def test_status_429__is_asked_again_later_each_time(waits: list[float]) -> None:
    web3, provider = over(http(429), http(429), http(429), fine)
    assert ask(web3, "eth_call", 7) == [7]
    assert waits == [0.5, 1.0, 2.0] and len(provider.asked) == 4


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after__in_seconds__is_waited_for(waits: list[float], status: int) -> None:
    web3, _ = over(http(status, Retry_After="7"), fine)
    assert ask(web3, "eth_call", 7) == [7]
    assert waits == [7.0]


def test_retry_after__as_a_date__is_waited_for(waits: list[float]) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=9), usegmt=True)
    web3, _ = over(http(429, Retry_After=later), fine)
    assert ask(web3, "eth_call", 7) == [7]
    assert 7 <= waits[0] <= 9


def test_retry_after__of_nothing_or_nonsense__is_no_licence_to_hurry(waits: list[float]) -> None:
    web3, _ = over(http(429, Retry_After="0"), http(429, Retry_After="soon"), fine)
    assert ask(web3, "eth_call", 7) == [7]
    assert waits == [0.5, 1.0]


def test_status_429__for_longer_than_is_worth_it__is_reported(waits: list[float]) -> None:
    web3, _ = over(*[http(429)] * 99)
    with pytest.raises(NodeRefused, match="eth_call: answers with HTTP status 429"):
        ask(web3, "eth_call", 7)
    assert sum(waits) <= PATIENCE and len(waits) == 5


def test_retry_after__beyond_what_is_worth_it__is_reported_at_once(waits: list[float]) -> None:
    web3, _ = over(http(429, Retry_After="3600"))
    with pytest.raises(NodeRefused, match="429"):
        ask(web3, "eth_call", 7)
    assert waits == []


@pytest.mark.parametrize("status", [401, 500, 502, 503])
def test_other_status__is_reported_at_once(waits: list[float], status: int) -> None:
    web3, _ = over(http(status))
    with pytest.raises(NodeRefused, match=f"eth_call: answers with HTTP status {status}"):
        ask(web3, "eth_call", 7)
    assert waits == []


def test_error_under_another_status__is_the_nodes_answer_with_its_data() -> None:
    body = b'{"jsonrpc": "2.0", "id": 1, "error": {"code": 3, "message": "execution reverted", "data": "0x12345678"}}'
    web3, _ = over(http(400, body))
    with pytest.raises(NodeRefused, match="eth_call: execution reverted") as reported:
        ask(web3, "eth_call", 7)
    assert (reported.value.code, reported.value.data) == (3, "0x12345678")


def test_batch__items_refused_for_a_limit__are_asked_again_alone_and_keep_their_places(waits: list[float]) -> None:
    web3, provider = over(refusing(1, 3), refusing(1), fine, fine)
    requests_ = [("eth_call", [number]) for number in range(5)]
    assert [answer["result"] for answer in answers_of(web3, requests_)] == [[0], [1], [2], [3], [4]]
    assert [[params[0] for _, params in asked] for asked in provider.asked] == [[0, 1, 2, 3, 4], [1, 3], [3]]
    assert waits == [0.5, 0.5]


def test_batch__of_which_nothing_more_is_answered__is_asked_twice_as_late_each_time(waits: list[float]) -> None:
    web3, _ = over(refusing(0, 1), refusing(0, 1), refusing(0, 1), fine)
    assert [answer["result"] for answer in answers_of(web3, [("eth_call", [n]) for n in range(2)])] == [[0], [1]]
    assert waits == [0.5, 1.0, 2.0]


def test_batch__refused_as_a_whole_for_a_limit__is_asked_again(waits: list[float]) -> None:
    whole = {"jsonrpc": "2.0", "id": None, "error": {"code": 429, "message": "slow down"}}
    web3, _ = over(lambda _: whole, refusing())
    assert [a["result"] for a in answers_of(web3, [("eth_call", [1]), ("eth_call", [2])])] == [[1], [2]]
    assert waits == [0.5]


def test_batch__not_taken_by_the_node__is_asked_one_by_one(waits: list[float]) -> None:
    whole = {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch requests are disabled"}}
    web3, provider = over(lambda _: whole, fine, fine)
    assert [a["result"] for a in answers_of(web3, [("eth_call", [1]), ("eth_call", [2])])] == [[1], [2]]
    assert waits == [] and len(provider.asked) == 3


def test_questions_for_events__are_asked_again_together(waits: list[float]) -> None:
    """Another back end might answer the one alone."""
    web3, provider = over(refusing(1), refusing())
    list(answers_of(web3, [("eth_getLogs", [1]), ("eth_getLogs", [2])]))
    assert [len(asked) for asked in provider.asked] == [2, 2]


def test_questions_for_events__where_a_limit_is_less_than_two__are_answered_in_the_end(waits: list[float]) -> None:
    web3, provider = over(refusing(1), refusing(1), refusing(1), fine)
    found = answers_of(web3, [("eth_getLogs", [1]), ("eth_getLogs", [2])])
    assert [answer["result"] for answer in found] == [[1], [2]]
    assert [len(asked) for asked in provider.asked] == [2, 2, 2, 1]


@pytest.mark.parametrize(
    "message", ["query returned more than 10000 results", "block range is too wide", "execution reverted", "internal"]
)
def test_refusal_that_time_does_not_mend__is_not_asked_again(waits: list[float], message: str) -> None:
    web3, provider = over(refusing(0, message=message))
    with pytest.raises(NodeRefused, match=message):
        ask(web3, "eth_getLogs", 7)
    assert waits == [] and len(provider.asked) == 1


def test_block_that_a_back_end_does_not_have_yet__is_asked_for_again_for_a_while(waits: list[float]) -> None:
    web3, _ = over(refusing(0, message="header not found"), refusing(0, message="Unknown block"), fine)
    assert ask(web3, "eth_call", 7) == [7]
    assert waits == [0.5, 1.0]
    web3, _ = over(*[refusing(0, message="header not found")] * 99)
    with pytest.raises(NodeRefused, match="header not found"):
        ask(web3, "eth_call", 7)
    assert sum(waits) < 10


def test_words_of_a_node__are_short_and_printable() -> None:
    web3, _ = over(refusing(0, message="\x1b[2J\x9b\u202eno\x00 " + "x" * 5_000))
    with pytest.raises(NodeRefused) as reported:
        ask(web3, "eth_call", 7)
    assert (
        str(reported.value).isprintable()
        and str(reported.value).startswith("eth_call: [2J no x")
        and len(str(reported.value)) < 400
    )
