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
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from assurance import ROOT
from assurance.bench.report import Table
from assurance.bench.speed import agreement
from datadao.compute.columns import write_columns
from datadao.compute.program import Program
from datadao.compute.sandbox import installed
from datadao.messages.compute import Ending, Limits
from datadao.records import ValidRecord, read
from datadao.schema import Schema
from scripts._demo.survey import ANSWERS, SCHEMA, TARGET, respondents

EXAMPLES = ROOT / "examples" / "compute"
LIMITS = Limits(fuel=10**13, memory=2048 * 1024**2, output=65_536, seconds=600)
HOW = (
    "The survey's records again and again on disk, as canonical JSON lines, for regression as columns; seconds of one "
    "processor, the fewest of three. Each program runs in its sandbox, less what a program that does nothing takes "
    "there, its first row. Native is the same source by the same C compiler for this machine, scalar, target at most 3 "
    "times; numpy reads the lines with Python's json, the columns with pyarrow. Peak is the sandbox's resident memory, "
    "or that of who starts it if that is more, over all records and over a tenth: the classifier holds its rows, the "
    "others stream. Agreement: three attestors open, judge and run the summary over a twentieth, custodians release "
    "the keys and sign for what was agreed; beside three times what one attestor's part takes."
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
        ("program", "records", "CPU s", "records a s", "peak MiB", "native C", "numpy"),
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        runpy.run_path(str(EXAMPLES / "build.py"))["build"](folder)
        lines, columns, tenth = folder / "lines", folder / "columns", folder / "tenth"
        _write(lines, columns, count)
        _write(tenth, folder / "columns-tenth", max(count // 10, 1))
        with tempfile.TemporaryFile() as none:
            start = _fewest(lambda: _run(NOTHING, none, made))
        made.rows.append(("nothing", "0", f"{start:.2f}", "", f"{_forked(_peak, NOTHING, lines):,.0f}", "", ""))
        for program, source, native, numpy in (
            ("summary", lines, True, _summary),
            ("histogram", lines, False, _histogram),
            ("classifier", lines, False, _classifier),
            ("regression", columns, True, _regression),
        ):
            module = (folder / f"{program}.wasm").read_bytes()
            with source.open("rb") as file:
                total = _fewest(lambda module=module, file=file: _run(module, file, made))  # type: ignore[misc]
            taken = max(total - start, 0.01)
            peaks = [_forked(_peak, module, path) for path in (source, source.with_name(_small(source)))]
            beside = [
                _fewest(lambda program=program, source=source: _native(folder, program, source)) if native else None,  # type: ignore[misc]
                _seconds(numpy, source),
            ]
            cells = (f"{other:.2f} s, ×{taken / other:.2f}" if other else "" for other in beside)
            peak = " / ".join(f"{most:,.0f}" for most in peaks)
            made.rows.append((program, f"{count:,}", f"{taken:.2f}", f"{count / taken:,.0f}", peak, *cells))
        part = max(count // 20, 3)
        one, all_ = agreement.seconds((folder / "summary.wasm").read_bytes(), lines, part)
        ratio = f"{3 * one:.2f} s, ×{all_ / (3 * one):.2f}"
        made.rows.append(("agreement of 3 attestors", f"{part:,}", f"{all_:.2f}", f"{part / all_:,.0f}", "", ratio, ""))
    return made


def _small(path: Path) -> str:
    return {"lines": "tenth", "columns": "columns-tenth"}[path.name]


def _write(lines: Path, columns: Path, count: int) -> None:
    """The records, in both forms."""
    schema, answers = Schema.new(SCHEMA), [json.loads(line) for line in respondents()]

    def records() -> Iterator[ValidRecord]:
        for number in range(count):
            value, canonical = read(json.dumps(answers[number % len(answers)] | {"respondent": number}).encode())
            yield ValidRecord(number, value, canonical)

    with lines.open("wb") as file:
        file.writelines(record.canonical + b"\n" for record in records())
    with columns.open("wb") as file:
        write_columns(file, records(), schema)


def _forked(function: Callable[..., float], *args: object) -> float:
    """In a process of its own, whose children are none but the sandbox, and which loads nothing anew."""
    with ProcessPoolExecutor(1, mp_context=get_context("fork")) as pool:
        return pool.submit(function, *args).result()


def _peak(module: bytes, records: Path) -> float:
    """The most resident memory of the sandbox, in MiB."""
    with records.open("rb") as file:
        Program(module, _limits(records)).run(file)
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


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
