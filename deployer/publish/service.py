"""What all services that verify sources have in common: one request, and what an answer says of a contract."""

from __future__ import annotations

from enum import Enum
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlsplit

import requests
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import RequestException, Timeout

from datadao.errors import DataDAOError, InvalidArgument
from deployer.publish.sources import Publication

_TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and to wait for an answer."""
_BUSY = (429, 502, 503, 504)


class ServiceRefused(DataDAOError):
    """A service does not answer as its documentation says, or not at all. Names the service by its host."""


class Busy(ServiceRefused):
    """It may answer if it is asked again later."""


class NotYet(Busy):
    """It does not know of this one contract yet."""


class State(Enum):
    """What a service says of a contract, or of a submission."""

    PUBLISHED = "published"
    PENDING = "pending"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    """It has no such contract, or no such submission."""


class Outcome(NamedTuple):
    """A state, and the service's own words about it; a remark where it is published and not all of it was compared."""

    state: State
    words: str = ""
    remark: str = ""


class Service(Protocol):
    """A service at one address; methods raise `Busy` and `ServiceRefused`."""

    url: str
    name: str

    def published(self, chain_id: int, address: str) -> Outcome:
        """What it says of a contract: `PUBLISHED` or `UNKNOWN`."""

    def submit(self, chain_id: int, item: Publication) -> str:
        """Submits sources; returns the name by which to ask for the outcome, "" if an equal submission is under way or
        done. Raises `NotYet` where it has to be tried again."""

    def outcome(self, chain_id: int, submission: str, /) -> Outcome:
        """What became of a submission."""


def base(url: str, name: str) -> str:
    """A service's address without a slash at its end. Raises `InvalidArgument`."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise InvalidArgument(f"{name}: expected an address that starts with https:// or http://, got {url!r}")
    return url.rstrip("/")


def ask(name: str, method: str, url: str, **arguments: Any) -> tuple[int, dict[str, Any]]:
    """Status and JSON object of an answer. An error tells the host only: queries hold keys.

    Raises `Busy` where there is none now, `ServiceRefused` where it is something else.
    """
    where = f"{name} ({urlsplit(url).hostname})"
    try:
        answer = requests.request(method, url, timeout=_TIMEOUT, **arguments)
    except (NoConnection, Timeout) as error:
        raise Busy(f"{where} does not answer: {type(error).__name__}") from None
    except RequestException as error:
        raise ServiceRefused(f"{where} cannot be asked: {type(error).__name__}") from None
    try:
        content = answer.json()
    except ValueError:
        content = None
    if answer.status_code in _BUSY and not (isinstance(content, dict) and content.get("customCode")):
        raise Busy(f"{where} is busy: HTTP status {answer.status_code}")
    if not isinstance(content, dict):
        raise ServiceRefused(f"{where} answers with HTTP status {answer.status_code} and no JSON object")
    return answer.status_code, content
