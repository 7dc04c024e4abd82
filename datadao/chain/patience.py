"""A connection that bears with a node which is too busy: it is asked again, later.

Public nodes limit requests by the second, and refuse the ones beyond it with HTTP status 429 or item by item.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

from requests.exceptions import HTTPError, RequestException
from web3 import HTTPProvider, Web3
from web3.exceptions import Web3Exception
from web3.middleware import ExtraDataToPOAMiddleware
from web3.providers.auto import AutoProvider
from web3.providers.base import JSONBaseProvider
from web3.types import RPCEndpoint

from datadao.chain.connection import BUSY, LAG, UNKNOWN, discreet, in_words
from datadao.errors import InvalidArgument, NetworkRefused

PATIENCE = 30.0
"""Seconds that a request waits, in all, for a node that is too busy."""

_FIRST_WAIT = 0.5
"""Seconds before the first repetition, unless the node says how long; twice as many before each later one."""
_LAG = LAG / 2
"""Seconds that a request waits, in all, for a back end that does not have a block which another one has."""
_TOGETHER = 3
"""Rounds in which questions for events are asked as one, whichever of them was refused."""
LIMITED = re.compile(r"rate.?limit|too many requests|requests? per second|compute units|request (count|limit)", re.I)
"""What nodes say of a single request beyond their limit; they agree on no code."""


def connect(url: str, timeout: float = 20.0, patience: float = PATIENCE) -> Web3:
    """A node by its http(s) address; no answer is waited for longer than `timeout` seconds, and a node that is too
    busy for no more than `patience`."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise InvalidArgument("a node's address starts with http:// or https:// and names a host")
    return _tolerant(Web3(Patient(_http(url, timeout), patience)))


def reached(url: str) -> Web3:
    """The same, once the node answered. Raises `NetworkRefused`, with no more of the address than its host."""
    try:
        web3 = connect(url)
        web3.provider.make_request(RPCEndpoint("eth_chainId"), [])
    except (RequestException, Web3Exception, OSError, ValueError) as error:
        words = in_words(error) if isinstance(error, RequestException) else str(error).partition("\n")[0]
        raise NetworkRefused(discreet(f"cannot connect to {url}: {words}", url)) from None
    return web3


def patient(web3: Web3) -> Web3:
    """The same connection, which from now on bears with a busy node and with blocks of any chain."""
    provider: Any = web3.provider
    if isinstance(provider, AutoProvider):
        # It answers a node's "too busy" by looking for another one, finds none, and says only that.
        provider = provider._active_provider or provider
    if not isinstance(provider, Patient):
        web3.provider = Patient(provider)
    return _tolerant(web3)


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
                if response.status_code not in BUSY:
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


def _tolerant(web3: Web3) -> Web3:
    # Blocks of some chains have more extra data than those of Ethereum, which the library refuses without it; Ape looks
    # for it when it connects, not in later blocks.
    if ExtraDataToPOAMiddleware not in web3.middleware_onion:
        web3.middleware_onion.inject(ExtraDataToPOAMiddleware, layer=0)
    return web3


def _http(url: str, timeout: float) -> HTTPProvider:
    return HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None)


def _limited(answer: Any) -> bool:
    error = answer.get("error") if isinstance(answer, dict) else None
    if not isinstance(error, dict):
        return False
    return error.get("code") == 429 or LIMITED.search(str(error.get("message", ""))) is not None


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
