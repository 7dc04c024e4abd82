"""`python -m audit.seeded [FILE]`: bugs put into the contracts on purpose, each caught by the property it breaks.

FILE is a list like seeded.toml, which is taken unless said and tells the form. The contracts without a bug must pass
the same tests first.
"""

from __future__ import annotations

import argparse
import os
import re
import time
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from audit import warm
from audit.compiler import Code, CompileError, Compiler
from audit.mutation.choice import FACTORY
from audit.mutation.sources import TARGETS
from audit.part import ROOT, PartError, run, write

BUGS = Path(__file__).with_name("seeded.toml")
PAGES = ("docs/properties.md", "docs/abuse-cases.md")
MANIFEST = ROOT / ".cache" / "seeded" / "manifest.json"
_NODE_FOLDERS = ("deployment/", "client/", "cli/", "scenario/", "symbolic/")
_FIELDS = ("flaw", "contract", "file", "line", "becomes", "property")


@dataclass(frozen=True)
class Bug:
    flaw: str
    contract: str
    file: str
    line: str
    becomes: str
    property: str
    tests: tuple[str, ...]
    each: bool
    """Whether every test must fail, or one of them."""

    def changed(self) -> str:
        """The whole file with the bug."""
        path = ROOT / self.file
        if not path.is_file():
            raise PartError(f"seeded bug '{self.flaw}': there is no {self.file}")
        source = path.read_text()
        times = source.count(self.line)
        if times != 1 or not self.line:
            raise PartError(
                f"seeded bug '{self.flaw}' does not apply: expected {self.line.strip()!r} once in {self.file}, "
                f"it is there {times} times"
            )
        return source.replace(self.line, self.becomes)


@dataclass(frozen=True)
class Result:
    """What came of a bug: the tests that caught it, or why it does not count as caught."""

    bug: Bug
    caught_by: tuple[str, ...]
    said: str
    wrong: str
    seconds: float


def read(path: Path) -> list[Bug]:
    """The bugs of a file, checked against the pages that list tests."""
    try:
        entries = tomllib.loads(path.read_text())["bug"]
    except FileNotFoundError:
        raise PartError(f"there is no {path}") from None
    except tomllib.TOMLDecodeError as error:
        raise PartError(f"{path}: {error}") from None
    except KeyError:
        raise PartError(f"{path}: expected a list of [[bug]]") from None
    listed = _listed()
    return [_bug(path, number, entry, listed) for number, entry in enumerate(entries, 1)]


def _bug(path: Path, number: int, entry: Mapping[str, Any], listed: Mapping[str, list[str]]) -> Bug:
    where = f"{path.name}, bug {number}"
    if missing := [field for field in _FIELDS if not isinstance(entry.get(field), str)]:
        raise PartError(f"{where}: expected text for {', '.join(missing)}")
    if unknown := sorted(entry.keys() - {*_FIELDS, "tests"}):
        raise PartError(f"{where}: unknown {', '.join(unknown)}")
    if entry["contract"] not in TARGETS:
        raise PartError(f"{where}: no contract {entry['contract']!r}; there are {', '.join(TARGETS)}")
    known = listed.get(entry["property"])
    if known is None:
        raise PartError(f"{where}: {entry['property']!r} is no ID of {' or '.join(PAGES)}")
    tests = entry.get("tests", known)
    if others := [test for test in tests if test not in known]:
        raise PartError(f"{where}: not listed for {entry['property']}: {', '.join(others)}")
    if not tests:
        raise PartError(f"{where}: {entry['property']} has no test that runs in process")
    fields = {field: entry[field] for field in _FIELDS}
    return Bug(**fields, tests=tuple(tests), each="tests" in entry)


def _listed() -> dict[str, list[str]]:
    """The tests of each ID that run in process."""
    found = {}
    for page in PAGES:
        for row in re.findall(r"^\| ([A-Z]+-\d+) \|(.*)\|$", (ROOT / page).read_text(), re.MULTILINE):
            tests = re.findall(r"`([\w/.]+::\w+)`", row[1])
            found[row[0]] = [f"tests/{test}" for test in tests if not test.startswith(_NODE_FOLDERS)]
    return found


def judge(bug: Bug, verdict: warm.Verdict, seconds: float) -> Result:
    """Caught means: by an assertion of the property's own tests, and nothing broke on the way there."""
    asserted = tuple(
        test
        for test in bug.tests
        if any(failure.asserted and failure.when == "call" and _of(failure.test, test) for failure in verdict.failures)
    )
    wanted = bug.tests if bug.each else bug.tests[:1]
    if verdict.ended:
        wrong = f"the tests ended with a {verdict.ended}"
    elif asserted == bug.tests or (not bug.each and asserted):
        wrong = ""
    elif broken := next((f for f in verdict.failures if not f.asserted or f.when != "call"), None):
        wrong = f"{broken.test} failed in its {broken.when}, not by an assertion: {_short(broken.message)}"
    else:
        wrong = "not noticed by " + ", ".join(test for test in wanted if test not in asserted)
    said = next((_short(failure.message) for failure in verdict.failures if failure.asserted), "")
    return Result(bug, asserted, said, wrong, seconds)


def _of(item: str, test: str) -> bool:
    """Whether a collected item is the test, or one of its parameters."""
    return item == test or item.startswith(f"{test}[")


