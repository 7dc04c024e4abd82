"""Commands forked from a process that has loaded their modules behave as started ones."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from assurance import ROOT
from assurance.harness import forked
from assurance.harness.forked import FOLDER, PROGRAMS, Servers

SIGNALS = (signal.SIGTERM, signal.SIGHUP)
PROGRAM = """
import json, os, random, secrets, signal, sys, tempfile, time
from pathlib import Path

if "waits" in sys.argv:
    if "deciding" in sys.argv:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(9))
    print(os.getpid(), flush=True)
    time.sleep(600)
import numpy, pyrage
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

if Path(sys.argv[0]).name == "ape":
    import ape
    from assurance.harness.forked.server import managers
    assert managers() == []
else:
    assert "ape" not in sys.modules
print(json.dumps({
    "arguments": sys.argv, "folder": os.getcwd(), "environment": dict(os.environ), "stdin": sys.stdin.read(),
    "path": sys.path[0], "main": sys.modules["__main__"].__file__, "temporary": tempfile.gettempdir(),
    "leader": os.getsid(0) == os.getpid(), "files": sorted(map(int, os.listdir("/proc/self/fd")))[:-1],
    "signals": [getattr(signal.getsignal(n), "__module__", str(signal.getsignal(n))) for n in range(1, 32)],
    "encoding": [(s.encoding, s.errors, s.line_buffering) for s in (sys.stdin, sys.stdout, sys.stderr)],
    "umask": os.umask(0),
    "drawn": [
        random.random(), numpy.random.random(), secrets.token_hex(),
        str(pyrage.x25519.Identity.generate()), X25519PrivateKey.generate().private_bytes_raw().hex(),
    ],
}))
sys.stderr.write("to stderr")
sys.exit(7)
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Programs of these tests."""
    folder = tmp_path_factory.mktemp("installed")
    for name in PROGRAMS:
        (folder / name).write_text(PROGRAM)
    return folder


@pytest.fixture(scope="module")
def servers(installed: Path) -> Iterator[Servers]:
    running = started(installed)
    yield running
    running.stop()


def started(installed: Path) -> Servers:
    """Servers that no signal passes by, even if whoever runs the tests has them ignore one, as `nohup` does."""
    ignored = [number for number in SIGNALS if signal.getsignal(number) is signal.SIG_IGN]
    for number in ignored:
        signal.signal(number, signal.SIG_DFL)
    running = Servers([installed / name for name in PROGRAMS])
    for number in ignored:
        signal.signal(number, signal.SIG_IGN)
    for name in PROGRAMS:
        until(Path(f"{running.folder / name}.socket").exists)
    return running


@contextmanager
def waiting(servers: Servers, *words: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A command that waits, and the process that was forked for it."""
    with subprocess.Popen([servers.folder / "datadao", "waits", *words], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        child = int(process.stdout.readline())
        try:
            yield process, child
        finally:
            if not gone(child):
                os.kill(child, signal.SIGKILL)


def until(done: Callable[[], object]) -> None:
    end = time.monotonic() + 60
    while not done():
        assert time.monotonic() < end
        time.sleep(0.01)


def gone(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("name", PROGRAMS)
def test_command__forked__has_what_a_started_one_has_and_draws_its_own_numbers(
    servers: Servers, installed: Path, name: str, tmp_path: Path
) -> None:
    folder = tmp_path / "else where"
    folder.mkdir()
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH")}
    environment = kept | {"TMPDIR": str(folder), "ODD": "\udcff"}

    def run(*program: str) -> tuple[dict[str, Any], int, str]:
        done = subprocess.run(
            [*program, "a", "--b", "c d", "é"], cwd=folder, env=environment, input="typed\n", capture_output=True,
            text=True, check=False, start_new_session=True, umask=0o027,
        )  # fmt: skip
        return json.loads(done.stdout), done.returncode, done.stderr

    real, *others = run(sys.executable, str(installed / name)), *(run(str(servers.folder / name)) for _ in range(2))
    draws = [shown.pop("drawn") for shown, _, _ in (real, *others)]
    assert others == [real, real]
    assert real[1:] == (7, "to stderr") and environment.items() <= real[0]["environment"].items()
    assert all(len(set(drawn)) == 3 for drawn in zip(*draws, strict=True))


@pytest.mark.parametrize("number", [*SIGNALS, signal.SIGKILL])
def test_command__forked__ends_with_the_signal_that_was_sent_to_it(servers: Servers, number: int) -> None:
    with waiting(servers) as (process, child):
        process.send_signal(number)
        assert process.wait(60) == -number
        until(lambda: gone(child))


def test_command__forked_that_catches_a_signal__ends_as_it_decides(servers: Servers) -> None:
    with waiting(servers, "deciding") as (process, _):
        process.terminate()
        assert process.wait(60) == 9


def test_servers__stopped__leave_no_child_and_no_folder(installed: Path) -> None:
    servers = started(installed)
    with waiting(servers) as (process, child):
        servers.stop()
        until(lambda: gone(child))
        assert process.wait(60) != 0 and not servers.folder.exists()


def test_servers__of_tests_that_were_killed__end_and_leave_no_folder(installed: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from assurance.harness.forked import Servers;"
        "servers = Servers([Path(sys.argv[1], name) for name in ('ape', 'datadao')]);"
        "print(servers.folder, flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(installed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        folder = Path(process.stdout.readline().strip())
        until((folder / "ape.socket").exists)
        until((folder / "datadao.socket").exists)
        process.kill()
    until(lambda: not folder.exists())


def test_kinds__first_of_each__is_a_real_start(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path))
    real, warm = f"{Path(sys.executable).parent}/datadao", f"{tmp_path}/datadao"
    commands = (["keys", "new"], ["keys", "new"], ["keys", "show"], ["claim", "--yes"], ["claim", "--all"])
    paths = [forked.program("datadao", *words) for words in commands]
    assert paths == [real, warm, real, real, warm]
    lines = ("toolchain/run datadao status --json", "datadao status", "make play", "toolchain/run ape run deploy",
             "ape run deploy 'a  b'", "ape run deploy 'a  b'",
             "for who in 1 2; do toolchain/run datadao status $who; done && (datadao claim --all)",
             "toolchain/run datadao queue 1 && datadao queue 2", "cp datadao ape")  # fmt: skip
    shown = [forked.shell_line(line) for line in lines]
    assert shown == [lines[0], f"{warm} status", *lines[2:5], f"{tmp_path}/ape run deploy 'a  b'",
                     f"for who in 1 2; do toolchain/run {warm} status $who; done && ({warm} claim --all)",
                     f"toolchain/run datadao queue 1 && {warm} queue 2", lines[-1]]  # fmt: skip
    elsewhere = "from assurance.harness.forked import program; print(program('datadao', 'claim', '--yes'))"
    command = [sys.executable, "-c", elsewhere]
    assert subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout == f"{warm}\n"
    monkeypatch.delenv(FOLDER)
    assert forked.shell_line(lines[1]) == lines[1]
