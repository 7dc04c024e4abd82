"""The campaign lives in every cell, repeats what its seed says, and ends with a test to paste when a life fails."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from assurance.audit.lives.campaign import ENOUGH, STEPS, Campaign, Plan, main, planned
from assurance.audit.lives.cells import DECIMALS, SUBJECTS, Cell, cells, shares
from assurance.audit.lives.lives import END, NOTHING, OK, Chunk, Task
from assurance.audit.part import PartError
from assurance.harness.machines.splitter.checks import Setting

SILENT = [].append
ROOT = Path(__file__).parents[2]
EVERYWHERE = 2 * 2 * len(DECIMALS)
"""Environments."""


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where results are written instead of over those of the last audit."""
    monkeypatch.setattr("assurance.audit.part.REPORT", tmp_path)
    return tmp_path / "campaign.json"


def test_shares__of_any_number_of_steps__come_to_it_and_leave_no_cell_out() -> None:
    among = cells(tuple(SUBJECTS))
    assert len({cell.environment for cell in among}) == EVERYWHERE
    assert sum(subject.share for subject in SUBJECTS.values()) == 100
    for steps in (1, 300, 500_000):
        given = shares(steps, among)
        assert given.keys() == set(among) and min(given.values()) >= 1
        assert steps <= sum(given.values()) < steps + 2 * len(among)


def test_campaign__of_a_few_hundred_steps__lives_in_every_cell(report: Path) -> None:
    assert main(["--steps", "300", "--seed", "1"]) == 0
    result = json.loads(report.read_text())
    assert result["ok"] and result["wrong"] == [] and result["seconds"] > 0 and "seed 1" in result["summary"]
    assert {cell["machine"] for cell in result["cells"]} == set(SUBJECTS)
    assert all(cell["steps"] >= cell["planned"] >= 1 for cell in result["cells"])
    assert len(result["environments"]) == EVERYWHERE and min(result["environments"].values()) >= 4
    assert sum(cell["steps"] for cell in result["cells"]) == result["steps"] >= 300
    for name, rules in result["rules"].items():
        assert rules[END] and len(rules) >= 3, name
        steps = result["machines"][name]["steps"]
        assert sum(sum(reported.values()) for rule, reported in rules.items() if rule != END) >= steps, (
            "each counts somewhere"
        )
    outcomes = Counter[str]()
    for rules in result["rules"].values():
        for reported in rules.values():
            outcomes.update(reported)
    assert outcomes[OK] and outcomes[NOTHING] and outcomes.keys() - {OK, NOTHING}


def test_campaign__of_the_same_seed__lives_the_same_whoever_works_on_it() -> None:
    def rules(seed: int, workers: int) -> Any:
        campaign = Campaign(Plan(1_500, seed, workers, ("splitter",)))
        campaign.run(SILENT)
        return campaign.result()["rules"]

    once = rules(5, 1)
    assert rules(5, 2) == once
    assert rules(6, 1) != once


def test_campaign__on_a_broken_twin__fails_with_the_test_that_repeats_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, report: Path
) -> None:
    setting = Setting(twins=("RevenueSplitter.RoundsUp",))
    monkeypatch.setattr(
        "assurance.audit.lives.campaign.Campaign", lambda plan: Campaign(plan, setting=setting, only="S-1")
    )
    assert main(["--steps", "20000", "--seed", "1", "--machine", "splitter", "--workers", "1"]) == 1
    result = json.loads(report.read_text())
    assert not result["ok"] and "1 FAILED" in result["summary"]
    (failure,) = result["failures"]
    assert failure["error"].startswith("PropertyBroken: S-1: ")
    assert failure["reproduction"] in capsys.readouterr().out
    assert "def test_regression__splitter_machine_after_" in failure["reproduction"]
    assert result["wrong"] and result["wrong"][0].startswith("splitter, static, ")


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_campaign__interrupted__ends_with_all_its_workers(by: signal.Signals) -> None:
    command = [sys.executable, "-m", "assurance.audit.lives.campaign", "--machine", "splitter"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        next(line for line in process.stdout if "min left" in line)  # workers live
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
        workers = [int(child) for child in children.read_text().split()]
        process.send_signal(by)
        assert process.wait(60) != 0
    assert len(workers) >= 2
    # One of them watches over shared memory, and ends when it hears that the others did.
    patience = time.monotonic() + 60
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < patience, "a worker goes on"
        time.sleep(0.05)


def test_result__of_cells_that_were_not_what_they_say__is_wrong() -> None:
    campaign = Campaign(Plan(12 * ENOUGH, 1, 1, ("registry",)))
    for cell, share in campaign.shares.items():
        chunk = Chunk(Task(cell, 100, 50, 0), steps=share, changes=3 * cell.dynamic)
        campaign.chunks.append(chunk)
    assert campaign.wrong() == []
    lacking, changing, still = (campaign.chunks[i] for i in (0, 1, -1))
    lacking.steps -= 1
    changing.changes = 1
    still.changes = 0
    assert [line.partition(": ")[2] for line in campaign.wrong()] == [
        f"only {lacking.steps} of {lacking.steps + 1} steps",
        "1 parameters changed",
        "no parameter changed",
    ]


@pytest.mark.parametrize(("steps", "reported"), [(STEPS, True), (STEPS - 1, False)])
def test_result__of_a_whole_campaign__names_rules_that_never_came_to_anything(steps: int, reported: bool) -> None:
    campaign = Campaign(Plan(steps, 1, 1, tuple(SUBJECTS)))
    for number, (cell, share) in enumerate(campaign.shares.items()):
        chunk = Chunk(Task(cell, 100, 50, 0), steps=share, changes=int(cell.dynamic))
        chunk.outcomes["wait"][NOTHING] = chunk.outcomes["claim"][OK if number == 3 else "Refused"] = 1
        chunk.outcomes["seize_power"]["NotTimelock"] = chunk.outcomes["reserve"]["WrongStatus"] = 1
        chunk.outcomes["smuggle"][OK] = 1
        campaign.chunks.append(chunk)
    assert (
        campaign.wrong()
        == [
            "reserve: refused each time",
            "smuggle: is to be refused each time, and was not",
        ]
        * reported
    )


def test_plan__from_the_environment_and_the_command_line__is_what_they_say(monkeypatch: pytest.MonkeyPatch) -> None:
    assert planned([]).steps == 510_000 and planned([]).seed != planned([]).seed
    monkeypatch.setenv("STEPS", "5_000,000")
    assert planned([]).steps == 5_000_000
    assert planned(["--steps", "7", "--seed", "3", "--workers", "1"]) == Plan(7, 3, 1, tuple(SUBJECTS))


@pytest.mark.parametrize(
    ("arguments", "reported"),
    [
        (["--steps", "many"], "--steps is 'many': expected a whole number, 1 or more"),
        (["--steps", "0"], "--steps is '0'"),
        (["--seed", "-1"], "--seed is '-1'"),
        (["--workers", "0"], "--workers is '0'"),
        (["--machine", "toaster"], "no machine is called toaster: there are splitter, registry"),
    ],
)
def test_plan__of_nonsense__is_refused_with_what_was_expected(arguments: list[str], reported: str) -> None:
    with pytest.raises(PartError, match=reported):
        main(arguments)


def test_cell__of_the_splitter__has_no_votes_to_change_anything() -> None:
    assert all(not cell.dynamic for cell in cells(("splitter",)))
    assert Cell("leases", True, True, 0).environment == "dynamic, transferable, 0 decimals"
