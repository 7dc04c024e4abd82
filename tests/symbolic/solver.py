"""The SMT solver that Halmos starts: `solver.py QUERY.smt2` races three of them and passes on the first answer.

None of them is good at everything: cvc5, reading words as integers, is quick where numbers are multiplied and divided,
Bitwuzla where both sides of a claim share most of their terms, Yices where bits are shuffled. They start one after the
other, because most queries fall to the first one within a second.

PyPI has cvc5 and Bitwuzla as libraries, so `solver.py cvc5 QUERY.smt2` is what runs them.
"""

import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve()
BIN = Path(sys.executable).parent
# Seconds after which each joins the race.
ENGINES = {
    "integers": (0.0, [sys.executable, str(HERE), "integers"]),
    "bitwuzla": (0.3, [sys.executable, str(HERE), "bitwuzla"]),
    "cvc5": (1.0, [sys.executable, str(HERE), "cvc5"]),
    "yices": (4.0, [str(BIN / "yices-smt2"), "--smt2-model-format"]),
}


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


def race(query: str) -> str:
    """The output of the first engine that knows; "unknown" when none does."""
    began = time.monotonic()
    waiting = dict(ENGINES)
    running: dict[str, subprocess.Popen[bytes]] = {}
    try:
        while waiting or running:
            elapsed = time.monotonic() - began
            # A lost runner makes room at once.
            for name in [name for name, (start, _) in waiting.items() if elapsed >= start or not running]:
                command = [*waiting.pop(name)[1], query]
                with Path(f"{query}.{name}").open("w") as output:
                    running[name] = subprocess.Popen(command, stdout=output, stderr=subprocess.DEVNULL)
            for name in [name for name, process in running.items() if process.poll() is not None]:
                running.pop(name)
                answer = Path(f"{query}.{name}").read_text()
                if answer.startswith(("sat", "unsat")):
                    return answer
            time.sleep(0.02)
    finally:
        for process in running.values():
            process.kill()
            process.wait()
    return "unknown\n"


def main() -> int:
    match sys.argv[1:]:
        case ["integers", query]:
            run_integers(query)
        case ["bitwuzla", query]:
            run_bitwuzla(query)
        case ["cvc5", query]:
            run_cvc5(query)
        case [query]:
            print(race(query), end="")
        case _:
            print("usage: solver.py [bitwuzla | cvc5] QUERY.smt2", file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
