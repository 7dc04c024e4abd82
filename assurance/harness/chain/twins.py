"""Twins: what takes the place of a deployed contract in a test. `DataLeases.RefundsTwice` is that mistake of
mistakes.toml; `DataLeases` alone, the control, is the same compile with nothing changed.

They are compiled when they are first asked for, without via-IR and optimizer, and kept on disk.
"""

from __future__ import annotations

import atexit
import functools
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from assurance import ROOT
from assurance.harness.chain.artifacts import Artifact, artifacts
from assurance.harness.chain.compiler import SETTINGS, Code, CompileError, Compiler, replace_file
from assurance.harness.mistakes import MistakeError, mistakes

CACHE = ROOT / ".cache" / "mistakes"
CODE_LIMIT = 2**20
"""Bytes. Code without optimizer may be larger than a chain allows."""


def in_place(contracts: Sequence[str], names: Sequence[str]) -> dict[str, Artifact]:
    """What is deployed of each of these contracts: its twin among those named, or what `make compile` made.

    Raises:
        MistakeError: a name is of no such contract or mistake, it does not compile, or two are of one contract.
    """
    found = {contract: artifacts()[contract] for contract in contracts}
    taken: set[str] = set()
    for name in names:
        contract = name.partition(".")[0]
        if contract not in found:
            raise MistakeError(f"{name!r} takes the place of no contract here; there are {', '.join(contracts)}")
        if contract in taken:
            raise MistakeError(f"two twins of {contract}: {', '.join(names)}")
        taken.add(contract)
        found[contract] = twin(name)
    return found


@functools.cache
def twin(name: str) -> Artifact:
    """One twin."""
    contract, _, mistake = name.partition(".")
    if mistake and name not in mistakes():
        raise MistakeError(f"there is no mistake {name!r} in the table")
    code = compiled(name)
    return replace(artifacts()[contract], creation=code.creation, runtime=code.runtime)


def compiled(name: str) -> Code:
    """The code of a twin; from disk, if nothing that it is made of has changed since."""
    edits = mistakes()[name].sources() if "." in name else {}
    path = CACHE / f"{name}.json"
    if code := _kept(path, edits):
        return code
    try:
        code = _compiler(os.getpid()).compile(name.partition(".")[0], edits)
    except CompileError as error:
        raise MistakeError(f"{name} does not compile:\n{error}") from None
    entry = {
        "settings": SETTINGS,
        "edits": _digests(edits),
        "files": {file: _digest_of(file) for file in code.files},
        "creation": code.creation.hex(),
        "runtime": code.runtime.hex(),
    }
    replace_file(path, json.dumps(entry))
    return code


def _kept(path: Path, edits: Mapping[str, str]) -> Code | None:
    try:
        entry: dict[str, Any] = json.loads(path.read_text())
        sound = entry["settings"] == SETTINGS and entry["edits"] == _digests(edits)
        if sound and all(_digest_of(file) == digest for file, digest in entry["files"].items()):
            return Code(bytes.fromhex(entry["creation"]), bytes.fromhex(entry["runtime"]), tuple(entry["files"]))
    except (OSError, ValueError, KeyError):
        pass  # not compiled yet, or by something older than this
    return None


def _digests(texts: Mapping[str, str]) -> dict[str, str]:
    return {name: hashlib.sha256(text.encode()).hexdigest() for name, text in texts.items()}


@functools.cache
def _digest_of(file: str) -> str:
    """Of a source file, by the name under which the compiler knows it."""
    path = ROOT / ("node_modules" if file.startswith("@") else ".") / file
    return hashlib.sha256(path.read_bytes()).hexdigest()


@functools.cache
def _compiler(process: int) -> Compiler:
    compiler = Compiler()
    atexit.register(compiler.close)
    return compiler
