"""Steps: data of a member whose key is lost, at any moment of its batch's life."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.dao import leaf
from assurance.harness.dao.registry import UNCLAIMED
from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import rule
from assurance.harness.machines.heirs import Heirs, olds, people
from assurance.harness.machines.registry.batching import Batching
from assurance.harness.machines.registry.contributing import Contributing
from assurance.harness.machines.registry.life import MARKS
from assurance.harness.models.registry.records import Proof
from assurance.harness.models.succession import MIN_DAYS

SIGNED_BY_ENOUGH = 10
"""A pick of `publish`."""


class Inheriting(Batching, Contributing, Heirs):
    @precondition(lambda self: len(self.batches) < 9)
    @rule(who=olds, heir=people, before=st.integers(0, 2), after=st.integers(0, 2), erased=st.booleans())
    def inherit_data(self, who: int, heir: int, before: int, after: int, erased: bool) -> None:
        """So much becomes of a batch before and after its contributor is succeeded: it is activated, and falls asleep.
        Then it is claimed, or erased by the heir."""
        known, account = len(self.batches), self.family[who]
        unused = [n for n, mark in enumerate(MARKS) if self._unused(mark)]
        self.bind(who, heir, MIN_DAYS)
        if opener := self.holder(self.family[heir].address):
            self._ask(opener, "openSuccession", account.address)
        self.jump(self.now + MIN_DAYS * DAY)
        self.publish(1, [(who, mark, 20, 10_000, 0) for mark in (*unused, 0)[:2]], {}, SIGNED_BY_ENOUGH)
        if len(self.batches) == known:
            return
        number = len(self.batches)
        stages = [self._activate, self._put_to_sleep]
        for stage in stages[:before]:
            stage(number)
        self.succeed(who, (1, 2))
        for stage in stages[before : max(before, after)]:
            stage(number)
        item, nodes = self.registry.batches[-1].leaves[0], list(self.batches[-1].manifest.tree.proof(0))
        if erased:
            by = self.somebody(item, 1)
            erase = partial(self.registry.erase, by.address, number, item, Proof(number, 0))
            self.send("registry", "erase", number, tuple(item), nodes, expect=erase, by=by)
        else:
            self._claim(number, item, Proof(number, 0), nodes)

    def _unused(self, mark: str) -> bool:
        return self.registry.records[leaf(self.founder, mark).fingerprint].status == UNCLAIMED

    def _activate(self, number: int) -> None:
        self.jump(self.now + self.registry.rules.challenge)
        self.send("registry", "activate", number, expect=partial(self.registry.activate, number))

    def _put_to_sleep(self, number: int) -> None:
        self.jump(self.now + self.registry.rules.claim_period)
        self.send("registry", "sleep", number, expect=partial(self.registry.sleep, number))
