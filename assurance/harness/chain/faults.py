"""Faults of nodes, each known from public reports (docs/outside.md), for a `Proxy`.

    python -m assurance.harness.chain.faults NODE FAULT...    prints its address and misbehaves until it is stopped

Each counts in `hits` how often it had an effect, so that a test can show that it met it.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Sequence
from enum import Enum

from assurance.harness.chain.proxy import Answer, Asked, Fault, Proxy, Request, Response

NOISE = "\x1b[2J\x1b]0;owned\x07\x9b31m\u202e\x00\ufffd"
"""What must reach no terminal."""


class Absent(Enum):
    """What is not there; its name is the same in every process that collects tests."""

    ABSENT = "absent"


ABSENT = Absent.ABSENT
NO_TIMES = (ABSENT, "0x0", "0", None, "0x", 0)
"""What nodes give as the time of a log, without meaning it."""


class LogTimes(Fault):
    """Logs with a time of their block that is none: these in turn, and no time at all."""

    methods = frozenset({"eth_getLogs"})

    def __init__(self, *values: object) -> None:
        super().__init__()
        self._values = values

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_getLogs":
            for log in answer.get("result") or []:
                value = self._values[self.hits % len(self._values)]
                self.hit()
                if value is ABSENT:
                    log.pop("blockTimestamp", None)
                else:
                    log["blockTimestamp"] = value
        return answer


class LongExtraData(Fault):
    """Blocks with the signatures of their validators, as on Linea, Polygon and BNB chain."""

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"].startswith("eth_getBlockBy") and answer.get("result"):
            self.hit()
            answer["result"]["extraData"] = "0x" + "5a" * 97
        return answer


class LogsBehind(Fault):
    """Events come from a back end that does not have the last block: every time, or every other time."""

    methods = frozenset({"eth_getLogs"})

    def __init__(self, every: int = 1) -> None:
        super().__init__()
        self._every, self._count = every, 0

    def respond(self, body: Request | list[Request]) -> Response | None:
        batch = body if isinstance(body, list) else [body]
        self._behind = False
        if any(request["method"] == "eth_getLogs" for request in batch):
            self._behind = self._count % self._every == 0
            self._count += 1
            self._head = int(self.rpc("eth_blockNumber"), 16)
        return None

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] != "eth_getLogs" or not self._behind or not isinstance(answer.get("result"), list):
            return answer
        wanted = request["params"][0].get("blockHash")
        last = self.rpc("eth_getBlockByNumber", hex(self._head), False)["hash"]
        if wanted == last:
            self.hit()
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32000, "message": "unknown block"}}
        kept = [log for log in answer["result"] if int(log["blockNumber"], 16) < self._head]
        self.hit(len(kept) < len(answer["result"]))
        answer["result"] = kept
        return answer


class CappedLogs(Fault):
    """An answer holds no more events than this, and does not say so."""

    methods = frozenset({"eth_getLogs"})

    def __init__(self, most: int = 2) -> None:
        super().__init__()
        self._most = most

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_getLogs" and self.hit(len(answer.get("result") or ()) > self._most):
            answer["result"] = answer["result"][: self._most]
        return answer


class PrunedLogs(Fault):
    """Events of the first blocks are gone: those of the first half of the chain."""

    methods = frozenset({"eth_getLogs"})

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] == "eth_getLogs" and answer.get("result"):
            half = int(self.rpc("eth_blockNumber"), 16) // 2
            kept = [log for log in answer["result"] if int(log["blockNumber"], 16) > half]
            self.hit(len(kept) < len(answer["result"]))
            answer["result"] = kept
        return answer


class TooManyRequests(Fault):
    """HTTP status 429 to every third request, with a time to come back at."""

    def __init__(self, every: int = 3) -> None:
        super().__init__()
        self._every, self._count = every, 0

    def respond(self, body: Request | list[Request]) -> Response | None:
        self._count += 1
        if self.hit(self._count % self._every == 0):
            return 429, {"Retry-After": "0"}, {"error": "Too Many Requests"}
        return None


class RefusedItems(Fault):
    """Every third question, alone or in a batch, is refused for a limit of requests."""

    def __init__(self, every: int = 3) -> None:
        super().__init__()
        self._every, self._count = every, 0

    def refuse(self, request: Request) -> Answer | None:
        self._count += 1
        if self.hit(self._count % self._every == 0):
            return {"code": -32005, "message": "rate limit exceeded, try again in 10ms"}
        return None


class NoBatches(Fault):
    """A batch is one error."""

    def concerns(self, asked: Sequence[Asked]) -> bool:
        return any(each.together for each in asked)

    def respond(self, body: Request | list[Request]) -> Response | None:
        if self.hit(isinstance(body, list)):
            return 200, {}, {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "batch not supported"}}
        return None


class StateForgotten(Fault):
    """A new block comes with each answer to a question for events, and only the newest states are there: fewer than
    blocks come while all events of a DAO are read."""

    methods = frozenset({"eth_getLogs"})
    KEPT, FINAL = 3, True
    """How many blocks' states are kept, and whether final ones are, too, which custodians need."""

    def respond(self, body: Request | list[Request]) -> Response | None:
        batch = body if isinstance(body, list) else [body]
        if self.hit(any(request["method"] == "eth_getLogs" for request in batch)):
            self.rpc("evm_mine")
        return None

    def refuse(self, request: Request) -> Answer | None:
        if request["method"] != "eth_call" or not str(request["params"][1]).startswith("0x"):
            return None
        head, wanted = int(self.rpc("eth_blockNumber"), 16), int(request["params"][1], 16)
        final = int(self.rpc("eth_getBlockByNumber", "finalized", False)["number"], 16)
        if wanted + self.KEPT < head and not (self.FINAL and wanted <= final):
            self.hit()
            return {
                "code": -32000,
                "message": f"missing trie node 5ca1ab1e (path ) state 0x{wanted:064x} is not available",
            }
        return None


