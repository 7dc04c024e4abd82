"""A node that misbehaves: an HTTP proxy before a real one, which rewrites questions or answers, or says nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import requests

Request = dict[str, Any]
Answer = dict[str, Any]


class Proxy:
    """Honest until told otherwise. `ask` sees each request before the node does, `tell` each answer after; `silent`
    keeps every caller waiting, `status` is what HTTP says. `asked` counts the requests."""

    def __init__(self, node: str) -> None:
        self.node = node
        self.ask: Callable[[Request], Request] = lambda request: request
        self.tell: Callable[[Request, Answer], Answer] = lambda _, answer: answer
        self.silent = False
        self.status = 200
        self.asked = 0
        self._over = threading.Event()
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                if proxy.silent:
                    proxy._over.wait()
                    return
                data = json.dumps(proxy._answer(body)).encode()
                self.send_response(proxy.status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
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

    def _answer(self, body: Request | list[Request]) -> Answer | list[Answer]:
        batch = body if isinstance(body, list) else [body]
        self.asked += len(batch)
        batch = [self.ask(request) for request in batch]
        answers = requests.post(self.node, json=batch, timeout=30).json()
        told = [self.tell(request, answer) for request, answer in zip(batch, answers, strict=True)]
        return told if isinstance(body, list) else told[0]


def at_block(tag: str, number: int | str) -> Callable[[Request], Request]:
    """Asked for the block `tag`, the node shows another one: as a stuck or over-eager node does."""

    def ask(request: Request) -> Request:
        if request["method"] == "eth_getBlockByNumber" and request["params"][0] == tag:
            shown = number if isinstance(number, str) else hex(number)
            return {**request, "params": [shown, *request["params"][1:]]}
        return request

    return ask
