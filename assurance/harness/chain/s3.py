"""A real S3 server, and one that misbehaves: a proxy in front of it with a vice."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import boto3
from moto.moto_server.werkzeug_app import create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server

KEYS: dict[str, Any] = {"access_key_id": "test", "secret_access_key": "test", "region": "us-east-1"}
CONDITION = "if-none-match"


def client(endpoint: str) -> Any:
    """What an operator looks into a bucket with."""
    keys = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": "us-east-1"}
    return boto3.client("s3", endpoint_url=endpoint, **keys)


class _Quiet(WSGIRequestHandler):
    """Logs no request."""

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        pass


class S3Server:
    """A server that speaks the S3 protocol, at `endpoint` until `stop`; another of this process has the same buckets.

    It is moto's S3 without moto's dispatcher, which lists the folders of all its services at each request.
    """

    def __init__(self, port: int = 0) -> None:
        app = create_backend_app("s3")
        self._server = make_server("127.0.0.1", port, app, threaded=True, request_handler=_Quiet)
        self.port = self._server.port
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def bucket(self, name: str) -> None:
        """Creates a bucket."""
        client(self.endpoint).create_bucket(Bucket=name)

    def stop(self) -> None:
        self._server.shutdown()
        self._thread.join()

    def __enter__(self) -> S3Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()


@dataclass
class Vicious:
    """Passes requests on to the server behind it. `vice` is None, "ignores" conditions, "refuses" them with 501,
    "denies" every request, or "keeps" what is to be deleted. `requests` lists method and path of what came."""

    behind: str
    vice: str | None = None
    requests: list[tuple[str, str]] = field(default_factory=list)
    endpoint: str = ""

    def count(self, method: str) -> int:
        return sum(1 for seen, _ in self.requests if seen == method)


@contextmanager
def vicious(behind: str, vice: str | None) -> Iterator[Vicious]:
    """A proxy with this vice in front of a server."""
    made = Vicious(behind, vice)
    target = urlsplit(behind).netloc

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass(self) -> None:
            made.requests.append((self.command, self.path))
            body = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            conditional = [name for name in headers if name.lower() == CONDITION]
            if made.vice == "denies":
                self._answer(403, _error("AccessDenied"))
                return
            if made.vice == "keeps" and self.command == "POST" and self.path.endswith("?delete"):
                self._answer(200, b"<DeleteResult>" + _kept(body) + b"</DeleteResult>")
                return
            if made.vice == "refuses" and conditional:
                self._answer(501, _error("NotImplemented"))
                return
            if made.vice == "ignores":
                for name in conditional:
                    del headers[name]
            onward = HTTPConnection(target, timeout=30)
            onward.request(self.command, self.path, body, headers)
            answer = onward.getresponse()
            self._answer(answer.status, answer.read(), dict(answer.getheaders()))
            onward.close()

        def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                if name.lower() not in ("transfer-encoding", "connection", "content-length", "server", "date"):
                    self.send_header(name, value)
            length = (headers or {}).get("Content-Length", str(len(body))) if self.command == "HEAD" else str(len(body))
            self.send_header("Content-Length", length)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass  # noqa: N815  # the base's names

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    made.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _error(code: str) -> bytes:
    return f'<?xml version="1.0" encoding="UTF-8"?><Error><Code>{code}</Code><Message>{code}</Message></Error>'.encode()


def _kept(asked: bytes) -> bytes:
    """What Amazon says of each object that these credentials may not delete."""
    each = b"<Error>%b<Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
    return b"".join(each % key for key in re.findall(rb"<Key>.*?</Key>", asked))
