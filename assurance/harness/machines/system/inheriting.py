"""Steps: a voter's key is lost and its heir takes its place, while a vote runs."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.dao import ACTIVE as VOTING
from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import rule
from assurance.harness.machines.heirs import olds, people
from assurance.harness.machines.registry.inheriting import Inheriting
from assurance.harness.machines.system.voting import MOST, Voting
from assurance.harness.models.succession import MIN_DAYS


class InheritingVotes(Voting, Inheriting):
    @precondition(lambda self: len(self.polls) < MOST)
    @rule(who=olds, heir=people, to=olds, voted=st.booleans())
    def succeed_during_a_vote(self, who: int, heir: int, to: int, voted: bool) -> None:
        """The old account delegated to another, which did to it; it may have voted already, and both try again."""
        account, known = self.family[who], len(self.polls)
        self.bind(who, heir, MIN_DAYS)
        if opener := self.holder(self.family[heir].address):
            self._ask(opener, "openSuccession", account.address)
        self.jump(self.now + MIN_DAYS * DAY)
        for giver, receiver in ((account, self.family[to]), (self.family[to], account)):
            delegate = partial(self.token.delegate, giver.address, receiver.address)
            self.send("token", "delegate", receiver.address, expect=delegate, by=giver)
        spend = lambda: self.asset.transfer(self.dao.timelock.address, self.refuge, 0)  # noqa: E731
        action = (self.dao.asset, "transfer", (self.refuge, 0))
        self.put_to_vote(self.founder, [action], [spend], f"nothing {self.now} {known}")
        if len(self.polls) == known:
            return
        poll = self.polls[-1]
        self.jump(poll.snapshot + 1)
        if voted:
            self.cast_vote(poll, account)
        self.succeed(who, (1,))
        for voter in (account, self.family[heir]):
            self.cast_vote(poll, voter)

    def move_on(self, account: str, pools: Iterable[int]) -> None:
        done = self.reached["succeeded"]
        voting = any(self.government.state(poll) == VOTING for poll in self.polls)
        super().move_on(account, pools)
        self.reached["succeeded during a vote"] += voting and self.reached["succeeded"] > done