class NoFinality(Fault):
    """The tag `finalized` is an error, nothing, or the first block."""

    def concerns(self, asked: Sequence[Asked]) -> bool:
        return any(each.method == "eth_getBlockByNumber" and each.params[0] == "finalized" for each in asked)

    def __init__(self, answer: str) -> None:
        super().__init__()
        self._answer = answer

    def alter(self, request: Request, answer: Answer) -> Answer:
        if request["method"] != "eth_getBlockByNumber" or request["params"][0] != "finalized":
            return answer
        self.hit()
        if self._answer == "error":
            return {"jsonrpc": "2.0", "id": request["id"], "error": {"code": -32602, "message": "invalid block tag"}}
        result = None if self._answer == "null" else self.rpc("eth_getBlockByNumber", "0x0", False)
        return {"jsonrpc": "2.0", "id": request["id"], "result": result}


class LoudErrors(Fault):
    """Errors whose messages hold raw bytes; what a contract reverted with is in `data` alone."""

    def alter(self, request: Request, answer: Answer) -> Answer:
        if "error" in answer and self.hit(isinstance(answer["error"], dict)):
            answer["error"]["message"] = f"{NOISE}execution reverted: custom error {NOISE}" + "x" * 2_000
        return answer


class WrappedErrors(Fault):
    """What a contract reverted with stands behind a word, and under another code than 3."""

    def alter(self, request: Request, answer: Answer) -> Answer:
        error = answer.get("error")
        if isinstance(error, dict) and self.hit(isinstance(error.get("data"), str)):
            answer["error"] = {"code": -32015, "message": "VM execution error.", "data": f"Reverted {error['data']}"}
        return answer


FAULTS: dict[str, Callable[[], Fault]] = {
    "logs without times": lambda: LogTimes(*NO_TIMES),
    "long extra data": LongExtraData,
    "logs behind": LogsBehind,
    "logs behind every other time": lambda: LogsBehind(2),
    "capped logs": CappedLogs,
    "pruned logs": PrunedLogs,
    "too many requests": TooManyRequests,
    "refused items": RefusedItems,
    "no batches": NoBatches,
    "state forgotten": StateForgotten,
    "no finalized tag": lambda: NoFinality("error"),
    "no finalized block": lambda: NoFinality("null"),
    "young chain": lambda: NoFinality("first"),
    "loud errors": LoudErrors,
    "wrapped errors": WrappedErrors,
}
"""By name."""

HARMLESS = (
    "logs without times", "long extra data", "logs behind every other time", "too many requests",
    "refused items", "no batches", "state forgotten", "loud errors", "wrapped errors",
)  # fmt: skip
"""Those that a caller copes with: what it does ends as at an honest node."""


def faulty(node: str, *names: str, port: int = 0) -> Proxy:
    """A proxy before `node` with these faults. Raises `KeyError` for one that is not in the table."""
    faults = [FAULTS[name]() for name in names]
    for fault in faults:
        fault.node = node
    return Proxy(node, faults, port)


def main() -> None:
    node, *names = sys.argv[1:]
    with faulty(node, *(names or HARMLESS)) as proxy:
        print(proxy.url, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
