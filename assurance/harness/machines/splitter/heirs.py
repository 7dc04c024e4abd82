"""Steps of the machine of `test_splitter_machine`: time passes, members delegate, and heirs are bound, open, are vetoed
and put in the place of members."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.system import DAY
from assurance.harness.machines import moments
from assurance.harness.machines.base import rule
from assurance.harness.machines.splitter.checks import DATASETS, MEMBERS, POOLS, REGISTRY, STRANGER, SplitterChecks

Seen = dict[tuple[Any, ...], int]
member = st.sampled_from(MEMBERS)
anyone = st.sampled_from([*MEMBERS, STRANGER])
pool_lists = st.sampled_from([[0], [1], [2, 1], [1, 0], [1, 1], [], [3], [0, 1, 2]])
heirs = st.sampled_from([*MEMBERS, *MEMBERS, ADDRESS_ZERO, "registry", "token"])


class Heirs(SplitterChecks):
    @rule(seconds=st.integers(1, 400 * 86_400))
    def warp(self, seconds: int) -> None:
        now = self.look() if self.stale else self.seen
        self.past[self.chain.timestamp] = [now["votes", account] for account in MEMBERS], now["supply",]
        self.chain.warp(seconds)

    @rule(account=anyone, to=st.sampled_from([*MEMBERS, ADDRESS_ZERO, "registry", "token"]))
    def delegate(self, account: str, to: str) -> None:
        to = {"registry": REGISTRY, "token": self.pair.token.address}.get(to, to)
        self.send("token", "delegate", to, sender=account, breaks="T-7")

    @precondition(lambda self: self.setting.moving)
    @rule(account=member, heir=heirs, days=st.sampled_from([29, 30, 30, 45, 365, 366]))
    def bind(self, account: str, heir: str, days: int) -> None:
        heir = {"registry": REGISTRY, "token": self.pair.token.address}.get(heir, heir)
        self.send("token", "bindHeir", heir, days, sender=account)

    @precondition(lambda self: self.setting.moving)
    @rule(account=member)
    def unbind(self, account: str) -> None:
        self.send("token", "unbindHeir", sender=account)

    @precondition(lambda self: self.setting.moving)
    @rule(account=member, caller=anyone)
    def open(self, account: str, caller: str) -> None:
        self.send("token", "openSuccession", account, sender=caller)

    @precondition(lambda self: self.setting.moving)
    @rule(account=member)
    def veto(self, account: str) -> None:
        met = moments.of_veto(self.token.heirs, account, self.chain.timestamp)
        if self.send("token", "vetoSuccession", sender=account, breaks="T-10"):
            self.reached.update(met)

    @precondition(lambda self: self.setting.moving)
    @rule(
        account=member,
        heir=member,
        pools=pool_lists,
        late=st.sampled_from([-1, 0, 1]),
        vetoed=st.booleans(),
        delegated=st.booleans(),
    )
    def bind_open_and_succeed(
        self, account: str, heir: str, pools: list[int], late: int, vetoed: bool, delegated: bool
    ) -> None:
        """In this order, and a second before, at and after the end of the delay, or few ever get there."""
        if delegated:
            self.delegate(account, heir)
            self.delegate(heir, account)
        self.bind(account, heir, 30)
        self.open(account, self.token.heirs.holder(heir))
        self.warp(30 * DAY + late)
        if vetoed:
            self.veto(account)
        self.succeed(account, STRANGER, pools)

    @precondition(lambda self: self.setting.moving)
    @rule(account=member, caller=anyone, pools=pool_lists)
    def succeed(self, account: str, caller: str, pools: list[int]) -> None:
        """Shares, tokens and what was earned become the heir's, less than a unit short for each settlement (T-10)."""
        before, token, later = self.seen, self.token, account in self.token.heirs.succeeded
        met = [] if later else moments.of_delegations(account, token.named, token.balances)
        if self.send("token", "succeed", account, pools, sender=caller, breaks="T-10") is None:
            return
        self.reached.update([*met, *moments.of_bindings(token.heirs, account)])
        had = {pool for pool in DATASETS if before["shares", pool, account]}
        self.reached[moments.LEFT_OUT] += not had <= {*pools}
        self.reached[moments.LATER] += later and not had.isdisjoint(pools)
        *chain, holder = token.heirs.chain(account)
        for pool in {*pools}:
            for giver in chain:
                self.ledger.move(pool, giver, holder)
                self.got[pool, holder] += self.got.pop((pool, giver), 0)
        now = self.look()
        for pool in {*pools} & {*POOLS}:
            sides = {*chain, holder}
            held = [sum(x["shares", pool, side] for side in sides) for x in (before, now)]
            self.hold("T-10", held[0] == held[1] == now["shares", pool, holder], "shares were {}, are {}", *held)
            owed = [sum(x["claimable", pool, side] for side in sides) for x in (before, now)]
            self.hold("T-10", owed[1] >= owed[0] - len(chain), "was owed {} and is {}", *owed)
            rest = sum(now["claimable", pool, giver] for giver in chain)
            self.hold("T-10", rest == 0, "{} stayed", rest)
        balances = [sum(x["balance", side] for side in {*chain, holder}) for x in (before, now)]
        self.hold("T-10", balances[0] == balances[1], "tokens were {}, are {}", *balances)
        own = now["number", holder]
        kept = before["number", holder] in (0, own)
        self.hold("T-10", kept and own not in {now["number", giver] for giver in chain} - {0}, "number {}", own)
        for giver in chain:
            same = now["delegate", giver] == now["delegate", holder]
            self.hold("T-10", same, "tokens of {} vote for another than the heir's delegate", giver)

    @precondition(lambda self: self.setting.moving)
    @rule(account=member, heir=member, pools=pool_lists)
    def name_each_other(self, account: str, heir: str, pools: list[int]) -> None:
        """Once the heir has the one's place, its own heir would be itself."""
        self.bind(heir, account, 30)
        self.bind_open_and_succeed(account, heir, pools, late=0, vetoed=False, delegated=False)
        self.open(heir, heir)
