"""The peers' npm packages, alone and without their dependencies: they are read, never installed.

`toolchain/peers.json` says which, with the hash of each; what does not have that hash is refused.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tarfile
from functools import cached_property
from pathlib import Path
from typing import Any

from assurance import ROOT

PINNED = ROOT / "toolchain" / "peers.json"
STORE = ROOT / ".cache" / "peers"
CACHE = ROOT / ".cache" / "npm"
PATIENCE = 120
"""Seconds for a download of 15 MB."""


class UnavailableError(Exception):
    """A package could not be fetched: no network, or no registry."""


class Package:
    """One pinned package. Raises `UnavailableError` where it is not at hand, `ValueError` where it is another."""

    def __init__(self, name: str) -> None:
        pinned = json.loads(PINNED.read_text())[name]
        self.name: str = name
        self.version: str = pinned["version"]
        self.licence: str = pinned["licence"]
        self._archive = _fetch(name, self.version)
        digest = base64.b64encode(hashlib.sha512(self._archive.read_bytes()).digest()).decode()
        if pinned["integrity"] != f"sha512-{digest}":
            self._archive.unlink()
            raise ValueError(f"{name}@{self.version}: expected {pinned['integrity']}, got sha512-{digest}")

    @cached_property
    def _contents(self) -> dict[str, bytes]:
        """Its JSON and Solidity files by path; build records of tens of megabytes left out."""
        with tarfile.open(self._archive) as archive:
            wanted = (m for m in archive if m.name.endswith((".json", ".sol")) and m.size < 4_000_000)
            return {m.name.removeprefix("package/"): archive.extractfile(m).read() for m in wanted}  # type: ignore[union-attr]

    def read(self, path: str) -> str:
        return self._contents[path].decode()

    def artifact(self, path: str) -> dict[str, Any]:
        """The parsed JSON of a compiled contract."""
        parsed: dict[str, Any] = json.loads(self._contents[path])
        return parsed


def _fetch(name: str, version: str) -> Path:
    archive = STORE / f"{name.removeprefix('@').replace('/', '-')}-{version}.tgz"
    if archive.exists():
        return archive
    STORE.mkdir(parents=True, exist_ok=True)
    command = [
        "npm",
        "pack",
        f"{name}@{version}",
        "--pack-destination",
        str(STORE),
        "--ignore-scripts",
        "--loglevel=error",
    ]
    command += ["--fetch-retries=0", f"--cache={CACHE}"]
    try:
        done = subprocess.run(command, cwd=STORE, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise UnavailableError(f"{name}@{version} could not be fetched: {error}") from error
    if done.returncode or not archive.exists():
        said = (done.stderr.strip().splitlines() or ["npm said nothing"])[0]
        raise UnavailableError(f"{name}@{version} could not be fetched: {said}")
    return archive
