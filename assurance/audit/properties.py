"""`python -m assurance.audit.properties`: runs every test that holds a property or an abuse case, reported by ID.

    python -m assurance.audit.properties [ID ...]    only those of, say, S-3 and AB-17

An ID stands if all its tests passed. Proofs are another part of the audit (docs/proofs.md).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from assurance import ROOT
from assurance.audit.catalogue import PAGES, Row, rows
from assurance.audit.part import BOTH_WAYS, IN_PROCESS, ON_A_NODE, REPORT, PartError, run, write
from assurance.bench.report import Stopwatch

_REPORTED = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)
Outcomes = dict[str, list[str]]
"""What became of a test, given as the pages give it, for each of its parameters: `passed`, `failed` or `skipped`."""


def wanted(numbers: Iterable[str]) -> dict[str, list[Row]]:
    """The rows of both pages, or those with these IDs."""
    pages = {page: rows(page) for page in PAGES}
    known = {row.id for table in pages.values() for row in table}
    if unknown := sorted(set(numbers) - known):
        where = ", ".join(str(path.relative_to(ROOT)) for path in PAGES.values())
        raise PartError(f"no property or abuse case has the ID {', '.join(unknown)}: see {where}")
    chosen = set(numbers) or known
    return {page: [row for row in table if row.id in chosen] for page, table in pages.items()}


def tried(tests: Iterable[str]) -> Outcomes:
    """Runs the tests: in process what can, the rest and what is marked `node` in one session on a node."""
    named = sorted(set(tests))
    either = [test for test in named if test.startswith(BOTH_WAYS)]
    found = _ran(IN_PROCESS, either) if either else {}
    rest = [test for test in named if test not in found]
    return found | (_ran(ON_A_NODE, rest) if rest else {})


def _ran(command: Sequence[str], tests: Iterable[str]) -> Outcomes:
    report = REPORT / "properties.xml"
    REPORT.mkdir(exist_ok=True)
    report.unlink(missing_ok=True)
    environment = dict(os.environ)
    environment.pop("DATADAO_CHAIN", None)
    if command is IN_PROCESS:
        environment["DATADAO_CHAIN"] = "revm"
    options = ["--junitxml", str(report), "-o", "junit_family=xunit1"]
    asked = [*command, *(f"tests/{test}" for test in tests), *options]
    done = subprocess.run(asked, cwd=ROOT, env=environment, check=False)
    if done.returncode not in _REPORTED or not report.exists():
        raise PartError(f"the tests could not be run: pytest ended with exit code {done.returncode}, see above")
    return outcomes(report)


def outcomes(report: Path) -> Outcomes:
    """From pytest's own report."""
    found: Outcomes = defaultdict(list)
    for case in ET.parse(report).getroot().iter("testcase"):  # noqa: S314 - pytest wrote it
        kinds = {child.tag for child in case}
        outcome = "failed" if kinds & {"failure", "error"} else "skipped" if "skipped" in kinds else "passed"
        # A class stands at the end of the class name, after the module.
        module = case.get("file", "").removeprefix("tests/")
        owner = (
            case.get("classname", "").removeprefix("tests." + module.removesuffix(".py").replace("/", ".")).strip(".")
        )
        name = case.get("name", "").partition("[")[0]
        found["::".join(filter(None, (module, owner, name)))].append(outcome)
    return found


def judged(row: Row, ran: Outcomes) -> dict[str, Any]:
    """A property or abuse case with the outcomes of its tests."""
    tests = {test: ran.get(test, []) for test in row.tests}
    failed = sorted(test for test, results in tests.items() if not results or set(results) != {"passed"})
    return {
        "id": row.id,
        "tests": {test: len(results) for test, results in tests.items()},
        "proofs": list(row.proofs),
        "twins": list(row.twins),
        "failed": failed,
        "remark": row.remark if not row.tests else "",
    }


def main(arguments: list[str]) -> int:
    pages = wanted(arguments)
    named = {test for table in pages.values() for row in table for test in row.tests}
    with Stopwatch() as watch:
        ran = tried(named)
    result: dict[str, Any] = {page: [judged(row, ran) for row in table] for page, table in pages.items()}
    wrong = [f"{row['id']}: {test}" for table in result.values() for row in table for test in row["failed"]]
    kept = {page: sum(not row["failed"] for row in table) for page, table in result.items()}
    summary = (
        f"{kept['properties']} of {len(result['properties'])} properties and {kept['abuse_cases']} of "
        f"{len(result['abuse_cases'])} abuse cases stand, in {sum(map(len, ran.values()))} tests"
    )
    return write("properties", ok=not wrong, seconds=watch.wall, summary=summary, wrong=wrong, **result)


if __name__ == "__main__":
    sys.exit(run(main))
