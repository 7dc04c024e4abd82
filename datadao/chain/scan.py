"""Events over many blocks, in as few questions as a node allows."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from datadao.chain.connection import LAG, UNKNOWN, Block, Web3, answers_of, patiently, result, said
from datadao.errors import ChainUnavailable

_USUAL = 10_000
"""Blocks that nodes with a limit, which do not say what it is, most often allow in one question."""
_AHEAD = 4
"""Ranges in one request, once their size was accepted: a node may be slow, or its answers large."""
_CALM = 16
"""Answers in a row before a larger range is tried."""
_HEX_RANGE = re.compile(r"0x([0-9a-f]+)[^0-9a-z]+0x([0-9a-f]+)", re.I)
_NUMBER = re.compile(r"(?<![\w.])(\d[\d,_]*)\s?(k\b)?", re.I)


def scan(web3: Web3, wanted: Mapping[str, Any], first: int, last: Block) -> Iterator[tuple[int, list[Any]]]:
    """The events that the filter `wanted` lets through, as the node gives them: oldest first, in parts, each with the
    block up to which there are no others.

    Asks for fewer blocks at once where a node refuses so many, or so many events. Raises `NodeRefused` when it refuses
    a single block, `ChainUnavailable` when a back end that does not have the last block answered.
    """
    # A range that ends beyond a back end's last block is answered in part, without a word; a hash that it does not know
    # is an error. The last range and the last block go out together, so that one back end answers both.
    tail = ("eth_getLogs", [{**wanted, "blockHash": "0x" + last.hash.hex()}])
    pace = _Pace(max(1, last.number - first))
    start = first
    while start < last.number:
        spans = pace.spans(start, last.number - 1)
        requests = [("eth_getLogs", [{**wanted, "fromBlock": hex(a), "toBlock": hex(b)}]) for a, b in spans]
        if closing := spans[-1][1] == last.number - 1:
            requests.append(tail)
        answers = _ask(web3, requests, last, closing=closing)
        for (begin, end), answer in zip(spans, answers, strict=False):
            if "error" in answer or not isinstance(answer.get("result"), list):
                pace.refused(end - begin + 1, answer)
                break
            pace.accepted()
            yield end, answer["result"]
            start = end + 1
        else:
            if closing:
                yield last.number, result("eth_getLogs", answers[-1])
                return
    if first <= last.number:
        (answer,) = _ask(web3, [tail], last, closing=True)
        yield last.number, result("eth_getLogs", answer)


def _ask(web3: Web3, requests: list[Any], last: Block, *, closing: bool) -> list[Any]:
    """The answers, to the last block too if it is `closing`."""

    def ask() -> list[Any]:
        answers = list(answers_of(web3, requests))
        tail = answers[-1]
        if closing and (UNKNOWN.search(said(tail.get("error", ""))) or tail.get("result", ()) is None):
            raise ChainUnavailable(f"the node that gives events does not have block {last.number} yet; try again")
        return answers

    return patiently(ask, LAG / 3, lambda: (ChainUnavailable,))


class _Pace:
    """How many blocks are asked for at once: all, until a node refuses; then what it says it allows, or what nodes
    usually do, or half; and more again where it goes well."""

    def __init__(self, blocks: int) -> None:
        self._size, self._refused = blocks, blocks + 1
        self._proved, self._calm, self._run = False, _CALM, 0

    def spans(self, first: int, last: int) -> list[tuple[int, int]]:
        ahead = _AHEAD if self._proved else 1
        starts = range(first, min(last + 1, first + ahead * self._size), self._size)
        return [(start, min(last, start + self._size - 1)) for start in starts]

    def accepted(self) -> None:
        self._proved, self._run = True, self._run + 1
        if self._run % self._calm == 0:
            larger = min(4 * self._size, (self._size + self._refused) // 2)
            if larger > self._size + self._size // 16:
                self._size, self._proved = larger, False

    def refused(self, size: int, answer: Any) -> None:
        """Raises `NodeRefused` for a single block."""
        if size <= 1:
            result("eth_getLogs", answer)
        if self._run:
            self._calm *= 4  # a larger one was tried in vain, or there are more events here
        self._refused, self._proved, self._run = size, False, 0
        said_ = _said_limit(said(answer.get("error", "")), size)
        self._size = said_ or (_USUAL if size > _USUAL else (size + 1) // 2 if size > 2 else 1)
        if said_:
            self._calm = max(self._calm, 4 * _CALM)  # most likely the limit, in vain to try beyond
        elif self._size < _USUAL:
            self._calm = min(self._calm, 2)  # by halving one lands at up to half of the limit


def _said_limit(words: str, size: int) -> int | None:
    """The number of blocks that a refusal seems to allow: the largest number in it that is at most half of what was
    asked for."""
    ranges = [int(b, 16) - int(a, 16) + 1 for a, b in _HEX_RANGE.findall(words)]
    numbers = [
        int(digits.replace(",", "").replace("_", "")) * (1000 if k else 1)
        for digits, k in _NUMBER.findall(_HEX_RANGE.sub(" ", words))
    ]
    return max((n for n in (*ranges, *numbers) if 0 < n <= size // 2), default=None)
