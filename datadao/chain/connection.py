"""A connection to a node that bears with it: who is too busy is asked again, later; and words for what goes wrong.

Public nodes limit requests by the second, and refuse the ones beyond it with HTTP status 429 or item by item.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar
from urllib.parse import urlsplit

from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import HTTPError, RequestException, Timeout
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers.auto import AutoProvider
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint

from datadao.errors import DataDAOError, InvalidArgument, NodeRefused

PATIENCE = 30.0
"""Seconds that a request waits, in all, for a node that is too busy."""

_FIRST_WAIT = 0.5
"""Seconds before the first repetition, unless the node says how long; twice as many before each later one."""
_TOGETHER = 3
"""Rounds in which questions for events are asked as one, whichever of them was refused."""
_CHUNK = 250
"""Calls in one JSON-RPC batch."""
_BUSY = frozenset({429, 503})
"""HTTP statuses that may name a time to come back at (RFC 9110, section 10.2.3)."""
_LIMITED = re.compile(r"rate.?limit|too many requests|requests? per second|compute units|request (count|limit)", re.I)
"""What nodes say of a single request beyond their limit; they agree on no code."""

_LAG = 5.0
"""Seconds that a request waits, in all, for a back end that does not have a block which another one has."""
UNKNOWN = re.compile(r"unknown block|(block|header).{0,80}not found|not found.{0,20}block|block.?out.?of.?range", re.I)
"""How a back end says so; they agree on no code."""

_REFUSED = re.compile(r"No \(supported\) node found|Could not discover provider")

T = TypeVar("T")

_SHOWN = 300
"""Characters of a node's own words in a message."""


def connect(url: str, timeout: float = 20.0, patience: float = PATIENCE) -> Web3:
    """A node by its http(s) address; no answer is waited for longer than `timeout` seconds, and a node that is too
    busy for no more than `patience`."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise InvalidArgument("a node's address starts with http:// or https:// and names a host")
    return _tolerant(Web3(Patient(_http(url, timeout), patience)))


def patient(web3: Web3) -> Web3:
    """The same connection, which from now on bears with a busy node and with blocks of any chain."""
    provider: Any = web3.provider
    if isinstance(provider, AutoProvider):
        # It answers a node's "too busy" by looking for another one, finds none, and says only that.
        provider = provider._active_provider or provider
    if not isinstance(provider, Patient):
        web3.provider = Patient(provider)
    return _tolerant(web3)


def patiently(network: str, connect_to: Callable[[], T]) -> T:
    """What `connect_to` gives; called again, for as long as `PATIENCE`, while the node says that it is too busy.

    Raises what `connect_to` does; `RequestException` at once if `network` is an address at which no node answers.
    """
    answers = network.startswith(("http://", "https://"))
    if answers:
        connect(network).provider.make_request(RPCEndpoint("eth_chainId"), [])
    end, wait = time.monotonic() + PATIENCE, _FIRST_WAIT
    while True:
        try:
            return connect_to()
        except Exception as error:
            words = str(error)
            # Ape's and web3's words for a node that answered a moment ago, and refused them.
            refused = answers and _REFUSED.search(words)
            busy = is_busy(error) or _LIMITED.search(words) or "429" in words or refused
            if not busy or time.monotonic() + wait > end:
                raise
        time.sleep(wait)
        wait *= 2


class Patient(JSONBaseProvider):
    """A provider that asks again what its node was too busy to answer: later, and of a batch only what was refused.

    Whatever is refused for so long is given as it was refused.
    """

    def __init__(self, inner: Any, patience: float = PATIENCE) -> None:
        super().__init__()
        self._inner, self._patience = inner, patience

    def __getattr__(self, name: str) -> Any:
        if name == "_inner":  # of a copy that is not made yet
            raise AttributeError(name)
        return getattr(self._inner, name)

    def is_connected(self, show_traceback: bool = False) -> bool:
        return bool(self._inner.is_connected(show_traceback))

    def make_request(self, method: RPCEndpoint, params: Any) -> Any:
        (answer,) = self._ask([(method, params)], lambda requests: [self._inner.make_request(*requests[0])])
        return answer

    def make_batch_request(self, batch_requests: list[tuple[RPCEndpoint, Any]]) -> Any:
        whole: list[Any] = []

        def ask(requests: Sequence[tuple[RPCEndpoint, Any]]) -> list[Any]:
            answer = self._inner.make_batch_request(list(requests))
            if isinstance(answer, list) and len(answer) == len(requests):
                return answer
            if _limited(answer):
                return [answer] * len(requests)
            whole.append(answer)  # of a node that takes no batches
            return []

        answers = self._ask(batch_requests, ask)
        return whole[0] if whole else answers

    def _ask(self, requests: Sequence[Any], ask: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
        start, wait = time.monotonic(), _FIRST_WAIT
        end = start + self._patience
        answers: list[Any] = [None] * len(requests)
        open_ = list(range(len(requests)))
        rounds = 0
        while True:
            pause = wait
            try:
                found = ask([requests[place] for place in open_])
            except HTTPError as error:
                response = error.response
                if response is None:
                    raise
                if response.status_code not in _BUSY:
                    if (body := _json(response)) is None:
                        raise
                    return [body] * len(requests)  # JSON-RPC's answer under another status than 200
                asked = response.headers.get("Retry-After")
                pause = max(_retry_after(asked, wait), wait)
                # Without a time to come back at, 503 is an outage.
                if time.monotonic() + pause > end or (response.status_code == 503 and asked is None):
                    raise
            else:
                if len(found) != len(open_):
                    return found
                for place, answer in zip(open_, found, strict=True):
                    answers[place] = answer
                again = time.monotonic() + pause
                late, lag_over = again > end, again > start + _LAG
                refused = [
                    place for place in open_ if _worth_asking(requests[place][0], answers[place], late, lag_over)
                ]
                if not refused:
                    return answers
                # Questions for events belong together, as one back end has to answer them; but a limit may be less than
                # two, so that not for ever.
                rounds += 1
                together = rounds < _TOGETHER and all(method == "eth_getLogs" for method, _ in requests)
                if not together and len(refused) < len(open_):
                    wait = _FIRST_WAIT / 2  # the rest is as likely to be answered in part as the whole was
                open_ = open_ if together else refused
            time.sleep(pause)
            wait *= 2


def ask(web3: Web3, method: str, *params: Any) -> Any:
    """One JSON-RPC result, past the middleware. Raises `NodeRefused`, also for a node that does not answer."""
    return result(method, answer_of(web3, method, list(params)))


def answer_of(web3: Web3, method: str, params: list[Any]) -> Any:
    """One raw JSON-RPC answer, an error among them. Raises `NodeRefused` for a node that gives none."""
    try:
        answer = web3.provider.make_request(RPCEndpoint(method), params)
    except Unreachable as error:  # whom a smaller question would not bring back
        raise NodeRefused(f"{method}: {in_words(error)}") from error
    except (RequestException, Web3Exception, ValueError) as error:
        if is_busy(error):
            raise NodeRefused(f"{method}: {in_words(error)}") from error
        return {"error": in_words(error)}
    return answer if isinstance(answer, dict) else {"error": "an answer that is no JSON-RPC"}


def answers_of(web3: Web3, requests: Sequence[tuple[str, list[Any]]]) -> Iterator[Any]:
    """Raw answers in order, a few hundred per request; a node that takes no batches is asked one by one.

    Raises `NodeRefused` for a node that gives none, or is still too busy.
    """
    # Batches are a matter of the HTTP and IPC providers, not of their common base.
    provider: Any = web3.provider
    for start in range(0, len(requests), _CHUNK):
        chunk = [(RPCEndpoint(method), params) for method, params in requests[start : start + _CHUNK]]
        answers: Any = None
        if len(chunk) > 1:
            try:
                answers = provider.make_batch_request(chunk)
            except (HTTPError, Web3Exception, ValueError, KeyError, NotImplementedError) as error:
                if is_busy(error):
                    raise NodeRefused(f"{chunk[0][0]}: {in_words(error)}") from error
            except RequestException as error:
                raise NodeRefused(f"{chunk[0][0]}: {in_words(error)}") from error
        if isinstance(answers, list) and len(answers) == len(chunk):
            yield from answers
        else:
            for method, params in chunk:
                yield answer_of(web3, method, params)


def result(method: str, answer: Mapping[str, Any]) -> Any:
    """The result in a raw answer. Raises `NodeRefused` in the node's words, with its code and data."""
    if "error" not in answer and "result" in answer:
        return answer["result"]
    error = answer.get("error", "an answer without a result")
    code, data = (error.get("code"), error.get("data")) if isinstance(error, Mapping) else (None, None)
    raise NodeRefused(f"{method}: {said(error)}", code, data)


