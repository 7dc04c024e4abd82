"""A pytest plugin that gathers the crumbs of every EVM of a run. `DATADAO_CRUMBS` names the file they go to."""

from __future__ import annotations

import functools
import json
import os
import weakref
from pathlib import Path
from typing import Any

from assurance.audit.coverage.instrument import crumbs_in
from assurance.harness.chain.evm import Revm

_found: set[int] = set()
_at_the_end: list[weakref.finalize[Any, Revm]] = []
_create = Revm.__init__


def _gather(evm: Any) -> None:
    _found.update(crumbs_in(evm))


@functools.wraps(_create)
def _watched(self: Revm, *args: Any, **kwargs: Any) -> None:
    _create(self, *args, **kwargs)
    # Not `evm`, which is for changes: from then on no answer would be kept, and lives ask for the same again and again.
    _at_the_end.append(weakref.finalize(self, _gather, self._evm))


Revm.__init__ = _watched  # type: ignore[method-assign]


def pytest_unconfigure() -> None:
    """EVMs that went were looked at when they did; these are the others."""
    for look in _at_the_end:
        look()
    Path(os.environ["DATADAO_CRUMBS"]).write_text(json.dumps(sorted(_found)))
