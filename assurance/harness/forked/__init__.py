"""Commands of this environment for tests and proofs, started by fork from a process that has loaded what they load.

Starting `ape` or `datadao` is a second of loading and little else. A forked command is a process with its own
arguments, folder, environment, streams, session and signals. It inherits modules, and no manager of Ape's, connection
or account. Of the commands that tests start the first of each kind is not forked, whichever of the processes that run
tests side by side starts it.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from assurance import ROOT

PROGRAMS = ("ape", "datadao")
FOLDER = "DATADAO_FORKED"
"""Variable of the environment with the folder of the programs that fork; without it none does."""
_INSTALLED = Path(sys.executable).parent


class Servers:
    """A process to fork from for each program. It loads modules when it is first asked, and ends with this one."""

    def __init__(self, programs: Iterable[Path] | None = None, environment: Mapping[str, str] = os.environ) -> None:
        """`programs` are those of tests unless given, each called otherwise; `environment` is what their modules find
        when they are loaded."""
        if programs is None:
            programs = [_INSTALLED / name for name in PROGRAMS]
        self._folder = tempfile.TemporaryDirectory(prefix="forked-")  # short, as the address of a socket has to be
        self.folder = Path(self._folder.name)
        client = Path(__file__).with_name("client.py").read_text()
        self._running = []
        for program in programs:
            path = self.folder / program.name
            path.write_text(f"#!{sys.executable} -SI\n{client}")
            path.chmod(0o700)
            command = [sys.executable, "-m", "assurance.harness.forked.server", str(path), str(program)]
            server = subprocess.Popen(
                command, cwd=ROOT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                start_new_session=True,
            )  # fmt: skip
            self._running.append(server)

    def stop(self) -> None:
        for server in self._running:
            server.communicate()
        self._folder.cleanup()


def program(name: str, *arguments: str) -> str:
    """The program for a command of these arguments."""
    return str((Path(os.environ[FOLDER]) if _again(name, *arguments) else _INSTALLED) / name)


_COMMAND = re.compile(r"((?:^|&& |; |\(|do )(?:toolchain/run (?=datadao))?)(ape|datadao)( [^;&)]+)")


def shell_line(command: str) -> str:
    """A line of shell that does the same; `toolchain/run ape` draws a port and is left alone."""

    def replaced(found: re.Match[str]) -> str:
        before, name, rest = found.groups()
        return f"{before}{program(name, *rest.split())}{rest}" if _again(name, *rest.split()) else found[0]

    return _COMMAND.sub(replaced, command)


def _again(*words: str) -> bool:
    """Whether a command of this kind was started before: its name and the words up to its first argument."""
    if FOLDER not in os.environ:
        return False
    kind = "-".join(["began", *(word for word in words[:3] if word.isidentifier())])
    try:
        Path(os.environ[FOLDER], kind).touch(exist_ok=False)
    except FileExistsError:
        return True
    return False
