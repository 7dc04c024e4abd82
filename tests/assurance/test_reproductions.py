"""A failure of a machine prints a test that repeats it: it fails as the life did, and passes once the fault is gone."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from collections.abc import Callable, Sequence
from enum import IntEnum
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
from hypothesis import core, settings
from hypothesis import strategies as st

from assurance.audit.lives.cells import SUBJECTS, Cell
from assurance.audit.lives.lives import Task, live
from assurance.harness.dao.zoo import PLAIN, Species
from assurance.harness.machines.base import Machine, living
from assurance.harness.machines.drawing import Choices, Draws
from assurance.harness.machines.driver import lives, run
from assurance.harness.machines.shrinking import Attempt, Taken, origin, shrink
from assurance.harness.machines.source import source
from assurance.harness.machines.splitter.checks import Setting

ROOT = Path(__file__).parents[2]


class Colour(IntEnum):
    RED = 1


class Point(NamedTuple):
    x: int
    y: tuple[int, ...]


VALUES = [
    *(0, -1, True, None, "it's", b"\x00\xff", 0.5, (), (1,), [1, [2]], {1: {"a": (2, 3)}}),
    *(set(), {3, 1, 2}, frozenset({b"x"}), Colour.RED, Point(1, (2,)), PLAIN, Species("HookAsset", 18)),
    *(Setting(), Setting(True, 0, twins=("RevenueSplitter.RoundsUp",))),
]


def evaluated(value: Any) -> Any:
    """The value after a way through its source."""
    imports: set[tuple[str, str]] = set()
    text = source(value, imports)
    names: dict[str, Any] = {}
    for module, name in imports:
        names[name] = getattr(importlib.import_module(module), name)
    return eval(text, names)  # noqa: S307


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_source__of_a_value__evaluates_to_it(value: Any) -> None:
    again = evaluated(value)
    assert again == value and type(again) is type(value)


def test_source__of_what_cannot_be_written__is_refused() -> None:
    with pytest.raises(TypeError, match="no source for"):
        source(object(), set())
    local = type("Local", (Species,), {})
    with pytest.raises(TypeError, match="Local cannot be imported"):
        source(local("TestAsset", 6), set())


@pytest.mark.parametrize("name", SUBJECTS)
def test_steps__of_random_lives__can_be_written_down(name: str) -> None:
    machine = SUBJECTS[name].machine
    drawn: set[str] = set()

    def play(self: Machine, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        drawn.add(step.__name__)
        assert evaluated(arguments) == arguments
        return machine.play(self, step, arguments)

    chunk = live(Task(Cell(name, False, False, 6), 8, 40, 1), play=play)
    assert not chunk.error and len(drawn) >= 10


def test_living__with_a_trait_that_the_machine_lacks__says_which_it_has() -> None:
    with pytest.raises(TypeError, match="SplitterMachine has no decimals; it has setting, only"):
        living(SUBJECTS["splitter"].machine, decimals=6).__enter__()


TWINS: dict[str, tuple[dict[str, Any], str]] = {
    "splitter": (
        {"setting": Setting(twins=("RevenueSplitter.RoundsUp",)), "only": "S-1"},
        "twins=('RevenueSplitter.RoundsUp',)",
    ),
    "registry": (
        {"twins": ("DatasetRegistry.ForgetsFingerprints",)},
        "twins=('DatasetRegistry.ForgetsFingerprints',)",
    ),
    "leases": (
        {"twins": ("DataLeases.IgnoresWindow",)},
        "twins=('DataLeases.IgnoresWindow',)",
    ),
    "governance": (
        {"twins": ("DataGovernor.CountsTwice",)},
        "twins=('DataGovernor.CountsTwice',)",
    ),
}
"""By machine: its broken twin, and what a reproduction says of it."""


@pytest.mark.parametrize("subject", TWINS)
def test_failure__of_a_broken_twin__prints_a_test_that_fails_on_it_and_passes_on_the_contract(
    subject: str, tmp_path: Path
) -> None:
    traits, broken = TWINS[subject]
    chunk = live(Task(Cell(subject, True, False, 6), 400, 40, seed=4), **traits)
    assert chunk.error and broken in chunk.reproduction
    steps = re.findall(r"^        state\.", chunk.reproduction, re.MULTILINE)
    assert len(steps) <= 12, "it is not shrunk"

    failed = pasted(tmp_path / "test_broken.py", chunk.reproduction)
    assert failed.returncode == 1 and chunk.error.splitlines()[0].partition(": ")[2] in failed.stdout
    passed = pasted(tmp_path / "test_sound.py", chunk.reproduction.replace(broken, ""))
    assert passed.returncode == 0, passed.stdout


@pytest.mark.parametrize("subject", TWINS)
def test_reproduction__from_any_seed__keeps_no_step_without_which_it_still_fails(subject: str) -> None:
    for number in range(6):
        chunk = live(Task(Cell(subject, True, False, 6), 400, 40, number), **TWINS[subject][0])
        lines = chunk.reproduction.splitlines()
        whole = failure_of(lines)
        assert whole
        for at, line in enumerate(lines):
            if line.startswith("        state."):
                assert failure_of([*lines[:at], "        pass", *lines[at + 1 :]]) != whole, f"seed {number}: {line}"


def failure_of(lines: Sequence[str]) -> object:
    """What the test of these lines fails with."""
    names: dict[str, Any] = {}
    exec("\n".join(lines), names)  # noqa: S102
    (test,) = (value for name, value in names.items() if name.startswith("test_"))
    try:
        test()
    except BaseException as failure:  # pytest's own is no Exception
        return origin(failure)
    return None


STRATEGIES = {
    "collections": st.lists(st.tuples(st.integers(0, 9), st.sets(st.booleans())), max_size=5),
    "filtered": st.integers(0, 9).filter(lambda value: value % 2),
    "large": st.integers(0, 2**256 - 1),
    "mapped": st.one_of(st.integers(-5, 5).map(str), st.text(), st.binary()),
    "sampled": st.sampled_from("abc"),
}


def test_draws__of_any_strategy__are_repeated_by_their_choices_and_simplest_without() -> None:
    draws = Draws(Random(1))
    for _ in range(50):
        values, choices = draws.arguments(STRATEGIES)
        assert draws.arguments(STRATEGIES, choices.values) == (values, choices)
    rest = {name: strategy for name, strategy in STRATEGIES.items() if name != "filtered"}
    assert draws.arguments(rest, ())[0] == {"collections": [], "large": 0, "mapped": "0", "sampled": "a"}
    assert Draws(Random(1)).arguments(STRATEGIES) != Draws(Random(2)).arguments(STRATEGIES)


@pytest.mark.parametrize("number", range(20))
def test_shrink__of_a_life_that_fails_for_any_reason__leaves_no_step_to_remove(number: int) -> None:
    """Also where a step is in the way of another, so that it can go only after that one has."""
    random = Random(number)
    life = [Taken(rule, Choices((random.randrange(9),))) for rule in range(12)]
    needed, ways = set(random.sample(range(12), 3)), [(random.randrange(12), random.randrange(12)) for _ in range(8)]

    def attempt(tried: Sequence[Taken]) -> Attempt | None:
        rules = [taken.rule for taken in tried]
        fails = needed <= set(rules) and all(a in rules or b not in rules for a, b in ways)
        return Attempt(tried, rules) if fails else None

    whole = attempt(life)
    assert whole
    found = shrink(whole, attempt)
    assert not any(attempt([*found.life[:at], *found.life[at + 1 :]]) for at in range(len(found.life)))
    assert needed <= set(found.result) and all(taken.choices.values in ((), (0,)) for taken in found.life)


def pasted(path: Path, text: str) -> subprocess.CompletedProcess[str]:
    """The text as a file of tests of its own."""
    path.write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "no:ape_test", "-q", "--tb=short", str(path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def test_run__of_a_machine_that_fails__carries_the_test_to_paste() -> None:
    """In any run of a machine, not in the campaign's alone."""
    traits = {"setting": Setting(twins=("RevenueSplitter.ClaimReverts",)), "only": "S-7"}
    machine = type("Twin", (SUBJECTS["splitter"].machine,), traits)
    with pytest.raises(AssertionError, match=r"^S-7: ") as caught:
        run(machine, settings())
    assert caught.value.__notes__[-1].startswith("from __future__ import annotations\n")


def test_run__of_the_seed_that_a_failure_names__fails_at_the_same_step(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = type("Twin", (SUBJECTS["governance"].machine,), TWINS["governance"][0])
    with pytest.raises(AssertionError) as caught:
        run(machine, lives(1_000, 40))
    seed, steps = caught.value.__notes__
    monkeypatch.setattr(core, "global_force_seed", int(seed.partition("--hypothesis-seed=")[2]))
    with pytest.raises(AssertionError) as again:
        run(machine, lives(1_000, 40))
    assert again.value.__notes__ == [seed, steps]
