"""What machines that live a whole DAO share: every step asks a model first, and after every step the whole state is
read and compared.

A machine says with `views` what the chain must answer, and with `properties` what must hold whatever the model thinks.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Any

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.chain.reader import Answers, Comparison, Views
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.system import Actor
from assurance.harness.machines.base import Machine, invariant
from assurance.harness.machines.governance.world import asked
from assurance.harness.models.token_splitter import Done

ALL_POOLS = (0, 4)
"""As `conservation` takes them: more than any machine's DAO has."""


class Life(Machine):
    dao: Dao
    failed = False
    """Whether a step or a look did not end: the end of this life must not fail differently and hide it."""

    @cached_property
    def _comparison(self) -> Comparison:
        return Comparison(self.dao.chain)

    # Time

    @property
    def now(self) -> int:
        at: int = self.dao.chain.timestamp
        return at

    def jump(self, timestamp: int) -> None:
        """Moves on to that time, if it is still to come."""
        self.dao.chain.warp(max(0, timestamp - self.now))

    # Steps

    def step(self, expect: Callable[[], Any], act: Callable[[], Receipt], name: str = "") -> Receipt | None:
        """The contract does what the model does, with the value and all the events if it names them, or refuses with
        the model's very words."""
        self.failed = True
        done, refusal = asked(expect)
        result, actual = asked(act)
        if actual != refusal:
            raise AssertionError(f"expected {refusal}, got {actual}") from actual
        if refusal is not None:
            self.reached[refusal.name] += 1
            self.failed = False
            return None
        receipt: Receipt = result
        events = receipt.events
        if isinstance(done, Done):
            assert [(event.name, event.args) for event in events] == done.events
            assert receipt.value == done.value
        if name:
            self.reached[name] += 1
        self.note_events(events)
        self.failed = False
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

    def look(self) -> Answers:
        """What the chain answers, which is as the model says and adds up."""
        self.failed = True
        answers = self._comparison.answers(self.views())
        self.properties(answers)
        self.failed = False
        return answers

    @invariant()
    def the_chain_is_as_the_model_says_and_adds_up(self) -> None:
        self.look()
