"""Answers that many ask for, worked out once for each block."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from datadao.chain.rpc import Block

SECONDS = 10.0
"""For which an answer serves everybody who asks, unless a new block comes first."""
_MOST = 1_000


class Kept:
    """`newest` reads the newest block."""

    def __init__(self, newest: Callable[[], Block]) -> None:
        self._newest = newest
        self._answers: dict[tuple[Any, ...], tuple[bytes, float, Any]] = {}
        self._locks: dict[tuple[Any, ...], threading.Lock] = {}
        self._lock = threading.Lock()

    def of(self, method: Callable[..., Any], *question: Any) -> Any:
        """What the method answers to the question; asked once a block, however many ask it. Raises what it raises."""
        newest, key = self._newest().hash, (method, *question)
        with self._lock:
            if len(self._locks) > _MOST:
                self._locks, self._answers = {}, {}
            lock = self._locks.setdefault(key, threading.Lock())
        with lock:
            block, until, found = self._answers.get(key, (b"", 0.0, None))
            if block != newest or time.monotonic() > until:
                found = method(*question)
                self._answers[key] = newest, time.monotonic() + SECONDS, found
            return found
