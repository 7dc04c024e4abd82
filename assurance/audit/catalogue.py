"""Properties and abuse cases: their text from the pages, their tests from the tests' names, their twins from the table.

    python -m assurance.audit.catalogue [--write]    shows docs/tests.md, or writes it

A test holds the IDs in its name (`_S3`, `__s3_ab17`, `check_L3_…`) and those after "Holds" in its docstring, where they
are too many for a name.
"""

from __future__ import annotations

import ast
import functools
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from assurance import ROOT
from assurance.harness.mistakes import mistakes

PAGES = {"properties": ROOT / "docs" / "properties.md", "abuse_cases": ROOT / "docs" / "abuse-cases.md"}
LISTS = ROOT / "docs" / "tests.md"
TESTS = ROOT / "tests"
FEWEST = {"T": 10, "S": 13, "R": 14, "L": 14, "G": 14, "X": 7, "K": 11, "AB": 93, "B": 24}
"""How many of each area there are. Removing a property needs a change here too."""
KINDS = frozenset("SHDUL")
IMPOSSIBLE = "Impossible: "
_AREA = "|".join(sorted(FEWEST, key=len, reverse=True))
_ENTRY = re.compile(r"^- \*\*\[([A-Z]+-\d+)\]\([^)]*\)\*\* (.*?)(?=^- |^$|\Z)", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"\*(Attack|Checked|Here):\* ")
_IN_TEXT = re.compile(rf"\b({_AREA})-(\d{{1,2}})\b(?:\s+to\s+\1-(\d{{1,2}})\b)?")
_IN_NAME = re.compile(rf"(?<=_)({_AREA})(\d{{1,2}})(?=_|$)", re.IGNORECASE)
_HOLDS = re.compile(r"\bHolds ([^.]+)\.")
_HEAD = """# Tests of each property and abuse case

Generated from the names of the tests by `toolchain/run python -m assurance.audit.catalogue --write`; a test fails when
it is stale. What each ID says: [properties](properties.md), [abuse cases](abuse-cases.md).

Run one with `make test ARGS="tests/PATH::NAME"`. A *proof* is a function of `make prove`.
A *twin* is the contract with one mistake of [`mistakes.toml`](../assurance/harness/mistakes.toml) that random lives
notice in every `make test`; a *seeded* one is noticed by ordinary tests in every `make audit`.
"""
_NEVER_RUN = re.compile(r"\b(skip|skipif|xfail)\b")


@dataclass(frozen=True)
class Row:
    """A property or an abuse case, and what tries it."""

    id: str
    text: str
    attack: str = ""
    kinds: tuple[str, ...] = ()
    remark: str = ""
    tests: tuple[str, ...] = ()
    """Pytest IDs below `tests/`."""
    proofs: tuple[str, ...] = ()
    """`file::function` below `tests/`."""
    twins: tuple[str, ...] = ()
    """Mistakes that random lives notice in every run of the suite."""
    seeded: tuple[str, ...] = ()
    """Mistakes that ordinary tests notice in every `make audit`."""


@dataclass(frozen=True)
class Test:
    """A test or a proof that holds IDs."""

    __test__ = False
    reference: str
    ids: frozenset[str]
    skipped: bool = False


def entries(text: str) -> list[Row]:
    """What a page says of each ID, without tests and twins."""
    found = []
    for id_, body in _ENTRY.findall(text):
        said, *rest = _FIELD.split(" ".join(body.split()))
        fields = {name: value.strip() for name, value in zip(rest[::2], rest[1::2], strict=True)}
        kinds = tuple(fields.get("Checked", "").strip(".").split())
        found.append(Row(id_, said.strip(), fields.get("Attack", ""), kinds, fields.get("Here", "")))
    return found


@functools.cache
def held(folder: Path = TESTS) -> tuple[Test, ...]:
    """Every test and proof below a folder that holds an ID, file by file."""
    tests = (test for file in sorted(folder.rglob("test_*.py")) for test in _tests(file, folder))
    proofs = (test for file in sorted(folder.rglob("*.t.sol")) for test in _proofs(file, folder))
    return tuple(test for test in (*tests, *proofs) if test.ids)


