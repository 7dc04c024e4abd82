"""Manifests, in the shape of Ape's, whose code of ours leaves crumbs."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from assurance import ROOT
from assurance.audit.coverage.instrument import Point, instrument
from assurance.harness.chain.artifacts import MANIFEST
from assurance.harness.chain.compiler import Compiler

CONTRACTS = (
    "DataToken",
    "RevenueSplitter",
    "DatasetRegistry",
    "DataLeases",
    "ModelRegistry",
    "DataGovernor",
    "DataTimelock",
    "EmergencyBrake",
    "DataDAOFactory",
)


@dataclass(frozen=True)
class Build:
    points: list[Point]
    whole: Path
    """Every contract leaves crumbs."""
    factory: Path
    """The factory alone: the others, with crumbs in them, are too large for its blueprints."""


def build(folder: Path) -> Build:
    """Compiles into `folder`."""
    with Compiler() as compiler:
        trees = compiler.syntax([f"contracts/{name}.sol" for name in CONTRACTS])
        instrumented = instrument(trees, {name: (ROOT / name).read_text() for name in trees})
        codes = {name: compiler.compile(name, instrumented.sources) for name in CONTRACTS}

    def manifest(name: str, contracts: Collection[str]) -> Path:
        content = json.loads(MANIFEST.read_text())
        for contract in contracts:
            entry, code = content["contractTypes"][contract], codes[contract]
            entry["deploymentBytecode"]["bytecode"] = f"0x{code.creation.hex()}"
            entry["runtimeBytecode"]["bytecode"] = f"0x{code.runtime.hex()}"
        path = folder / f"{name}.json"
        path.write_text(json.dumps(content))
        return path

    return Build(instrumented.points, manifest("whole", CONTRACTS), manifest("factory", ["DataDAOFactory"]))
