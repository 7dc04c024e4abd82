"""`python -m assurance.audit.coverage`: which lines of the contracts the property suite executes, and which no test
does.

The property suite is the state machines, the property tests and every other test that docs/properties.md or
docs/abuse-cases.md names, as far as they run in process. Writes `audit-report/coverage.json`, whose fields
`assurance.audit.coverage.lines.result` describes; `suites` adds the share of lines that each suite executes alone.
Fails when the property suite executes less than 98 % of lines, on a line that no test executes without its reason in
`uncovered.toml`, on a reason that has become stale, and when a test fails. The same runs are recorded for
`assurance.audit.coverage.reach`, which writes `audit-report/reach.json`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from assurance import ROOT
from assurance.audit import properties
from assurance.audit.coverage import reach
from assurance.audit.coverage.build import Build, build
from assurance.audit.coverage.lines import executed, explanations, result, share
from assurance.audit.part import IN_PROCESS, PartError, parser, run, write
from assurance.bench.report import Stopwatch

EXPLANATIONS = Path(__file__).with_name("uncovered.toml")


FACTORY = "tests/unit/factory"
PROPERTIES = "properties"
RECORD = "record"


@dataclass(frozen=True)
class Suite:
    name: str
    manifest: str
    arguments: Sequence[str]


def suites() -> list[Suite]:
    """Each in runs of its own for the factory, which cannot have its blueprints leave crumbs too."""
    pages = properties.wanted(())
    named = {f"tests/{test}" for table in pages.values() for row in table for test in row.tests}
    named = {test for test in named if test.startswith("tests/unit/") and "code_size" not in test}
    in_factory = {test for test in named if test.startswith(FACTORY)}
    # Twins are other contracts. The size of code is not that of the deployed one, and neither is its gas.
    other = [f"--ignore=tests/property/{name}.py" for name in ("test_bytecode", "test_flat_gas")]
    lives = ["tests/property", "tests/invariant", *other, "-k", "not twin"]
    return [
        Suite(PROPERTIES, "whole", [*lives, *sorted(named - in_factory)]),
        Suite(PROPERTIES, "factory", sorted(in_factory)),
        Suite("units", "whole", ["tests/unit", f"--ignore={FACTORY}", "-k", "not code_size"]),
        Suite("units", "factory", [FACTORY]),
    ]


def crumbs_of(suite: Suite, built: Build, folder: Path) -> set[int]:
    """Runs the suite in process, with recording on. Raises `PartError` when a test fails."""
    found = folder / f"{suite.name}-{suite.manifest}.crumbs"
    environment = {
        **os.environ,
        "DATADAO_CHAIN": "revm",
        "DATADAO_ARTIFACTS": str(getattr(built, suite.manifest)),
        "DATADAO_CRUMBS": str(found),
        "DATADAO_RECORD": str(folder / RECORD),
    }
    command = [*IN_PROCESS, "-p", "assurance.audit.coverage.plugin", *suite.arguments]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if ended.returncode != 0:
        raise PartError(f"tests of {suite.name} fail on the code that leaves crumbs:\n{ended.stdout[-4000:]}")
    return set(json.loads(found.read_text()))


def main(arguments: list[str]) -> int:
    parser("assurance.audit.coverage", __doc__).parse_args(arguments)
    crumbs: defaultdict[str, set[int]] = defaultdict(set)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Stopwatch() as watch:
            built = build(folder)
            for suite in suites():
                crumbs[suite.name] |= crumbs_of(suite, built, folder)
        all_reached = reach.judge(folder / RECORD)
    found = result(built.points, crumbs[PROPERTIES], set().union(*crumbs.values()), explanations(EXPLANATIONS))
    ways = found["ways"]
    all_covered = write(
        "coverage",
        ok=not found["wrong"],
        seconds=watch.wall,
        summary=f"{found['by_properties']:.2%} of {found['lines']} lines by the property suite, {found['covered']} "
        f"({found['share']:.2%}) by all; {ways['gone']} of {ways['all']} ways of an if",
        suites={suite: round(share(executed(built.points, seen)), 5) for suite, seen in crumbs.items()},
        **found,
    )
    return all_reached or all_covered


if __name__ == "__main__":
    raise SystemExit(run(main))
