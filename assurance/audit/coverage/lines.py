"""From crumbs to lines, and the explanations of lines that nothing executes."""

from __future__ import annotations

import tomllib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from assurance.audit.coverage.instrument import Point
from assurance.audit.part import PartError

NEEDED = 0.98
"""Share of lines that the property suite executes, before explanations."""


@dataclass(frozen=True)
class Missed:
    file: str
    line: int
    text: str
    reason: str | None
    """Why nothing executes it; None fails the run."""


@dataclass(frozen=True)
class Explanation:
    """An entry of `uncovered.toml`. Lines move, so it names the text."""

    file: str
    text: str
    reason: str


def explanations(path: Path) -> list[Explanation]:
    """Raises `PartError` for an entry that is not a file, a text and a reason."""
    entries = tomllib.loads(path.read_text()).get("line", [])
    for entry in entries:
        if set(entry) != {"file", "text", "reason"} or not all(isinstance(v, str) and v for v in entry.values()):
            raise PartError(f"{path.name}: expected file, text and reason in each [[line]], got {entry}")
    return [Explanation(**entry) for entry in entries]


def executed(points: Sequence[Point], crumbs: AbstractSet[int]) -> dict[tuple[str, int, str], bool]:
    """Of each line with a statement (file, number, text), whether one that starts there was executed."""
    lines: dict[tuple[str, int, str], bool] = defaultdict(bool)
    for number, point in enumerate(points):
        if point.way is None:
            lines[point.file, point.line, point.text] |= number in crumbs
    return dict(lines)


def share(lines: dict[tuple[str, int, str], bool]) -> float:
    return sum(lines.values()) / len(lines)


def result(
    points: Sequence[Point],
    by_properties: AbstractSet[int],
    crumbs: AbstractSet[int],
    explained: Iterable[Explanation],
) -> dict[str, Any]:
    """`files`: of each file, its lines, those covered, and the missed ones. `ways`: both ways of each `if`.
    `wrong`: what fails the run. All but the share `by_properties` is of all crumbs, any suite's."""
    lines = executed(points, crumbs)
    reasons = {(entry.file, entry.text): entry.reason for entry in explained}
    misses = [Missed(*line, reasons.get((line[0], line[2]))) for line, was in lines.items() if not was]
    wrong = [f"{m.file}:{m.line} is executed by no test and unexplained: {m.text}" for m in misses if not m.reason]
    stale = reasons.keys() - {(miss.file, miss.text) for miss in misses}
    wrong += [f"explanation of a line that is executed, or gone: {file}: {text}" for file, text in sorted(stale)]
    own = share(executed(points, by_properties))
    if own < NEEDED:
        wrong.append(f"{own:.2%} of lines are executed by the property suite, {NEEDED:.0%} are needed")
    files = sorted({file for file, _, _ in lines})
    ways = [(number in crumbs, point) for number, point in enumerate(points) if point.way]
    return {
        "lines": len(lines),
        "covered": sum(lines.values()),
        "share": round(share(lines), 5),
        "by_properties": round(own, 5),
        "files": {
            file: {
                "lines": sum(line[0] == file for line in lines),
                "covered": sum(was for line, was in lines.items() if line[0] == file),
                "missed": [asdict(miss) for miss in misses if miss.file == file],
            }
            for file in files
        },
        "ways": {
            "all": len(ways),
            "gone": sum(gone for gone, _ in ways),
            "never": [asdict(point) for gone, point in ways if not gone],
        },
        "wrong": wrong,
    }
