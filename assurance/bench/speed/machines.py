"""State machines: steps a second, with the model asked before and all invariants checked after every step."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis.stateful import RuleBasedStateMachine, invariant, run_state_machine_as_test

from assurance.bench.report import Stopwatch, Table, alone
from assurance.harness.chain.evm import Revm
from assurance.harness.machines.base import lives

MACHINES = {
    "splitter": "assurance.harness.machines.splitter.machine:SplitterMachine",
    "registry": "assurance.harness.machines.registry.machine:RegistryMachine",
    "leases": "assurance.harness.machines.leases.machine:LeasesMachine",
    "governance": "assurance.harness.machines.governance.checks:Government",
}
GOAL = 1_000
"""Steps per second of one core, of the splitter's machine."""
LIVES, STEPS, ROUNDS = 50, 50, 5
HOW = (
    f"One thread of one process for each machine. {LIVES} lives of up to {STEPS} steps, the same lives in {ROUNDS} "
    f"rounds, of which the fastest is shown: other work on the machine can only slow one down. A step is one rule of "
    f"the machine with everything that is checked after it. Goal for the splitter: {GOAL:,} steps/s."
)


class Run(NamedTuple):
    steps: int
    transactions: int
    reads: int
    cpu: float
    wall: float


def fastest(path: str) -> Run:
    """The fastest round of a machine given as `module:class`."""
    module, name = path.split(":")
    machine = getattr(importlib.import_module(module), name)
    live(machine, 2, Counter())  # deployments and imports are not steps
    rounds = []
    for _ in range(ROUNDS):
        with counting() as counted, Stopwatch() as watch:
            live(machine, LIVES, counted)
        rounds.append(Run(counted["steps"], counted["transactions"], counted["reads"], watch.cpu, watch.wall))
    return min(rounds, key=lambda run: run.cpu)


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


def live(machine: type[RuleBasedStateMachine], count: int, counted: Counter[str]) -> None:
    """Lives of the machine, the same at every run; its steps are counted."""

    def step(self: RuleBasedStateMachine) -> None:
        counted["steps"] += 1

    measured = type("Measured", (machine,), {"reached": Counter(), "step_counted": invariant()(step)})
    run_state_machine_as_test(measured, settings=lives(count, STEPS, derandomize=True))


def table() -> Table:
    headings = ("machine", "steps", "transactions", "reads", "CPU s", "wall s", "steps/s (CPU)")
    result = Table("State machines on revm, in process", HOW, headings)
    for name, path in MACHINES.items():
        run = alone(fastest, path)
        counts = (f"{run.steps:,}", f"{run.transactions:,}", f"{run.reads:,}")
        result.rows.append((name, *counts, f"{run.cpu:.2f}", f"{run.wall:.2f}", f"{run.steps / run.cpu:,.0f}"))
    return result
