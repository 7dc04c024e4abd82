"""The same properties of the splitter under forge's fuzzer, and under the Python machine: speed and bite."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import suppress
from typing import ClassVar, NamedTuple

from assurance import ROOT
from assurance.bench.report import Table, alone
from assurance.bench.speed.machines import STEPS
from assurance.harness.chain.twins import compiled
from assurance.harness.machines import driver
from assurance.harness.machines.splitter.checks import PropertyBroken, Setting
from assurance.harness.machines.splitter.machine import SplitterMachine
from assurance.harness.mistakes import mistakes

SEED = "0x5eed"
SPLITTER = "RevenueSplitter"
SPEED = (
    "`assurance/bench/forge` with the contracts, the steps and the size of lives of the Python machine (200 "
    "lives of 50 calls), one thread. All invariants are checked after every call (`check_interval = "
    "1`). CPU: of forge's process, less that of a start without tests."
)
BITE = (
    "Calls or steps until a mistake in the splitter (`assurance/harness/mistakes.toml`) was noticed, in one run "
    "with one seed; `-` is not within 200 lives of 50. Reverts ignored is forge's default. A bounded handler asks "
    "for nothing that must be refused, so what is wrongly accepted goes unnoticed; the model says of every refusal "
    "its error and arguments. BooksFaceValue needs an asset that takes a fee, and "
    "`tests/invariant/test_twins.py` shows it with one."
)


class Outcome(NamedTuple):
    passed: bool
    calls: int
    reverts: int
    cpu: float
    wall: float


def forge(*arguments: str, **environment: str) -> tuple[str, float, float]:
    """Standard output, processor and wall seconds. Whether tests passed is said there too."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    with tempfile.TemporaryDirectory() as failures:  # what an earlier run found is not tried first
        profile = {"FOUNDRY_PROFILE": "bench", "FOUNDRY_INVARIANT_FAILURE_PERSIST_DIR": failures}
        settings = {**os.environ, **profile, **environment}
        command = ["forge", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=settings, capture_output=True, text=True, check=False)
    after, wall = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter() - begin
    if not done.stdout.strip():
        raise RuntimeError(f"forge {' '.join(arguments)}: {done.stderr.strip()}")
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, wall


def lives(contract: str, **environment: str) -> Outcome:
    words = ("test", "--threads", "1", "--json", "--fuzz-seed", SEED, "--match-contract", f"^{contract}$")
    output, cpu, wall = forge(*words, **environment)
    ((_, suite),) = json.loads(output).items()
    ((_, test),) = suite["test_results"].items()
    metrics = test["kind"]["Invariant"]["metrics"].values()
    calls, reverts = (sum(metric[name] for metric in metrics) for name in ("calls", "reverts"))
    return Outcome(test["status"] == "Success", calls, reverts, cpu, wall)


def speed() -> Table:
    result = Table("The splitter under forge", SPEED, ("suite", "calls", "reverts", "CPU s", "wall s", "calls/s (CPU)"))
    # Compiles, if need be; the second is a start alone.
    start = [forge("test", "--list", "--json")[1] for _ in range(2)][1]
    for name, contract in (
        ("legal inputs, a revert fails", "BoundedTest"),
        ("any inputs, reverts ignored", "WildTest"),
    ):
        run = lives(contract)
        cpu = run.cpu - start
        figures = (f"{run.calls:,}", f"{run.reverts:,}", f"{cpu:.2f}", f"{run.wall:.2f}", f"{run.calls / cpu:,.0f}")
        result.rows.append((name, *figures))
        if not run.passed:
            result.faults.append(f"forge: {contract} failed on the real contract")
    return result


def bite() -> Table:
    headings = ("mistake", "forge, a revert fails", "forge, reverts ignored", "Python machine")
    result = Table("Flaws noticed", BITE, headings)
    twins = [m.id for m in mistakes().values() if m.contract == SPLITTER and "invariant/test_twins.py" in m.lives]
    for twin in (SPLITTER, *twins):
        code = {"DATADAO_SPLITTER": f"0x{compiled(twin).creation.hex()}"}
        runs = [lives("TwinTest", **code), lives("TwinTest", **code, FOUNDRY_INVARIANT_FAIL_ON_REVERT="false")]
        figures = ["-" if run.passed else f"{run.calls:,}" for run in runs]
        noticed = alone(python_notices, twin)
        result.rows.append((twin.partition(".")[2] or "none", *figures, noticed))
        if twin == SPLITTER and {*figures, noticed} != {"-"}:
            result.faults.append("a twin without a flaw was taken for one with a flaw")
        if twin == "RevenueSplitter.RemovesUnsettled" and runs[0].passed:
            result.faults.append("forge's suite did not notice a splitter that forgets what removed shares earned")
    return result


def python_notices(twin: str) -> str:
    """At which step, and by which property."""
    noticed: list[str] = []

    class Twin(SplitterMachine):
        setting = Setting(True, twins=(twin,))
        reached: ClassVar[Counter[str]] = Counter()

        def hold(self, name: str, condition: bool, detail: str, *values: object) -> None:
            if not condition:
                noticed.append(f"{self.reached['steps']:,} ({name})")
            super().hold(name, condition, detail, *values)

    with suppress(PropertyBroken):
        driver.run(Twin, driver.lives(200, STEPS, derandomize=True))
    return noticed[0] if noticed else "-"
