"""Power cuts: a process dies between two of its reads and writes, or in the middle of one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from assurance.harness.dao.parties import FakeView
from datadao.custodian.journal import Journal
from datadao.storage.store import Store

_BOUNDARIES: tuple[tuple[type, tuple[str, ...]], ...] = (
    (Store, ("put", "get", "has", "names")),
    (Journal, ("append",)),
    (Path, ("unlink", "replace")),
    (FakeView, ("_ask",)),
)


class Crash(BaseException):
    """The power went. Not an `Exception`: nothing may handle it."""


class Power:
    """Counts reads of the chain, accesses to storage and writes to disk, and goes off before the `step`th of them,
    which is after the one before. `torn` leaves half of a log entry on disk."""

    def __init__(self, step: int = -1, *, torn: bool = False) -> None:
        self.acts: list[str] = []
        self._step, self._torn = step, torn

    def wire(self, patch: pytest.MonkeyPatch) -> None:
        for owner, names in _BOUNDARIES:
            for name in names:
                patch.setattr(owner, name, self._guarded(f"{owner.__name__}.{name}", getattr(owner, name)))

    def _guarded(self, label: str, act: Callable[..., Any]) -> Callable[..., Any]:
        def guarded(*args: Any, **settings: Any) -> Any:
            self.acts.append(label)
            if len(self.acts) == self._step + 1:
                # Records are named by hashes of random seals, so that two lives may come to them in another order.
                if self._torn and label == "Journal.append":
                    _tear(args[0], lambda: act(*args, **settings))
                raise Crash
            return act(*args, **settings)

        return guarded


def _tear(journal: Journal, append: Callable[[], Any]) -> None:
    handle = journal._file.fileno()
    before = os.fstat(handle).st_size
    append()
    os.truncate(handle, before + (os.fstat(handle).st_size - before) // 2)
