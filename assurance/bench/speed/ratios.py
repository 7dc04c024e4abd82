"""`make ratios`: this edition beside the first one, both run here and now, one after the other.

    make ratios                              the rows that take minutes
    make ratios ARGS="--rows compile,test"   these rows; shrink, test, audit and ci take long
    make ratios ARGS=--write                 keeps the rows in docs/benchmarks.json and renews docs/benchmarks.md

Nothing here passes or fails by its speed.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from assurance import ROOT
from assurance.bench.report import Table, machine
from assurance.bench.speed import machines, manifests
from assurance.bench.speed.asked import ASKED, asking
from assurance.bench.speed.editions import FIRST, Figure, Spent, both, clone, downloads, spent
from assurance.harness.chain.node import Node

RECORD = ROOT / "docs" / "benchmarks.json"
PAGE = RECORD.with_suffix(".md")
HEADINGS = ("what", "first edition", "now", "ratio", "target", "measured", "load")
TITLE = "Beside the first edition"
HOW = (
    "Both editions in one run, taken in turns; `make ratios` measures again (`--rows` names the long ones). First: the "
    "first edition, commit e4e4ff5. The ratio is now / first. s: wall, CPU s: of all processes. Load: the average over "
    "five minutes when the row was done; wall times of a busy machine are long."
)
ROUNDS = 5
"""Openings of a command, of which the median is shown."""


# The rows


def compiling() -> list[Figure]:
    """All contracts from nothing, then after an edit of one file."""
    with tempfile.TemporaryDirectory() as folder:
        projects = dict(zip((FIRST, ROOT), both(lambda checkout: _contracts(checkout, Path(folder))), strict=True))

        def build(checkout: Path) -> Spent:
            return spent(["toolchain/run", "python", "toolchain/compile"], projects[checkout])

        first, now = both(build)
        edited = {}
        for name in ("RevenueSplitter", "DataLeases"):
            path = projects[ROOT] / "contracts" / f"{name}.sol"
            path.write_text(path.read_text() + "// edited\n")
            edited[name] = build(ROOT).cpu
        manifest = projects[ROOT] / ".build" / "__local__.json"
        types = json.loads(manifest.read_text())["contractTypes"]
        shutil.rmtree(projects[ROOT] / ".cache")
        manifest.unlink()
        build(ROOT)
        same = json.loads(manifest.read_text())["contractTypes"] == types
    note = "same bytes as from nothing" if same else "OTHER BYTES than from nothing"
    targets = {"RevenueSplitter": "≤ 0.05", "DataLeases": "≤ 0.25"}
    return [
        *(
            Figure(
                f"compile after an edit of {name}.sol, beside all of it", "CPU s", first.cpu, cpu, targets[name], note
            )
            for name, cpu in edited.items()
        ),
        Figure("compile all contracts", "s", first.wall, now.wall, "≤ 0.6"),
    ]


def _contracts(checkout: Path, folder: Path) -> Path:
    """A copy of what the compiler reads, that nothing was compiled in."""
    copy = folder / checkout.name
    for name in ("contracts", "toolchain", "node_modules/@openzeppelin"):
        shutil.copytree(checkout / name, copy / name)
    for name in ("ape-config.yaml", "package-lock.json"):
        shutil.copy(checkout / name, copy / name)
    # Not the toolchain of the checkout, which has a cache of all that was compiled there.
    for name in ("node_modules/solc", ".venv"):
        (copy / name).symlink_to(checkout / name)
    return copy


def opening() -> list[Figure]:
    """`datadao --help`, of a command too, and `datadao status` with a node and a DAO of each edition's own."""
    with tempfile.TemporaryDirectory() as folder:
        homes = {checkout: Path(folder) / name for checkout, name in ((FIRST, "first"), (ROOT, "now"))}
        nodes = []
        try:
            for checkout, home in homes.items():
                nodes.append(Node())
                _deployed(checkout, home, nodes[-1].url)

            def opened(words: list[str]) -> tuple[float, float]:
                walls: dict[Path, list[float]] = {checkout: [] for checkout in homes}
                for _ in range(ROUNDS):
                    for checkout, home in homes.items():
                        command = [checkout / "toolchain" / "run", "datadao", *words]
                        walls[checkout].append(spent(command, home, DATADAO_HOME=str(home)).wall)
                return median(walls[FIRST]), median(walls[ROOT])

            wanted = {"--help": "≤ 0.5", "status --help": "", "status": "≤ 0.5"}
            return [Figure(f"`datadao {words}`", "s", *opened(words.split()), most) for words, most in wanted.items()]
        finally:
            for node in nodes:
                node.stop()


