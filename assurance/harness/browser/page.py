"""The members' page, built for a DAO of a test, and served as any file server would."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from assurance import ROOT

KEYS = ("timelock", "token", "splitter", "governor", "leases", "registry")


def configuration(addresses: Mapping[str, str], asset: str, **changes: Any) -> dict[str, Any]:
    """Of a page for the DAO at these addresses; `node` and `desk` are among `changes`."""
    contracts = {key: addresses[key] for key in KEYS} | {"asset": asset}
    return {"name": "Survey of Voters", "chainId": 31337, "since": 0, "contracts": contracts, "desk": None} | changes


def build(folder: Path, config: Mapping[str, Any] | None = None) -> Path:
    """The page's folder; of no DAO without a configuration."""
    given = []
    if config is not None:
        file = folder.with_suffix(".json")
        file.write_text(json.dumps(config))
        given = ["--config", str(file)]
    command = ["node", str(ROOT / "web/build.mjs"), "--out", str(folder), *given]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def bundle(source: str, output: Path) -> Path:
    """A file below web/ as a program for Node (`output` ends with .mjs) or for a browser (.js)."""
    subprocess.run(["node", ROOT / "web/build.mjs", "--program", ROOT / "web" / source, output], check=True)
    return output


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


class FileServer:
    """Serves a folder below a path of its own, as a gateway does. `url` ends with the page's folder."""

    def __init__(self, folder: Path) -> None:
        handler = partial(_Quiet, directory=str(folder.parent))
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/{folder.name}/"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()
