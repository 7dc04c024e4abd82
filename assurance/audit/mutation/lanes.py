"""Processes that try mutants side by side: each has a compiler of its own and the tests already imported."""

from __future__ import annotations

import contextlib
import hashlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from assurance.audit.mutation.choice import FACTORY, Choice
from assurance.audit.mutation.sources import Mutant, Sources
from assurance.audit.mutation.warm import Suite
from assurance.harness.chain.compiler import Code, CompileError, Compiler

KILLED, SURVIVED, SAME_CODE, INVALID = "killed", "survived", "same code", "does not compile"
_LOOK_UP = 5
"""Seconds after which an idle lane looks whether its run still lives."""
_FORK = multiprocessing.get_context("fork")


@dataclass(frozen=True)
class Outcome:
    verdict: str
    target: str
    test: str
    """That noticed it; `timeout` or `crash` if none came to its end."""
    message: str
    code: str
    """A hash: equal for mutants of a contract that are the same code."""
    seconds: float


@dataclass(frozen=True)
class Bench:
    """What every lane inherits: the sources, the code they compile to, and the tests."""

    sources: Sources
    codes: Mapping[str, Code]
    suite: Suite
    cpu: int
    """Seconds of processor time after which tests of a mutant hang."""

    def surroundings(self, target: str) -> dict[str, Code]:
        """The other contracts as they were when the baseline passed; the factory's tests take the deployed ones."""
        return {} if target == FACTORY else {name: code for name, code in self.codes.items() if name != FACTORY}

    def try_out(self, compiler: Compiler, mutant: Mutant, orders: Mapping[str, list[str]]) -> Outcome:
        """Tests the mutant in the first of its contracts whose code it changes."""
        changed = {mutant.file: self.sources.changed(mutant)}
        for target in mutant.targets:
            try:
                code = compiler.compile(target, changed)
            except CompileError as error:
                return Outcome(INVALID, target, "", str(error), "", 0)
            if code != self.codes[target]:
                break
        else:
            return Outcome(SAME_CODE, "", "", "", "", 0)
        verdict = self.suite.start(orders[target], self.surroundings(target) | {target: code}, cpu=self.cpu).verdict()
        number = hashlib.sha256(code.creation).hexdigest()
        if verdict.passed:
            return Outcome(SURVIVED, target, "", "", number, verdict.seconds)
        failure = verdict.failures[0] if verdict.failures else None
        test, message = (failure.test, failure.message) if failure else (verdict.ended, "")
        return Outcome(KILLED, target, test, message, number, verdict.seconds)


def outcomes(
    bench: Bench, choice: Choice, mutants: list[Mutant], lanes: int, missed: Callable[[Mutant], None]
) -> Iterator[tuple[Mutant, Outcome]]:
    """Tries all mutants, in the order in which they come to an end: first with the unit tests of their own contract,
    and what these `missed` after all others, with everything else, which takes fifty times as long."""
    waiting = deque((mutant, False) for mutant in mutants)
    busy: dict[Connection, tuple[Mutant, bool]] = {}
    workers = [_Lane(bench) for _ in range(min(lanes, len(mutants)))]
    try:
        for worker in workers:
            _next(worker.pipe, waiting, busy, choice)
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                (mutant, late), outcome = busy.pop(pipe), pipe.recv()
                if outcome.verdict == KILLED and "::" in outcome.test:
                    choice.noticed(mutant, outcome.test)
                again = outcome.verdict == SURVIVED and not late
                if again:
                    waiting.append((mutant, True))
                _next(pipe, waiting, busy, choice)
                if again:
                    missed(mutant)
                else:
                    yield mutant, outcome
    finally:
        for worker in workers:
            worker.stop()


def _next(
    pipe: Connection,
    waiting: deque[tuple[Mutant, bool]],
    busy: dict[Connection, tuple[Mutant, bool]],
    choice: Choice,
) -> None:
    if waiting:
        mutant, late = busy[pipe] = waiting.popleft()
        pipe.send((mutant, {target: choice.order(mutant, target, late=late) for target in mutant.targets}))


class _Lane:
    def __init__(self, bench: Bench) -> None:
        self.pipe, theirs = _FORK.Pipe()
        self.process = _FORK.Process(target=_work, args=(bench, theirs, os.getpid()))
        self.process.start()
        theirs.close()

    def stop(self) -> None:
        """Whether it waits for a mutant or is in the middle of one."""
        with contextlib.suppress(OSError):
            self.pipe.send(None)
        self.process.join(1)
        self.process.terminate()
        self.process.join()


def _work(bench: Bench, pipe: Connection, parent: int) -> None:
    with Compiler() as compiler:
        # Lanes hold each other's pipes, so none ends by itself when the run is killed.
        while pipe.poll(_LOOK_UP) or os.getppid() == parent:
            if not pipe.poll():
                continue
            job = pipe.recv()
            if job is None:
                return
            pipe.send(bench.try_out(compiler, *job))


def baseline(bench: Bench, choice: Choice, lanes: int) -> list[str]:
    """Failures of the unchanged contracts under the campaign's settings: there must be none."""
    tests = choice.everything(bench.codes)
    jobs = [(tests[lane::lanes], bench.surroundings("")) for lane in range(lanes)]
    if FACTORY in bench.codes:
        jobs.append((choice.of(FACTORY), {FACTORY: bench.codes[FACTORY]}))
    failures = []
    for running in [bench.suite.start(*job, whole=True, cpu=bench.cpu) for job in jobs]:
        verdict = running.verdict()
        failures += [f"{failure.test}: {failure.message}" for failure in verdict.failures]
        if verdict.ended:
            failures.append(f"the tests ended with a {verdict.ended}")
    return failures
