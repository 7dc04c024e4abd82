"""Where unit tests and scenarios run: all in process, a sample on the node too, the same one in every process."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from assurance import ROOT
from tests.conftest import SAMPLE, backends

WANTED = ("tests/unit/token", "tests/unit/registry/test_publish_signatures.py", "tests/scenario/test_races.py")


def collected(**environment: str) -> list[str]:
    """The ids, in a process that inherits nothing of this one's choice."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DATADAO_", "PYTEST_"))}
    command = ["-m", "pytest", "-p", "no:ape_test", "-p", "no:cacheprovider", "--collect-only", "-q"]
    done = subprocess.run(
        [sys.executable, *command, *WANTED],
        cwd=ROOT, env=kept | environment, capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return [line for line in done.stdout.splitlines() if "::" in line]


def on_node(ids: list[str]) -> set[str]:
    return {test for test in ids if test.endswith(("[node]", "-node]"))}


def plain(test: str) -> str:
    """The id in process."""
    return test.removesuffix("[node]") if test.endswith("[node]") else test.removesuffix("-node]") + "]"


def test_collection__is_every_test_in_process_and_a_sample_or_all_on_the_node() -> None:
    alone, sampled, there = (
        collected(DATADAO_CHAIN="revm"),
        collected(DATADAO_SEED="1"),
        collected(DATADAO_CHAIN="node"),
    )
    assert not on_node(alone)
    assert set(sampled) - on_node(sampled) == set(alone)
    assert 0 < len(on_node(sampled)) < len(alone) / 2
    everything = {plain(test) for test in on_node(there)}
    assert {plain(test) for test in on_node(sampled)} < everything
    assert everything | (set(there) - on_node(there)) == set(alone)
    assert len(everything) > len(alone) / 2


@pytest.mark.parametrize("folder", ["unit", "scenario"])
def test_sample__over_many_seeds__takes_each_test_about_as_often(folder: str) -> None:
    for name in ("test_a", "test_b"):
        taken = sum(
            backends(f"tests/{folder}/test_x.py::{name}", "", str(seed)) == ("revm", "node") for seed in range(800)
        )
        assert abs(taken - 800 / SAMPLE) < 40


def test_other_folders__have_their_dao_on_the_node() -> None:
    assert backends("tests/documents/test_x.py::test_y", "", "1") == ("node",)
    assert backends("tests/unit/test_x.py::test_y", "revm", "1") == ("revm",)
    assert backends("tests/documents/test_x.py::test_y", "revm", "1") == ("revm",)
