"""Processes that try mutants side by side: each has a compiler of its own and the tests already imported."""

from __future__ import annotations

import hashlib
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait

from audit.compiler import Code, CompileError, Compiler
from audit.mutation.choice import FACTORY, Choice
from audit.mutation.sources import Mutant, Sources
from audit.warm import Suite

KILLED, SURVIVED, SAME_CODE, INVALID = "killed", "survived", "same code", "does not compile"
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
        verdict = self.suite.run(orders[target], self.surroundings(target) | {target: code}, cpu=self.cpu)
        number = hashlib.sha256(code.creation).hexdigest()
        if verdict.passed:
            return Outcome(SURVIVED, target, "", "", number, verdict.seconds)
        failure = verdict.failures[0] if verdict.failures else None
        test, message = (failure.test, failure.message) if failure else (verdict.ended, "")
        return Outcome(KILLED, target, test, message, number, verdict.seconds)


def outcomes(bench: Bench, choice: Choice, mutants: list[Mutant], lanes: int) -> Iterator[tuple[Mutant, Outcome]]:
    """Tries all mutants, in the order in which they come to an end."""
    waiting = list(reversed(mutants))
    busy: dict[Connection, Mutant] = {}
    workers = [_Lane(bench) for _ in range(min(lanes, len(mutants)))]
    try:
        for worker in workers:
            _next(worker.pipe, waiting, busy, choice)
        while busy:
            for pipe in wait(list(busy)):
                assert isinstance(pipe, Connection)
                mutant, outcome = busy.pop(pipe), pipe.recv()
                if outcome.verdict == KILLED and "::" in outcome.test:
                    choice.noticed(mutant, outcome.test)
                _next(pipe, waiting, busy, choice)
                yield mutant, outcome
    finally:
        for worker in workers:
            worker.stop()


def _next(pipe: Connection, waiting: list[Mutant], busy: dict[Connection, Mutant], choice: Choice) -> None:
    if waiting:
        mutant = waiting.pop()
        busy[pipe] = mutant
        pipe.send((mutant, {target: choice.order(mutant, target) for target in mutant.targets}))


class _Lane:
    def __init__(self, bench: Bench) -> None:
        self.pipe, theirs = _FORK.Pipe()
        self.process = _FORK.Process(target=_work, args=(bench, theirs, self.pipe))
        self.process.start()
        theirs.close()

    def stop(self) -> None:
        self.pipe.close()
        self.process.join(5)
        self.process.kill()


def _work(bench: Bench, pipe: Connection, other_end: Connection) -> None:
    # The parent stops lanes by closing its end; an interrupt is the parent's to handle.
    other_end.close()
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    with Compiler() as compiler:
        while True:
            try:
                mutant, orders = pipe.recv()
            except EOFError:
                return
            pipe.send(bench.try_out(compiler, mutant, orders))


def baseline(bench: Bench, choice: Choice, lanes: int, say: Callable[[str], None]) -> list[str]:
    """Failures of the unchanged contracts under the campaign's settings: there must be none."""
    everything = choice.everything()
    parts = [everything[lane::lanes] for lane in range(lanes)]
    parts = [[test for test in everything if test in set(part)] for part in parts]
    say(f"baseline: {len(everything)} tests of the unchanged contracts")
    jobs = [(part, bench.surroundings("")) for part in parts]
    jobs.append((choice.of(FACTORY), {FACTORY: bench.codes[FACTORY]} if FACTORY in bench.codes else {}))
    with_results = []
    processes = []
    for tests, codes in jobs:
        ours, theirs = _FORK.Pipe(duplex=False)
        process = _FORK.Process(target=_check, args=(bench, tests, codes, theirs))
        process.start()
        theirs.close()
        processes.append(process)
        with_results.append(ours)
    failures: list[str] = []
    for ours, process in zip(with_results, processes, strict=True):
        failures += ours.recv()
        process.join()
    return failures


def _check(bench: Bench, tests: list[str], codes: Mapping[str, Code], answer: Connection) -> None:
    verdict = bench.suite.run(tests, codes, whole=True, cpu=bench.cpu * 4)
    found = [f"{failure.test}: {failure.message}" for failure in verdict.failures]
    answer.send([*found, *([f"the tests ended with a {verdict.ended}"] if verdict.ended else [])])
