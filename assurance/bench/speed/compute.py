"""Programs that go to the data, beside the same in native C and in numpy, each on one thread over the same records."""

from __future__ import annotations

import json
import os
import resource
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from assurance import ROOT
from assurance.bench.report import Table
from assurance.bench.speed import agreement, footprint
from datadao.compute.columns import write_columns
from datadao.compute.program import Program
from datadao.compute.sandbox import Sandbox, installed
from datadao.messages.compute import Ending, Limits
from datadao.records import ValidRecord, read
from datadao.schema import Schema
from scripts._demo.survey import ANSWERS, SCHEMA, TARGET, respondents

EXAMPLES = ROOT / "examples" / "compute"
LIMITS = Limits(fuel=10**13, memory=2048 * 1024**2, output=65_536, seconds=3600)
MIB = 1024**2
OVER, MOST = 192 * MIB, 96 * MIB
HOW = (
    "The survey's records again and again on disk, as canonical JSON lines, for regression as columns; for summary, "
    "which is the fastest, ten times as many. Seconds of one processor, the fewest of three, in the sandbox, less what "
    "a program that does nothing takes there, the first row. A module is compiled once in each run, whatever the "
    "records: that stands for itself, and is in the second ratio to native C and not in the first. Native is the same "
    "source by the same C compiler for this machine, scalar, target at most 3 times; numpy reads lines with Python's "
    "json, columns with pyarrow. Peak is the resident memory of the process that executes the program, over this row's "
    "records and over the next one's: the classifier holds its rows, the others stream; histogram, which maps shards, "
    "starts two processes more. Agreement: three attestors open, judge and run the summary over some of the records, "
    "custodians release keys and sign for what was agreed; beside three times what one attestor's part takes. The last "
    f"row is one attestor's part in a process of at most {MOST // MIB} MiB of data "
    "(RLIMIT_DATA, its sandbox the same), over more than that: its peak."
)
NOTHING = bytes.fromhex(
    "0061736d010000000104016000000302010005030100010710020372756e0000066d656d6f727902000a040102000b"
)
"""A module whose `run` returns at once."""
HARNESS = """
#include <stdio.h>
void dd_rewind(void) { rewind(stdin); }
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
        ("program", "records", "CPU s", "compiling", "records a s", "peak MiB", "native C", "numpy"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runpy.run_path(str(EXAMPLES / "build.py"))["build"](folder)
        sizes = [(10 * count, count), (count, max(count // 10, 1))]
        with tempfile.TemporaryFile() as none:
            start = _fewest(lambda: _run(NOTHING, none, made))
        peak = footprint.of_sandbox(NOTHING, _lines(folder, count), _limits(_lines(folder, count)))
        made.rows.append(("nothing", "0", f"{start:.2f}", "", "", f"{peak:,.0f}", "", ""))
        for program, place, native, numpy, (size, small) in (
            ("summary", _lines, True, _summary, sizes[0]),
            ("histogram", _lines, False, _histogram, sizes[1]),
            ("classifier", _lines, False, _classifier, sizes[1]),
            ("regression", _columns, True, _regression, sizes[1]),
        ):
            module, source = (folder / f"{program}.wasm").read_bytes(), place(folder, size)
            with source.open("rb") as file:
                total = _fewest(lambda module=module, file=file: _run(module, file, made))  # type: ignore[misc]
            compiling = max(_fewest(lambda module=module: Sandbox().check(module, LIMITS)) - start, 0)  # type: ignore[misc]
            taken = max(total - start - compiling, 0.001)
            beside = _seconds(numpy, source)
            cells = [f"{taken:.2f}", f"{compiling:.3f}", f"{size / taken:,.0f}"]
            cells.append(f"{footprint.of_sandbox(module, source, _limits(source)):,.0f}")
            cells.append(_beside_c(folder, program, source, taken, compiling) if native else "")
            made.rows.append((program, f"{size:,}", *cells, f"{beside:.2f} s, ×{taken / beside:.2f}"))
            source = place(folder, small)
            peak = footprint.of_sandbox(module, source, _limits(source))
            made.rows.append((program, f"{small:,}", "", "", "", f"{peak:,.0f}", "", ""))
        summary, part = folder / "summary.wasm", max(count // 20, 3)
        one, all_ = agreement.seconds(summary.read_bytes(), _lines(folder, count), part)
        ratio = f"{3 * one:.2f} s, ×{all_ / (3 * one):.2f}"
        made.rows.append(
            ("agreement of 3 attestors", f"{part:,}", f"{all_:.2f}", "", f"{part / all_:,.0f}", "", ratio, "")
        )
        ending, peak = footprint.of_attestor(summary, OVER, MOST)
        if ending != Ending.OK.name:
            made.faults.append(f"an attestor's part under a limit of {MOST // MIB} MiB ended with {ending}")
        made.rows.append(("one attestor", f"{OVER // MIB} MiB", "", "", "", f"{peak:,.0f}", "", ""))
    return made


def _lines(folder: Path, size: int) -> Path:
    path = folder / f"lines-{size}"
    if not path.exists():
        with path.open("wb") as file:
            file.writelines(record.canonical + b"\n" for record in _records(size))
    return path


def _columns(folder: Path, size: int) -> Path:
    path = folder / f"columns-{size}"
    if not path.exists():
        with path.open("wb") as file:
            write_columns(file, _records(size), Schema.new(SCHEMA))
    return path


def _records(size: int) -> Iterator[ValidRecord]:
    answers = [json.loads(line) for line in respondents()]
    for number in range(size):
        value, canonical = read(json.dumps(answers[number % len(answers)] | {"respondent": number}).encode())
        yield ValidRecord(number, value, canonical)


def _beside_c(folder: Path, program: str, source: Path, taken: float, compiling: float) -> str:
    native = _fewest(lambda: _native(folder, program, source))
    return f"{native:.2f} s, ×{taken / native:.2f}, ×{(taken + compiling) / native:.2f}"


def _limits(records: Path) -> Limits:
    return replace(LIMITS, engine=installed(columns=records.name.startswith("columns")))


def _run(module: bytes, file: Any, made: Table) -> None:
    limits = _limits(Path(str(file.name)))
    ran = Program(module, limits).run(file)
    if ran.ending is not Ending.OK:
        made.faults.append(f"a program ended with {ran.ending.name}")


def _seconds(function: Callable[[Path], object], records: Path) -> float:
    function(records)  # what is imported is not measured
    return _fewest(lambda: function(records))


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


def _native(folder: Path, program: str, records: Path) -> None:
    binary = folder / f"{program}-native"
    if not binary.exists():
        (folder / "harness.c").write_text(HARNESS)
        caches = {"ZIG_GLOBAL_CACHE_DIR": str(folder / "zig"), "ZIG_LOCAL_CACHE_DIR": str(folder / "zig")}
        names = ("-Dread=dd_read", "-Dwrite=dd_write", "-Drewind=dd_rewind", "-Drun_columns=run")
        scalar = ("-O2", "-fno-vectorize", "-fno-slp-vectorize", "-w", *names)
        source, parts = EXAMPLES / f"{program}.c", [folder / "program.o", folder / "harness.o"]
        for path, made, flags in ((source, parts[0], scalar), (folder / "harness.c", parts[1], ("-O2",))):
            command = [sys.executable, "-m", "ziglang", "cc", "-c", *flags, "-o", str(made), str(path)]
            subprocess.run(command, env={**os.environ, **caches}, check=True)
        linked = [sys.executable, "-m", "ziglang", "cc", "-o", str(binary), *map(str, parts)]
        subprocess.run(linked, env={**os.environ, **caches}, check=True)
    with records.open("rb") as file:
        subprocess.run([binary], stdin=file, stdout=subprocess.DEVNULL, check=True)


def _summary(records: Path) -> Any:
    import numpy as np

    with records.open("rb") as file:
        ages = np.fromiter((json.loads(line)["age"] for line in file), dtype=float)
    return len(ages), ages.mean(), ages.std()


def _histogram(records: Path) -> Any:
    import numpy as np

    with records.open("rb") as file:
        pairs = np.array([(record["educ"], record["vote"]) for record in map(json.loads, file)])
    kept = pairs[(pairs[:, 0] < 8) & (pairs[:, 1] < 2)]
    return np.bincount(kept[:, 0] * 2 + kept[:, 1], minlength=16)


def _names() -> list[str]:
    return sorted(name for name in ANSWERS if name != TARGET)


def _regression(records: Path) -> Any:
    import numpy as np
    from pyarrow import ipc

    rows, labels = [], []
    with records.open("rb") as file:
        while file.peek(1):  # one stream after the other
            for batch in ipc.open_stream(file):
                rows.append(np.column_stack([batch[name].to_numpy() for name in _names()]).astype(float))
                labels.append(batch[TARGET].to_numpy().astype(float))
    return _newton(np.concatenate(rows), np.concatenate(labels))


def _classifier(records: Path) -> Any:
    import numpy as np

    with records.open("rb") as file:
        found = [json.loads(line) for line in file]
    rows = np.array([[record[name] for name in _names()] for record in found], dtype=float)
    return _newton(rows, np.array([record[TARGET] for record in found], dtype=float))


def _newton(rows: Any, labels: Any) -> Any:
    """The same steps of Newton's method."""
    import numpy as np

    rows = (rows - rows.mean(axis=0)) / rows.std(axis=0)
    rows = np.hstack([rows, np.ones((len(rows), 1))])
    weights, penalty = np.zeros(rows.shape[1]), np.diag([1.0] * (rows.shape[1] - 1) + [0.0])
    for _ in range(30):
        p = 1 / (1 + np.exp(-rows @ weights))
        change = np.linalg.solve(
            (rows * (p * (1 - p))[:, None]).T @ rows + penalty, rows.T @ (p - labels) + penalty @ weights
        )
        weights -= change
        if np.abs(change).max() <= 1e-10:
            break
    return weights
