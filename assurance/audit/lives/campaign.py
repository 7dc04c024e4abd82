"""`python -m assurance.audit.lives.campaign`: random lives of every machine beside its model, in every environment.

    STEPS=5000000 make audit          more steps than the 510,000 by default; also --steps
    python -m assurance.audit.lives.campaign --seed 7 the same lives again; the seed of a run is printed and in its
    result

Cells are a machine, whether votes change parameters in the middle of lives (dynamic) or never (static), whether tokens
are transferable, and the decimals of the asset. Each gets its part of the steps. The first failure ends the campaign,
shrunk, as a test to paste into a file under tests/invariant/regressions.
"""

from __future__ import annotations

import os
import random
import secrets
import signal
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from typing import Any

from typing_extensions import TypedDict

from assurance.audit.lives.cells import SUBJECTS, Cell, cells, shares
from assurance.audit.lives.lives import LENGTH, NOTHING, OK, Chunk, Task, live
from assurance.audit.part import PartError, run, write
from assurance.audit.part import parser as new_parser
from assurance.bench.report import Stopwatch

STEPS = 510_000
REFUSED = frozenset({
    "activate_too_much", "deposit_many_of_unequal_lengths", "deposit_unapproved", "erase_too_much", "seize_power",
    "smuggle", "stray", "trespass",
})  # fmt: skip
"""Rules that try what no life may do."""
LIVES = 100
"""Of a task, at most: a minute or two of work."""
ENOUGH = 4_000
"""Steps of a cell in which some vote that changes a parameter is carried: a dozen in the slowest machine."""
TICK = 5.0
"""Seconds between two lines of progress, but for the first ones, of which the first comes after one."""


class CellResult(TypedDict):
    machine: str
    environment: str
    steps: int
    planned: int
    changes: int
    """Parameters that votes changed."""


class MachineResult(TypedDict):
    steps: int
    lives: int
    transactions: int
    cpu_seconds: float
    steps_per_second: float
    """Of one core."""


class Failure(TypedDict):
    cell: str
    seed: int
    """Of the task, and the campaign's where that had no other."""
    error: str
    reproduction: str


class Result(TypedDict):
    """`audit-report/campaign.json`, besides what every part has."""

    seed: int
    workers: int
    steps: int
    lives: int
    transactions: int
    machines: dict[str, MachineResult]
    cells: list[CellResult]
    environments: dict[str, int]
    """Steps by environment, of all machines together."""
    rules: dict[str, dict[str, dict[str, int]]]
    """Machine, rule, outcome: `assurance.audit.lives.lives.Outcomes`."""
    failures: list[Failure]
    wrong: list[str]


