"""How much memory it takes to run a program: the sandbox's process alone, and an attestor's part under a limit."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

from assurance import ROOT
from assurance.bench.speed import agreement
from assurance.harness.dao.parties import LEASE
from datadao.compute.program import Program
from datadao.compute.sandbox import ENGINE, Sandbox
from datadao.messages.compute import Ending, Limits
from datadao.types import Leaf

MIB = 1024**2
STARTER = """
import resource, subprocess, sys
code = subprocess.call([sys.executable, "-I", {engine!r}], close_fds=False)
with open({peaks!r}, "a") as peaks:
    print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, file=peaks)
sys.exit(code)
"""
"""A process counts as its own what its parent held when it was forked: so the engine is started by one that holds next
to nothing."""
DIARY = b"""{"type": "object", "required": ["age"],
  "properties": {"age": {"type": "integer"}, "diary": {"type": "string"}}}"""
FILE, LINE = 2 * MIB, 64 * 1024


def of_sandbox(module: bytes, records: Path, limits: Limits) -> float:
    """The most resident memory of a process that executes the program, in MiB."""
    with tempfile.TemporaryDirectory() as name:
        starter, peaks = Path(name, "starter.py"), Path(name, "peaks")
        starter.write_text(STARTER.format(engine=str(ENGINE), peaks=str(peaks)))
        with records.open("rb") as file:
            ran = Program(module, limits, Sandbox(starter)).run(file)
        if ran.ending is not Ending.OK:
            raise AssertionError(f"it ended with {ran.ending.name}")
        return max(map(int, peaks.read_text().split())) / unit()


def unit() -> int:
    """How many of what `ru_maxrss` counts are a MiB."""
    return MIB if sys.platform == "darwin" else 1024


def diaries(size: int) -> Iterator[bytes]:
    """Files of long records, `size` bytes or a little more in all."""
    for number in range(0, size, FILE):
        lines = (json.dumps({"age": number + at, "diary": "d" * LINE}) for at in range(0, FILE, LINE))
        yield "".join(f"{line}\n" for line in lines).encode()


def stage(home: Path, module: bytes, size: int) -> None:
    """Puts `size` bytes of records into a storage below `home`, and what custodians release of them to attestors."""
    made = agreement.Stage(home, module, diaries(size), DIARY)
    for duty in made.duties:
        duty.release(LEASE, made.listed)
        duty.custodian.close()
    leaves = [[v.hex() if isinstance(v, bytes) else v for v in item.leaf] for item in made.listed]
    (home / "leaves").write_text(json.dumps(leaves))


def limited(home: Path, module: bytes, most: int) -> agreement.Stage:
    """What was staged there, for a process of its own: it, and each that it starts, has `most` bytes of data at most
    from now on."""
    # Stacks count as a whole, whatever a thread uses of them, and the storage's client has as many as it likes.
    os.environ["RUST_MIN_STACK"] = str(MIB // 4)
    threading.stack_size(MIB)
    said, of = json.loads((home / "leaves").read_text()), bytes.fromhex
    leaves = [Leaf(who, of(data), of(file), of(envelope), *counts) for who, data, file, envelope, *counts in said]
    made = agreement.Stage(home, module, (), DIARY, leaves)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    return made


def of_attestor(module: Path, size: int, most: int) -> tuple[str, float]:
    """How the program ends over `size` bytes of records for an attestor that is so `limited`, and the most that its
    process held, in MiB."""
    with tempfile.TemporaryDirectory() as name:
        for what, number in (("stage", size), ("run", most)):
            command = [sys.executable, "-m", "assurance.bench.speed.footprint", what, name, str(module), str(number)]
            said = subprocess.run(command, cwd=ROOT, capture_output=True, check=True).stdout.split()
    return said[0].decode(), int(said[1]) / unit()


def held() -> int:
    """The most that this process held, in units of `ru_maxrss`, which counts what its parent held when it was begun."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1])


def main(what: str, home: str, module: str, number: str) -> None:
    data = Path(module).read_bytes()
    if what == "stage":
        stage(Path(home), data, int(number))
    else:
        ending = Ending(limited(Path(home), data, int(number)).run(0).ending).name
        print(ending, held())


if __name__ == "__main__":
    main(*sys.argv[1:])
