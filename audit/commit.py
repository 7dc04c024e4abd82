"""Which state of the repository a result was made from."""

from __future__ import annotations

import subprocess
from functools import cache
from pathlib import Path
from typing import NamedTuple


class Commit(NamedTuple):
    """`id` is empty outside a checkout."""

    id: str
    subject: str
    dirty: bool


@cache
def commit() -> Commit:
    """As it was when this process first asked."""
    head = _git("log", "-1", "--format=%H%n%s")
    if not head:
        return Commit("", "", dirty=False)
    number, _, subject = head.partition("\n")
    return Commit(number, subject, dirty=bool(_git("status", "--porcelain")))


def _git(*arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", *arguments], cwd=Path(__file__).parent, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
