"""The npm compiler on a standard JSON input and nothing else: what a service does with a publication."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from assurance import ROOT

_PROGRAM = Path(__file__).with_suffix(".js")


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
    done = subprocess.run(
        ["node", str(_PROGRAM), json.dumps(_wanted())],
        input=json.dumps({"input": json.loads(standard), "file": file}),
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    output = json.loads(done.stdout)["output"]
    found = output.get("contracts", {}).get(file, {}).get(name)
    if found is None:
        complaints = [error["formattedMessage"] for error in output.get("errors", [])]
        return Recompiled(b"", b"", [], (*complaints, f"there is no contract {identifier}"))
    creation, runtime = (bytes.fromhex(found["evm"][kind]["object"]) for kind in ("bytecode", "deployedBytecode"))
    return Recompiled(creation, runtime, found["abi"])


@cache
def _wanted() -> list[str]:
    """What the project's own compile asks of each file."""
    manifest = json.loads((ROOT / ".build/__local__.json").read_text())
    (selected, *_) = manifest["compilers"][0]["settings"]["outputSelection"].values()
    wanted: list[str] = selected["*"]
    return wanted