def rows(page: str) -> list[Row]:
    """The IDs of a page, a key of `PAGES`, each with its tests and twins."""
    return [_tried(entry) for entry in entries(PAGES[page].read_text())]


def lists() -> str:
    """The text of docs/tests.md."""
    table = [row for page in PAGES for row in rows(page)]
    return _HEAD + "".join(f"\n## {row.id}\n\n{_list(row)}" for row in table)


def gaps(text: str, *areas: str) -> list[str]:
    """What is wrong with the numbers of a page that must have these areas; empty if nothing is."""
    numbers: dict[str, list[int]] = {area: [] for area in areas}
    for entry in entries(text):
        area, _, number = entry.id.partition("-")
        numbers.setdefault(area, []).append(int(number))
    wrong = []
    for area, known in numbers.items():
        if known != list(range(1, len(known) + 1)):
            wrong.append(f"{area} is not numbered from 1 on, each once: {known}")
        if len(known) < FEWEST.get(area, 0):
            wrong.append(f"{area} has {len(known)} entries and had {FEWEST[area]}")
        if f"{_id(area, 1)} to {_id(area, len(known))}" not in text:
            wrong.append(f"the page does not say that {area} goes to {len(known)}")
    return wrong


def mentioned(text: str) -> frozenset[str]:
    """The IDs in a text, ranges included."""
    return _spelled(_IN_TEXT.findall(text))


def _tests(file: Path, folder: Path) -> Iterator[Test]:
    """Everything in a file that pytest collects, methods as `Class::name`."""
    module = ast.parse(file.read_text())
    assigned = (node for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign))
    marks = [mark for mark in map(ast.unparse, assigned) if "pytestmark" in mark.split(" = ")[0]]
    classes = [node for node in module.body if isinstance(node, ast.ClassDef) and node.name.startswith("Test")]
    scopes: list[tuple[ast.Module | ast.ClassDef, str]] = [
        (module, ""),
        *((node, f"{node.name}::") for node in classes),
    ]
    for scope, prefix in scopes:
        for node in scope.body:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test"):
                above = [*node.decorator_list, *getattr(scope, "decorator_list", [])]
                skipped = bool(_NEVER_RUN.search(" ".join([*marks, *map(ast.unparse, above)])))
                holds = "".join(_HOLDS.findall(" ".join((ast.get_docstring(node) or "").split())))
                reference = f"{file.relative_to(folder).as_posix()}::{prefix}{node.name}"
                yield Test(reference, _named(node.name) | mentioned(holds), skipped)


def _proofs(file: Path, folder: Path) -> Iterator[Test]:
    for name in re.findall(r"\bfunction (check_\w+)\(", file.read_text()):
        yield Test(f"{file.relative_to(folder).as_posix()}::{name}", _named(name))


def _tried(entry: Row) -> Row:
    mine = [test.reference for test in held() if entry.id in test.ids]
    breaking = [mistake for mistake in mistakes().values() if entry.id in mistake.breaks]
    return replace(
        entry,
        tests=tuple(test for test in mine if ".sol::" not in test),
        proofs=tuple(test for test in mine if ".sol::" in test),
        twins=tuple(mistake.id for mistake in breaking if mistake.lives),
        seeded=tuple(mistake.id for mistake in breaking if mistake.seeded),
    )


def _list(row: Row) -> str:
    kinds = {"`tests/": row.tests, "proof `tests/": row.proofs, "twin `": row.twins, "seeded `": row.seeded}
    lines = [f"- {kind}{name}`\n" for kind, names in kinds.items() for name in names]
    return "".join(lines) or f"{row.remark}\n"


def _named(name: str) -> frozenset[str]:
    return _spelled((area.upper(), number, "") for area, number in _IN_NAME.findall(name))


def _spelled(found: Iterable[tuple[str, str, str]]) -> frozenset[str]:
    return frozenset(
        _id(area, number) for area, first, last in found for number in range(int(first), int(last or first) + 1)
    )


def _id(area: str, number: int) -> str:
    """As the pages spell it: `S-4`, `AB-04`."""
    return f"{area}-{number:0{2 if area in ('AB', 'B') else 1}}"


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--write"]):
        print(__doc__, file=sys.stderr)
        return 2
    if arguments:
        LISTS.write_text(lists())
    else:
        print(lists(), end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
