"""`make audit`: every part of the audit, side by side where cores allow, and a page of what came out.

    make audit ARGS="PART ..."     only these parts; the page keeps what others found before
    STEPS=5000000 make audit       longer lives in the campaign
    MUTANTS=all make audit         every mutant, an hour more

Each part is also a command, `python -m` its module, with arguments of its own; it writes audit-report/<part>.json. Exit
code 0 says that every part ran and none found anything.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from assurance import ROOT
from assurance.audit.part import REPORT, PartError, run

CORES = 2
"""The work is laid out for two; more would only shorten the end."""
SLOTS = CORES + 1
"""One more than cores: a part waits for its node, its compiler, or the last of its workers."""
TICK = 20.0
"""Seconds between two lines of progress."""
LOGS = REPORT / "logs"


@dataclass(frozen=True)
class Part:
    name: str
    cores: int
    purpose: str
    module: str = ""
    """Below `assurance.audit`, where it is not called like the part."""
    within: str = ""
    """The part whose command runs this one too: they judge the same run of tests."""

    @property
    def task(self) -> str:
        return self.within or self.name

    @property
    def command(self) -> list[str]:
        return [sys.executable, "-m", f"assurance.audit.{self.module or self.task}"]

    @property
    def log(self) -> Path:
        return LOGS / f"{self.task}.log"


# Those that take both cores first, one after the other; beside them the others, the longest first.
PARTS = (
    Part("campaign", 2, "random lives of every contract beside its model", "lives.campaign"),
    Part("proofs", 2, "arithmetic for all inputs, broken twins refuted"),
    Part("mutation", 2, "one line wrong at a time: does a test notice?"),
    Part("properties", 1, "every test that a property or abuse case names"),
    Part("reach", 1, "every function, custom error and state met by some test", within="coverage"),
    Part("coverage", 1, "every line run by some test"),
    Part("replay", 1, "the same traces in process and on a node", "replay.replay"),
    Part("seeded", 1, "bugs of the field, each caught by the property it breaks", "mutation.seeded"),
    Part("slither", 1, "static analysis, each finding triaged"),
    Part("year", 1, "10,000 contributors for a year, every payout beside exact fractions"),
)


@dataclass
class Running:
    parts: list[Part]
    """Of one command."""
    process: subprocess.Popen[bytes]
    since: float


def main(arguments: list[str]) -> int:
    known = {part.name: part for part in PARTS}
    if unknown := [name for name in arguments if name not in known]:
        raise PartError(f"no part is called {', '.join(unknown)}: there are {', '.join(known)}")
    chosen = [part for part in PARTS if not arguments or part.name in arguments]
    LOGS.mkdir(parents=True, exist_ok=True)
    for part in chosen:
        (REPORT / f"{part.name}.json").unlink(missing_ok=True)
    # A signal that ends this command ends its parts.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.monotonic()
    failed = _run(chosen, begun)
    page = subprocess.run([sys.executable, "-m", "assurance.audit.report", "--look"], cwd=ROOT, check=False).returncode
    minutes = (time.monotonic() - begun) / 60
    print(f"audit: {len(chosen) - len(failed)} of {len(chosen)} parts found nothing, {minutes:.1f} min")
    for part in failed:
        print(f"  {part.name}: see {part.log.relative_to(ROOT)}", file=sys.stderr)
    return 1 if failed or page else 0


def _run(chosen: list[Part], begun: float) -> list[Part]:
    """Runs the parts, as many at once as there are slots for. Returns those that found something or broke off."""
    tasks = dict.fromkeys(part.task for part in chosen)
    waiting = [[part for part in chosen if part.task == task] for task in tasks]
    running, failed = list[Running](), list[Part]()
    reported = begun
    try:
        while waiting or running:
            free = SLOTS - sum(task.parts[0].cores for task in running)
            for parts in list(waiting):
                if parts[0].cores <= free:
                    free -= parts[0].cores
                    waiting.remove(parts)
                    running.append(_start(parts, begun))
            time.sleep(0.2)
            for task in [task for task in running if task.process.poll() is not None]:
                running.remove(task)
                failed += [part for part in task.parts if not _ended(part, task, begun)]
            if time.monotonic() - reported > TICK:
                reported = time.monotonic()
                for task in running:
                    print(f"{_clock(begun)}   {task.parts[0].name}: {_last_line(task.parts[0].log)}", flush=True)
    finally:
        for task in running:
            os.killpg(task.process.pid, signal.SIGTERM)
            task.process.wait()
    return failed


def _start(parts: list[Part], begun: float) -> Running:
    for part in parts:
        print(f"{_clock(begun)} {part.name}: {part.purpose}", flush=True)
    with parts[0].log.open("wb") as output:
        environment = os.environ | {"PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(
            parts[0].command,
            cwd=ROOT,
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            # A process group: ending a part ends its children.
            start_new_session=True,
        )
    return Running(parts, process, time.monotonic())


def _ended(part: Part, task: Running, begun: float) -> bool:
    """Reports how it went. A part that left no result broke off, whatever its exit code."""
    answer = REPORT / f"{part.name}.json"
    code = task.process.returncode
    if not answer.exists():
        outcome, good = f"BROKE OFF with exit code {code}: {_last_line(part.log)}", False
    else:
        result = json.loads(answer.read_text())
        # Of two parts of one command the one that found nothing is well, though the command's code is the other's.
        good = result["ok"] and (code == 0 or len(task.parts) > 1)
        outcome = f"{'ok' if good else 'FAILED'}: {result['summary']}"
    print(f"{_clock(begun)} {part.name} {outcome} ({time.monotonic() - task.since:.0f} s)", flush=True)
    return good


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
    return lines[-1][:120] if lines else "starting"


def _clock(begun: float) -> str:
    minutes, seconds = divmod(int(time.monotonic() - begun), 60)
    return f"[{minutes:2}:{seconds:02}]"


if __name__ == "__main__":
    sys.exit(run(main))