def _deployed(checkout: Path, home: Path, url: str) -> None:
    """A DAO of the checkout's contracts, and a role's folder with its configuration."""
    home.mkdir()
    words = ["--network", url, "--account", "TEST::0", "--yes", "--deployments", home]
    spent([checkout / "toolchain" / "run", "ape", "run", "deploy", *words], checkout)
    settings = {
        "network": url,
        "deployment": str(home / "31337.json"),
        "account": "TEST::9",
        "store": {"url": home.as_uri()},
    }
    (home / "config.yaml").write_text(json.dumps(settings))


def first_demo() -> list[Figure]:
    """`make demo` in a new clone, with everything downloaded before."""

    def play(checkout: Path) -> Spent:
        with clone(checkout) as folder:
            return spent(["make", "demo", *downloads()], folder)

    play(ROOT)  # fills the download caches
    first, now = both(play)
    return [Figure("first `make demo`, downloads apart", "s", first.wall, now.wall, "≤ 0.8")]


def living() -> list[Figure]:
    """Random lives with every check, of one core."""
    return [
        Figure(f"random lives, {name}", "steps per CPU s", *machines.against_the_first_edition(FIRST, name), "≥ 2")
        for name in ("registry", "leases", "governance", "system")
    ]


SHRUNK = """
import re, signal
from {0}.lives import Task, live
from {0}.cells import Cell
signal.alarm({4})
chunk = live(Task(Cell({1!r}, True, False, 6), 400, 40, {3}), twins={2!r})
print(len(re.findall(r"^        state\\.", chunk.reproduction, re.M)))
"""
SEEDS, PATIENCE = range(6), 60
"""Of the reproductions; and seconds after which one is given up: shrinking by Hypothesis need not end."""
TWINS: Mapping[str, tuple[Any, Any]] = {
    "registry": ({"DatasetRegistry": ("TwinRegistry", 1)}, ("DatasetRegistry.ForgetsFingerprints",)),
    "governance": ({"DataGovernor": ("TwinGovernor", 1)}, ("DataGovernor.CountsTwice",)),
}
"""By machine a broken twin, as the first edition and this one name it."""


def shrinking() -> list[Figure]:
    """Steps of the longest reproduction that six seeds print of a broken twin, and how many of them ended."""

    def kept(checkout: Path, package: str, name: str, twins: Any) -> list[float]:
        steps = []
        for seed in SEEDS:
            program = SHRUNK.format(package, name, twins, seed, PATIENCE)
            try:
                steps.append(float(spent([checkout / "toolchain" / "run", "python", "-c", program], checkout).last))
            except subprocess.CalledProcessError as error:
                if error.returncode != -signal.SIGALRM:
                    raise
        return steps

    found = []
    for name, (then, now) in TWINS.items():
        first, ours = kept(FIRST, "audit", name, then), kept(ROOT, "assurance.audit.lives", name, now)
        note = f"{len(first)}; then {len(ours)} of {len(SEEDS)} ended within {PATIENCE} s"
        what = f"longest of six reproductions, {name}"
        found.append(Figure(what, "steps", max(first, default=0), max(ours, default=0), "none to spare", note))
    return found


