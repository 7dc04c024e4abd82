"""What machines that live a whole DAO share: every step asks a model first, and after every step the whole state is
read and compared.

A machine says with `views` what the chain must answer, and with `properties` what must hold whatever the model thinks.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from assurance.harness.chain.handles import Event, Receipt, Reverted
from assurance.harness.chain.reader import Reader, View
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import Actor
from assurance.harness.machines.base import Machine, invariant
from assurance.harness.machines.governance.world import asked
from assurance.harness.models.token_splitter import Done

Views = dict[View, Sequence[int | None]]
"""Views and the words each returns; none where the model does not care."""
Answers = dict[tuple[Any, ...], list[int]]
"""What the chain answered, by contract address, name and arguments; and without the address where no other contract was
asked for the same."""
_CHUNK = 64


class Life(Machine):
    dao: Dao
    failed = False
    _readers: tuple[Reader, ...] = ()

    # Time

    @property
    def now(self) -> int:
        at: int = self.dao.chain.timestamp
        return at

    def jump(self, timestamp: int) -> None:
        """Moves on to that time, if it is still to come."""
        self.dao.chain.warp(max(0, timestamp - self.now))

    # Steps

    @contextmanager
    def sound(self) -> Iterator[None]:
        """Remembers a failure, so that the end of this life does not fail differently and hide it."""
        self.failed = True
        yield
        self.failed = False

    def step(self, expect: Callable[[], Any], act: Callable[[], Receipt], name: str = "") -> Receipt | None:
        """The contract does what the model does, with the value and all the events if it names them, or refuses with
        the model's very words."""
        with self.sound():
            done, refusal = asked(expect)
            if refusal is not None:
                with pytest.raises(Reverted) as caught:
                    act()
                assert caught.value == refusal
                self.reached[refusal.name] += 1
                return None
            receipt = act()
            events = receipt.events
            if isinstance(done, Done):
                assert [(event.name, event.args) for event in events] == done.events
                assert receipt.value == done.value
            if name:
                self.reached[name] += 1
            self.note_events(events)
            return receipt

    def note_events(self, events: Sequence[Event]) -> None:
        """Keeps the events of a step that succeeded."""

    def send(
        self, contract: str, name: str, *args: Any, expect: Callable[[], Any], by: Actor | None = None
    ) -> Receipt | None:
        """A call by anybody, the stranger unless said."""
        sender = (by or self.dao.who("stranger")).address
        return self.step(expect, lambda: getattr(getattr(self.dao, contract), name)(*args, sender=sender), name)

    # Looks

    def views(self) -> Views:
        """Everything of interest and the model's answer to it."""
        return {}

    def properties(self, answers: Answers) -> None:
        """What must hold of the chain's answers, whatever the model says."""

    @invariant()
    def the_chain_is_as_the_model_says_and_adds_up(self) -> None:
        with self.sound():
            expected = self.views()
            words, at = self._read(list(expected)), 0
            answers: Answers = {}
            for view, answer in expected.items():
                handle, name, args = view
                actual = words[at : at + len(answer)]
                at += len(answer)
                if actual != answer:
                    wrong = [i for i, (a, b) in enumerate(zip(actual, answer, strict=True)) if b not in (None, a)]
                    said = f"{handle.artifact.name}.{name}{args}"
                    assert not wrong, f"{said}: word {wrong} of {actual}, expected {answer}"
                answers[handle.address, name, *args] = actual
            assert at == len(words)
            asked = Counter((name, *args) for _, name, args in expected)
            answers |= {key[1:]: actual for key, actual in answers.items() if asked[key[1:]] == 1}
            self.properties(answers)

    def _read(self, asked_for: list[View]) -> list[int]:
        """Some views at a time: a reader is a contract of limited size, and most stay the same from step to step."""
        chunks = [asked_for[i : i + _CHUNK] for i in range(0, len(asked_for), _CHUNK)]
        known = dict(enumerate(self._readers))
        self._readers = tuple(
            known[i] if i in known and known[i].views == chunk else Reader(self.dao.chain, chunk)
            for i, chunk in enumerate(chunks)
        )
        return [word for reader in self._readers for word in reader.words()]
