"""Both editions on one machine: what a command takes in the checkout of each, and the line that is made of it.

The first edition is the one that `make baseline` builds.
"""

from __future__ import annotations

import os
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from assurance import ROOT

FIRST = ROOT / ".baseline"


class Figure(NamedTuple):
    """A line of the table: of both editions the same unit."""

    what: str
    unit: str
    first: float
    now: float
    target: str
    note: str = ""


class Spent(NamedTuple):
    wall: float
    cpu: float
    last: str
    """The last line that was printed."""


def environment() -> dict[str, str]:
    """Of a checkout by itself, which shares nothing with this one but what was downloaded."""
    own = ("VIRTUAL_ENV", "SOLCX_BINARY_PATH", "APE_DATA_FOLDER", "IPYTHONDIR", "PYTHONPATH", "PYTHONPYCACHEPREFIX",
           "APE_FOUNDRY_HOST", "DATADAO_DREW_PORT", "MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL",
           "ARGS")  # fmt: skip
    return {name: value for name, value in os.environ.items() if name not in own}


def downloads() -> list[str]:
    """Variables of make with the download caches of this checkout."""
    caches = {"npm_config_cache": "npm", "PIP_CACHE_DIR": "pip", "UV_CACHE_DIR": "uv"}
    return [f"{name}={ROOT / '.cache' / folder}" for name, folder in caches.items()]


def spent(command: list[Any], folder: Path, **variables: str) -> Spent:
    """What a command took with all its children. Raises `CalledProcessError`."""
    began, before = time.perf_counter(), os.times()
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env=environment() | variables, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, text=True, check=True,
    )  # fmt: skip
    after = os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Spent(time.perf_counter() - began, cpu, next(reversed(done.stdout.split("\n")[:-1]), ""))


def both(measure: Callable[[Path], Any]) -> tuple[Any, Any]:
    """Of the first edition, then of this one."""
    return measure(FIRST), measure(ROOT)


@contextmanager
def clone(checkout: Path) -> Iterator[Path]:
    """A new clone of what is committed in a checkout."""
    with tempfile.TemporaryDirectory(prefix="datadao-") as folder:
        subprocess.run(["git", "clone", "--quiet", "--shared", checkout, folder], check=True)
        yield Path(folder)
