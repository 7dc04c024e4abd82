"""What every answer of the desk has in common: refusals as JSON, headers, bodies no longer or slower than agreed."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from datadao.chain.connection import with_libraries
from datadao.errors import (
    ChainUnavailable,
    DataDAOError,
    NodeRefused,
    ObjectMissing,
    ObjectTaken,
    ObjectTooLarge,
    SignatureRefused,
    StoreError,
)
from datadao.text import visible_log

log = visible_log("datadao.desk")

PAUSE = 30.0
"""Seconds for which a body may say nothing."""


class LengthNeeded(DataDAOError):
    """A body without a Content-Length."""


class TooMuch(DataDAOError):
    """A limit of the day is used up."""


class NotFound(DataDAOError):
    """There is nothing of this name."""


_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (NotFound, 404),
    (ObjectMissing, 404),
    (ObjectTaken, 409),
    (LengthNeeded, 411),
    (ObjectTooLarge, 413),
    (TooMuch, 429),
    (SignatureRefused, 403),
    (StoreError, 503),
    (ChainUnavailable, 503),
    (NodeRefused, 503),
    (DataDAOError, 400),
)


def refusal(kind: str, message: str, status: int) -> Response:
    """Why something was not done, as the document has it."""
    return JSONResponse({"error": {"kind": kind, "message": message}}, status)


async def refused(request: Request, error: Exception) -> Response:  # noqa: ARG001  # Starlette's signature
    """A refusal of the client's as an answer: whose fault it is decides the status."""
    status = next(status for kind, status in _STATUS if isinstance(error, kind))
    message = str(error)
    if status == 503:
        # A node's or a storage's own words are for the operator.
        log.warning("%s: %s", type(error).__name__, message)
        message = "the desk cannot reach its node or its storage now; try again in a minute"
    return refusal(type(error).__name__, message, status)


async def broken(request: Request, error: Exception) -> Response:
    """What a library raised because something outside failed."""
    log.warning("%s %s: %s: %s", request.method, request.url.path, type(error).__name__, error)
    return refusal("NodeRefused", "the desk cannot reach its node or its storage now; try again in a minute", 503)


async def http_refused(request: Request, error: Exception) -> Response:  # noqa: ARG001  # Starlette's signature
    """What Starlette refuses itself: no such path, or not this method."""
    assert isinstance(error, HTTPException)
    return refusal("NotFound" if error.status_code == 404 else "InvalidArgument", error.detail, error.status_code)


async def gone(request: Request, error: Exception) -> Response:  # noqa: ARG001  # Starlette's signature
    """Nobody reads this answer."""
    return Response(status_code=400)


def handlers() -> dict[Any, Any]:
    """Of all that may be raised."""
    return {
        DataDAOError: refused,
        HTTPException: http_refused,
        ClientDisconnect: gone,
        **dict.fromkeys(with_libraries(OSError), broken),
    }


class Headers:
    """Adds what every answer carries: the policy of the page, and that any page may read what is not secret."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._headers = {
            "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer",
            "Cross-Origin-Opener-Policy": "same-origin",
            "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
            # No cookie and no session means anything here, so that a page of another host may use the desk.
            "Access-Control-Allow-Origin": "*",
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return await self._app(scope, receive, send)

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self._headers.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/v1/"):
                    headers.setdefault("Cache-Control", "no-store")
            await send(message)

        if scope["method"] == "OPTIONS":
            allowed = {"Access-Control-Allow-Methods": "GET, POST, PUT", "Access-Control-Allow-Headers": "content-type",
                       "Access-Control-Max-Age": "86400"}  # fmt: skip
            return await Response(status_code=204, headers=allowed)(scope, receive, sending)
        return await self._app(scope, receive, sending)


def length(request: Request, most: int) -> int:
    """The body's length as it is announced. Raises `LengthNeeded`, `ObjectTooLarge`."""
    stated = request.headers.get("content-length", "")
    if not (stated.isascii() and stated.isdecimal()):
        raise LengthNeeded("the body's length is needed in Content-Length")
    if int(stated[:20]) > most:
        raise ObjectTooLarge(f"the body has {stated[:20]} bytes; at most {most} are taken")
    return int(stated)


async def chunks(request: Request) -> AsyncIterator[bytes]:
    """The body, piece by piece. Raises `ClientDisconnect` where its sender falls silent for `PAUSE`."""
    stream = request.stream().__aiter__()
    while True:
        try:
            async with asyncio.timeout(PAUSE):
                chunk = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise ClientDisconnect from None
        if chunk:
            yield chunk


async def body(request: Request, most: int) -> bytes:
    """The whole of a small body. Raises as `length`."""
    length(request, most)
    found = bytearray()
    async for chunk in chunks(request):
        found += chunk
        if len(found) > most:
            raise ObjectTooLarge(f"the body is longer than the {most} bytes that are taken")
    return bytes(found)


def quiet() -> None:
    """Nothing of a request but its outcome is logged: who asks for what is nobody's business."""
    logging.getLogger("uvicorn.access").disabled = True
