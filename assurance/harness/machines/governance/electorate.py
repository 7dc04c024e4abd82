"""Who holds and who votes in a random government: data accepted and erased, votes delegated, tokens sold. Accounts
whose keys were lost do none of it, or their heirs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.chain.handles import Receipt, Reverted
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.system import Actor
from assurance.harness.machines import moments
from assurance.harness.machines.base import Machine, rule
from assurance.harness.machines.governance.world import TOKEN, UNITS, GovernanceWorld, asked
from assurance.harness.models.governor import Governor, Poll
from assurance.harness.models.succession import Successions


class Electorate(Machine):
    """`model` is the government's; its holdings follow the steps here."""

    world: GovernanceWorld
    dao: Dao
    model: Governor
    members: list[Actor]
    people: list[Actor]
    stranger: Actor
    polls: list[Poll]
    heirs: Successions
    grown: int
    gone: set[int]

    def step(self, expect: Callable[[], Any], act: Callable[[], Receipt]) -> tuple[Any, Receipt] | None:
        """Both do it, or both refuse with the same words."""
        self.reached["steps"] += 1
        result, expected = asked(expect)
        receipt, refusal = asked(act)
        assert refusal == expected
        if expected:
            self.reached[expected.name] += 1
            return None
        return result, receipt

    @rule(who=st.integers(0, 4), to=st.integers(0, 5))
    def delegate(self, who: int, to: int) -> None:
        account, delegatee, now = self.members[who].address, self.people[to].address, self.dao.chain.timestamp

        def expect() -> None:
            self.heirs.require_own(account)
            self.model.holdings.redelegate(now, account, delegatee)

        self.step(expect, lambda: self.dao.token.delegate(delegatee, sender=account))

    @rule(who=st.integers(0, 4), to=st.integers(0, 5), part=st.sampled_from([0, 10, 3, 2, 1]))
    def transfer(self, who: int, to: int, part: int) -> None:
        """A part of what a member has, all of it, or one unit more."""
        giver, recipient, now = self.members[who].address, self.people[to].address, self.dao.chain.timestamp
        holdings = self.model.holdings
        held = holdings.balance.get(giver, 0)
        value = held // part if part else held + 1

        def expect() -> None:
            if not self.transferable:
                raise Reverted("DataToken_NotTransferable", giver, recipient)
            self.heirs.require_own(giver)
            if value > held:
                raise Reverted("ERC20InsufficientBalance", giver, held, value)
            holdings.change(now, giver, -value)
            holdings.change(now, recipient, value)

        self.step(expect, lambda: self.dao.token.transfer(recipient, value, sender=giver))

    @precondition(lambda self: self.grown < 3 and self.dao.chain.timestamp >= self.model.pulled_until)
    @rule(who=st.integers(0, 4), units=st.sampled_from([1, 5, 200]))
    def contribute(self, who: int, units: int) -> None:
        dao, member = self.dao, self.members[who]
        self.grown += 1
        item = leaf(member, f"more data {self.grown}", units)
        batch = dao.publish([item])
        dao.activate(batch)
        dao.claim(batch, item)
        self.model.holdings.change(dao.chain.timestamp, member.address, units * TOKEN)

    @precondition(lambda self: len(self.gone) < 2)
    @rule(who=st.sampled_from([0, 1, 4]))
    def erase(self, who: int) -> None:
        if who in self.gone:
            return
        self.gone.add(who)
        account = self.members[who].address
        holder, holdings = self.heirs.holder(account), self.model.holdings
        if holder != account:
            self.moves_on(account, everything=True)
            self.reached[moments.ERASED] += 1
        self.dao.erase(self.world.batch, self.world.items[who], by=holder)
        holdings.change(self.dao.chain.timestamp, holder, -min(UNITS[who] * TOKEN, holdings.balance[holder]))

    def moves_on(self, account: str, everything: bool) -> None:
        """What stands with a succeeded account, and with those its heirs succeeded, is the last one's."""
        holdings, now = self.model.holdings, self.dao.chain.timestamp
        *chain, holder = self.heirs.chain(account)
        for giver in chain:
            holdings.redelegate(now, giver, holdings.delegate.get(holder, holder))
            value = holdings.balance.get(giver, 0) if everything or self.transferable else 0
            holdings.change(now, giver, -value)
            holdings.change(now, holder, value)
