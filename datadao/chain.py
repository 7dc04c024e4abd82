"""Many reads at once: view calls and events. Works on any web3 provider."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import eth_abi
from eth_utils import keccak
from requests.exceptions import ConnectionError as Unreachable
from requests.exceptions import HTTPError, RequestException
from web3 import Web3
from web3.exceptions import Web3Exception
from web3.types import RPCEndpoint

from datadao.deployment import ORDER, canonical_type
from datadao.errors import NodeRefused
from datadao.node import in_words

CONTRACTS = dict(ORDER)
"""Contract names by their keys in a deployment record."""

_CHUNK = 250
"""Calls in one JSON-RPC batch."""


@cache
def abi(contract: str) -> list[dict[str, Any]]:
    """A contract's ABI as shipped with this package."""
    text = (resources.files("datadao") / "abi" / f"{contract}.json").read_text(encoding="utf-8")
    entries: list[dict[str, Any]] = json.loads(text)
    return entries


@cache
def function(contract: str, name: str) -> dict[str, Any]:
    """The ABI entry of a function; none is overloaded."""
    entry: dict[str, Any] = next(e for e in abi(contract) if e["type"] == "function" and e["name"] == name)
    return entry


@cache
def _function(contract: str, name: str) -> tuple[bytes, list[str], list[str]]:
    """Selector, input and output types."""
    entry = function(contract, name)
    inputs, outputs = ([canonical_type(i) for i in entry[side]] for side in ("inputs", "outputs"))
    return keccak(text=f"{name}({','.join(inputs)})")[:4], inputs, outputs


@dataclass(frozen=True)
class Call:
    """A function call on a contract of the DAO, as bytes. Structs are tuples; `what` is words for an error message."""

    to: str
    contract: str
    function: str
    arguments: tuple[Any, ...]
    what: str = ""

    @property
    def data(self) -> bytes:
        selector, inputs, _ = _function(self.contract, self.function)
        return selector + eth_abi.encode(inputs, self.arguments)

    def decode(self, output: bytes) -> Any:
        """The result, structs as tuples; a tuple of results if there are several."""
        values = eth_abi.decode(_function(self.contract, self.function)[2], output)
        return values[0] if len(values) == 1 else values


def request_many(web3: Web3, method: str, params: Sequence[list[Any]]) -> list[Any]:
    """JSON-RPC results in order, a few hundred per request, past the middleware that costs milliseconds a call.

    Raises `NodeRefused` with the node's own words at the first error.
    """
    return [_result(method, answer) for answer in _answers(web3, method, params)]


def ask_many(web3: Web3, method: str, params: Sequence[list[Any]]) -> list[Any]:
    """The node's whole answers in order, errors among them."""
    return list(_answers(web3, method, params))


def read_many(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """Results of view calls at a block number, in order. Raises `NodeRefused` at the first that reverts."""
    outputs = (_result("eth_call", answer) for answer in _answers(web3, "eth_call", _call_params(calls, block)))
    return [call.decode(bytes.fromhex(output[2:])) for call, output in zip(calls, outputs, strict=True)]


def try_many(web3: Web3, calls: Sequence[Call], block: int) -> list[Any]:
    """The same, with a `NodeRefused` in the place of what reverts. Raises it for what the node fails to answer."""
    results: list[Any] = []
    for call, answer in zip(calls, _answers(web3, "eth_call", _call_params(calls, block)), strict=True):
        try:
            results.append(call.decode(bytes.fromhex(_result("eth_call", answer)[2:])))
        except NodeRefused as refusal:
            # Nodes agree neither on a code for reverts nor on more of the message than this.
            if "revert" not in str(refusal).lower():
                raise
            results.append(refusal)
    return results


def _call_params(calls: Sequence[Call], block: int) -> list[list[Any]]:
    return [[{"to": call.to, "data": "0x" + call.data.hex()}, hex(block)] for call in calls]


def _answers(web3: Web3, method: str, params: Sequence[list[Any]]) -> Iterator[Any]:
    """Raw responses in order; a node that takes no batches is asked one by one."""
    # Batches are a matter of the HTTP and IPC providers, not of their common base.
    provider: Any = web3.provider
    endpoint = RPCEndpoint(method)
    for start in range(0, len(params), _CHUNK):
        chunk = params[start : start + _CHUNK]
        try:
            answers = provider.make_batch_request([(endpoint, item) for item in chunk])
        except (HTTPError, Web3Exception, ValueError, KeyError):
            answers = None
        if not isinstance(answers, list) or len(answers) != len(chunk):
            answers = [provider.make_request(endpoint, item) for item in chunk]
        yield from answers


def _result(method: str, answer: Any) -> Any:
    if "error" not in answer:
        return answer["result"]
    error = answer["error"]
    raise NodeRefused(f"{method}: {error.get('message', error) if isinstance(error, dict) else error}")


class Log(NamedTuple):
    """An event as the chain keeps it. `timestamp` is its block's, Unix seconds; `where` finds it again."""

    address: str
    topics: Sequence[bytes]
    data: bytes
    timestamp: int
    where: str


def read_logs(web3: Web3, addresses: Sequence[str], first: int, last: int, *topics: Sequence[bytes]) -> list[Log]:
    """Events of these contracts in blocks `first` to `last`, oldest first; only those whose first topic is among the
    first of `topics`, if given, and so on.

    Halves the range where a node refuses so many blocks, or so many events, at once. Raises `NodeRefused` when it
    refuses a single block.
    """
    wanted = {"address": list(addresses)} | {"topics": [["0x" + t.hex() for t in choice] for choice in topics]}
    found = list(_raw_logs(web3, wanted, first, last))
    # Many nodes tell the time of an event, not all.
    silent = list(dict.fromkeys(log["blockNumber"] for log in found if "blockTimestamp" not in log))
    blocks = request_many(web3, "eth_getBlockByNumber", [[number, False] for number in silent])
    times = {number: block["timestamp"] for number, block in zip(silent, blocks, strict=True)}
    return [
        Log(
            log["address"],
            [bytes.fromhex(topic[2:]) for topic in log["topics"]],
            bytes.fromhex(log["data"][2:]),
            int(log.get("blockTimestamp") or times[log["blockNumber"]], 16),
            f"block {int(log['blockNumber'], 16)}, log {int(log['logIndex'], 16)}",
        )
        for log in found
    ]


def _raw_logs(web3: Web3, wanted: Mapping[str, Any], first: int, last: int) -> Iterator[Any]:
    span = {**wanted, "fromBlock": hex(first), "toBlock": hex(last)}
    answer: Any
    try:
        answer = web3.provider.make_request(RPCEndpoint("eth_getLogs"), [span])
    except Unreachable as error:  # whom a smaller question would not bring back
        raise NodeRefused(f"eth_getLogs: {in_words(error)}") from error
    except (Web3Exception, RequestException, ValueError) as error:
        answer = {"error": in_words(error)}
    if "error" not in answer:
        yield from answer["result"]
    elif first < last:
        middle = (first + last) // 2
        yield from _raw_logs(web3, wanted, first, middle)
        yield from _raw_logs(web3, wanted, middle + 1, last)
    else:
        _result("eth_getLogs", answer)
