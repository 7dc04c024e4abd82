"""Lives of one cell, with what each of their rules did."""

from __future__ import annotations

import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import Phase

from assurance.audit.lives.cells import SUBJECTS, Cell
from assurance.harness.chain.artifacts import events
from assurance.harness.chain.evm import Revm
from assurance.harness.chain.handles import Result, Reverted
from assurance.harness.machines.base import Machine
from assurance.harness.machines.driver import lives, run

LENGTH = 50
"""Steps of a life."""
END = "(end)"
"""Named like a rule: what happens at the end of every life."""
OK, NOTHING = "ok", "nothing sent"
CHANGES = frozenset(
    {
        *("AttestorsSet", "CommitteeSet", "PolicyUpdated", "GuardianAppointed", "MinDelayChange", "TimelockChange"),
        *("VotingDelaySet", "VotingPeriodSet", "LateQuorumVoteExtensionSet", "ProposalThresholdSet"),
        *("QuorumBpsSet", "LeaseQuorumBpsSet"),
    }
)
"""Events of a changed parameter."""

Outcomes = dict[str, Counter[str]]
"""By rule: steps in which something it sent succeeded (`ok`), steps in which something was refused, by the name of the
error, and steps that sent nothing. A step may count under several, under each once."""


@dataclass(frozen=True)
class Task:
    """So many lives of a cell, the same for the same seed."""

    cell: Cell
    lives: int
    length: int
    seed: int


@dataclass
class Chunk:
    """What came of a task."""

    task: Task
    steps: int = 0
    lives: int = 0
    transactions: int = 0
    changes: int = 0
    """Parameters changed in the middle of lives."""
    seconds: float = 0
    """Of processor time."""
    outcomes: Outcomes = field(default_factory=lambda: defaultdict(Counter))
    error: str = ""
    reproduction: str = ""
    """A test that repeats the failure, shrunk."""


def live(task: Task, tick: Callable[[], None] = lambda: None, **twins: Any) -> Chunk:
    """Lives the task; `tick` is called after each step, `twins` are further class attributes of the machine."""
    chunk, began = Chunk(task), time.process_time()
    machine = _tallied(SUBJECTS[task.cell.subject].machine, task.cell.traits | twins, chunk, tick)
    try:
        run(machine, lives(task.lives, task.length, phases=[Phase.generate, Phase.shrink]), task.seed)
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as failure:
        # Also what is no Exception: pytest's own, of a refusal that did not come.
        chunk.error, chunk.reproduction = _described(failure)
    chunk.seconds = time.process_time() - began
    return chunk


def _described(failure: BaseException) -> tuple[str, str]:
    while isinstance(failure, BaseExceptionGroup):
        failure = failure.exceptions[0]
    notes = getattr(failure, "__notes__", [])
    return f"{type(failure).__name__}: {failure}", notes[-1] if notes else ""


def _tallied(machine: type[Machine], traits: dict[str, Any], chunk: Chunk, tick: Callable[[], None]) -> Any:
    """The machine, whose lives are counted in the chunk."""

    def play(self: Machine, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        with _heard(chunk, step.__name__):
            result = machine.play(self, step, arguments)
        chunk.steps += 1
        tick()
        return result

    def teardown(self: Machine) -> None:
        with _heard(chunk, END):
            machine.teardown(self)
        chunk.lives += 1

    fields = {"play": play, "teardown": teardown, "reached": Counter()}
    return type(machine.__name__, (machine,), fields | traits)


@cache
def _topics() -> frozenset[bytes]:
    return frozenset(topic for topic, event in events().items() if event["name"] in CHANGES)


@contextmanager
def _heard(chunk: Chunk, rule: str) -> Iterator[None]:
    """Counts what the transactions inside ended with, once per outcome."""
    answers: list[str] = []
    changes = _topics()
    original = Revm.transact

    def transact(self: Revm, sender: str, to: str, data: bytes, value: int) -> Result:
        try:
            result = original(self, sender, to, data, value)
        except Reverted as refusal:
            answers.append(refusal.name)
            raise
        answers.append(OK)
        chunk.changes += sum(log.topics[0] in changes for log in result.logs)
        return result

    Revm.transact = transact  # type: ignore[method-assign]
    try:
        yield
    finally:
        Revm.transact = original  # type: ignore[method-assign]
    chunk.transactions += len(answers)
    chunk.outcomes[rule].update(set(answers) or {NOTHING})
