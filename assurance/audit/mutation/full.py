"""full.json: what the last full run came to, kept with the code because an audit only takes a sample."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from typing_extensions import TypedDict

from assurance import ROOT
from assurance.audit.part import commit

FILE = Path(__file__).with_name("full.json")
_FIGURES = ("mutants", "killed", "survived", "explained", "score")


class Full(TypedDict):
    commit: str
    contracts: str
    """Their hash."""
    mutants: int
    killed: int
    survived: int
    explained: int
    score: float


def contracts() -> str:
    """A hash of all that can be mutated."""
    texts = [path for path in sorted((ROOT / "contracts").rglob("*.sol")) if "mocks" not in path.parts]
    return hashlib.sha256(b"".join(hashlib.sha256(path.read_bytes()).digest() for path in texts)).hexdigest()


def keep(details: Mapping[str, Any], path: Path = FILE) -> None:
    full = {"commit": commit().id, "contracts": contracts(), **{name: details[name] for name in _FIGURES}}
    path.write_text(json.dumps(full, indent=1) + "\n")


def read(path: Path = FILE) -> Full | None:
    if not path.exists():
        return None
    full: Full = json.loads(path.read_text())
    return full
