"""Facts: what a chain must answer. All are asked together, and each answer is compared with what is expected."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Fact:
    """`questions` for a chain; `judge` takes their answers and yields findings, or facts that follow from them."""

    questions: Sequence[Any]
    judge: Callable[..., Iterable[Any]]


def settle(facts: Iterable[Any], ask: Callable[[list[Any]], Iterable[Any]]) -> list[Any]:
    """The findings of all facts, in order. What is no fact is a finding already.

    `ask` answers questions in order. It is called once for all facts, and once for those that follow from the answers.
    """
    items = list(facts)
    while asked := [question for item in items if isinstance(item, Fact) for question in item.questions]:
        answers = iter(ask(asked))
        items = [
            found
            for item in items
            for found in (item.judge(*(next(answers) for _ in item.questions)) if isinstance(item, Fact) else (item,))
        ]
    return items
