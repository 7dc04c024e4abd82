"""A custodian's own connection to a node, and the words for what goes wrong with it."""

from __future__ import annotations

from urllib.parse import urlsplit

from requests.exceptions import RequestException, Timeout
from web3 import HTTPProvider, Web3

from datadao.errors import DataDAOError, InvalidArgument


def connect(url: str, timeout: float = 20.0) -> Web3:
    """A node by its http(s) address; no request is repeated by itself, none waits longer than `timeout` seconds."""
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise InvalidArgument("a node's address starts with http:// or https:// and names a host")
    return Web3(HTTPProvider(url, request_kwargs={"timeout": timeout}, exception_retry_configuration=None))


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
