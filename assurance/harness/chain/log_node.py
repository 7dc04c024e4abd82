"""A node that knows blocks and events only, with the limits and faults that nodes have; and counts what it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from eth_utils import keccak
from web3 import Web3
from web3.providers.base import JSONBaseProvider

from assurance.harness.chain.handles import Log

UNKNOWN = {"code": -32000, "message": "unknown block"}


class LogNode(JSONBaseProvider):
    """Blocks 0 to `head`, those to `final` final; `limit` blocks a question for events, `most` events in an answer.
    `requests` counts what arrives, `questions` what is in it, by method."""

    def __init__(
        self, limit: int | None = None, most: int | None = None, refusal: str = "block range too wide"
    ) -> None:
        super().__init__()
        self.limit, self.most, self.refusal = limit, most, refusal
        self.head, self.final = 0, 0
        self.logs: list[dict[str, Any]] = []
        self.forks: list[int] = []
        self.requests, self.questions = 0, {"eth_getLogs": 0, "eth_getBlockByNumber": 0}

    @classmethod
    def of(cls, logs: Sequence[Log], times: Sequence[int], **options: Any) -> LogNode:
        """With the events of a chain in process: a block for each second in which there are any."""
        made = cls(**options)
        blocks = {time: number for number, time in enumerate(sorted(set(times)), 1)}
        for log, time in zip(logs, times, strict=True):
            made.add(blocks[time], log, time)
        made.head = len(blocks)
        return made

    def add(self, block: int, log: Log, time: int) -> None:
        self.logs.append({
            "address": log.address, "topics": ["0x" + topic.hex() for topic in log.topics],
            "data": "0x" + log.data.hex(), "blockNumber": hex(block), "logIndex": hex(len(self.logs)),
            "blockTimestamp": hex(time),
        })  # fmt: skip

    def fork(self, block: int) -> None:
        """From this block on the chain is another one, without events."""
        self.forks.append(block)
        self.logs = [log for log in self.logs if int(log["blockNumber"], 16) < block]

    @property
    def web3(self) -> Web3:
        return Web3(self)

    def hash(self, number: int) -> bytes:
        return keccak(text=f"{number} {[block for block in self.forks if block <= number]}")

    def make_request(self, method: Any, params: Any) -> Any:
        self.requests += 1
        return self._answer(method, params)

    def make_batch_request(self, requests: Any) -> Any:
        self.requests += 1
        return [self._answer(*request) for request in requests]

    def _answer(self, method: str, params: Any) -> Any:
        self.questions[method] += 1
        found = self._block(params[0]) if method == "eth_getBlockByNumber" else self._events(params[0])
        return {"jsonrpc": "2.0", "id": 1, **(found if "error" in (found or {}) else {"result": found})}

    def _block(self, name: str) -> Any:
        number = {"latest": self.head, "finalized": self.final}.get(name)
        number = int(name, 16) if number is None else number
        if not 0 <= number <= self.head:
            return None
        return {"number": hex(number), "hash": "0x" + self.hash(number).hex(), "timestamp": hex(number)}

    def _events(self, wanted: Any) -> Any:
        if "blockHash" in wanted:
            hashes = {
                "0x" + self.hash(number).hex(): number for number in range(self.head, max(-1, self.head - 300), -1)
            }
            if wanted["blockHash"] not in hashes:
                return {"error": UNKNOWN}
            first = last = hashes[wanted["blockHash"]]
        else:
            first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
            if self.limit and last - first + 1 > self.limit:
                return {"error": {"code": -32005, "message": self.refusal}}
        addresses = {address.lower() for address in wanted["address"]}
        found = [
            log
            for log in self.logs
            if first <= int(log["blockNumber"], 16) <= last and log["address"].lower() in addresses
            and all(topic in choice for topic, choice in zip(log["topics"], wanted.get("topics", []), strict=False))
        ]  # fmt: skip
        if self.most and len(found) > self.most:
            return {"error": {"code": -32005, "message": f"query returned more than {self.most} results"}}
        return found
