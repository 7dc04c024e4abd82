"""`make bench` works: its machines are where it looks for them, and it says what is wrong with its arguments."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis.stateful import RuleBasedStateMachine

from assurance.bench.report import Table
from assurance.bench.speed import forge, machines, manifests, plane, ratios
from assurance.bench.speed.__main__ import with_tables
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


@pytest.mark.parametrize("contract", ["BoundedTest", "WildTest"])
def test_forge__of_the_real_splitter__finds_nothing(contract: str) -> None:
    run = forge.lives(contract, FOUNDRY_INVARIANT_RUNS="20")
    assert run.passed and run.calls > 500
    assert (run.reverts == 0) == (contract == "BoundedTest")


def test_first_edition__has_the_same_machines() -> None:
    assert machines.FIRST_EDITION.keys() == machines.MACHINES.keys()


def test_plane__with_small_sizes__has_a_row_for_every_step() -> None:
    rows = plane.tree(10) + plane.many_files(2) + plane.stream(1)
    assert len(rows) == 2 + 10 + 4
    assert all(float(wall) >= 0 and float(cpu) >= 0 for _, wall, cpu, *_ in rows)


def test_parts__written_by_themselves__take_the_place_of_the_former_ones_and_no_other() -> None:
    page = "# Benchmarks\n\n## First\n\nold\n\n## Second\n\nkept\n"
    first, third = (Table(title, "How.", ("what", "s"), [("row", "1")]) for title in ("First", "Third"))
    written = with_tables(page, [first, third])
    assert [line for line in written.splitlines() if line.startswith("## ")] == ["## First", "## Second", "## Third"]
    assert "old" not in written and "\nkept\n" in written and written.count("How. Measured on ") == 2
    again = with_tables(written, [first])
    assert again.count("## ") == 3 and again.count("| row | 1 |") == 2


def test_manifests__of_this_edition__are_claimed_from_in_a_part_of_the_bytes(tmp_path: Path) -> None:
    def step(what: str) -> manifests.Step:
        arguments = map(str, (what, 3_000, tmp_path))
        program = manifests.COMMON.replace("# edition", manifests.NOW)
        done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
        return manifests.Step(*json.loads(done.stdout))

    step("build")
    claim, check = step("claim"), step("check")
    # Two shards, of 1,976 leaves and of 1,024; a custodian reads both.
    assert claim.read < check.read and 3_000 * 134 < check.read < 3_000 * 134 + 1_000


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["speed"], "no such part: speed; there are machines, forge, bite, compute, plane, marks, page"),
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


RECORDED = {
    "opening": {"date": "2026-11-30", "load": 0.31, "figures": [["`datadao status`", "s", 2.5, 1.0, "≤ 0.5", ""]]},
    "compile": {"date": "2026-11-29", "load": 12.0, "figures": [["compile", "CPU s", 2000, 50, "≤ 0.05", "same"]]},
}


def test_shared_tests__are_those_that_were_there_by_todays_names(tmp_path: Path) -> None:
    def git(*words: str) -> str:
        named = ["-c", "user.name=n", "-c", "user.email=n@example.org"]
        done = subprocess.run(["git", *named, *words], cwd=tmp_path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    git("init", "--quiet")
    tests = tmp_path / "tests"
    tests.mkdir()
    for name in ("test_same.py", "test_gone.py", "test_moved.py", "world.py"):
        (tests / name).write_text(f"what {name} says\n" * 9)
    git("add", "tests")
    git("commit", "--quiet", "-m", "first")
    first = git("rev-parse", "HEAD")
    (tests / "test_gone.py").unlink()
    (tests / "new").mkdir()
    (tests / "test_moved.py").rename(tests / "new" / "test_moved.py")
    (tests / "test_new.py").write_text("of today\n")
    git("add", "tests")
    git("commit", "--quiet", "-m", "today")
    assert ratios.shared_tests(tmp_path, first) == ["tests/new/test_moved.py", "tests/test_same.py"]


def test_ratios__recorded_rows__are_a_table_in_the_order_of_the_rows() -> None:
    table = ratios.table(RECORDED)
    assert table.rows == [
        ("compile, CPU s (same)", "2,000", "50.00", "0.03", "≤ 0.05", "2026-11-29", "12.0"),
        ("`datadao status`, s", "2.50", "1.00", "0.40", "≤ 0.5", "2026-11-30", "0.3"),
    ]
    assert table.markdown().splitlines()[0] == f"## {ratios.TITLE}"


def test_ratios__section_of_the_page__is_replaced_and_the_others_stay() -> None:
    page = "# Benchmarks\n\nWritten.\n\n## Forge\n\nfast\n\n## Data plane\n\nwide\n"
    one = ratios.with_section(page, f"## {ratios.TITLE}\n\none\n")
    assert one == page.replace("## Forge", f"## {ratios.TITLE}\n\none\n\n## Forge")
    assert ratios.with_section(one, f"## {ratios.TITLE}\n\ntwo\n") == one.replace("one", "two")


def test_ratios__of_the_page__are_those_recorded() -> None:
    assert ratios.with_section(ratios.PAGE.read_text(), ratios.section()) == ratios.PAGE.read_text()


def test_ratios__unknown_row__is_refused_with_those_there_are() -> None:
    command = [sys.executable, "-m", "assurance.bench.speed.ratios", "--rows", "compile,speed"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith(f"no such row: speed; there are {', '.join(ratios.ROWS)}")