def said(error: Any) -> str:
    """A node's own words, fit for a terminal: some put raw bytes of a contract's error into them."""
    words = str(error.get("message", error) if isinstance(error, Mapping) else error)
    shown = " ".join("".join(c if c.isprintable() and c != "\ufffd" else " " for c in words).split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def is_busy(error: Exception) -> bool:
    """Whether a node that was asked for as long as `PATIENCE` is still too busy."""
    return isinstance(error, HTTPError) and error.response is not None and error.response.status_code in _BUSY


def _tolerant(web3: Web3) -> Web3:
    # Blocks of some chains have more extra data than those of Ethereum, which the library refuses without it; Ape looks
    # for it when it connects, not in later blocks.
    if ExtraDataToPOAMiddleware not in web3.middleware_onion:
        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return web3


def host(url: str) -> str:
    """Host and port of a node: what a log may show. The rest of the address often is a password."""
    return urlsplit(url).netloc.rpartition("@")[2]


def in_words(error: Exception) -> str:
    """What an error says, without the address of the node, which libraries put into theirs."""
    match error:
        case Timeout():
            return "no answer in time"
        case RequestException():
            answer = error.response
            return "cannot be reached" if answer is None else f"answers with HTTP status {answer.status_code}"
        case DataDAOError():
            return str(error)
        case _:
            return f"{type(error).__name__}: {error}"


def _http(url: str, timeout: float) -> HTTPProvider:
    return HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)


def _limited(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return False
    return error.get("code") == 429 or _LIMITED.search(str(error.get("message", ""))) is not None


def _worth_asking(method: str, answer: Any, too_late: bool, lag_over: bool) -> bool:
    if _limited(answer):
        return not too_late
    error = answer.get("error") if isinstance(answer, dict) else None
    return (
        not lag_over
        and method != "eth_getLogs"
        and isinstance(error, dict)
        and UNKNOWN.search(str(error.get("message", ""))) is not None
    )


def _json(response: Any) -> dict[str, Any] | None:
    try:
        body = response.json()
    except ValueError:
        return None
    return body if isinstance(body, dict) and "error" in body else None


def _retry_after(header: str | None, otherwise: float) -> float:
    """Seconds to wait: what a node asked for, which is a number or a date."""
    if header is None:
        return otherwise
    if header.strip().isdecimal():
        return float(header)
    try:
        return max(0.0, parsedate_to_datetime(header).timestamp() - time.time())
    except (ValueError, TypeError):
        return otherwise
