"""Steps of a whole DAO's life: heirs bound, opened, vetoed and put in the place of members, at any moment of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from hypothesis import strategies as st

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.chain.reader import Reader, View
from assurance.harness.dao.registry import ASLEEP, LIVE, PUBLISHED, UNCLAIMED
from assurance.harness.dao.system import DAY, Actor
from assurance.harness.machines import moments
from assurance.harness.machines.base import rule
from assurance.harness.machines.life import Life
from assurance.harness.models.registry.model import Registry
from assurance.harness.models.succession import MIN_DAYS
from assurance.harness.models.token_splitter import Splitter, Token
from datadao.types import BatchStatus

olds = st.integers(0, 3)
people = st.integers(0, 4)
some_pools = st.sampled_from([(1, 2), (1, 2), (1, 2), (1,), (2,), (0,), ()])


class Heirs(Life):
    """Members have heirs; the founder is an heir and has none, since it carries every vote."""

    token: Token
    splitter: Splitter
    registry: Registry
    members: list[Actor]
    founder: Actor
    stranger: Actor

    def begin_heirs(self) -> None:
        """Connects the models as the contracts are."""
        self.token.moving = self.splitter.moveMember
        self.token.heirs.contracts = tuple(self.dao.addresses.values())
        self.splitter.holder = self.token.heirs.holder

    @property
    def family(self) -> list[Actor]:
        return [*self.members, self.founder]

    def holder(self, account: str) -> Actor | None:
        """The person that has the place of this account, if it is one of the family."""
        holder = self.token.heirs.holder(account)
        return next((person for person in self.family if person.address == holder), None)

    @rule(who=olds, heir=people, days=st.sampled_from([29, 30, 30, 366]))
    def bind(self, who: int, heir: int, days: int) -> None:
        self._ask(self.family[who], "bindHeir", self.family[heir].address, days)

    @rule(who=olds)
    def unbind(self, who: int) -> None:
        self._ask(self.family[who], "unbindHeir")

    @rule(who=olds, by=people)
    def open_succession(self, who: int, by: int) -> None:
        self._ask(self.family[by], "openSuccession", self.family[who].address)

    @rule(who=olds)
    def veto_succession(self, who: int) -> None:
        account = self.family[who]
        met = moments.of_veto(self.token.heirs, account.address, self.now)
        if self._ask(account, "vetoSuccession"):
            self.reached.update(met)

    @rule(who=olds, pools=some_pools)
    def succeed(self, who: int, pools: Sequence[int]) -> None:
        self.move_on(self.family[who].address, pools)

    @rule(
        who=olds,
        heir=people,
        pools=some_pools,
        late=st.sampled_from([-1, 0, 0, 0]),
        vetoed=st.sampled_from([0, 0, 1]),
    )
    def lose_a_key(self, who: int, heir: int, pools: Sequence[int], late: int, vetoed: int) -> None:
        """All of it in order, or few lives would get there; the veto comes in the last second."""
        self.bind(who, heir, MIN_DAYS)
        if opener := self.holder(self.family[heir].address):
            self._ask(opener, "openSuccession", self.family[who].address)
        self.dao.chain.warp(MIN_DAYS * DAY - vetoed + late)
        if vetoed:
            self.veto_succession(who)
        self.succeed(who, pools)

    @rule(who=olds, heir=olds, pools=some_pools)
    def name_each_other(self, who: int, heir: int, pools: Sequence[int]) -> None:
        """Once the heir has the one's place, its own heir would be itself."""
        self.bind(heir, who, MIN_DAYS)
        self.lose_a_key(who, heir, pools, late=0, vetoed=0)
        self.open_succession(heir, by=heir)

    @rule(who=olds, other=olds, heir=people, pools=some_pools, chained=st.booleans())
    def lose_two_keys(self, who: int, other: int, heir: int, pools: Sequence[int], chained: bool) -> None:
        """Of two members with one heir, or of a member and its heir."""
        self.lose_a_key(who, other if chained else heir, pools, late=0, vetoed=0)
        self.lose_a_key(other, heir, pools, late=0, vetoed=0)
        self.succeed(who, (1, 2))

    def move_on(self, account: str, pools: Iterable[int]) -> None:
        """By any account. What both sides had together, the heir has (T-10)."""
        token, before = self.token, self._of_family()
        later = account in token.heirs.succeeded
        met = () if later else moments.of_delegations(account, token.named, token.balances)
        held = [pool for pool in (1, 2) if self.splitter.sharesOf(pool, account)]
        if self._ask(self.stranger, "succeed", account, [*pools]) is None:
            return
        shares, tokens, votes = self._of_family()
        assert (shares, tokens) == before[:2], "T-10: no share and no token is made or lost"
        assert sum(votes) == sum(before[2]), "T-10: no vote is made or lost"
        self.reached.update(["succeeded", *met, *moments.of_bindings(token.heirs, account), *self._of_data(account)])
        self.reached[moments.LEFT_OUT] += not {*held} <= {*pools}
        self.reached[moments.LATER] += later and not {*held}.isdisjoint(pools)

    def _of_data(self, account: str) -> set[str]:
        """What of the account's has not been claimed, by the states of its batches."""
        names = {PUBLISHED: moments.PENDING, LIVE: moments.AWAKE, ASLEEP: moments.ASLEEP}
        found, records = set(), self.registry.records
        for batch in self.registry.batches:
            waiting = (
                records[item.fingerprint].status == UNCLAIMED for item in batch.leaves if item.contributor == account
            )
            if (name := names.get(BatchStatus(self.registry.status(batch)))) and any(waiting):
                found.add(name)
        return found

    def note_events(self, events: Sequence[Event]) -> None:
        super().note_events(events)
        for event in events:
            if event.args.get("contributor") not in self.token.heirs.succeeded:
                continue
            if event.name == "ContributionClaimed":
                asleep = self.registry.batches[event.args["batchId"] - 1].status == ASLEEP
                self.reached[moments.WOKEN if asleep else moments.CLAIMED] += 1
            self.reached[moments.ERASED] += event.name == "ContributionErased"

    def heirs_take_all(self) -> None:
        """What stands with accounts whose keys are lost moves, or it is never collected."""
        for account in sorted(self.token.heirs.succeeded):
            self.move_on(account, (1, 2))

    def _of_family(self) -> tuple[list[int], int, list[int]]:
        """Shares by pool, tokens, and the votes of each, as the chain says."""
        words, size = self._family_reader.words(), len(self.family)
        shares = [sum(words[:size]), sum(words[size : 2 * size])]
        return shares, sum(words[2 * size : 3 * size]), words[3 * size :]

    @cached_property
    def _family_reader(self) -> Reader:
        token, splitter, people = self.dao.token, self.dao.splitter, [person.address for person in self.family]
        views: list[View] = [(splitter, "sharesOf", (pool, person)) for pool in (1, 2) for person in people]
        views += [(token, "balanceOf", (person,)) for person in people]
        views += [(token, "getVotes", (person,)) for person in (*people, self.stranger.address)]
        return Reader(self.dao.chain, views)

    def _ask(self, by: Actor, name: str, *args: Any) -> Receipt | None:
        self.token.now = self.now
        return self.send("token", name, *args, expect=lambda: getattr(self.token, name)(by.address, *args), by=by)
