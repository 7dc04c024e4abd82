"""State machines whose runs can be repeated.

A machine keeps the steps of its life as they were drawn; written down, `living` takes them again.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import wraps
from typing import Any, ClassVar, TypeVar

from hypothesis import stateful
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.stateful import invariant as invariant

from assurance.harness.dao.zoo import PLAIN, Species

Step = tuple[str, dict[str, Any]]
"""The name of a rule and the arguments it was called with."""


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
    worlds: ClassVar[dict[Any, Any]] = {}
    """What its lives start from, by their traits; each machine has its own."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[Step] = []
        self._inside = False

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

    def verify(self) -> None:
        """Checks all that must hold between steps."""
        for check in self.invariants:
            if all(holds(self) for holds in check.preconditions):
                check.function(self)

    def play(self, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Takes a step that was drawn, or written down; not one that is part of another."""
        self.steps.append((step.__name__, arguments))
        self._inside = True
        try:
            return step(self, **arguments)
        finally:
            self._inside = False

    def finish(self) -> None:
        """What `teardown` does is part of every life and none of its steps."""
        self._inside = True
        self.teardown()


M = TypeVar("M", bound=Machine)
Decorator = Callable[[Callable[..., Any]], Any]


def rule(**strategies: Any) -> Decorator:
    """Hypothesis' `rule`, for machines that keep their steps."""
    decorate: Decorator = stateful.rule(**strategies)
    return lambda function: decorate(_kept(function))


def initialize(**strategies: Any) -> Decorator:
    """Hypothesis' `initialize`, for machines that keep their steps."""
    decorate: Decorator = stateful.initialize(**strategies)
    return lambda function: decorate(_kept(function))


def _kept(function: Callable[..., Any]) -> Callable[..., Any]:
    names = list(inspect.signature(function).parameters)[1:]

    @wraps(function)
    def step(self: Machine, *args: Any, **arguments: Any) -> Any:
        if self._inside:
            return function(self, *args, **arguments)
        return self.play(function, dict(zip(names, args, strict=False)) | arguments)

    return step


def written(machine: type[M], **traits: Any) -> type[M]:
    """The machine for steps that are written down: after each, all that is looked at after a random step is looked at,
    and a step that no random life could take is refused."""
    rules = {rule.function.__name__: rule for rule in machine.setup_state().rules}
    beginnings = {rule.function.__name__ for rule in machine.setup_state().initializers}

    def play(self: M, step: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        name, missing = step.__name__, beginnings - {name for name, _ in self.steps}
        if name in rules and (missing or not all(holds(self) for holds in rules[name].preconditions)):
            raise ValueError(f"{name} cannot be taken here: {f'first {missing}' if missing else 'its precondition'}")
        result = machine.play(self, step, arguments)
        if missing <= {name}:
            self.verify()
        return result

    return type(machine.__name__, (machine,), {"reached": Counter(), **traits, "play": play})


@contextmanager
def lived(machine: type[M]) -> Iterator[M]:
    """A life with its end, whatever becomes of it."""
    life = machine()
    try:
        yield life
    finally:
        life.finish()


def living(machine: type[M], **traits: Any) -> AbstractContextManager[M]:
    """One life of the machine, for steps that are written down; it ends as random lives do."""
    if unknown := traits.keys() - set(machine.traits):
        raise TypeError(f"{machine.__name__} has no {', '.join(sorted(unknown))}; it has {', '.join(machine.traits)}")
    return lived(written(machine, **traits))
