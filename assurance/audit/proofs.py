"""`python -m assurance.audit.proofs`: the proofs of `make prove`, as tests/symbolic/prove.py prints them."""

from __future__ import annotations

import re
import subprocess
import sys

from assurance import ROOT
from assurance.audit.part import PartError, run, write
from assurance.bench.report import Stopwatch

PYTHON = ROOT / ".cache" / "prove" / "bin" / "python"
_LINE = re.compile(
    r"(?P<id>[A-Z]-\d+) +(?P<answer>.*?) *(?P<seconds>\d+\.\d) s  (?P<claim>\S+)"
    r"(?:  twin: (?P<twin>.*)|  control: (?P<control>.*))?"
)
_END = re.compile(r"(\d+) of (\d+) proved, (\d+) of (\d+) twins refuted, (\d+) of (\d+) controls proved, .*")


def main(arguments: list[str]) -> int:
    if not PYTHON.exists():
        raise PartError("the solvers are not installed: run `make audit`, or `make prove` once")
    command = [str(PYTHON), "-m", "tests.symbolic.prove", *arguments]
    proofs, end = [], None
    with Stopwatch() as watch, subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout or ():
            print(line, end="", flush=True)
            if match := _LINE.fullmatch(line.strip()):
                proofs.append(match.groupdict() | {"seconds": float(match["seconds"])})
            end = _END.fullmatch(line.strip()) or end
    if end is None or len(proofs) != int(end[2]) + int(end[4]) + int(end[6]):
        raise PartError(f"the proofs ended with exit code {process.returncode} after {len(proofs)} answers: see above")
    wrong = [f"{p['id']} {p['claim']}: {p['answer']}" for p in proofs if p["answer"] not in ("proved", "refuted")]
    proved, refuted = f"{end[1]} of {end[2]} proofs hold", f"{end[3]} of {end[4]} broken twins refuted"
    ok = process.returncode == 0 and not wrong
    return write("proofs", ok=ok, seconds=watch.wall, summary=f"{proved}, {refuted}", wrong=wrong, proofs=proofs)


if __name__ == "__main__":
    sys.exit(run(main))
