"""The page's files: read once, served as they were then, under a policy that lets nothing of a stranger's run."""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from datadao.errors import InvalidArgument

LIMIT = 32 * 1024 * 1024
"""Bytes of a page in all: more is another folder than was meant."""
INDEX = "index.html"

_HASHED = re.compile(r"[.-]([0-9a-zA-Z]{8,64})\.[a-z0-9]+$")
"""A bundler's name with a hash of the content in it: such a file never changes."""


@dataclass(frozen=True)
class _File:
    data: bytes
    headers: dict[str, str]


class Page:
    """An ASGI application of the files of `folder`, for GET and HEAD. `sha256` is the one that a release states and the
    page shows: of all files but the index, which is each DAO's own. Raises `InvalidArgument` for a folder that is no
    page."""

    def __init__(self, folder: Path) -> None:
        self._files = {name: _file(name, data) for name, data in _contents(folder)}
        if INDEX not in self._files:
            raise InvalidArgument(f"{folder} holds no {INDEX}; name the folder of a built page")
        self.sha256 = _digest({name: file.data for name, file in self._files.items() if name != INDEX})

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        name = scope["path"].lstrip("/") or INDEX
        file = self._files.get(name)
        if scope["method"] not in ("GET", "HEAD"):
            answer = Response(status_code=405, headers={"Allow": "GET, HEAD"})
        elif file is None:
            answer = Response("There is no such page here.\n", 404, media_type="text/plain")
        elif file.headers["ETag"] in Headers(scope=scope).get("If-None-Match", ""):
            answer = Response(status_code=304, headers=file.headers)
        else:
            answer = Response(file.data, headers=file.headers)
        await answer(scope, receive, send)


def policy(connect: Sequence[str] = ()) -> str:
    """The Content-Security-Policy of everything that the desk serves: scripts and styles of its own files alone, and
    requests to itself and the origins of these addresses, which are nodes'. Raises `InvalidArgument`."""
    allowed = " ".join(dict.fromkeys(["'self'", *map(_origin, connect)]))
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; "
        f"worker-src 'self' blob:; manifest-src 'self'; connect-src {allowed}; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or re.search(r"[;,\s]", parts.netloc):
        raise InvalidArgument(f"node {url!r}: expected an address like https://node.example")
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}"


def _contents(folder: Path) -> list[tuple[str, bytes]]:
    if not folder.is_dir():
        raise InvalidArgument(f"there is no folder {folder}; name the folder of a built page")
    found, size = [], 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file() or path.name.startswith("."):
            continue
        size += path.stat().st_size
        if size > LIMIT:
            raise InvalidArgument(f"{folder} holds more than {LIMIT} bytes; name the folder of a built page")
        found.append((path.relative_to(folder).as_posix(), path.read_bytes()))
    return found


def _file(name: str, data: bytes) -> _File:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    text = kind.startswith("text/") or kind in ("application/javascript", "application/json", "image/svg+xml")
    forever = _HASHED.search(name) is not None
    digest = hashlib.sha256(data).digest()
    return _File(data, {
        "Content-Type": f"{kind}; charset=utf-8" if text else kind,
        "Cache-Control": "public, max-age=31536000, immutable" if forever else "no-cache",
        "ETag": f'"{base64.urlsafe_b64encode(digest).decode().rstrip("=")}"',
    })  # fmt: skip


def _digest(files: dict[str, bytes]) -> str:
    """sha256 of the lines `sha256sum` prints of the files in the order of their names: what a release states."""
    lines = (f"{hashlib.sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()