@dataclass(frozen=True)
class Plan:
    steps: int
    seed: int
    workers: int
    subjects: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """All of what an audit asks for, or more."""
        return self.steps >= STEPS and set(self.subjects) == set(SUBJECTS)

    def tasks(self) -> dict[Cell, list[Task]]:
        """Tasks of each cell: the same for every number of workers."""
        planned = {}
        for cell, share in shares(self.steps, cells(self.subjects)).items():
            length = min(LENGTH, share)
            lives, numbers = -(-share // length), random.Random(f"{self.seed} {cell}")
            count = -(-lives // LIVES)
            parts = [lives // count + (i < lives % count) for i in range(count)]
            planned[cell] = [Task(cell, part, length, numbers.getrandbits(64)) for part in parts]
        return planned


class Campaign:
    def __init__(self, plan: Plan, **twins: Any) -> None:
        """`twins` put twins in the place of contracts: class attributes of the machines."""
        self.plan, self.twins = plan, twins
        self.shares, self.tasks = shares(plan.steps, cells(plan.subjects)), plan.tasks()
        self.chunks: list[Chunk] = []

    def run(self, say: Callable[[str], None]) -> None:
        context = get_context("spawn")
        counter, stopped = context.Value("Q", 0), context.Event()
        begun = time.monotonic()
        reported, pause = begun, 1.0
        # The slowest machines first, so that no worker is left alone with one at the end.
        planned = [task for tasks in self.tasks.values() for task in tasks]
        planned.sort(key=lambda task: (SUBJECTS[task.cell.subject].share, task.lives))
        pool = ProcessPoolExecutor(self.plan.workers, context, initializer=_share, initargs=(counter, stopped))
        try:
            running = {pool.submit(_live, task, self.twins) for task in planned}
            while running:
                done, running = wait(running, timeout=pause, return_when=FIRST_COMPLETED)
                for chunk in (future.result() for future in done):
                    self.chunks.append(chunk)
                    if chunk.error:
                        say(_failed(chunk))
                        running = _without_waiting(running)
                if time.monotonic() - reported >= pause:
                    reported, pause = time.monotonic(), min(TICK, 2 * pause)
                    say(self._progress(counter.value, reported - begun))
        finally:
            # Also when interrupted: no worker goes on.
            stopped.set()
            pool.shutdown(cancel_futures=True)

    def _progress(self, steps: int, seconds: float) -> str:
        whole = sum(self.shares.values())
        left = max(0, whole - steps) * seconds / steps if steps else 0
        ahead = f"{left / 60:.1f} min left" if steps else "starting"
        return f"{steps:,} of {whole:,} steps, {steps / seconds:,.0f} steps/s, {ahead}"

    @property
    def failures(self) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.error]

    def wrong(self) -> list[str]:
        """What keeps the campaign from having shown what it is for, one line each."""
        wrong = [f"{chunk.task.cell}: {chunk.error.splitlines()[0]}" for chunk in self.failures]
        if wrong:
            return wrong
        for cell in self.cells():
            name = f"{cell['machine']}, {cell['environment']}"
            if cell["steps"] < cell["planned"]:
                wrong.append(
                    f"{cell['machine']}, {cell['environment']}: only {cell['steps']} of {cell['planned']} steps"
                )
            dynamic = cell["environment"].startswith("dynamic")
            if cell["changes"] and not dynamic:
                wrong.append(f"{name}: {cell['changes']} parameters changed")
            if dynamic and not cell["changes"] and cell["steps"] >= ENOUGH:
                wrong.append(f"{name}: no parameter changed")
        return wrong + self._never_done()

    def _never_done(self) -> list[str]:
        """Rules that a whole campaign refused each time, though they must succeed in some life."""
        if not self.plan.whole:
            return []
        met: defaultdict[str, set[str]] = defaultdict(set)
        for name in self.plan.subjects:
            for rule, outcomes in self._rules(name).items():
                met[rule] |= outcomes.keys()
        never = {rule for rule, outcomes in met.items() if not outcomes & {OK, NOTHING}}
        return [f"{rule}: refused each time" for rule in sorted(never - REFUSED)] + [
            f"{rule}: is to be refused each time, and was not" for rule in sorted(met.keys() & REFUSED - never)
        ]

    def cells(self) -> list[CellResult]:
        return [
            {
                "machine": cell.subject,
                "environment": cell.environment,
                "steps": sum(chunk.steps for chunk in self.chunks if chunk.task.cell == cell),
                "planned": share,
                "changes": sum(chunk.changes for chunk in self.chunks if chunk.task.cell == cell),
            }
            for cell, share in self.shares.items()
        ]

    def result(self) -> Result:
        environments: Counter[str] = Counter()
        for cell in self.cells():
            environments[cell["environment"]] += cell["steps"]
        return {
            "seed": self.plan.seed,
            "workers": self.plan.workers,
            "steps": sum(chunk.steps for chunk in self.chunks),
            "lives": sum(chunk.lives for chunk in self.chunks),
            "transactions": sum(chunk.transactions for chunk in self.chunks),
            "machines": {name: self._machine(name) for name in self.plan.subjects},
            "cells": self.cells(),
            "environments": dict(environments),
            "rules": {name: self._rules(name) for name in self.plan.subjects},
            "failures": [
                {
                    "cell": str(chunk.task.cell),
                    "seed": chunk.task.seed,
                    "error": chunk.error,
                    "reproduction": chunk.reproduction,
                }
                for chunk in self.failures
            ],
            "wrong": self.wrong(),
        }

    def _of(self, name: str) -> list[Chunk]:
        return [chunk for chunk in self.chunks if chunk.task.cell.subject == name]

    def _machine(self, name: str) -> MachineResult:
        mine = self._of(name)
        steps, seconds = sum(chunk.steps for chunk in mine), sum(chunk.seconds for chunk in mine)
        return {
            "steps": steps,
            "lives": sum(chunk.lives for chunk in mine),
            "transactions": sum(chunk.transactions for chunk in mine),
            "cpu_seconds": round(seconds, 1),
            "steps_per_second": round(steps / seconds) if seconds else 0,
        }

    def _rules(self, name: str) -> dict[str, dict[str, int]]:
        together: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for chunk in self._of(name):
            for rule, outcomes in chunk.outcomes.items():
                together[rule] += outcomes
        return {rule: dict(together[rule].most_common()) for rule in sorted(together)}


_counter: Any = None
"""Of a worker: steps that all workers took."""
_stopped: Any = None
"""Of a worker: whether a life of any worker failed, or the campaign was interrupted."""


def _share(counter: Any, stopped: Any) -> None:
    global _counter, _stopped
    _counter, _stopped = counter, stopped


def _live(task: Task, twins: dict[str, Any]) -> Chunk:
    """Lives the task, or less of it when another worker's life failed or the campaign was interrupted."""

    def tick() -> None:
        if _stopped.is_set():
            raise KeyboardInterrupt
        with _counter.get_lock():
            _counter.value += 1

    if _stopped.is_set():
        return Chunk(task)
    try:
        chunk = live(task, tick, **twins)
    except KeyboardInterrupt:
        return Chunk(task)
    if chunk.error:
        _stopped.set()
    return chunk


def _without_waiting(running: Iterable[Future[Chunk]]) -> set[Future[Chunk]]:
    """Those already worked on."""
    return {future for future in running if not future.cancel()}


def _failed(chunk: Chunk) -> str:
    return f"{chunk.task.cell}: {chunk.error}\n\n{chunk.reproduction}"


def planned(arguments: Sequence[str]) -> Plan:
    """What the command line and the environment ask for.

    Raises:
        PartError: a number that is none, or too small.
    """
    parser = new_parser("assurance.audit.lives.campaign", __doc__)
    parser.add_argument("--steps", default=os.environ.get("STEPS", str(STEPS)), help=f"default: $STEPS or {STEPS:,}")
    parser.add_argument("--seed", help="repeats the run that printed it")
    parser.add_argument("--workers", default="2", help="processes (default: 2)")
    parser.add_argument("--machine", action="append", help=f"only this one: {', '.join(SUBJECTS)}")
    given = parser.parse_args(arguments)
    seed = secrets.randbits(32) if given.seed is None else _number("--seed", given.seed, 0)
    steps, workers = _number("--steps", given.steps, 1), _number("--workers", given.workers, 1)
    return Plan(steps, seed, workers, tuple(given.machine or SUBJECTS))


def _number(name: str, text: str, least: int) -> int:
    plain = text.replace(",", "").replace("_", "")
    if not plain.isdecimal() or int(plain) < least:
        raise PartError(f"{name} is {text!r}: expected a whole number, {least} or more")
    return int(plain)


def main(arguments: list[str]) -> int:
    plan = planned(arguments)
    # `make audit` ends its parts this way; workers must end too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    campaign = Campaign(plan)
    say = partial(print, flush=True)
    say(f"seed {plan.seed}, {plan.workers} workers, {len(campaign.shares)} cells, {plan.steps:,} steps")
    try:
        with Stopwatch() as watch:
            campaign.run(say)
    except BrokenProcessPool as error:
        raise PartError("a worker was ended from outside, perhaps for want of memory: try --workers 1") from error
    result = campaign.result()
    for environment, steps in result["environments"].items():
        say(f"  {environment:36} {steps:9,} steps")
    for name, machine in result["machines"].items():
        say(f"  {name:12} {machine['steps']:9,} steps, {machine['steps_per_second']:,}/s of one core")
    failed = f", {len(result['failures'])} FAILED" if result["failures"] else ""
    summary = f"{result['steps']:,} steps, {result['lives']:,} lives in {len(result['environments'])} environments"
    return write(
        "campaign",
        ok=not result["wrong"],
        seconds=watch.wall,
        summary=f"{summary}, seed {plan.seed}{failed}",
        whole=plan.whole,
        **result,
    )


if __name__ == "__main__":
    sys.exit(run(main))
