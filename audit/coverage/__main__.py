"""`python -m audit.coverage`: which lines of the contracts the property suite executes, and which no test does.

Writes `audit-report/coverage.json`, whose fields `audit.coverage.lines.result` describes; `suites` adds the share of
lines that each suite executes alone. Fails below 98 % of lines, on a missed line without its reason in
`uncovered.toml`, on a reason that has become stale, and when a test fails.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from audit.coverage.build import Build, build
from audit.coverage.lines import executed, explanations, result, share
from audit.part import ROOT, PartError, Stopwatch, run, write
from audit.suites import IN_PROCESS

EXPLANATIONS = ROOT / "audit" / "uncovered.toml"


@dataclass(frozen=True)
class Suite:
    name: str
    manifest: str
    arguments: Sequence[str]


# Twins are other contracts. The size of code is not that of the deployed one, and neither is its gas.
SUITES = (
    Suite(
        "properties",
        "whole",
        [
            "tests/property",
            "tests/invariant",
            "-k",
            "not twin",
            "--ignore=tests/property/test_bytecode.py",
        ],
    ),
    Suite("units", "whole", ["tests/unit", "--ignore=tests/unit/factory", "-k", "not code_size"]),
    Suite("factory", "factory", ["tests/unit/factory"]),
)


def crumbs_of(suite: Suite, built: Build, folder: Path) -> set[int]:
    """Runs the suite in process. Raises `PartError` when a test fails."""
    found = folder / f"{suite.name}.crumbs"
    environment = {
        **os.environ,
        "DATADAO_CHAIN": "revm",
        "DATADAO_ARTIFACTS": str(getattr(built, suite.manifest)),
        "DATADAO_CRUMBS": str(found),
    }
    command = [*IN_PROCESS, "-p", "audit.coverage.plugin", *suite.arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise PartError(f"tests of {suite.name} fail on the code that leaves crumbs:\n{ended.stdout[-4000:]}")
    return set(json.loads(found.read_text()))


def main(arguments: list[str]) -> int:
    argparse.ArgumentParser(prog="python -m audit.coverage", description=__doc__).parse_args(arguments)
    with Stopwatch() as watch, tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        built = build(folder)
        crumbs = {suite.name: crumbs_of(suite, built, folder) for suite in SUITES}
    found = result(built.points, set().union(*crumbs.values()), explanations(EXPLANATIONS))
    ways = found["ways"]
    return write(
        "coverage",
        ok=not found["wrong"],
        seconds=watch.wall,
        summary=f"{found['covered']} of {found['lines']} lines ({found['share']:.2%}), "
        f"{ways['gone']} of {ways['all']} ways of an if",
        suites={suite: round(share(executed(built.points, seen)), 5) for suite, seen in crumbs.items()},
        **found,
    )


if __name__ == "__main__":
    raise SystemExit(run(main))
