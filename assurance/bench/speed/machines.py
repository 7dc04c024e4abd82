"""State machines: steps a second, with the model asked before and all invariants checked after every step.

python -m assurance.bench.speed.machines registry    a round of these machines: steps per second of one core, as JSON
"""

from __future__ import annotations

import importlib
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from assurance import ROOT
from assurance.bench.report import Stopwatch, Table, alone
from assurance.harness.chain.evm import Revm
from assurance.harness.machines.base import Machine, invariant
from assurance.harness.machines.driver import lives, run

MACHINES = {
    "splitter": "assurance.harness.machines.splitter.machine:SplitterMachine",
    "registry": "assurance.harness.machines.registry.machine:RegistryMachine",
    "leases": "assurance.harness.machines.leases.machine:LeasesMachine",
    "governance": "assurance.harness.machines.governance.checks:Government",
    "system": "assurance.harness.machines.system.machine:SystemMachine",
}
GOAL = 1_000
"""Steps per second of one core, of the splitter's machine."""
LIVES, STEPS, ROUNDS = 50, 50, 5
HOW = (
    f"One thread of one process for each machine. {LIVES} lives of up to {STEPS} steps, the same lives in {ROUNDS} "
    f"rounds, of which the fastest is shown: other work on the machine can only slow one down. A step is one rule of "
    f"the machine with everything that is checked after it. Goal for the splitter: {GOAL:,} steps/s."
)


class Round(NamedTuple):
    steps: int
    transactions: int
    reads: int
    cpu: float
    wall: float


def fastest(path: str) -> Round:
    """The fastest round of a machine given as `module:class`."""
    module, name = path.split(":")
    machine = getattr(importlib.import_module(module), name)
    live(machine, 2, Counter())  # deployments and imports are not steps
    rounds = []
    for _ in range(ROUNDS):
        with counting() as counted, Stopwatch() as watch:
            live(machine, LIVES, counted)
        rounds.append(Round(counted["steps"], counted["transactions"], counted["reads"], watch.cpu, watch.wall))
    return min(rounds, key=lambda each: each.cpu)


@contextmanager
def counting() -> Iterator[Counter[str]]:
    """Counts what back ends are asked."""
    counted: Counter[str] = Counter()
    originals: dict[str, Callable[..., Any]] = {"transact": Revm.transact, "call": Revm.call}
    kinds = {"transact": "transactions", "call": "reads"}

    def counts(name: str) -> Callable[..., Any]:
        def count(*args: Any) -> Any:
            counted[kinds[name]] += 1
            return originals[name](*args)

        return count

    for name in originals:
        setattr(Revm, name, counts(name))
    try:
        yield counted
    finally:
        for name, original in originals.items():
            setattr(Revm, name, original)


def live(machine: type[Machine], count: int, counted: Counter[str]) -> None:
    """Lives of the machine, the same at every run; its steps are counted."""

    def step(self: Machine) -> None:
        counted["steps"] += 1

    measured = type("Measured", (machine,), {"reached": Counter(), "step_counted": invariant()(step)})
    run(measured, lives(count, STEPS, derandomize=True))


def table() -> Table:
    headings = ("machine", "steps", "transactions", "reads", "CPU s", "wall s", "steps/s (CPU)")
    result = Table("State machines on revm, in process", HOW, headings)
    for name, path in MACHINES.items():
        best = alone(fastest, path)
        counts = (f"{best.steps:,}", f"{best.transactions:,}", f"{best.reads:,}")
        result.rows.append((name, *counts, f"{best.cpu:.2f}", f"{best.wall:.2f}", f"{best.steps / best.cpu:,.0f}"))
    return result


FIRST_EDITION = {
    "splitter": "tests.invariant.splitter_machine:SplitterMachine",
    "registry": "tests.invariant.registry.machine:RegistryMachine",
    "leases": "tests.invariant.leases.machine:LeasesMachine",
    "governance": "tests.invariant.test_governance_machine:Government",
    "system": "tests.invariant.system.machine:SystemMachine",
}
"""The same machines there, where Hypothesis' engine drew and played the lives."""
TURNS = 5
RATE = """
import sys
from {} import machines
machines.ROUNDS = 3
best = machines.fastest(sys.argv[1])
print(best.steps / best.cpu)
"""


def against_the_first_edition(baseline: Path, name: str) -> tuple[float, float]:
    """Steps per second of one core of a machine: in the first edition, built in the folder `baseline`, and in this one,
    in turns, from the turn of the middle ratio: a shared machine is a tenth slower from one minute to the next."""
    then, now = [baseline / "toolchain" / "run", "python"], [sys.executable]
    runs = (baseline, then, "tests.bench", FIRST_EDITION), (ROOT, now, "assurance.bench.speed", MACHINES)
    rates = [
        [
            float(subprocess.check_output([*python, "-c", RATE.format(package), paths[name]], cwd=folder))
            for folder, python, package, paths in runs
        ]
        for _ in range(TURNS)
    ]
    first, ours = sorted(rates, key=lambda turn: turn[1] / turn[0])[TURNS // 2]
    return first, ours
