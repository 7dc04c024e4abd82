"""Manifests, in the shape of Ape's, whose code of ours leaves crumbs."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from assurance import ROOT
from assurance.audit.coverage.instrument import Point, instrument
from assurance.harness.chain.artifacts import DEPLOYED, MANIFEST
from assurance.harness.chain.compiler import Compiler, with_codes
from datadao.chain.abi import FACTORY


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
        trees = compiler.syntax([f"contracts/{name}.sol" for name in DEPLOYED])
        instrumented = instrument(trees, {name: (ROOT / name).read_text() for name in trees})
        codes = {name: compiler.compile(name, instrumented.sources) for name in DEPLOYED}

    def manifest(name: str, contracts: Collection[str]) -> Path:
        path = folder / f"{name}.json"
        path.write_text(with_codes(MANIFEST, {contract: codes[contract] for contract in contracts}))
        return path

    return Build(instrumented.points, manifest("whole", DEPLOYED), manifest("factory", [FACTORY]))
