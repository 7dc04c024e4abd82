"""Values drawn from Hypothesis' strategies without its engine.

The engine keeps a tree of all choices and the spans they were made in, and takes a third of a life's time for it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple, NoReturn

from hypothesis.control import BuildContext
from hypothesis.errors import UnsatisfiedAssumption
from hypothesis.internal.conjecture.choice import choice_from_index, choice_permitted
from hypothesis.internal.conjecture.data import ConjectureData
from hypothesis.strategies import SearchStrategy
from hypothesis.strategies._internal.collections import TupleStrategy
from hypothesis.strategies._internal.lazy import unwrap_strategies
from hypothesis.strategies._internal.misc import BooleansStrategy
from hypothesis.strategies._internal.numbers import IntegersStrategy
from hypothesis.strategies._internal.strategies import SampledFromStrategy

TRIES = 100
"""To draw a value that a strategy does not filter out."""
_SMALL = 256
"""A range of so many integers is drawn from uniformly, as Hypothesis does."""
_KINDS = {"boolean": bool, "integer": int, "float": float, "string": str, "bytes": bytes}


Way = Callable[[], Any]


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
        self._ways: dict[SearchStrategy[Any], Way] = {}
        self._sets: dict[int, tuple[Any, list[tuple[str, Way]] | None]] = {}
        """By identity of the arguments that a rule asks for, which is kept with them."""
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
        if given is None and (plain := self._plain(strategies)) is not None:
            self._given, self._values = None, []
            return {name: way() for name, way in plain}, Choices(tuple(self._values))
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
        """As the strategy does it; what most strategies are made of is drawn here, with the same choices."""
        if self._given is not None:
            return unwrap_strategies(strategy).do_draw(self)  # type: ignore[no-untyped-call]
        return self._way(strategy)()

    def _plain(self, strategies: dict[str, SearchStrategy[Any]]) -> list[tuple[str, Way]] | None:
        """How fresh values are drawn, if none of the strategies needs more of Hypothesis."""
        known, plain = self._sets.get(id(strategies), (None, None))
        if known is not strategies:
            ways = [(name, self._way(strategy)) for name, strategy in strategies.items()]
            plain = ways if all(map(self._is_plain, strategies.values())) else None
            self._sets[id(strategies)] = strategies, plain
        return plain

    def _is_plain(self, strategy: SearchStrategy[Any]) -> bool:
        way, unwrapped = self._way(strategy), unwrap_strategies(strategy)  # type: ignore[no-untyped-call]
        if type(unwrapped) is TupleStrategy:
            return all(map(self._is_plain, unwrapped.element_strategies))
        return not isinstance(way, partial)

    def _way(self, strategy: SearchStrategy[Any]) -> Way:
        if strategy not in self._ways:
            self._ways[strategy] = self._made(unwrap_strategies(strategy))  # type: ignore[no-untyped-call]
        return self._ways[strategy]

    def _made(self, strategy: Any) -> Way:
        """How a fresh value of a strategy is drawn: as Hypothesis does it, if not here."""
        kind = type(strategy)
        if kind is BooleansStrategy:
            return self._coin
        if kind is SampledFromStrategy and not strategy._transformations and 0 < len(strategy.elements) <= _SMALL:
            elements, last = strategy.elements, len(strategy.elements) - 1
            return lambda: elements[self._small(0, last)]
        if kind is IntegersStrategy and None not in (strategy.start, strategy.end):
            least, most = strategy.start, strategy.end
            # Of more, those near the ends are likelier.
            if most - least < _SMALL // 2:
                return lambda: self._small(least, most)
        if kind is TupleStrategy:
            parts = strategy.element_strategies
            return lambda: tuple([self.draw(part) for part in parts])
        return partial(strategy.do_draw, self)

    def _coin(self) -> bool:
        value = self.random.random() < 0.5
        self._values.append(value)
        return value

    def _small(self, least: int, most: int) -> int:
        value = least + int(self.random.random() * (most - least + 1))
        self._values.append(value)
        return value

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
