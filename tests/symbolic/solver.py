"""The SMT solver that Halmos starts: `solver.py QUERY.smt2` asks three engines and passes on the first answer.

None of them is good at everything: z3, reading words as integers, is quick where numbers are multiplied and divided,
Bitwuzla where both sides of a claim share most of their terms, cvc5 in between. Most queries fall to one of them at
once, so they take turns, each twice as long as the one before: an engine that runs beside the one that answers costs
as much as it.

Yices 2.6.4, quick as it is, is not asked: it answered "unsat" to a query of a twin (an index averaged over too few
shares) of which z3 and Bitwuzla give a solution, and a solution whose every assertion holds.

PyPI has z3, cvc5 and Bitwuzla as libraries, so `solver.py cvc5 QUERY.smt2` is what runs one alone. The engines of a
query are forks of its process, which `make prove` forks from one that has loaded them: most answer in less time than
Python takes to start.
"""

import contextlib
import os
import resource
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from multiprocessing import get_context
from pathlib import Path

import psutil  # type: ignore[import-untyped]

TICK = 0.005
MOST = 900
"""Seconds of processor time after which an engine ends whatever becomes of the process that it works for."""


def run_integers(query: str) -> None:
    import integers  # type: ignore[import-not-found]  # beside this file, which runs as a program

    print(integers.answer(query), end="")


def run_bitwuzla(query: str) -> None:
    import bitwuzla

    options = bitwuzla.Options()
    options.set(bitwuzla.Option.PRODUCE_MODELS, True)
    bitwuzla.Parser(bitwuzla.TermManager(), options).parse(query)


def run_cvc5(query: str) -> None:
    import cvc5

    solver = cvc5.Solver(cvc5.TermManager())
    solver.setOption("produce-models", "true")
    solver.setOption("solve-bv-as-int", "iand")
    solver.setOption("iand-mode", "bitwise")
    parser = cvc5.InputParser(solver)
    parser.setFileInput(cvc5.InputLanguage.SMT_LIB_2_6, query)
    symbols = parser.getSymbolManager()
    while not (command := parser.nextCommand()).isNull():
        print(command.invoke(solver, symbols), end="", flush=True)


# What they run, and the processor time of their first turns in seconds.
ENGINES: dict[str, tuple[Callable[[str], None], float]] = {
    "integers": (run_integers, 0.1),
    "bitwuzla": (run_bitwuzla, 0.1),
    "cvc5": (run_cvc5, 0.025),
}


class Engine:
    """Runs only in its turns."""

    def __init__(self, name: str, query: str) -> None:
        run, self.turn = ENGINES[name]
        self._output = Path(f"{query}.{name}")
        self._output.touch()
        self._process = get_context("fork").Process(target=self._run, args=(run, query))
        self._process.start()

    def _run(self, run: Callable[[str], None], query: str) -> None:
        """In the engine's process."""
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        resource.setrlimit(resource.RLIMIT_CPU, (MOST, MOST))
        for stream, path in ((1, self._output), (2, os.devnull)):
            with open(path, "w") as file:  # noqa: PTH123
                os.dup2(file.fileno(), stream)
        run(query)

    def work(self) -> str | None:
        """One turn. Returns the answer, empty if it does not know; nothing if it needs another turn."""
        self._signal(signal.SIGCONT)
        with contextlib.suppress(psutil.NoSuchProcess):
            watched = psutil.Process(self._process.pid)
            while self._process.is_alive() and sum(watched.cpu_times()[:2]) < self.turn:
                time.sleep(TICK)
        self.turn *= 2
        if self._process.is_alive():
            self._signal(signal.SIGSTOP)
            return None
        found = self._output.read_text()
        return found if found.startswith(("sat", "unsat")) else ""

    def _signal(self, number: int) -> None:
        # It may have ended since its turn, and been waited for when another engine started.
        if self._process.is_alive() and self._process.pid:
            os.kill(self._process.pid, number)

    def end(self) -> None:
        self._process.kill()
        self._process.join()


def first(query: str) -> str:
    """The output of the first engine that knows; "unknown" when none does."""
    engines: list[Engine] = []
    try:
        turns: deque[str | Engine] = deque(ENGINES)
        while turns:
            engine = turns.popleft()
            if isinstance(engine, str):
                engine = Engine(engine, query)
                engines.append(engine)
            if answer := engine.work():
                return answer
            if answer is None:
                turns.append(engine)
    finally:
        for engine in engines:
            engine.end()
    return "unknown\n"


def main() -> int:
    match sys.argv[1:]:
        case [engine, query] if engine in ENGINES:
            ENGINES[engine][0](query)
        case [query]:
            # Or the engines would go on alone.
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
            print(first(query), end="")
        case _:
            print("usage: solver.py [integers | bitwuzla | cvc5] QUERY.smt2", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
