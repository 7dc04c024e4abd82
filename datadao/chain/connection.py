"""Asking one node, past web3's middleware; what it says in words that may be shown; and waiting where it may lag."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar
from urllib.parse import urlsplit

from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import HTTPError, RequestException, Timeout

from datadao.errors import DataDAOError, NodeRefused

if TYPE_CHECKING:
    from web3 import Web3 as Web3  # for modules that are given a connection: loading web3 takes longer than any help
else:
    Web3 = Any

LAG = 15.0
"""Seconds for which a node may answer from before a block that it showed already: it has several back ends."""
UNKNOWN = re.compile(r"unknown block|(block|header).{0,80}not found|not found.{0,20}block|block.?out.?of.?range", re.I)
"""How a back end says that it does not have a block which another one has; they agree on no code."""
BUSY = frozenset({429, 503})
"""HTTP statuses that may name a time to come back at (RFC 9110, section 10.2.3)."""
ADDRESS = "WEB3_PROVIDER_URI"
"""Variable of the environment with the address of a node: web3's own, which Ape reads too."""

_CHUNK = 512
"""Calls in one JSON-RPC batch."""
_SHOWN = 300
"""Characters of a node's own words in a message."""
_URL = re.compile(r"(?:https?|wss?)://\S+")

T = TypeVar("T")
Question = tuple[str, list[Any]]
"""Method and parameters."""


class Block(NamedTuple):
    """Where an answer was read; `timestamp` in Unix seconds."""

    number: int
    hash: bytes
    timestamp: int


def with_libraries(*kinds: type[Exception]) -> tuple[type[Exception], ...]:
    """These, and what web3 and what it stands on raise; web3, which may not be loaded, then did not."""
    web3 = sys.modules.get("web3.exceptions")
    return (*kinds, RequestException, *((web3.Web3Exception,) if web3 else ()))


def outside() -> tuple[type[Exception], ...]:
    """What asking a node may raise."""
    return with_libraries(DataDAOError, OSError, ValueError, KeyError, TypeError)


def pauses(seconds: float | None = None, first: float = 0.1, most: float = 1.0) -> Iterator[None]:
    """Once at once, then after pauses of `first` to `most` seconds, each twice the one before, until `seconds` (`LAG`
    unless given) are over."""
    end, pause = time.monotonic() + (LAG if seconds is None else seconds), first
    yield
    while time.monotonic() < end:
        time.sleep(pause)
        pause = min(most, 2 * pause)
        yield


def patiently(question: Callable[[], T], seconds: float | None = None, doubted: Callable[[], Any] = outside) -> T:
    """What `question` gives; while a node may lag behind what it showed already, a refusal is not believed."""
    refusal: Exception | None = None
    for _ in pauses(seconds):
        try:
            return question()
        except doubted() as error:
            refusal = error
    assert refusal is not None
    raise refusal


def ask(web3: Web3, method: str, *params: Any) -> Any:
    """One JSON-RPC result, past the middleware. Raises `NodeRefused`, also for a node that does not answer."""
    return result(method, answer_of(web3, method, list(params)))


def answer_of(web3: Web3, method: str, params: list[Any]) -> Any:
    """One raw JSON-RPC answer, an error among them. Raises `NodeRefused` for a node that gives none."""
    try:
        answer: Any = web3.provider.make_request(method, params)  # type: ignore[arg-type]
    except Unreachable as error:  # whom a smaller question would not bring back
        raise NodeRefused(f"{method}: {in_words(error)}") from error
    except with_libraries(ValueError) as error:
        if is_busy(error):
            raise NodeRefused(f"{method}: {in_words(error)}") from error
        return {"error": _error_in(error)}
    return answer if isinstance(answer, dict) else {"error": "an answer that is no JSON-RPC"}


def answers_of(web3: Web3, requests: Sequence[Question]) -> Iterator[Any]:
    """Raw answers in order, a few hundred per request; a node that takes no batches is asked one by one.

    Raises `NodeRefused` for a node that gives none, or is still too busy.
    """
    # Batches are a matter of the HTTP and IPC providers, not of their common base.
    provider: Any = web3.provider
    for start in range(0, len(requests), _CHUNK):
        chunk = list(requests[start : start + _CHUNK])
        answers: Any = None
        if len(chunk) > 1:
            try:
                answers = provider.make_batch_request(chunk)
            except with_libraries(ValueError, KeyError, NotImplementedError) as error:
                unreached = isinstance(error, RequestException) and not isinstance(error, HTTPError | ValueError)
                if unreached or is_busy(error):
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


def _error_in(error: Exception) -> Any:
    """The node's error that a provider raised instead of giving it, `data` and all; or the provider's in words."""
    answer = getattr(error, "rpc_response", None)
    if isinstance(answer, Mapping) and "error" in answer:
        return answer["error"]
    data = getattr(error, "data", None)
    return in_words(error) if data is None else {"message": in_words(error), "data": data}


def said(error: Any) -> str:
    """A node's own words, fit for a terminal: some put raw bytes of a contract's error into them."""
    words = str(error.get("message", error) if isinstance(error, Mapping) else error)
    shown = " ".join("".join(c if c.isprintable() and c != "\ufffd" else " " for c in words).split())
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


def is_busy(error: Exception) -> bool:
    """Whether a node that was asked for as long as `PATIENCE` is still too busy."""
    return isinstance(error, HTTPError) and error.response is not None and error.response.status_code in BUSY


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


def discreet(message: str, network: str) -> str:
    """The message without what of a node's address may be a password: of an address in `network` or in
    `WEB3_PROVIDER_URI` all but its host."""
    for url in _URL.findall(f"{network} {os.environ.get(ADDRESS, '')}"):
        parts = urlsplit(url)
        message = message.replace(url, parts.netloc.rpartition("@")[2])
        for secret in (parts.netloc.rpartition("@")[0], parts.password or "", parts.path.strip("/"), parts.query):
            if secret:
                message = message.replace(secret, "[hidden]")
    return message
