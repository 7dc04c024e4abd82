"""Values drawn from Hypothesis' strategies without its engine.

The engine keeps a tree of all choices and the spans they were made in, and takes a third of a life's time for it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from random import Random
from typing import Any, NamedTuple, NoReturn

from hypothesis.control import BuildContext
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.internal.conjecture.choice import choice_from_index, choice_permitted
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy
from hypothesis.strategies._internal.lazy import unwrap_strategies

TRIES = 100
"""To draw a value that a strategy does not filter out."""
_SMALL = 256
"""A range of so many integers is drawn from uniformly, as Hypothesis does."""
_KINDS = {"boolean": bool, "integer": int, "float": float, "string": str, "bytes": bytes}


class Choices(NamedTuple):
    """What values were made of."""

    values: tuple[Any, ...] = ()
    elements: tuple[tuple[int, int], ...] = ()
    """Where those of each element of a collection begin and end."""


class Draws(ConjectureData):
    """What strategies draw from: one generator, or choices that were made before."""

    def __init__(self, random: Random) -> None:
        super().__init__(random=random)
        self.random = random
        self._given: Iterator[Any] | None = None
        self._values: list[Any] = []
        self._begun: list[int] = []
        self._elements: list[tuple[int, int]] = []

    def arguments(
        self, strategies: dict[str, SearchStrategy[Any]], given: Sequence[Any] | None = None
    ) -> tuple[dict[str, Any], Choices]:
        """A value of each strategy, of new choices or of those given: where one does not fit or lacks, the simplest.

        Raises:
            UnsatisfiedAssumption: a strategy filtered out what the choices give.
        """
        for tries_left in reversed(range(TRIES if given is None else 1)):
            self._given = None if given is None else iter(given)
            self._values, self._elements, self._begun, self.depth = [], [], [], 0
            try:
                with BuildContext(self, wrapped_test=self.arguments):
                    values = {name: self.draw(strategy) for name, strategy in strategies.items()}
                break
            except UnsatisfiedAssumption:
                if not tries_left:
                    raise
        return values, Choices(tuple(self._values), tuple(self._elements))

    def draw(self, strategy: SearchStrategy[Any], label: int | None = None, observe_as: str | None = None) -> Any:
        return unwrap_strategies(strategy).do_draw(self)  # type: ignore[no-untyped-call]

    def _pooled_constraints(self, choice_type: Any, constraints: Any) -> Any:
        return constraints

    def _draw(self, choice_type: Any, constraints: Any, *, observe: bool, forced: Any) -> Any:
        if forced is not None:
            return forced
        if not observe or self._given is None:
            value = self._fresh(choice_type, constraints)
        else:
            value = next(self._given, False)
            fits = type(value) is _KINDS[choice_type]
            if not (fits and choice_permitted(value, constraints)):
                value = choice_from_index(0, choice_type, constraints)
        if observe:
            self._values.append(value)
        return value

    def _fresh(self, choice_type: str, constraints: Any) -> Any:
        if choice_type == "boolean":
            return self.random.random() < constraints["p"]
        if choice_type == "integer" and constraints["weights"] is None:
            least, most = constraints["min_value"], constraints["max_value"]
            if least is not None and most is not None and most - least < _SMALL:
                return least + int(self.random.random() * (most - least + 1))
        return getattr(self.provider, f"draw_{choice_type}")(**constraints)

    def start_span(self, label: int) -> None:
        self.depth += 1
        # Not the one that ConjectureData opens when it is made.
        if self.depth > 0:
            self._begun.append(len(self._values))

    def stop_span(self, *, discard: bool = False) -> None:
        self.depth -= 1
        self._elements.append((self._begun.pop(), len(self._values)))

    def mark_invalid(self, why: str | None = None, *, location: str | None = None) -> NoReturn:
        raise UnsatisfiedAssumption(why)
