"""Counts what a process asks of nodes and of storage, for `measured`, which runs in the first edition too: nothing of
ours is here."""

from __future__ import annotations

import io
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import obstore
import requests
from requests.adapters import HTTPAdapter

STORE = ("put", "get", "head", "list", "delete")
"""Operations of obstore's; a listing of any length is one."""


SENDING = "eth_sendRawTransaction"


class Counted:
    """What was asked while it was counted: `http` requests, `calls` in them by method, `store` operations by kind; the
    most of these at once; seconds."""

    def __init__(self) -> None:
        self.http = self.sending = 0
        self.alone: list[tuple[str, Any]] = []
        """Since something was sent, what was asked by itself, and the answer; a new sending is an entry of its own."""
        self.calls = Counter[str]()
        self.store = Counter[str]()
        self.names: list[str] = []
        self.under_way = self.most = 0
        self.wall = self.cpu = 0.0
        self.lock = threading.Lock()

    @property
    def waiting(self) -> int:
        """Requests that only ask again, word for word, what was pending when it was asked before: a transaction without
        a receipt, or fewer of the account's mined than a moment later. There are as many as the node is slow to mine;
        the first question about each transaction is none of them."""
        found, lot = 0, dict[str, list[Any]]()
        for question, answer in [*self.alone, (SENDING, None)]:
            if question != SENDING:
                lot.setdefault(question, []).append(answer)
                continue
            for asked, answers in lot.items():
                found += sum(_pending(asked, each, answers) for each in answers[:-1])
            lot = {}
        return found

    @property
    def figures(self) -> dict[str, float]:
        return {
            "http": self.http, "calls": self.calls.total(), "eth_call": self.calls["eth_call"],
            "logs": self.calls["eth_getLogs"], "store": self.store.total(), "fetched": self.store["get"],
            "most": self.most, "wall": self.wall, "cpu": self.cpu,
        }  # fmt: skip


@contextmanager
def counting(delay: float = 0.0, limit: int = 0) -> Iterator[Counted]:
    """Counts all of this process. Each operation of the storage takes `delay` seconds more; the node refuses questions
    for events of more than `limit` blocks, if given."""
    counted, send = Counted(), HTTPAdapter.send

    def sent(self: Any, request: Any, **options: Any) -> Any:
        body = json.loads(request.body)
        batch = body if isinstance(body, list) else [body]
        counted.http += 1
        sending = batch[0]["method"] == SENDING
        counted.sending += sending
        counted.calls.update(each["method"] for each in batch)
        if limit and any(_blocks(each) > limit for each in batch):
            return _refusal(request, body, limit)
        response = send(self, request, **options)
        if sending:
            counted.alone.append((SENDING, None))
        elif len(batch) == 1 and counted.sending:
            (answer,) = [answers] if isinstance(answers := response.json(), dict) else answers
            counted.alone.append((json.dumps([batch[0]["method"], batch[0]["params"]]), answer.get("result")))
        return response

    def counts(kind: str) -> Callable[..., Any]:
        operation = getattr(obstore, kind)

        def run(store: Any, name: str, *rest: Any, **options: Any) -> Any:
            with counted.lock:
                counted.store[kind] += 1
                counted.names.append(f"{kind} {name}")
                counted.under_way += 1
                counted.most = max(counted.most, counted.under_way)
            try:
                time.sleep(delay)
                return operation(store, name, *rest, **options)
            finally:
                with counted.lock:
                    counted.under_way -= 1

        return run

    with (
        patch.object(HTTPAdapter, "send", sent),
        ExitStack() as stack,
    ):
        for kind in STORE:
            stack.enter_context(patch.object(obstore, kind, counts(kind)))
        began, cpu = time.perf_counter(), time.process_time()
        try:
            yield counted
        finally:
            counted.wall, counted.cpu = time.perf_counter() - began, time.process_time() - cpu


def _pending(question: str, answer: Any, answers: Sequence[Any]) -> bool:
    """Whether this answer was that what was sent is not mined yet, by those to the same question after the sending."""
    if "eth_getTransactionCount" in question:
        return int(answer, 16) < max(int(each, 16) for each in answers)
    return "eth_getTransactionReceipt" in question and answer is None


def _blocks(question: Any) -> int:
    """How many blocks a question for events is about."""
    wanted = question["params"][0] if question["method"] == "eth_getLogs" else {}
    if "fromBlock" not in wanted:
        return 0
    return int(wanted["toBlock"], 16) - int(wanted["fromBlock"], 16) + 1


def _refusal(request: Any, body: Any, limit: int) -> Any:
    error = {"code": -32005, "message": f"query exceeds max block range {limit}"}
    batch = body if isinstance(body, list) else [body]
    answers = [{"jsonrpc": "2.0", "id": each["id"], "error": error} for each in batch]
    response = requests.Response()
    response.status_code, response.request, response.url = 200, request, request.url
    response.raw = io.BytesIO(json.dumps(answers if isinstance(body, list) else answers[0]).encode())
    return response
