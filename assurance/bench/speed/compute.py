"""Programs that go to the data, beside the same in native C and in numpy, each on one thread over the same records."""

from __future__ import annotations

import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from assurance import ROOT
from assurance.bench.report import Table, alone
from datadao.compute.program import Program
from datadao.messages.compute import Ending, Limits
from datadao.records import read
from scripts._demo.survey import ANSWERS, TARGET, respondents

EXAMPLES = ROOT / "examples" / "compute"
LIMITS = Limits(fuel=10**13, memory=2048 * 1024**2, output=65_536, seconds=600)
HOW = (
    "The survey's records again and again, as canonical JSON lines on disk; seconds of one processor, the fewest of "
    "three. Each program runs in its sandbox, less what a program that does nothing takes there, its first row. Native "
    "is the same source by the same C compiler for this machine, scalar; numpy reads the lines with Python's json. "
    "Peak is the sandbox's resident memory, or that of who starts it if that is more: the classifier holds its "
    "rows, the others stream."
)
NOTHING = bytes.fromhex(
    "0061736d010000000104016000000302010005030100010710020372756e0000066d656d6f727902000a040102000b"
)
"""A module whose `run` returns at once."""
HARNESS = """
#include <stdio.h>
int dd_read(void *into, int length) { return fread(into, 1, length, stdin); }
void dd_write(const void *from, int length) { fwrite(from, 1, length, stdout); }
void run(void);
int main(void) { run(); return 0; }
"""


def table(count: int) -> Table:
    """Processor seconds of each, and the ratio to what stands beside it."""
    made = Table(
        "Programs that go to the data",
        HOW,
        ("program", "records", "CPU s", "records a s", "peak MiB", "beside", "ratio"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runpy.run_path(str(EXAMPLES / "build.py"))["build"](folder)
        lines = folder / "records"
        with lines.open("wb") as file:
            answers = [json.loads(line) for line in respondents()]
            for number in range(count):
                record = answers[number % len(answers)] | {"respondent": number}
                file.write(read(json.dumps(record).encode())[1] + b"\n")
        with tempfile.TemporaryFile() as none:
            start = _fewest(lambda: _run(NOTHING, none, made))
        made.rows.append(("nothing", "0", f"{start:.2f}", "", f"{alone(_peak, NOTHING, lines):,.0f}", "", ""))
        for program, label, beside in (
            ("summary", "native C", lambda: _native(folder, lines)),
            ("histogram", "numpy", lambda: _histogram(lines)),
            ("classifier", "numpy", lambda: _classifier(lines)),
        ):
            with lines.open("rb") as file:
                module = (folder / f"{program}.wasm").read_bytes()
                total = _fewest(lambda module=module, file=file: _run(module, file, made))  # type: ignore[misc]
            taken = max(total - start, 0.01)
            other = _fewest(beside)
            rate, ratio = f"{count / taken:,.0f}", f"{taken / other:.2f}"
            peak = f"{alone(_peak, module, lines):,.0f}"
            made.rows.append((program, f"{count:,}", f"{taken:.2f}", rate, peak, f"{label} {other:.2f} s", ratio))
    return made


def _peak(module: bytes, lines: Path) -> float:
    """The most resident memory of the sandbox, in MiB."""
    with lines.open("rb") as file:
        Program(module, LIMITS).run(file)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _run(module: bytes, file: Any, made: Table) -> None:
    ran = Program(module, LIMITS).run(file)
    if ran.ending is not Ending.OK:
        made.faults.append(f"a program ended with {ran.ending.name}")


def _fewest(function: Callable[[], object], times: int = 3) -> float:
    """Processor seconds, those of processes that it starts and waits for included."""
    found = []
    for _ in range(times):
        before = _cpu()
        function()
        found.append(_cpu() - before)
    return min(found)


def _cpu() -> float:
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)


def _native(folder: Path, lines: Path) -> None:
    binary = folder / "native"
    if not binary.exists():
        (folder / "harness.c").write_text(HARNESS)
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
        scalar = ("-O2", "-fno-vectorize", "-fno-slp-vectorize", "-w", "-Dread=dd_read", "-Dwrite=dd_write")
        sources = (folder / "harness.c", EXAMPLES / "summary.c")
        command = [sys.executable, "-m", "ziglang", "cc", *scalar, "-o", str(binary), *map(str, sources)]
        subprocess.run(command, env={**os.environ, **caches}, check=True)
    with lines.open("rb") as file:
        subprocess.run([binary], stdin=file, stdout=subprocess.DEVNULL, check=True)


def _histogram(lines: Path) -> Any:
    import numpy as np

    with lines.open("rb") as file:
        pairs = np.array([(record["educ"], record["vote"]) for record in map(json.loads, file)])
    kept = pairs[(pairs[:, 0] < 8) & (pairs[:, 1] < 2)]
    return np.bincount(kept[:, 0] * 2 + kept[:, 1], minlength=16)


def _classifier(lines: Path) -> Any:
    """The same steps of Newton's method."""
    import numpy as np

    names = sorted(name for name in ANSWERS if name != TARGET)
    with lines.open("rb") as file:
        records = [json.loads(line) for line in file]
    rows = np.array([[record[name] for name in names] for record in records], dtype=float)
    labels = np.array([record[TARGET] for record in records], dtype=float)
    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    weights, penalty = np.zeros(len(names) + 1), np.diag([1.0] * len(names) + [0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-rows @ weights))
        change = np.linalg.solve(
            (rows * (p * (1 - p))[:, None]).T @ rows + penalty, rows.T @ (p - labels) + penalty @ weights
        )
        weights -= change
        if np.abs(change).max() <= 1e-10:
            break
    return weights
