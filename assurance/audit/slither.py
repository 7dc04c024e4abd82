"""`python -m assurance.audit.slither`: every finding of Slither is triaged, one by one.

triage.toml says of each finding why it is none. A finding that it does not name fails the run, and so does an entry
that no finding answers to any more: the reasons stay those of today's code. `exclude_informational` and the like are
not used, and no detector is left out.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from assurance import ROOT
from assurance.audit.part import PartError, write
from assurance.bench.report import Stopwatch

SLITHER = ROOT / ".cache" / "slither" / "bin" / "slither"
TRIAGE = Path(__file__).with_name("triage.toml")
BUILD = ROOT / ".forge" / "slither" / "out"
IMPACTS = ("High", "Medium", "Low", "Informational", "Optimization")


class Finding(NamedTuple):
    impact: str
    check: str
    where: str
    """Contract, function with its signature, variable: what stays when lines move."""
    text: str


def analyse() -> list[Finding]:
    """Slither's findings in the contracts and what they inherit, libraries of others left out."""
    if not SLITHER.exists():
        raise PartError("Slither is not installed: run `make audit`, or `make audit ARGS=slither` once")
    environment = os.environ | {"FOUNDRY_PROFILE": "slither"}
    sources = [str(path.relative_to(ROOT)) for path in sorted((ROOT / "contracts").glob("*.sol"))]
    # From scratch: beside those of today's sources, Slither would read what an earlier build left.
    shutil.rmtree(BUILD.parent, ignore_errors=True)
    _run(["forge", "build", "--quiet", *sources], environment)
    answer = BUILD / "findings.json"
    options = ["--ignore-compile", "--foundry-out-directory", str(BUILD.relative_to(ROOT))]
    # The exit code says how many findings there are; what it found, and whether it could look at all, is in the file.
    _run(
        [str(SLITHER), ".", *options, "--filter-paths", "node_modules", "--json", str(answer)], environment, check=False
    )
    if not answer.exists():
        raise PartError("Slither ended without an answer")
    found: dict[str, Any] = json.loads(answer.read_text())
    if not found["success"]:
        raise PartError(f"Slither failed: {found['error']}")
    return sorted(map(_finding, found["results"].get("detectors", [])), key=lambda f: (IMPACTS.index(f.impact), f))


def _run(command: list[str], environment: dict[str, str], *, check: bool = True) -> None:
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise PartError(f"{Path(command[0]).name} failed:\n{done.stdout}{done.stderr}")


def _finding(entry: dict[str, Any]) -> Finding:
    return Finding(entry["impact"], entry["check"], _where(entry["elements"][0]), entry["description"].strip())


def _where(element: dict[str, Any]) -> str:
    fields = element.get("type_specific_fields", {})
    parent = fields.get("parent")
    name: str = fields.get("signature", element["name"])
    return name if parent is None or parent["type"] == "file" else f"{_where(parent)}.{name}"


def triaged(findings: Iterable[Finding], triage: dict[str, Any]) -> tuple[list[dict[str, Any]], list[str]]:
    """The findings with their reasons, and what is wrong: findings without, and reasons for findings that are not.

    A place that is named twice has two findings of this check, a third one is new.
    """
    reasons: dict[tuple[str, str], str] = {}
    expected: Counter[tuple[str, str]] = Counter()
    for entry in triage["finding"]:
        for where in entry["where"]:
            reasons[entry["check"], where] = entry["reason"]
            expected[entry["check"], where] += 1
    rows, wrong, left = [], [], expected.copy()
    for finding in findings:
        key = finding.check, finding.where
        known = left[key] > 0
        left[key] -= known
        if not known:
            wrong.append(f"untriaged: {finding.impact} {finding.check} at {finding.where}: {finding.text}")
        rows.append(finding._asdict() | {"reason": reasons[key] if known else None})
    wrong += [f"stale: no {check} at {where} any more" for check, where in left.elements()]
    return rows, wrong


def main(arguments: list[str]) -> int:
    if arguments:
        raise PartError(f"slither takes no arguments, got {' '.join(arguments)}")
    with Stopwatch() as watch:
        rows, wrong = triaged(analyse(), tomllib.loads(TRIAGE.read_text()))
    counts = Counter(row["impact"] for row in rows)
    counted = ", ".join(f"{counts[impact]} {impact.lower()}" for impact in IMPACTS if counts[impact])
    summary = (
        f"{len(rows)} findings ({counted}), {len(wrong)} without a reason of today"
        if wrong
        else (f"{len(rows)} findings ({counted}), each with its reason in assurance/audit/triage.toml")
    )
    return write("slither", ok=not wrong, seconds=watch.wall, summary=summary, wrong=wrong, findings=rows)


if __name__ == "__main__":
    from assurance.audit.part import run

    sys.exit(run(main))
