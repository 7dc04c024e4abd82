"""The npm compiler on a standard JSON input and nothing else: what a service does with a publication."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any

from assurance import ROOT

_PROGRAM = Path(__file__).with_suffix(".js")
_ONE_BY_ONE = Lock()
"""Services answer in threads."""


@dataclass(frozen=True)
class Recompiled:
    """A contract's codes without arguments and immutables, and the compiler's complaints if there is none."""

    creation: bytes
    runtime: bytes
    abi: list[dict[str, Any]]
    errors: tuple[str, ...] = ()


@cache
def compiler() -> str:
    """The npm compiler's version with its commit, as a publication names it."""
    said = subprocess.run(
        [str(ROOT / "toolchain/solcx/solc-v0.8.37"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"Version: ([0-9.]+\+commit\.[0-9a-f]{8})", said)
    assert found is not None, said
    return found[1]


def recompile(standard: Mapping[str, Any], identifier: str) -> Recompiled:
    """Compiles `file:Contract` of an input. No file of this machine is read for it."""
    return _recompiled(json.dumps(standard, sort_keys=True), identifier)


@cache
def _recompiled(standard: str, identifier: str) -> Recompiled:
    file, _, name = identifier.rpartition(":")
    with _ONE_BY_ONE:
        program = _program()
        assert program.stdin and program.stdout
        program.stdin.write(json.dumps({"input": json.loads(standard), "file": file, "name": name}) + "\n")
        program.stdin.flush()
        found = json.loads(program.stdout.readline())
    if "abi" not in found:
        return Recompiled(b"", b"", [], (*found["errors"], f"there is no contract {identifier}"))
    return Recompiled(bytes.fromhex(found["creation"]), bytes.fromhex(found["runtime"]), found["abi"])


@cache
def _program() -> subprocess.Popen[str]:
    """It loads the compiler once, and ends with this process."""
    command = ["node", str(_PROGRAM), json.dumps(_wanted())]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@cache
def _wanted() -> list[str]:
    """What the project's own compile asks of each file."""
    manifest = json.loads((ROOT / ".build/__local__.json").read_text())
    (selected, *_) = manifest["compilers"][0]["settings"]["outputSelection"].values()
    wanted: list[str] = selected["*"]
    return wanted
