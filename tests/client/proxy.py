"""A node that misbehaves: an HTTP proxy before a real one, which rewrites questions or answers, or says nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple, Self

import requests

if TYPE_CHECKING:
    from tests.outside.vices import Vice

Request = dict[str, Any]
Answer = dict[str, Any]


class Asked(NamedTuple):
    """A question; `together` in a batch."""

    method: str
    params: Any
    together: bool


class Proxy:
    """Honest unless told otherwise. `ask` sees each request before the node does, `tell` each answer after; `silent`
    keeps every caller waiting, `status` is what HTTP says; `vices` do what is theirs besides, the first of them
    nearest to the node. `asked` counts the requests, `seen` holds each."""

    def __init__(self, node: str, vices: Sequence[Vice] = (), port: int = 0) -> None:
        self.node = node
        self.ask: Callable[[Request], Request] = lambda request: request
        self.tell: Callable[[Request, Answer], Answer] = lambda _, answer: answer
        self.vices: Sequence[Vice] = vices
        self.silent = False
        self.status = 200
        self.asked = 0
        self.seen: list[Asked] = []
        self._over = threading.Event()
        self._session = requests.Session()
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
        """Where it listens; the key in it must never be seen in a log."""
        return f"http://127.0.0.1:{self._server.server_address[1]}/v2/SECRETKEY"

    def stop(self) -> None:
        """Nobody listens any more."""
        self._over.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _respond(self, body: Request | list[Request]) -> tuple[int, dict[str, str], Any]:
        for vice in reversed(self.vices):
            if (instead := vice.respond(body)) is not None:
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
            found = self._session.post(self.node, json=[batch[place] for place in open_], timeout=60).json()
            for place, answer in zip(open_, found, strict=True):
                answers[place] = answer
        altered = []
        for request, answer in zip(batch, answers, strict=True):
            for vice in self.vices:
                answer = vice.tell(request, answer or {})
            altered.append(self.tell(request, answer or {}))
        return altered if isinstance(body, list) else altered[0]

    def _refused(self, request: Request) -> Answer | None:
        for vice in reversed(self.vices):
            if (error := vice.refuse(request)) is not None:
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
