"""The desk as an ASGI application: which path leads where."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from datadao.desk import web
from datadao.desk.document import document, page
from datadao.desk.static import Page


def application(static: Page | None, policy: str) -> Starlette:
    """Everything that the document names; `static` is the page, if the desk serves one."""
    routes: list[BaseRoute] = [
        Route("/openapi.json", _document),
        Route("/api", _page),
    ]
    if static is not None:
        routes.append(Mount("/", static))
    return Starlette(routes=routes, middleware=[Middleware(web.Headers, policy)], exception_handlers=web.handlers())


async def _document(request: Request) -> Response:  # noqa: ARG001  # Starlette's signature
    return JSONResponse(document())


async def _page(request: Request) -> Response:  # noqa: ARG001  # Starlette's signature
    return HTMLResponse(page())