SCORED = """
import hashlib, json, time
from pathlib import Path
from {0} import JsonLinesScorer
names = "abcdefghij"
number = {{"type": "integer", "minimum": 0}}
schema = json.dumps({{"type": "object", "properties": dict.fromkeys(names, number), "required": list(names)}}).encode()
scorer = JsonLinesScorer(schema, hashlib.sha256(schema).digest(), bytes(range(32)))
def score(path):
    taken = path if {1} else path.open("rb")
    return scorer.score(taken)
few, large = Path({2!r}) / "few", Path({2!r}) / "large"
score(few)
began = time.process_time()
score(few)
speed = {3} / (time.process_time() - began)
def peak():  # since it began; the system's ru_maxrss is that of whoever started it
    said = Path("/proc/self/status").read_text().split("VmHWM:")[1]
    return int(said.split()[0]) / 1024
before = peak()
score(large)
print(speed, peak() - before)
"""
FEW, LARGE = 20_000, 200_000_000
"""Records of the file whose lines are counted, and bytes of the one whose memory is."""


def scoring() -> list[Figure]:
    """The scorer alone, without fetching, decrypting and storing: lines of ten integers a CPU second, and what a large
    file of records of 1,000 bytes takes beside what a small one left."""
    with tempfile.TemporaryDirectory() as folder:
        for name, count, size in (("few", FEW, 0), ("large", LARGE // 1_000, 893)):
            with (Path(folder) / name).open("wb") as file:
                for at in range(count):
                    values = dict.fromkeys("abcdefghi", at % 97) | {"j": at}
                    file.write(json.dumps(values | ({"t": f"{at:0{size}}"} if size else {})).encode() + b"\n")

        def run(checkout: Path, module: str) -> list[float]:
            program = SCORED.format(module, checkout == FIRST, folder, FEW)
            return [
                float(x)
                for x in spent([checkout / "toolchain" / "run", "python", "-c", program], checkout).last.split()
            ]

        first, now = run(FIRST, "datadao.scoring"), run(ROOT, "datadao.attestor.scoring")
    return [
        Figure("score lines of ten integers", "lines per CPU s", first[0], now[0], "≥ 3"),
        Figure(
            "score a file of 200 MB, records of 1 KB, memory beside a small file's", "MiB", first[1], now[1], "≤ 0.25"
        ),
    ]


def testing() -> list[Figure]:
    """`make test` of both, set up before: of this edition what the first one tests, in its files as they are now."""
    return [_made("test", "≤ 0.6", "`make test`, of what the first edition tests", TESTS=" ".join(shared_tests()))]


def shared_tests(root: Path = ROOT, commit: str = "e4e4ff5") -> list[str]:
    """Today's test files that the first edition has, by the same name or by another."""

    def named(*words: str) -> set[str]:
        done = subprocess.run(["git", *words, "tests"], cwd=root, check=True, capture_output=True, text=True)
        return {line.split("\t")[-1] for line in done.stdout.splitlines()}

    renamed = named("diff", "-M30%", "--name-status", "--diff-filter=R", commit, "HEAD", "--")
    added = named("diff", "--no-renames", "--name-only", "--diff-filter=A", commit, "HEAD", "--")
    found = (named("ls-files", "--") - added) | renamed
    return sorted(path for path in found if Path(path).name.startswith("test_"))


def auditing() -> list[Figure]:
    """`make audit` of both, set up before."""
    return [_made("audit", "≤ 0.75")]


def reading_manifests() -> list[Figure]:
    """A batch of a million leaves: what a contributor reads of it, and what a custodian."""

    def run(checkout: Path) -> manifests.Run:
        python = [checkout / "toolchain" / "run", "python", "-c"]
        return lambda program, arguments: spent([*python, program, *arguments], checkout).last

    return [Figure(*row) for row in manifests.beside(run(FIRST), run(ROOT))]  # type: ignore[arg-type]


def integrating() -> list[Figure]:
    """What CI runs, in a new clone."""

    def ci(checkout: Path) -> Spent:
        with clone(checkout) as folder:
            # CI's script calls make itself, with the caches that the environment names.
            return spent([".ci/run"], folder, MAKEFLAGS=" ".join(["--", *downloads()]))

    first, now = both(ci)
    return [Figure("CI: `.ci/run` in a new clone, downloads apart", "s", first.wall, now.wall, "", _counts(first, now))]


def _made(target: str, wanted: str, what: str = "", **ours: str) -> Figure:
    """A target of make in both; `ours` are variables for this edition's."""
    for checkout in (FIRST, ROOT):
        spent(["make", "setup", "compile", *downloads()], checkout)
    now = spent(["make", target, *(f"{name}={value}" for name, value in ours.items()), *downloads()], ROOT)
    try:
        first = spent(["make", target, *downloads()], FIRST)
    except subprocess.CalledProcessError:  # its nodes find their port taken now and then
        first = spent(["make", target, *downloads()], FIRST)
    return Figure(what or f"`make {target}`", "s", first.wall, now.wall, wanted, _counts(first, now))


def _counts(first: Spent, now: Spent) -> str:
    """What both said of their work in their last line, times apart."""
    return "; then ".join(re.sub(r",? (in )?[\d.]+ ?(s|min)\b.*", "", run.last.strip("= ")) for run in (first, now))


ROWS: Mapping[str, Callable[[], list[Figure]]] = {
    "compile": compiling,
    "opening": opening,
    "demo": first_demo,
    "lives": living,
    "manifests": reading_manifests,
    "scorer": scoring,
    "shrink": shrinking,
    "test": testing,
    "audit": auditing,
    "ci": integrating,
    **{row: partial(asking, row) for row in ASKED},
}
DATA = ("manifests", *ASKED)
"""What `--rows data` stands for: what the data plane costs."""
LONG = (*ASKED, "shrink", "test", "audit", "ci")
"""Measured only by name."""


def table(record: Mapping[str, Any]) -> Table:
    """What was recorded, in the order of `ROWS`: of each row its date, its load and its figures."""
    result = Table(TITLE, HOW, HEADINGS)
    for row in (record[name] for name in ROWS if name in record):
        for figure in (Figure(*values) for values in row["figures"]):
            ratio = f"{figure.now / figure.first:.2f}" if figure.first else "-"
            what = (f"{figure.what}, {figure.unit}" if figure.unit else figure.what) + (
                f" ({figure.note})" if figure.note else ""
            )
            cells = (what, _number(figure.first), _number(figure.now), ratio, figure.target, row["date"])
            result.rows.append((*cells, f"{row['load']:.1f}"))
    return result


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.2f}"


def recorded() -> dict[str, Any]:
    """What `--write` kept, by row."""
    found: dict[str, Any] = json.loads(RECORD.read_text()) if RECORD.exists() else {}
    return found


def section() -> str:
    """The part of docs/benchmarks.md that is made of the record."""
    return table(recorded()).markdown()


def main() -> int:
    parser = argparse.ArgumentParser(prog="make ratios", description=__doc__)
    what = f"of {', '.join(ROWS)}, with commas, or data for {', '.join(DATA)}; all but {', '.join(LONG)} unless said"
    parser.add_argument("--rows", help=what)
    parser.add_argument("--write", action="store_true", help=f"keep the rows and write them to {PAGE.name}")
    options = parser.parse_args()
    wanted = options.rows and options.rows.replace("data", ",".join(DATA))
    names = wanted.split(",") if wanted else [name for name in ROWS if name not in LONG]
    if unknown := sorted(set(names) - ROWS.keys()):
        parser.error(f"no such row: {', '.join(unknown)}; there are {', '.join(ROWS)}")
    if not (FIRST / ".venv").exists():
        parser.error("the first edition is not built here: run `make baseline` once")
    console = Console() if sys.stdout.isatty() else Console(width=160)
    record = recorded()
    for name in names:
        figures = ROWS[name]()
        date = time.strftime("%Y-%m-%d", time.gmtime())
        record[name] = {"date": date, "load": round(os.getloadavg()[1], 1), "figures": figures}
        table({name: record[name]}).show(console)
        if options.write:  # row by row: what a long run measured is not lost with it
            RECORD.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n")
            PAGE.write_text(with_section(PAGE.read_text(), section()))
    print(machine())
    return 0


def with_section(page: str, text: str) -> str:
    """The page with its section of ratios replaced, or added before the others."""
    head, *sections = re.split(r"(?m)^(?=## )", page)
    others = [part for part in sections if not part.startswith(f"## {TITLE}\n")]
    return "".join([head, f"{text}\n", *others])


if __name__ == "__main__":
    sys.exit(main())
