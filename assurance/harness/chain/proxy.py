"""A node that misbehaves: an HTTP proxy before a real one, which rewrites questions or answers, or says nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, NamedTuple, Self

import requests
from urllib3 import PoolManager

Request = dict[str, Any]
Answer = dict[str, Any]
Response = tuple[int, dict[str, str], Any]


class Asked(NamedTuple):
    """A question; `together` in a batch."""

    method: str
    params: Any
    together: bool


class Fault:
    """What a node does wrong; this one nothing. `node` is the address of the real node."""

    node: str
    methods: frozenset[str] | None = None
    """Those that it affects; None for all."""

    def __init__(self) -> None:
        self.hits = 0
        self._session = requests.Session()

    def concerns(self, asked: Sequence[Asked]) -> bool:
        """Whether a caller that asks this can meet it."""
        return any(self.methods is None or each.method in self.methods for each in asked)

    def respond(self, body: Request | list[Request]) -> Response | None:
        """Instead of any answer: HTTP status, headers, body."""
        return None

    def refuse(self, request: Request) -> Answer | None:
        """Instead of the node's answer: an error."""
        return None

    def alter(self, request: Request, answer: Answer) -> Answer:
        """The answer as the caller gets it."""
        return answer

    def rpc(self, method: str, *params: Any) -> Any:
        """The real node's result."""
        question = {"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}
        return self._session.post(self.node, json=question, timeout=60).json()["result"]

    def hit(self, happened: bool = True) -> bool:
        self.hits += happened
        return happened


class Proxy:
    """Passes everything on unless set otherwise: `ask` alters each request, `alter` each answer, `silent` keeps every
    caller waiting, `status` is the HTTP status; `faults` act besides, the first of them nearest to the node. `asked`
    counts the requests, `seen` holds each."""

    def __init__(self, node: str, faults: Sequence[Fault] = (), port: int = 0) -> None:
        self.node = node
        self.ask: Callable[[Request], Request] = lambda request: request
        self.alter: Callable[[Request, Answer], Answer] = lambda _, answer: answer
        self.faults: Sequence[Fault] = faults
        self.silent = False
        self.status = 200
        self.asked = 0
        self.seen: list[Asked] = []
        self._over = threading.Event()
        self._pool = PoolManager()
        self._lock = threading.Lock()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True  # head and body go out apart, and the second would wait 40 ms

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if proxy.silent:
                    proxy._over.wait()
                    self.close_connection = True
                    return
                with proxy._lock:
                    status, headers, answer = proxy._respond(body)
                data = json.dumps(answer).encode()
                self.send_response(status)
                for name, value in ({"Content-Type": "application/json"} | headers).items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where it listens; the key in it must appear in no log."""
        return f"http://127.0.0.1:{self.port}/v2/SECRETKEY"

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def stop(self) -> None:
        """Closes the port."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _respond(self, body: Request | list[Request]) -> tuple[int, dict[str, str], Any]:
        for fault in reversed(self.faults):
            if (instead := fault.respond(body)) is not None:
                return instead
        answer = self._answer(body)
        return self.status, {}, answer

    def _answer(self, body: Request | list[Request]) -> Answer | list[Answer]:
        batch = body if isinstance(body, list) else [body]
        self.asked += len(batch)
        self.seen += [Asked(request["method"], request.get("params"), isinstance(body, list)) for request in batch]
        batch = [self.ask(request) for request in batch]
        answers = [self._refused(request) for request in batch]
        open_ = [place for place, answer in enumerate(answers) if answer is None]
        if open_:
            questions = [batch[place] for place in open_]
            found = self._pool.request("POST", self.node, json=questions, timeout=60, retries=False).json()
            for place, answer in zip(open_, found, strict=True):
                answers[place] = answer
        altered = []
        for request, answer in zip(batch, answers, strict=True):
            for fault in self.faults:
                answer = fault.alter(request, answer or {})
            altered.append(self.alter(request, answer or {}))
        return altered if isinstance(body, list) else altered[0]

    def _refused(self, request: Request) -> Answer | None:
        for fault in reversed(self.faults):
            if (error := fault.refuse(request)) is not None:
                return {"jsonrpc": "2.0", "id": request["id"], "error": error}
        return None


def at_block(tag: str, number: int | str) -> Callable[[Request], Request]:
    """Asked for the block `tag`, the node shows another one: as a stuck or over-eager node does."""

    def ask(request: Request) -> Request:
        if request["method"] == "eth_getBlockByNumber" and request["params"][0] == tag:
            shown = number if isinstance(number, str) else hex(number)
            return {**request, "params": [shown, *request["params"][1:]]}
        return request

    return ask
