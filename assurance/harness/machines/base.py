"""State machines whose runs can be repeated.

A machine keeps the steps of its life as they were drawn. When a life fails, `run` adds a test that repeats it to the
failure: a whole function with its imports, to be pasted into a file under `tests/invariant/regressions`.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import HealthCheck, Phase, settings, stateful
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from assurance.harness.dao.zoo import PLAIN, Species
from assurance.harness.machines.source import regression

Step = tuple[str, dict[str, Any]]
"""The name of a rule and the arguments it was called with."""
_BEGINS, _LOOKS = "_begins_a_life", "_looks_between_steps"


class World:
    """A deployment that many lives start from."""

    def __init__(self, chain: Any) -> None:
        """`chain` as every life finds it."""
        self.__chain, self.__snapshot = chain, chain.snapshot()

    def restore(self) -> None:
        self.__chain.revert(self.__snapshot)
        self.__snapshot = self.__chain.snapshot()


W = TypeVar("W", bound=World)


class Machine(RuleBasedStateMachine):
    """What all machines of this project are. Their rules are those of this module, not Hypothesis' own."""

    traits: ClassVar[tuple[str, ...]] = ("twins", "species", "transferable", "static")
    """Names of the class attributes that say what a life is lived in; they are part of its reproduction."""
    twins: ClassVar[tuple[str, ...]] = ()
    """What is deployed instead of contracts, as in `assurance.harness.chain.twins`."""
    species: ClassVar[Species] = PLAIN
    """Of the settlement asset."""
    transferable: ClassVar[bool] = False
    """Whether tokens are."""
    static: ClassVar[bool] = False
    """Whether no vote changes a parameter of the DAO during a life: votes are about other things."""
    reached: ClassVar[Counter[str]] = Counter()
    """How often which step, event and refusal was met, over all lives; each machine has its own."""
    latest: ClassVar[list[Step]] = []
    """The steps of the life that was begun last."""

    worlds: ClassVar[dict[Any, Any]] = {}
    """What its lives start from, by their traits; each machine has its own."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._inside = False
        type(self).latest = self.steps

    @property
    def lived_in(self) -> Any:
        """Those of its traits that say which world it is."""
        return self.species, self.transferable, self.twins

    def settled(self, make: Callable[[], W]) -> W:
        """What lives of these traits start from, made by the first of them and put back for the others."""
        name = self.lived_in
        if name in self.worlds:
            self.worlds[name].restore()
        else:
            self.worlds[name] = make()
        world: W = self.worlds[name]
        return world

    def play(self, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Takes a step that was drawn, or written down; not one that is part of another."""
        self.steps.append((step.__name__, arguments))
        self._inside = True
        try:
            return step(self, **arguments)
        finally:
            self._inside = False


M = TypeVar("M", bound=Machine)
Decorator = Callable[[Callable[..., Any]], Any]


def rule(**strategies: Any) -> Decorator:
    """Hypothesis' `rule`, for machines that keep their steps."""
    decorate: Decorator = stateful.rule(**strategies)
    return lambda function: decorate(_kept(function))


def initialize(**strategies: Any) -> Decorator:
    """Hypothesis' `initialize`, for machines that keep their steps."""

    begin: Decorator = stateful.initialize(**strategies)

    def decorate(function: Callable[..., Any]) -> Any:
        step = begin(_kept(function))
        setattr(step, _BEGINS, True)
        return step

    return decorate


def invariant() -> Decorator:
    """Hypothesis' `invariant`, looked at by `living` too."""

    def decorate(function: Callable[..., Any]) -> Any:
        look = stateful.invariant()(function)
        setattr(look, _LOOKS, True)
        return look

    return decorate


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    names = list(inspect.signature(function).parameters)[1:]

    @wraps(function)
    def step(self: Machine, *args: Any, **arguments: Any) -> Any:
        if self._inside:
            return function(self, *args, **arguments)
        return self.play(function, dict(zip(names, args, strict=False)) | arguments)

    return step


def lives(count: int, steps: int, **more: Any) -> settings:
    """Settings of so many lives, tried once, made no smaller and kept nowhere; `more` are further ones or others."""
    alone: dict[str, Any] = {"phases": [Phase.generate], "derandomize": False, "report_multiple_bugs": False}
    checks = list(HealthCheck)
    return settings(
        max_examples=count, stateful_step_count=steps, deadline=None, database=None, suppress_health_check=checks,
        **(alone | more),
    )  # fmt: skip


def run(machine: type[Machine], wanted: settings) -> None:
    """Random lives of the machine. A failure carries the test that repeats it."""
    try:
        run_state_machine_as_test(machine, settings=wanted)
    except BaseException as failure:
        if machine.latest:
            failure.add_note(regression(machine, machine.latest, failure))
        raise


@contextmanager
def living(machine: type[M], **traits: Any) -> Iterator[M]:
    """One life of the machine, for steps that are written down: after each, all that is looked at after a random step
    is looked at; it ends as random lives do."""
    if unknown := traits.keys() - set(machine.traits):
        raise TypeError(f"{machine.__name__} has no {', '.join(sorted(unknown))}; it has {', '.join(machine.traits)}")
    members = [getattr(machine, name) for name in dir(machine)]
    beginnings = {member.__name__ for member in members if hasattr(member, _BEGINS)}
    looks = [member for member in members if hasattr(member, _LOOKS)]

    def play(self: M, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        result = machine.play(self, step, arguments)
        if beginnings <= {name for name, _ in self.steps}:
            for look in looks:
                look(self)
        return result

    life = type(machine.__name__, (machine,), {"reached": Counter(), **traits, "play": play})()
    try:
        yield life
    finally:
        life.teardown()
