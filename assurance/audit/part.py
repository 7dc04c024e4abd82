"""What every part of the audit shares: where it is, how it reports its result, how it fails."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from assurance import ROOT

REPORT = ROOT / "audit-report"
VARIABLES = ("STEPS", "MUTANTS", "SEEDED")
"""Of the environment, that change what a part does."""


class PartError(Exception):
    """A part could not do its work; the message says why and what to do."""


def write(part: str, *, ok: bool, seconds: float, summary: str, whole: bool | None = None, **details: Any) -> int:
    """Writes `audit-report/<part>.json` and prints its summary. Returns the exit code: 0 if `ok`.

    `whole` says whether this was all of the part, or more; by default it was if nothing was asked for in particular.
    `wrong`, if among the details, lists each thing that is, one line each.
    """
    REPORT.mkdir(exist_ok=True)
    result = {
        "ok": ok,
        "seconds": round(seconds, 1),
        "summary": summary,
        "whole": not _asked if whole is None else whole,
        "asked": _asked,
        "commit": commit()._asdict(),
        **details,
    }
    (REPORT / f"{part}.json").write_text(json.dumps(result, indent=1) + "\n")
    print(f"{part}: {'ok' if ok else 'FAILED'}: {summary}")
    for line in details.get("wrong", ()):
        print(f"  {line}", file=sys.stderr)
    return 0 if ok else 1


_asked = ""
"""Arguments of this command, and variables of its environment."""


def parser(module: str, about: str | None) -> argparse.ArgumentParser:
    """Of a part's command; `about` is the docstring of its module, which begins with what it does."""
    return argparse.ArgumentParser(prog=f"python -m {module}", description=(about or "").partition("\n")[0])


def whole_number(text: str) -> int:
    """Of an argument such as 10,000 or 10_000."""
    plain = text.replace(",", "").replace("_", "")
    if not plain.isdecimal():
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number")
    return int(plain)


def run(main: Callable[[list[str]], int]) -> int:
    """The part as a command of its own."""
    global _asked
    _asked = " ".join([*(f"{name}={os.environ[name]}" for name in VARIABLES if os.environ.get(name)), *sys.argv[1:]])
    commit()
    try:
        return main(sys.argv[1:])
    except PartError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2


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


IN_PROCESS = ("python", "-m", "pytest", "-q", "-p", "no:ape_test", "-p", "no:cacheprovider", "-m", "not node")
"""With `DATADAO_CHAIN=revm`: a tenth of a node's time."""


ON_A_NODE = (str(ROOT / "toolchain" / "run"), "ape", "test", "--network", "ethereum:local:foundry", "-q")
"""`toolchain/run` draws a free port for the node."""


BOTH_WAYS = ("unit/", "scenario/", "property/", "invariant/")
"""Folders below tests/ whose tests run in process, but for those marked `node`."""
