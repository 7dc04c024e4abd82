"""What leaves a browser, byte by byte: in front of a desk, and in front of a node."""

from __future__ import annotations

from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from urllib3 import PoolManager


class Recorder:
    """An ASGI application that passes requests on to `app` and keeps them: target, headers and body, one after
    another."""

    def __init__(self, app: ASGIApp, kept: bytearray) -> None:
        self._app, self._kept = app, kept

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self._kept += scope["raw_path"] + b"?" + scope["query_string"] + b"\n"
            self._kept += b"".join(name + b": " + value + b"\n" for name, value in scope["headers"])

        async def receiving() -> Message:
            message = await receive()
            self._kept.extend(message.get("body", b""))
            return message

        await self._app(scope, receiving, send)


def door(node: str) -> Starlette:
    """The node at this address, for pages of any origin."""
    pool = PoolManager()
    allowed = {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": "content-type",
        "Access-Control-Allow-Methods": "POST",
    }

    def forward(body: bytes) -> bytes:
        headers = {"Content-Type": "application/json"}
        answer: bytes = pool.request("POST", node, body=body, headers=headers, timeout=60, retries=False).data
        return answer

    async def ask(request: Request) -> Response:
        if request.method == "OPTIONS":
            return Response(status_code=204, headers=allowed)
        body = await request.body()
        return Response(await run_in_threadpool(forward, body), media_type="application/json", headers=allowed)

    routes: list[Any] = [Route("/", ask, methods=["POST", "OPTIONS"])]
    return Starlette(routes=routes)
