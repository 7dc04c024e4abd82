"""The desk as an ASGI application: which path leads where, and what of the work leaves the event loop."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from datadao.batches import Catalog
from datadao.chain.signatures import checker
from datadao.client import DataDAO
from datadao.desk import web
from datadao.desk.document import document, page, parsed
from datadao.desk.door import Door
from datadao.desk.inbox import Inbox
from datadao.desk.model import Model
from datadao.desk.reads import Reads
from datadao.desk.static import Page
from datadao.desk.usage import Limits, Usage
from datadao.errors import HashMismatch, InvalidArgument
from datadao.index import TABLES, Index
from datadao.messages.requests import KINDS
from datadao.relay.journal import Journal
from datadao.relay.judge import Judge
from datadao.storage.board import Board
from datadao.storage.store import Store

_JSON = 256 * 1024
"""Bytes of a JSON body: 32 seals, each of 32 shares, in hex."""
_OBJECT = 1024 * 1024
"""Bytes of an object that is given out."""
_WRITE = 1024 * 1024
"""Bytes that are written at once."""
_HASH = re.compile("0x[0-9a-fA-F]{64}")


@dataclass(frozen=True)
class Desk:
    """What a desk has: `page` if it serves one."""

    inbox: Inbox
    reads: Reads
    model: Model
    store: Store
    board: Board
    door: Door
    page: Page | None = None

    @classmethod
    def of(
        cls, dao: DataDAO, store: Store, board: Board, catalog: Catalog, index: Index, folder: Path, limits: Limits, *,
        page: Page | None = None, relay: str | None = None, journal: Callable[[], Journal | None] = lambda: None,
    ) -> Desk:  # fmt: skip
        """Of one DAO; its own files lie in `folder`. `relay` is the address of who pays for requests, and `journal`
        gives that relay's, if one runs beside."""
        usage, check = Usage(folder), checker(dao.web3)
        inbox = Inbox(dao, store, board, usage, limits, check, folder)
        door = Door(dao, board, usage, limits, Judge(dao, catalog, check), journal)
        reads = Reads(dao, catalog, index, limits, relay)
        return cls(inbox, reads, Model(dao, index, catalog, board, store), store, board, door, page)


def application(desk: Desk, policy: str) -> Starlette:
    """Everything that the document names."""
    handed_in, reads, model = (
        _Handed(desk.inbox),
        _Asked(desk.reads, desk.store, desk.board),
        _Modelled(desk.reads, desk.model),
    )
    routes: list[BaseRoute] = [
        Route("/openapi.json", _document),
        Route("/api", _page),
        Route("/v1/dao", reads.plain("dao")),
        Route("/v1/datasets", reads.plain("datasets")),
        Route("/v1/datasets/{id}/card", model.card),
        Route("/v1/tables", model.tables),
        *(Route(f"/v1/tables/{name}", model.rows(name)) for name in TABLES),
        Route("/v1/audit", model.audit),
        Route("/v1/objects/{sha256}", reads.object),
        Route("/v1/agreements/{keccak256}", reads.agreement),
        Route("/v1/proposals", reads.proposals),
        Route("/v1/proposals/{id}", reads.proposal),
        Route("/v1/leases", reads.paged("leases")),
        Route("/v1/offers", reads.paged("offers")),
        Route("/v1/books", reads.plain("books")),
        Route("/v1/accounts/{address}", reads.account),
        Route("/v1/accounts/{address}/contributions", reads.contributions),
        Route("/v1/submissions", handed_in.announce, methods=["POST"]),
        Route("/v1/submissions/{id}", handed_in.standing),
        Route("/v1/submissions/{id}/objects/{sha256}", handed_in.put, methods=["PUT"]),
        *(Route(f"/v1/requests/{kind}", _poster(desk.door, kind), methods=["POST"]) for kind in KINDS),
        Route("/v1/requests/{id}", _stander(desk.door)),
    ]
    if desk.page is not None:
        routes.append(Mount("/", desk.page))
    return Starlette(routes=routes, middleware=[Middleware(web.Headers, policy)], exception_handlers=web.handlers())


async def _document(request: Request) -> Response:  # noqa: ARG001  # Starlette's signature
    return JSONResponse(document())


async def _page(request: Request) -> Response:  # noqa: ARG001  # Starlette's signature
    return HTMLResponse(page())


