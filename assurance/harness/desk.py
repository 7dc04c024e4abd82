"""An ASGI application on a server of the test's own, in this process."""

from __future__ import annotations

import threading
from types import TracebackType
from typing import Any

import requests
import uvicorn

from assurance.harness.chain.node import until


class Served:
    """Serves `app` on a free port while it is entered."""

    def __init__(self, app: Any) -> None:
        self._server = uvicorn.Server(uvicorn.Config(app, "127.0.0.1", 0, log_level="error", lifespan="off"))
        self._socket = self._server.config.bind_socket()
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"

    def __enter__(self) -> Served:
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],), daemon=True)
        self._thread.start()
        until(lambda: self._server.started)
        return self

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """A request of this path, as it is written."""
        prepared = requests.Request(method, self.url, **options).prepare()
        prepared.url = f"{self.url}/{path}"
        with requests.Session() as session:
            return session.send(prepared, timeout=30)

    def get(self, path: str = "", **options: Any) -> requests.Response:
        """The same with GET."""
        return self.ask("GET", path, **options)

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.should_exit = True
        self._thread.join()
        self._socket.close()
