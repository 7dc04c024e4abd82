"""Compiled contracts, as Ape left them: the same bytecode that `ape run deploy` sends.

The environment variable `DATADAO_ARTIFACTS` names another manifest of the same shape: a mutant, or code made for
measuring coverage.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_utils import keccak

from assurance import ROOT
from datadao.chain.abi import FACTORY, ORDER, signature_of

_COMPILED = ROOT / ".build" / "__local__.json"
MANIFEST = Path(os.environ.get("DATADAO_ARTIFACTS") or _COMPILED)
IS_DEPLOYED_CODE = MANIFEST == _COMPILED


DEPLOYED = (*(name for _, name in ORDER), FACTORY)
"""The contracts of a DAO, in the order of their deployment, and the factory."""


@dataclass(frozen=True)
class Artifact:
    name: str
    abi: list[dict[str, Any]]
    creation: bytes
    runtime: bytes


def stale() -> str:
    """Why the compiled contracts are not those of the sources, in one line; empty if they are, or are a mutant's."""
    if not IS_DEPLOYED_CODE:
        return ""
    command = [sys.executable, str(ROOT / "toolchain" / "compile"), "--check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stderr.strip() if done.returncode else ""


@functools.cache
def artifacts() -> dict[str, Artifact]:
    if reason := stale():
        raise RuntimeError(reason)
    types = json.loads(MANIFEST.read_text())["contractTypes"]
    return {
        name: Artifact(
            name,
            entry.get("abi", []),
            _code(entry, "deploymentBytecode"),
            _code(entry, "runtimeBytecode"),
        )
        for name, entry in types.items()
    }


def _code(entry: dict[str, Any], key: str) -> bytes:
    return bytes.fromhex((entry.get(key) or {}).get("bytecode", "0x").removeprefix("0x"))


@functools.cache
def errors() -> dict[bytes, dict[str, Any]]:
    """Every custom error of every contract, by selector."""
    return {
        keccak(text=signature_of(entry))[:4]: entry
        for artifact in artifacts().values()
        for entry in artifact.abi
        if entry["type"] == "error"
    }


@functools.cache
def events() -> dict[bytes, dict[str, Any]]:
    """Every event of every contract, by topic."""
    return {
        keccak(text=signature_of(entry)): entry
        for artifact in artifacts().values()
        for entry in artifact.abi
        if entry["type"] == "event"
    }
