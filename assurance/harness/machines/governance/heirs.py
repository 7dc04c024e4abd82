"""Heirs take the place of voters in a random government, while votes run and between them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.system import DAY
from assurance.harness.machines import moments
from assurance.harness.machines.base import rule
from assurance.harness.machines.governance.electorate import Electorate
from assurance.harness.models.succession import MIN_DAYS

olds = st.integers(0, 4)
heirs = st.integers(0, 5)


class Heirs(Electorate):
    """An account votes on what it had at a snapshot, whatever becomes of it later; its heir has the rest."""

    @precondition(lambda self: len(self.heirs.bindings) < 3)
    @rule(who=olds, heir=heirs, opened=st.booleans(), seconds=st.sampled_from([-1, 0, 0]))
    def prepare_a_succession(self, who: int, heir: int, opened: bool, seconds: int) -> None:
        """All but its execution, which then comes at any moment."""
        account, successor = self.members[who].address, self.people[heir].address
        self._ask("bindHeir", account, successor, MIN_DAYS)
        if opened:
            self._open(account, self.heirs.holder(successor))
            self.dao.chain.warp(MIN_DAYS * DAY + seconds)

    @precondition(lambda self: len(self.heirs.bindings) < 3)
    @rule(who=olds, other=olds, heir=heirs, then=st.sampled_from(["early", "veto", "chain", "two", "circle", "erase"]))
    def lose_keys(self, who: int, other: int, heir: int, then: str) -> None:
        """One account's, or two whose heirs are one, the other's or each other: all of it, or few lives get there. Its
        heir may try a second early, or it veto in the last one, or the heir erase at once."""
        self.prepare_a_succession(other, who if then == "circle" else heir, then in ("chain", "two"), 0)
        successor = heir if then in ("early", "veto", "two") else other
        self.prepare_a_succession(who, successor, opened=True, seconds=-1 if then in ("early", "veto") else 0)
        if then == "veto":
            self.veto_succession(who)
        for old in (who, other):
            self.succeed(old, (1,))
        if then == "circle":
            self.open_succession(other, successor)
        elif then == "erase" and who in (0, 1, 4):
            self.erase(who)

    @precondition(lambda self: self.heirs.bindings)
    @rule(who=olds, by=heirs)
    def open_succession(self, who: int, by: int) -> None:
        self._open(self.members[who].address, self.people[by].address)

    @precondition(lambda self: self.heirs.bindings)
    @rule(who=olds)
    def veto_succession(self, who: int) -> None:
        account = self.members[who].address
        met = moments.of_veto(self.heirs, account, self.dao.chain.timestamp)
        if self._ask("vetoSuccession", account):
            self.reached.update(met)

    @precondition(lambda self: self.heirs.bindings)
    @rule(who=olds, pools=st.sampled_from([(1,), (1,), ()]))
    def succeed(self, who: int, pools: tuple[int, ...]) -> None:
        account, caller, now = self.members[who].address, self.stranger.address, self.dao.chain.timestamp

        def expect() -> None:
            if account not in self.heirs.succeeded:
                self.heirs.execute(now, caller, account)
            self.moves_on(account, everything=bool(pools))

        holdings, later = self.model.holdings, account in self.heirs.succeeded
        met = [] if later else moments.of_delegations(account, holdings.delegate, holdings.balance)
        done = self.step(expect, lambda: self.dao.token.succeed(account, [*pools], sender=caller))
        if done:
            self.reached.update(["succeeded", *met, *moments.of_bindings(self.heirs, account)])
            self.reached["succeeded during a vote"] += any(p.snapshot < now < p.deadline for p in self.polls)

    def _open(self, account: str, by: str) -> None:
        self._ask("openSuccession", by, account)

    def _ask(self, name: str, by: str, *args: Any) -> bool:
        now = self.dao.chain.timestamp
        expect: dict[str, Callable[..., Any]] = {
            "bindHeir": self.heirs.bind,
            "openSuccession": self.heirs.open,
            "vetoSuccession": self.heirs.veto,
        }
        act: Callable[[], Receipt] = lambda: getattr(self.dao.token, name)(*args, sender=by)  # noqa: E731
        if done := self.step(lambda: expect[name](now, by, *args), act):
            assert [(event.name, event.args) for event in done[1].events] == done[0]
        return bool(done)
