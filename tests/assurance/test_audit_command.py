"""`make audit` itself: what it says of its parts, and that none outlives it."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from assurance import ROOT
from assurance.audit import __main__ as command
from assurance.audit.part import PartError


@pytest.fixture(autouse=True)
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(command, "REPORT", tmp_path)
    monkeypatch.setattr(command, "LOGS", tmp_path)
    return tmp_path


def test_audit__of_a_part_that_is_none__is_refused_and_names_those_there_are() -> None:
    with pytest.raises(PartError, match=r"no part is called luck: there are campaign, proofs, mutation, "):
        command.main(["luck"])


@pytest.mark.parametrize("left_over", ["", '{"ok": true, "summary": "found nothing"}'])
def test_part__that_breaks_off__failed_whatever_an_earlier_run_left(
    report: Path, capsys: pytest.CaptureFixture[str], left_over: str
) -> None:
    part = command.Part("no_such_part", 1, "breaks off")
    if left_over:
        (report / "no_such_part.json").write_text(left_over)
    assert command._run([part], time.monotonic()) == [part]
    assert ("BROKE OFF with exit code 1" in capsys.readouterr().out) == (not left_over)


def test_parts__two_for_both_cores__run_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [command.Part(name, command.CORES, "breaks off") for name in ("no_such_part", "no_other_part")]
    assert command._run(parts, time.monotonic()) == parts
    said = [line.split("] ")[1].split()[0].rstrip(":") for line in capsys.readouterr().out.splitlines()]
    assert said == ["no_such_part", "no_such_part", "no_other_part", "no_other_part"]


def test_part__for_one_core__runs_beside_one_for_both(capsys: pytest.CaptureFixture[str]) -> None:
    parts = [command.Part("no_such_part", command.CORES, "breaks off"), command.Part("no_other_part", 1, "breaks off")]
    assert sorted(part.name for part in command._run(parts, time.monotonic())) == ["no_other_part", "no_such_part"]
    said = [line.split("] ")[1].split()[0] for line in capsys.readouterr().out.splitlines()]
    assert said[:2] == ["no_such_part:", "no_other_part:"], "both start before either ends"


def test_parts__of_one_command__run_once_and_are_judged_apart(
    report: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = "import pathlib, sys\nfor name, ok in (('one', 'true'), ('other', 'false')):\n"
    program += " path = pathlib.Path(sys.argv[1]) / f'{name}.json'\n"
    program += ' path.open(\'a\').write(f\'{{"ok": {ok}, "summary": "ran"}}\')\nsys.exit(1)'
    monkeypatch.setattr(command.Part, "command", [sys.executable, "-c", program, str(report)])
    one, other = command.Part("one", 1, "of two"), command.Part("other", 1, "of two", within="one")
    assert command._run([other, one], time.monotonic()) == [other]
    said = capsys.readouterr().out
    assert "one ok: ran" in said and "other FAILED: ran" in said


ENDLESS = """
import sys
from pathlib import Path
from assurance.audit import __main__ as command

class Endless(command.Part):
    command = ["sh", "-c", "sleep 300 & wait"]

command.REPORT = command.LOGS = Path(sys.argv[1])
command.PARTS = (Endless("endless", 1, "never ends"),)
command.main([])
"""


def test_audit__ended_from_outside__ends_its_parts_and_what_they_started(report: Path) -> None:
    audit = subprocess.Popen([sys.executable, "-c", ENDLESS, report], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert audit.stdout is not None
    assert "endless: never ends" in audit.stdout.readline()
    until = time.monotonic() + 30
    while not (below := [child for part in children(audit.pid) for child in children(part)]):
        assert time.monotonic() < until, "the part starts a child of its own"
        time.sleep(0.05)
    started = [*children(audit.pid), *below]
    audit.send_signal(signal.SIGTERM)
    assert audit.wait(timeout=30) == 143
    until = time.monotonic() + 3
    while any(alive(process) for process in started):
        assert time.monotonic() < until, f"{started} were to end"
        time.sleep(0.05)


def children(process: int) -> list[int]:
    reported = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout
    return [int(line) for line in reported.split()]


def alive(process: int) -> bool:
    return subprocess.run(["kill", "-0", str(process)], capture_output=True, check=False).returncode == 0
