"""`python -m assurance.audit.mutation.seeded [FILE]`: mistakes that ordinary tests must catch, put into the contracts
one at a time.

FILE is a table like assurance/harness/mistakes.toml, the default, where the form is described; of an entry without
lives, tests and proofs one of all the tests that the pages list for what it breaks must fail. The contracts without a
mistake must pass the same tests first.
"""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from assurance import ROOT
from assurance.audit.catalogue import PAGES, rows
from assurance.audit.mutation import warm
from assurance.audit.mutation.choice import FACTORY
from assurance.audit.part import PartError, run, write
from assurance.audit.part import parser as new_parser
from assurance.harness.chain.compiler import Code, CompileError, Compiler
from assurance.harness.mistakes import TABLE, Mistake, MistakeError
from assurance.harness.mistakes import read as read_table

MANIFEST = ROOT / ".cache" / "seeded" / "manifest.json"
_NODE_FOLDERS = ("deployer/", "client/", "cli/", "scenario/", "symbolic/")


@dataclass(frozen=True)
class Bug:
    mistake: Mistake
    tests: tuple[str, ...]
    each: bool
    """Whether every test must fail, or one of them."""

    @property
    def id(self) -> str:
        return self.mistake.id

    @property
    def contract(self) -> str:
        return self.mistake.contract


@dataclass(frozen=True)
class Result:
    """What came of a bug: the tests that caught it, or why it does not count as caught."""

    bug: Bug
    caught_by: tuple[str, ...]
    said: str
    wrong: str
    seconds: float


def read(path: Path = TABLE) -> list[Bug]:
    """The mistakes of a table that tests must catch, each with the tests that hold what it breaks."""
    listed = _listed()
    try:
        table = read_table(path).values()
    except MistakeError as error:
        raise PartError(str(error)) from None
    return [_bug(mistake, listed) for mistake in table if mistake.seeded]


def _bug(mistake: Mistake, listed: Mapping[str, list[str]]) -> Bug:
    if unknown := [id_ for id_ in mistake.breaks if id_ not in listed]:
        where = " or ".join(str(page.relative_to(ROOT)) for page in PAGES.values())
        raise PartError(f"{mistake.id}: no ID of {where}: {', '.join(unknown)}")
    known = [test for id_ in mistake.breaks for test in listed[id_]]
    tests = mistake.tests or tuple(dict.fromkeys(known))
    if others := [test for test in tests if test not in known]:
        raise PartError(f"{mistake.id}: not listed for {' or '.join(mistake.breaks)}: {', '.join(others)}")
    if not tests:
        raise PartError(f"{mistake.id}: {', '.join(mistake.breaks)} has no test that runs in process")
    return Bug(mistake, tests, bool(mistake.tests))


def _listed() -> dict[str, list[str]]:
    """The tests of each ID that run in process."""
    table = (row for page in PAGES for row in rows(page))
    return {row.id: [f"tests/{test}" for test in row.tests if not test.startswith(_NODE_FOLDERS)] for row in table}


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
    """`codes` are of each bug's contract, by the bug's id: without it and with it."""
    items = {bug: [item for item in suite.tests if any(_of(item, test) for test in bug.tests)] for bug in bugs}
    for bug in bugs:
        if gone := [test for test in bug.tests if not any(_of(item, test) for item in items[bug])]:
            raise PartError(f"{bug.id}: not collected: {', '.join(gone)}")
    _require_sound(bugs, codes, items, suite)
    results = []
    for bug in bugs:
        verdict = suite.start(items[bug], {bug.contract: codes[bug.id][1]}, whole=True).verdict()
        results.append(judge(bug, verdict, verdict.seconds))
        print(f"{'caught' if not results[-1].wrong else 'NOT CAUGHT'}: {bug.id}: {bug.mistake.flaw}", flush=True)
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
        sound = {bug.contract: codes[bug.id][0] for bug in these}
        verdict = suite.start([item for item in suite.tests if item in wanted], sound, whole=True).verdict()
        if not verdict.passed:
            why = verdict.ended or f"{verdict.failures[0].test}: {_short(verdict.failures[0].message)}"
            raise PartError(f"the contracts without a bug fail these tests already: {why}")


def compile_bugs(bugs: Sequence[Bug]) -> dict[str, tuple[Code, Code]]:
    """The code of each bug's contract, without and with it."""
    try:
        changed = {bug.id: bug.mistake.sources() for bug in bugs}
    except MistakeError as error:
        raise PartError(str(error)) from None
    sound: dict[str, Code] = {}
    codes = {}
    with Compiler() as compiler:
        for bug in bugs:
            if bug.contract not in sound:
                sound[bug.contract] = compiler.compile(bug.contract)
            try:
                code = compiler.compile(bug.contract, changed[bug.id])
            except CompileError as error:
                raise PartError(f"{bug.id} does not compile:\n{error}") from None
            if code == sound[bug.contract]:
                raise PartError(f"{bug.id} does not change the code of {bug.contract}")
            codes[bug.id] = sound[bug.contract], code
    return codes


def main(arguments: list[str]) -> int:
    parser = new_parser("assurance.audit.mutation.seeded", __doc__)
    listed = Path(os.environ.get("SEEDED") or TABLE)
    parser.add_argument("file", nargs="?", type=Path, default=listed, help=f"a table ($SEEDED or {TABLE.name})")
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
    wrong = [f"{r.bug.id}: {r.bug.mistake.flaw} {r.wrong}" for r in results if r.wrong]
    caught = len(results) - len(wrong)
    return write(
        "seeded",
        ok=not wrong,
        seconds=time.monotonic() - began,
        summary=f"{caught} of {len(results)} seeded bugs caught by the property named",
        whole=file.resolve() == TABLE.resolve(),
        bugs=[_entry(result) for result in results],
        wrong=wrong,
    )


def _entry(result: Result) -> dict[str, Any]:
    bug, mistake = result.bug, result.bug.mistake
    return {
        "name": mistake.name,
        "contract": mistake.contract,
        "flaw": mistake.flaw,
        "edits": [
            {"file": edit.file, "line": edit.line.strip(), "becomes": edit.becomes.strip()} for edit in mistake.edits
        ],
        "breaks": list(mistake.breaks),
        "tests": list(bug.tests),
        "caught_by": list(result.caught_by),
        "said": result.said,
        "ok": not result.wrong,
        "seconds": round(result.seconds, 1),
    }


def _show(results: Sequence[Result]) -> None:
    table = Table("mistake", "breaks", "what is wrong", "what its test said", "s", title="Seeded bugs")
    for result in results:
        said = result.said if not result.wrong else f"[red]{result.wrong}"
        mistake = result.bug.mistake
        table.add_row(mistake.id, ", ".join(mistake.breaks), mistake.flaw, said, f"{result.seconds:.1f}")
    console = Console()
    (console if console.is_terminal else Console(width=180)).print(table)


if __name__ == "__main__":
    raise SystemExit(run(main))
