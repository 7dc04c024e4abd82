"""A failing life made small: no step is left without which it still fails, and the others' arguments are simple."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, NamedTuple

from hypothesis.internal.escalation import InterestingOrigin

from assurance.harness.machines.drawing import Choices

TRIES = 300
"""Lives that are lived at most to make choices simpler. Steps are removed until none can be, however many it takes."""


class Taken(NamedTuple):
    """A step as it was drawn."""

    rule: Any
    choices: Choices


class Attempt(NamedTuple):
    """A life that fails, and what came of it."""

    life: Sequence[Taken]
    result: Any

    @property
    def size(self) -> Any:
        """Smaller is simpler."""
        drawn = [choices.values for _, choices in self.life]
        return len(drawn), sum(map(len, drawn)), [list(map(_weight, values)) for values in drawn]


def _weight(value: Any) -> tuple[float, bool]:
    return (len(value), False) if isinstance(value, str | bytes) else (abs(value), value < 0)


Try = Callable[[Sequence[Taken]], Attempt | None]
"""Lives again; none if it does not fail, or otherwise."""


def origin(failure: BaseException) -> tuple[InterestingOrigin, str]:
    """What makes two failures the same: type and place of what was raised, and the first word said: a property's name,
    a view's, an error's. Figures may differ."""
    word = re.match(r"[\w.-]*", str(failure))
    return InterestingOrigin.from_exception(failure), word[0] if word else ""


def shrink(found: Attempt, attempt: Try) -> Attempt:
    """The smallest found; without any one of its steps it does not fail as it does."""
    tries = iter(range(TRIES))
    while True:
        found = _fewer(found, attempt)
        simpler = _simpler(found, attempt, tries)
        if simpler is found:
            return found
        found = simpler


def _fewer(found: Attempt, attempt: Try) -> Attempt:
    """Steps are removed many at a time, then one by one until none can be."""
    size = len(found.life)
    while True:
        before, end = found, len(found.life)
        while end > 0:
            begin = max(0, end - size)
            found = attempt([*found.life[:begin], *found.life[end:]]) or found
            end = begin
        if size == 1 and found is before:
            return found
        size = max(1, size // 2)


def _simpler(found: Attempt, attempt: Try, tries: Iterator[int]) -> Attempt:
    for place in range(len(found.life)):
        for edit in _edits(found.life[place].choices):
            while (values := edit(*found.life[place].choices)) is not None:
                if next(tries, None) is None:
                    return found
                changed = Taken(found.life[place].rule, Choices(values))
                smaller = attempt([*found.life[:place], changed, *found.life[place + 1 :]])
                if not smaller or smaller.size >= found.size:
                    break
                found = smaller
    return found


Values = tuple[Any, ...]
Edit = Callable[[Values, Any], Values | None]
"""Simpler values of choices, if this way makes any."""


def _edits(choices: Choices) -> Iterator[Edit]:
    """All the simplest; without one element of a collection; each the simplest, the half, one less."""
    yield lambda values, _: () if values else None
    for at in reversed(range(len(choices.elements))):
        yield partial(_without, at)
    for at in range(len(choices.values)):
        for change in (lambda _: None, lambda value: value // 2, lambda value: value - 1):
            yield partial(_changed, at, change)


def _without(at: int, values: Values, elements: Any) -> Values | None:
    if at >= len(elements):
        return None
    begin, end = elements[at]
    return values[:begin] + values[end:]


def _changed(at: int, change: Callable[[Any], Any], values: Values, _: Any) -> Values | None:
    if at >= len(values) or not isinstance(values[at], int) or not values[at]:
        return None
    return *values[:at], change(values[at]), *values[at + 1 :]
