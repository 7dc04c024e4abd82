"""Random lives of a machine, from one seeded generator.

The rules, their preconditions and arguments, and what is looked at between steps are the machine's, as Hypothesis reads
them from its class; its engine is not used. A failure carries the test that repeats it: a whole function with its
imports, to be pasted into a file under `tests/invariant/regressions`.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, core, settings
from hypothesis.errors import InvalidDefinition
from hypothesis.strategies import SearchStrategy

from assurance.harness.machines.base import Machine, Step, lived, written
from assurance.harness.machines.drawing import Draws
from assurance.harness.machines.shrinking import Attempt, Taken, origin, shrink
from assurance.harness.machines.source import regression

SPARED = 0.75
"""At most so many of the rules does a life leave out, on average."""


def lives(count: int, steps: int, **more: Any) -> settings:
    """Settings of so many lives, tried once, made no smaller and kept nowhere; `more` are further ones or others."""
    alone: dict[str, Any] = {"phases": [Phase.generate], "derandomize": False, "report_multiple_bugs": False}
    checks = list(HealthCheck)
    return settings(
        max_examples=count, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=checks,
        **(alone | more),
    )  # fmt: skip


def each(strategy: SearchStrategy[Any], count: int, play: Callable[[Any], None]) -> None:
    """Plays so many values of a strategy, each drawn anew: Hypothesis' engine repeats and varies what it drew, and may
    try little in a short run. A failure says what was played, and how to play it again."""
    seed = _seed(lives(count, 1))
    draws, wanted = Draws(Random(seed)), {"value": strategy}
    for _ in range(count):
        value = draws.arguments(wanted)[0]["value"]
        try:
            play(value)
        except Exception as error:
            error.add_note(f"Of {value!r}. The same again: pytest --hypothesis-seed={seed}")
            raise


@contextmanager
def _rest_kept() -> Iterator[None]:
    """Garbage is not looked for in what was there before: half a million objects that stay."""
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


@_rest_kept()
def run(machine: type[Machine], wanted: settings, seed: int | None = None) -> None:
    """Random lives of the machine, as many and as long as wanted; the same for the same seed. A failure is made small
    if wanted, and carries the test that repeats it."""
    seed = _seed(wanted) if seed is None else seed
    draws = Draws(Random(seed))
    for _ in range(wanted.max_examples):
        life, taken = machine(), list[Taken]()
        failure = _failure(lambda: _live(life, wanted.stateful_step_count, draws, taken))  # noqa: B023
        if failure is not None:
            steps = life.steps
            if Phase.shrink in wanted.phases:
                failure, steps = _shrunk(machine, taken, failure, draws) or (failure, steps)
            if not wanted.derandomize:
                failure.add_note(f"The same lives again: pytest --hypothesis-seed={seed}")
            if steps:
                failure.add_note(regression(machine, steps, failure))
            raise failure


def _seed(wanted: settings) -> int:
    """As Hypothesis chooses one for other tests: `--hypothesis-seed` and whoever seeds its generator decide both."""
    if wanted.derandomize or core.global_force_seed is not None:
        return core.global_force_seed or 0
    if core.threadlocal._hypothesis_global_random is None:
        core.threadlocal._hypothesis_global_random = Random()
    number: int = core.threadlocal._hypothesis_global_random.getrandbits(64)
    return number


def _failure(play: Callable[[], None]) -> BaseException | None:
    """What it fails with: also what is no Exception, pytest's own of a refusal that did not come."""
    try:
        play()
    except (KeyboardInterrupt, SystemExit):
        raise
    except BaseException as error:
        return error
    return None


def _live(life: Machine, length: int, draws: Draws, taken: list[Taken]) -> None:
    """One life of so many steps; what was drawn for each is added to `taken` before it is taken."""
    random, rules = draws.random, life.rules
    # Swarms: a life of few rules does with them what a life of all has no time for.
    share = random.uniform(0, SPARED)
    some = [rule for rule in rules if random.random() >= share] or [random.choice(rules)]
    beginnings = list(life.setup_state().initializers)
    random.shuffle(beginnings)
    try:
        for number in range(max(length, len(beginnings))):
            rule = beginnings[number] if number < len(beginnings) else _chosen(life, some, random)
            arguments, choices = draws.arguments(rule.arguments_strategies)
            taken.append(Taken(rule, choices))
            rule.function(life, **arguments)
            if number >= len(beginnings) - 1:
                life.verify()
    finally:
        life.finish()


def _chosen(life: Machine, some: Sequence[Any], random: Random) -> Any:
    """One of some rules whose preconditions hold; if they hold for none, one of all."""
    for _ in range(3):
        rule = random.choice(some)
        if all(holds(life) for holds in rule.preconditions):
            return rule
    for rules in (some, life.rules):
        if able := [rule for rule in rules if all(holds(life) for holds in rule.preconditions)]:
            return random.choice(able)
    raise InvalidDefinition(f"no rule of {type(life).__name__} has preconditions that hold")


def _shrunk(
    machine: type[Machine], taken: list[Taken], failure: BaseException, draws: Draws
) -> tuple[BaseException, list[Step]] | None:
    """The failure of a smaller life, and its steps; none if the life does not fail again."""
    wanted, replayed = origin(failure), written(machine)

    def attempt(life: Sequence[Taken]) -> Attempt | None:
        again, steps = list[Taken](), list[Step]()

        def play() -> None:
            with lived(replayed) as state:
                for rule, choices in life:
                    arguments, choices = draws.arguments(rule.arguments_strategies, choices.values)
                    again.append(Taken(rule, choices))
                    steps.append((rule.function.__name__, arguments))
                    rule.function(state, **arguments)

        error = _failure(play)
        return Attempt(again, (error, steps)) if error and origin(error) == wanted else None

    first = attempt(taken)
    return shrink(first, attempt).result if first else None