def _poster(door: Door, kind: str) -> Callable[[Request], Any]:
    body = document()["paths"][f"/v1/requests/{kind}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
    shape = body["$ref"].rpartition("/")[2]

    async def post(request: Request) -> Response:
        asked = parsed(await web.body(request, _JSON), shape)
        return JSONResponse(await run_in_threadpool(door.post, kind, asked, _client(request)), 202)

    return post


def _stander(door: Door) -> Callable[[Request], Any]:
    async def standing(request: Request) -> Response:
        return JSONResponse(await run_in_threadpool(door.standing, _hash(request, "id")))

    return standing


class _Handed:
    """The inbox's paths."""

    def __init__(self, inbox: Inbox) -> None:
        self._inbox = inbox

    async def announce(self, request: Request) -> Response:
        asked = parsed(await web.body(request, _JSON), "Submission")
        standing = await run_in_threadpool(self._inbox.announce, asked, _client(request))
        return JSONResponse(standing.document)

    async def standing(self, request: Request) -> Response:
        standing = await run_in_threadpool(self._inbox.standing, _hash(request, "id"))
        return JSONResponse(standing.document)

    async def put(self, request: Request) -> Response:
        key, digest, size = _hash(request, "id"), _hash(request, "sha256"), web.length(request, 2**63)
        upload = await run_in_threadpool(self._inbox.expect, key, digest, size, _client(request))
        if upload is not None:
            try:
                waiting = bytearray()
                async for chunk in web.chunks(request):
                    waiting += chunk
                    if len(waiting) >= _WRITE:
                        await run_in_threadpool(upload.write, bytes(waiting))
                        waiting.clear()
                await run_in_threadpool(upload.write, bytes(waiting))
                await run_in_threadpool(upload.keep)
            finally:
                await run_in_threadpool(upload.close)
        standing = await run_in_threadpool(self._inbox.standing, key)
        return JSONResponse(standing.document)


class _Asked:
    """The paths of what is read."""

    def __init__(self, reads: Reads, store: Store, board: Board) -> None:
        self._reads, self._store, self._board = reads, store, board

    def plain(self, method: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:  # noqa: ARG001  # Starlette's signature
            return await self._cached(method)

        return answer

    def paged(self, method: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            return await self._cached(method, *_page_of(request))

        return answer

    async def proposals(self, request: Request) -> Response:
        return await self._cached("proposals", request.query_params.get("open") == "true", *_page_of(request))

    async def proposal(self, request: Request) -> Response:
        return await self._cached("proposal", request.path_params["id"])

    async def account(self, request: Request) -> Response:
        return await self._cached("account", request.path_params["address"])

    async def contributions(self, request: Request) -> Response:
        return await self._cached("contributions", request.path_params["address"], *_page_of(request))

    async def object(self, request: Request) -> Response:
        digest = _hash(request, "sha256")
        data = await run_in_threadpool(self._store.get, digest, _OBJECT)
        if hashlib.sha256(data).digest() != digest:
            raise HashMismatch("the object", digest, hashlib.sha256(data).digest())
        return _as_bytes(data)

    async def agreement(self, request: Request) -> Response:
        return _as_bytes(await run_in_threadpool(self._board.agreement, _hash(request, "keccak256")))

    async def _cached(self, *question: Any) -> Response:
        return JSONResponse(await run_in_threadpool(self._reads.cached, *question))


def _as_bytes(data: bytes) -> Response:
    """What lies here anybody wrote: it is handed on as bytes, and never shown by this address."""
    headers = {"Content-Disposition": "attachment", "Cache-Control": "public, max-age=31536000, immutable"}
    return Response(data, media_type="application/octet-stream", headers=headers)


class _Modelled:
    """The paths of the read model."""

    def __init__(self, reads: Reads, model: Model) -> None:
        self._reads, self._model = reads, model

    async def card(self, request: Request) -> Response:
        return await self._of(self._model.card, request.path_params["id"])

    async def tables(self, request: Request) -> Response:  # noqa: ARG002  # Starlette's signature
        return await self._of(self._model.tables)

    def rows(self, name: str) -> Callable[[Request], Any]:
        async def answer(request: Request) -> Response:
            _, limit = _page_of(request)
            wanted = tuple(sorted((k, v) for k, v in request.query_params.items() if k not in ("after", "limit")))
            return await self._of(self._model.rows, name, wanted, request.query_params.get("after"), limit)

        return answer

    async def audit(self, request: Request) -> Response:  # noqa: ARG002  # Starlette's signature
        return JSONResponse(await run_in_threadpool(self._model.audit))

    async def _of(self, method: Callable[..., Any], *question: Any) -> Response:
        return JSONResponse(await run_in_threadpool(self._reads.kept.of, method, *question))


def _page_of(request: Request) -> tuple[str | None, int]:
    """Where a page begins, and how long it is. Raises `InvalidArgument`."""
    limit = request.query_params.get("limit", "20")
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:4]) <= 100):
        raise InvalidArgument(f"limit {limit[:80]!r}: expected 1 to 100")
    before = request.query_params.get("before")
    if before is not None and len(before) > 80:
        raise InvalidArgument("before: expected what the page before gave as `next`")
    return before, int(limit)


def _hash(request: Request, name: str) -> bytes:
    given = request.path_params[name]
    if not _HASH.fullmatch(given):
        raise InvalidArgument(f"{name} {given[:80]!r}: expected 0x and 64 hex digits")
    return bytes.fromhex(given[2:])


def _client(request: Request) -> str:
    return request.client.host if request.client else ""
