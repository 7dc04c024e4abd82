"""What `docs/properties.md` and `docs/abuse-cases.md` claim, and what is wrong with it."""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from assurance import ROOT
from assurance.harness.mistakes import CONTRACTS

TESTS = ROOT / "tests"
FEWEST = {"T": 8, "S": 12, "R": 12, "L": 12, "G": 11, "X": 5, "K": 6, "AB": 90, "B": 24}
"""How many of each kind there are at least. A property that goes has to go from here too, in daylight."""
KINDS = set("SHDUL")
SEEDED = "[seeded](../assurance/harness/mistakes.toml)"
_TWIN = re.compile(rf"({'|'.join(CONTRACTS)})\.[A-Z]\w+")
_IN_TEXT = re.compile(r"\b(AB|[TSRLGXKB])-(\d{1,2})\b(?:\s+to\s+\1-(\d{1,2})\b)?")
_IN_NAME = re.compile(r"(?<=_)(AB|[TSRLGXKB])(\d{1,2})(?=_|$)", re.IGNORECASE)


@dataclass(frozen=True)
class Row:
    """A line of a table: its number, the references in its cells, and the cells' text."""

    id: str
    tests: tuple[str, ...]
    twins: tuple[str, ...]
    cells: tuple[str, ...]

    @property
    def seeded(self) -> bool:
        """Whether the page says that a mistake breaks it which `make audit` tries."""
        return SEEDED in self.cells[-2]

    @property
    def last(self) -> str:
        return self.cells[-1]


def rows(text: str) -> list[Row]:
    """The numbered lines of all tables of a page."""
    found = []
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.fullmatch(r"[A-Z]+-\d+", cells[0]):
            spans = re.findall(r"`([^`\s]+)`", line)
            tests = tuple(span for span in spans if "::" in span)
            twins = tuple(span for span in spans if _TWIN.fullmatch(span))
            found.append(Row(cells[0], tests, twins, tuple(cells)))
    return found


def faults(text: str, *areas: str) -> list[str]:
    """What is wrong with a page that must hold the numbers of these areas; nothing if all is well."""
    table = rows(text)
    wrong = list(_gaps(text, table, areas))
    for row in table:
        wrong += [f"{row.id}: {fault}" for test in row.tests for fault in _faults_of_test(row, test)]
    return wrong


def _gaps(text: str, table: list[Row], areas: tuple[str, ...]) -> Iterator[str]:
    numbers: dict[str, list[int]] = {area: [] for area in areas}
    for row in table:
        area, _, number = row.id.partition("-")
        numbers.setdefault(area, []).append(int(number))
    for area, known in numbers.items():
        if known != list(range(1, len(known) + 1)):
            yield f"{area} is not numbered from 1 on, each once: {known}"
        if len(known) < FEWEST.get(area, 0):
            yield f"{area} has {len(known)} lines and had {FEWEST[area]}"
        width = 2 if area in ("AB", "B") else 1
        if f"{area}-{1:0{width}} to {area}-{len(known):0{width}}" not in text:
            yield f"the page does not say that {area} goes to {len(known)}"


def _faults_of_test(row: Row, reference: str) -> Iterator[str]:
    path, _, name = reference.partition("::")
    file = TESTS / path
    if not file.is_file():
        yield f"there is no file tests/{path}"
    elif path.endswith(".sol"):
        if not re.search(rf"\bfunction {re.escape(name)}\(", file.read_text()):
            yield f"tests/{path} has no proof {name}"
        elif row.id not in _mentioned(name, ""):
            yield f"{name} does not name it"
    elif not re.fullmatch(r"test_\w+\.py", file.name):
        yield f"pytest does not collect tests/{path}"
    elif (test := _tests(file).get(name)) is None:
        elsewhere = [str(p.relative_to(TESTS)) for p in TESTS.rglob("test_*.py") if name in _tests(p)]
        yield f"tests/{path} has no test {name}" + (f"; it is in {elsewhere[0]}" if elsewhere else "")
    elif re.search(r"\b(skip|skipif|xfail)\b", test.decorators):
        yield f"{name} is skipped or expected to fail"
    elif row.id not in test.mentions:
        yield f"{name} does not name it"


@dataclass(frozen=True)
class Test:
    """A test as its source has it; `mentions` are the numbers it or its module's docstring names."""

    __test__ = False
    decorators: str
    mentions: frozenset[str]


@functools.cache
def _tests(file: Path) -> dict[str, Test]:
    """Everything in the file that pytest collects, methods as `Class::name`."""
    source = file.read_text()
    module, lines = ast.parse(source), source.splitlines()

    def text(node: ast.stmt) -> str:
        return "\n".join(lines[node.lineno - 1 : node.end_lineno])

    # A table of cases above the tests speaks for them, as the docstring does.
    tables = [text(node) for node in module.body if isinstance(node, ast.Assign | ast.AnnAssign)]
    about = _mentioned("", (ast.get_docstring(module) or "") + "".join(tables))
    everywhere = [table for table in tables if table.startswith("pytestmark")]
    found = {}
    for scope, prefix in [(module, ""), *((c, f"{c.name}::") for c in module.body if _is_test(c, ast.ClassDef))]:
        for node in scope.body:
            if _is_test(node, ast.FunctionDef):
                above = [*node.decorator_list, *(scope.decorator_list if isinstance(scope, ast.ClassDef) else [])]
                marks = " ".join([*map(ast.unparse, above), *everywhere])
                told = _mentioned(node.name, marks + text(node))
                found[prefix + node.name] = Test(marks, frozenset(told | about))
    return found


def _is_test(node: ast.stmt, kind: type[ast.ClassDef] | type[ast.FunctionDef]) -> bool:
    return isinstance(node, kind) and node.name.lower().startswith("test")


def _mentioned(name: str, text: str) -> set[str]:
    """Numbers that a name ends on, as `_S4` or `__s4`, or a text says, as `S-4` or in a range; spelled as pages do."""
    said = [(area.upper(), int(number), int(number)) for area, number in _IN_NAME.findall(name)]
    said += [(area, int(first), int(last or first)) for area, first, last in _IN_TEXT.findall(text)]
    return {
        f"{area}-{number:0{2 if area in ('AB', 'B') else 1}}"
        for area, first, last in said
        for number in range(first, last + 1)
    }


def mentioned_by_tests() -> set[str]:
    """Numbers that any test names, but for those about the pages themselves."""
    files = [file for file in TESTS.rglob("test_*.py") if file.parent.name != "harness"]
    return {number for file in files for test in _tests(file).values() for number in test.mentions}
