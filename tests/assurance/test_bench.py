"""`make bench` works: its machines are where it looks for them, and it says what is wrong with its arguments."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from assurance.bench.report import Table
from assurance.bench.speed import machines, plane
from assurance.harness.machines.splitter.machine import SplitterMachine


def bench(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "assurance.bench.speed", *arguments], capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("path", machines.MACHINES.values(), ids=machines.MACHINES)
def test_machine__is_where_it_is_looked_for(path: str) -> None:
    module, name = path.split(":")
    assert issubclass(getattr(importlib.import_module(module), name), RuleBasedStateMachine)


def test_run__of_the_splitter__counts_steps_and_what_they_asked_of_the_chain() -> None:
    with machines.counting() as counted:
        machines.live(SplitterMachine, 2, counted)
    transactions = counted["transactions"]
    machines.live(SplitterMachine, 1, counted)
    assert counted["transactions"] == transactions, "nothing is counted after"
    assert counted["steps"] > 20
    assert counted["transactions"] > counted["steps"] > 0
    assert counted["reads"] > 0


def test_first_edition__has_the_same_machines() -> None:
    assert machines.FIRST_EDITION.keys() == machines.MACHINES.keys()


def test_plane__with_small_sizes__has_a_row_for_every_step() -> None:
    rows = plane.tree(10) + plane.many_files(2) + plane.stream(1)
    assert len(rows) == 2 + 10 + 4
    assert all(float(wall) >= 0 and float(cpu) >= 0 for _, wall, cpu, *_ in rows)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "no such part: speed; there are machines, forge, bite, plane"),
        (["--write", "plane"], "--write records all parts together: leave out which"),
        (["plane", "--mib", "0"], "--mib must be at least 1, got 0"),
    ],
)
def test_arguments__wrong__one_line_and_an_exit_code(arguments: list[str], message: str) -> None:
    done = bench(*arguments)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(message)


def test_table__as_markdown__has_its_title_how_and_rows() -> None:
    table = Table("Speed", "How.", ("what", "steps/s"), [("one", "1,000")])
    assert table.markdown() == "## Speed\n\nHow.\n\n| what | steps/s |\n| :--- | ---: |\n| one | 1,000 |\n"
