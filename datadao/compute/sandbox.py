"""Runs a program in a child process that has nothing but the program, the records and one place to answer.

An engine that is made to abort, or to do worse, takes the child and not the attestor. The child inherits no environment
and no open file; beside the engine's limits it has those of the operating system, and a clock that ends it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, BinaryIO

from datadao.crypto.files import on_disk
from datadao.errors import EngineMismatch, InvalidArgument, PackageMissing, ProgramRefused
from datadao.messages.compute import COLUMNS, MAX_PROGRAM, Ending, Limits

ENGINE = Path(__file__).with_name("engine.py")
GRACE = 5.0
"""Seconds that starting the child and compiling may take beyond a run's own."""
MAX_CODE = 64 * 1024**2
"""Bytes of compiled code; what is larger is compiled for each shard."""
_ANSWER = 4096


@dataclass(frozen=True)
class Ran:
    """`fuel` used, and `output` if it ended `OK`. `detail` is empty unless it was asked for: it may tell of the data.
    `entries` are the program's, if it compiles, and `code` what it was compiled to, if another entry was asked for."""

    ending: Ending
    fuel: int
    output: bytes = b""
    detail: str = ""
    entries: tuple[str, ...] = field(default=(), compare=False)
    code: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True)
class Sandbox:
    """What runs programs. `engine` is the file that the child executes; `explain` asks for details, for whoever runs a
    program over data of its own."""

    engine: Path = ENGINE
    explain: bool = False

    def run(
        self,
        program: bytes,
        limits: Limits,
        records: BinaryIO,
        entry: str = "run",
        part: tuple[int, int] | None = None,
        code: bytes | None = None,
    ) -> Ran:
        """Runs `entry` over a file on disk, or over the bytes from the first to before the second number of `part`.

        The engine believes `code`, what it compiled the program to earlier in the same run: a program that broke out of
        it could have put anything there, and do no more in the next child than it did in that one. With None it is
        returned where the program has not this entry. It is never stored.

        Whatever the program does is a result and no exception. Raises `EngineMismatch`, `PackageMissing` and
        `DiskUnavailable`.
        """
        require(limits)
        answer, said = self._child(program, limits, records, entry, part, code)
        ending = Ending[answer["ending"]]
        output, made = said if ending is Ending.OK else b"", said if ending is Ending.INVALID else b""
        entries = tuple(map(str, answer.get("entries", ())))
        return Ran(ending, int(answer["fuel"]), output, str(answer.get("detail", "")), entries, made)

    def check(self, program: bytes, limits: Limits) -> list[str]:
        """Compiles a program without running it, and returns its entries: `run`, or `map` and `combine`; `run_columns`
        and `map_columns` where it reads columns.

        Raises `ProgramRefused` for one that no attestor would run, and as `run`.
        """
        if len(program) > MAX_PROGRAM:
            raise ProgramRefused(f"it has {len(program)} bytes; a program has at most {MAX_PROGRAM}")
        require(limits)
        with tempfile.TemporaryFile() as nothing:
            answer, _ = Sandbox(self.engine, explain=True)._child(program, limits, nothing, "", (0, 0), b"")
        if answer["ending"] != Ending.OK.name:
            raise ProgramRefused(str(answer.get("detail") or f"the engine ended with {answer['ending']}"))
        return list(map(str, answer["entries"]))

    def _child(
        self,
        program: bytes,
        limits: Limits,
        records: BinaryIO,
        entry: str,
        part: tuple[int, int] | None,
        code: bytes | None,
    ) -> tuple[dict[str, Any], bytes]:
        if len(program) > MAX_PROGRAM:
            return {"ending": Ending.INVALID.name, "fuel": 0}, b""
        start, end = part or (0, os.fstat(records.fileno()).st_size)
        room = MAX_CODE if code is None else 0
        order = {
            "fuel": limits.fuel, "memory": limits.memory, "output": limits.output, "seconds": limits.seconds,
            "entry": entry, "input": records.fileno(), "start": start, "end": end, "explain": self.explain,
            "program": len(program), "room": room,
        }  # fmt: skip
        with on_disk("a program and its output"), tempfile.TemporaryFile() as told, tempfile.TemporaryFile() as said:
            told.write(json.dumps(order).encode() + b"\n" + program + (code or b""))
            told.seek(0)
            child = subprocess.Popen(  # noqa: S603  # this file's neighbour
                # -I: neither the user's environment nor the folder it stands in says what is imported.
                [sys.executable, "-I", str(self.engine)],
                stdin=told,
                stdout=said,
                stderr=subprocess.DEVNULL,
                cwd="/",
                env={},
                pass_fds=[records.fileno()],
                start_new_session=True,
            )
            try:
                child.wait(limits.seconds + GRACE)
            except subprocess.TimeoutExpired:
                return {"ending": Ending.WALL.name, "fuel": 0}, b""
            finally:
                _end(child)
            if child.returncode == -signal.SIGXCPU:
                return {"ending": Ending.WALL.name, "fuel": 0}, b""
            if child.returncode != 0:
                return {"ending": Ending.CRASH.name, "fuel": 0}, b""
            said.seek(0)
            line, size = said.readline(_ANSWER), os.fstat(said.fileno()).st_size
            # `read` takes the memory for what it is asked for, however little there is.
            return _parsed(line, said.read(min(size, max(limits.output, room) + 1)), limits, room)


def _parsed(line: bytes, output: bytes, limits: Limits, room: int) -> tuple[dict[str, Any], bytes]:
    """What the child said, which a program that broke out of the engine may have written."""
    try:
        answer = json.loads(line)
        ending, fuel = Ending[answer["ending"]], answer["fuel"]
        most = room if ending is Ending.INVALID else limits.output
        if not isinstance(fuel, int) or not 0 <= fuel <= limits.fuel or len(output) > most:
            raise ValueError(f"{ending} with {fuel} and {len(output)} bytes")
    except (ValueError, KeyError, TypeError):
        return {"ending": Ending.CRASH.name, "fuel": 0}, b""
    return answer, output


def _end(child: subprocess.Popen[bytes]) -> None:
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def installed(*, columns: bool = False) -> str:
    """The engine's name and version here, and for `columns` those of what makes them. Raises `PackageMissing`."""
    try:
        engine = f"wasmtime {version('wasmtime')}"
        return f"{engine}{COLUMNS}{version('pyarrow')}" if columns else engine
    except PackageNotFoundError as missing:
        raise PackageMissing(missing.name or "wasmtime", "compute") from None


def with_entries(limits: Limits, entries: Sequence[str]) -> Limits:
    """The limits with the engine that runs a program of these entries here. Raises `PackageMissing`."""
    return replace(limits, engine=installed(columns=any(entry.endswith("_columns") for entry in entries)))


def require(limits: Limits) -> None:
    """Raises `EngineMismatch` unless the engine here is the one that was agreed."""
    if os.name != "posix":
        raise InvalidArgument("programs run on Linux and macOS only: elsewhere nothing limits their process")
    if (here := installed(columns=limits.columns)) != limits.engine:
        raise EngineMismatch(limits.engine, here)