def _short(message: str) -> str:
    return message.strip().splitlines()[0][:160] if message.strip() else ""


def try_all(bugs: Sequence[Bug], codes: Mapping[str, tuple[Code, Code]], suite: warm.Suite) -> list[Result]:
    """`codes` are of each bug's contract, by flaw: without it and with it."""
    items = {bug: [item for item in suite.tests if any(_of(item, test) for test in bug.tests)] for bug in bugs}
    for bug in bugs:
        if gone := [test for test in bug.tests if not any(_of(item, test) for item in items[bug])]:
            raise PartError(f"seeded bug '{bug.flaw}': not collected: {', '.join(gone)}")
    _require_sound(bugs, codes, items, suite)
    results = []
    for bug in bugs:
        verdict = suite.start(items[bug], {bug.contract: codes[bug.flaw][1]}, whole=True).verdict()
        results.append(judge(bug, verdict, verdict.seconds))
        print(f"{'caught' if not results[-1].wrong else 'NOT CAUGHT'}: {bug.contract}: {bug.flaw}", flush=True)
    return results


def _require_sound(
    bugs: Sequence[Bug],
    codes: Mapping[str, tuple[Code, Code]],
    items: Mapping[Bug, list[str]],
    suite: warm.Suite,
) -> None:
    """The contracts as they are pass all these tests, under the settings the bugs are compiled with."""
    # Code without optimizer does not fit a factory's blueprints: the factory meets the deployed contracts.
    for alone in (True, False):
        these = [bug for bug in bugs if (bug.contract == FACTORY) == alone]
        wanted = {item for bug in these for item in items[bug]}
        sound = {bug.contract: codes[bug.flaw][0] for bug in these}
        verdict = suite.start([item for item in suite.tests if item in wanted], sound, whole=True).verdict()
        if not verdict.passed:
            why = verdict.ended or f"{verdict.failures[0].test}: {_short(verdict.failures[0].message)}"
            raise PartError(f"the contracts without a bug fail these tests already: {why}")


def compile_bugs(bugs: Sequence[Bug]) -> dict[str, tuple[Code, Code]]:
    """The code of each bug's contract, without and with it."""
    # The compiler knows a library's files by the names that they are imported under.
    changed = {bug.flaw: {bug.file.removeprefix("node_modules/"): bug.changed()} for bug in bugs}
    sound: dict[str, Code] = {}
    codes = {}
    with Compiler() as compiler:
        for bug in bugs:
            if bug.contract not in sound:
                sound[bug.contract] = compiler.compile(bug.contract)
            try:
                code = compiler.compile(bug.contract, changed[bug.flaw])
            except CompileError as error:
                raise PartError(f"seeded bug '{bug.flaw}' does not compile:\n{error}") from None
            if code == sound[bug.contract]:
                raise PartError(f"seeded bug '{bug.flaw}' does not change the code of {bug.contract}")
            codes[bug.flaw] = sound[bug.contract], code
    return codes


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m audit.seeded", description=(__doc__ or "").partition("\n")[0])
    listed = Path(os.environ.get("SEEDED") or BUGS)
    parser.add_argument("file", nargs="?", type=Path, default=listed, help=f"a list of bugs ($SEEDED or {BUGS.name})")
    file = parser.parse_args(arguments).file
    bugs = read(file)
    began = time.monotonic()
    codes = compile_bugs(bugs)
    warm.manifest({}, MANIFEST)
    paths = sorted({test.partition("::")[0] for bug in bugs for test in bug.tests})

    def body(suite: warm.Suite) -> list[Result] | PartError:
        try:
            return try_all(bugs, codes, suite)
        except PartError as error:
            return error

    results = warm.collected(paths, body)
    if isinstance(results, PartError):
        raise results
    _show(results)
    wrong = [f"{r.bug.contract}: {r.bug.flaw} {r.wrong}" for r in results if r.wrong]
    caught = len(results) - len(wrong)
    return write(
        "seeded",
        ok=not wrong,
        seconds=time.monotonic() - began,
        summary=f"{caught} of {len(results)} seeded bugs caught by the property named",
        whole=file.resolve() == BUGS.resolve(),
        bugs=[_entry(result) for result in results],
        wrong=wrong,
    )


def _entry(result: Result) -> dict[str, Any]:
    bug = result.bug
    return {
        "contract": bug.contract,
        "flaw": bug.flaw,
        "file": bug.file,
        "line": bug.line.strip(),
        "becomes": bug.becomes.strip(),
        "property": bug.property,
        "tests": list(bug.tests),
        "caught_by": list(result.caught_by),
        "said": result.said,
        "ok": not result.wrong,
        "seconds": round(result.seconds, 1),
    }


def _show(results: Sequence[Result]) -> None:
    table = Table("contract", "property", "bug", "what its test said", "s", title="Seeded bugs")
    for result in results:
        said = result.said if not result.wrong else f"[red]{result.wrong}"
        table.add_row(result.bug.contract, result.bug.property, result.bug.flaw, said, f"{result.seconds:.1f}")
    console = Console()
    (console if console.is_terminal else Console(width=180)).print(table)


if __name__ == "__main__":
    raise SystemExit(run(main))
