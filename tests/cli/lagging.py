"""A node of several back ends, some of which have not seen the last block yet."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import requests

from assurance.harness.chain.node import until
from assurance.harness.chain.proxy import Answer, Proxy, Request

_PLACE = {"eth_call": 1, "eth_estimateGas": 1, "eth_getTransactionCount": 1, "eth_getBalance": 1,
          "eth_getBlockByNumber": 0}  # fmt: skip
"""Where in a method's parameters its block stands."""


class Lagging(Proxy):
    """After each transaction that passes it, for some seconds, every second answer of each method, `times` at most, is
    that of a back end that lacks the newest block. `late` counts those answers."""

    def __init__(self, node: str, times: int = 4, seconds: float = 60.0) -> None:
        super().__init__(node)
        self.times, self.seconds, self.head, self.over = times, seconds, 0, 0.0
        self.left: Counter[str] = Counter()
        self.late: Counter[str] = Counter()
        self.ask, self.alter = self._ask, self._alter

    def _number(self) -> int:
        return int(self._rpc("eth_blockNumber"), 16)

    def _rpc(self, method: str, *params: str) -> Any:
        body = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        return requests.post(self.node, json=body, timeout=30).json()["result"]

    def _behind(self, method: str) -> bool:
        """Whether this one is answered from before: the first, the third, ..."""
        if not self.left[method] or time.monotonic() > self.over or self._number() != self.head:
            return False
        self.left[method] -= 1
        return self.left[method] % 2 == 1

    def _ask(self, request: Request) -> Request:
        method, params = request["method"], list(request["params"])
        if method not in _PLACE or not self._behind(method):
            return request
        self.late[method] += 1
        place = _PLACE[method]
        asked = params[place] if len(params) > place else "latest"
        named = isinstance(asked, str) and asked.startswith("0x")
        # A block that it does not have is refused by a real node, too.
        block = hex(10**9) if named and int(asked, 16) >= self.head else asked if named else hex(self.head - 1)
        return request | {"params": [*params[:place], block, *params[place + 1 :]]}

    def _alter(self, request: Request, answer: Answer) -> Answer:
        method = request["method"]
        if method == "eth_sendRawTransaction" and "result" in answer:
            # The node mines at once, but a little after it answers.
            until(lambda: self._rpc("eth_getTransactionReceipt", answer["result"]) is not None)
            self.head, self.over = self._number(), time.monotonic() + self.seconds
            self.left = Counter(dict.fromkeys((*_PLACE, "eth_blockNumber", *_NEW), self.times))
            return answer
        result: Any = answer.get("result")
        if method == "eth_blockNumber" and self._behind(method):
            self.late[method] += 1
            return answer | {"result": hex(self.head - 1)}
        if method in _NEW and result and result.get("blockNumber") == hex(self.head) and self._behind(method):
            self.late[method] += 1
            return answer | {"result": None}
        return answer


_NEW = ("eth_getTransactionReceipt", "eth_getTransactionByHash")
"""Answers that such a back end does not have at all."""
