"""Random lives of the whole system in front of all models at once: registry, pools, votes, leases and models."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st

from tests.invariant.leases.hooked import Hooked
from tests.invariant.leases.modelling import Modelling
from tests.invariant.leases.returning import Returning
from tests.invariant.leases.running import Running
from tests.invariant.registry.batching import Batching
from tests.invariant.registry.contributing import Contributing
from tests.invariant.registry.trading import Trading
from tests.invariant.system.checks import SystemChecks
from tests.invariant.system.data import Data
from tests.invariant.system.voting import Voting
from tests.invariant.system.world import World
from tests.support.machine import initialize


class SystemMachine(Voting, Data, Running, Returning, Modelling, Batching, Contributing, Trading, Hooked, SystemChecks):
    worlds: ClassVar[dict[str, World]] = {}

    @initialize(first=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=4))
    def born(self, first: list[tuple[int, int]]) -> None:
        name = f"{self.species} {self.transferable} {self.twins}"
        if name not in self.worlds:
            self.worlds[name] = World(self)
        self.worlds[name].begin(self)
        self.hook()
        for who, offer in first:
            self.lease_now(who, offer)

    def teardown(self) -> None:
        if "last" not in self.__dict__ or self.failed:
            return
        self.everybody_is_paid()
        if self.leases.treasury:
            self.withdraw_treasury()
        self.everybody_collects()
        self.the_chain_is_as_the_model_says_and_adds_up()
        self.nothing_is_left()
        self.everybody_leaves()
        for person in (self.founder, *self.members):
            self.pay_out(person.address)
        self.the_chain_is_as_the_model_says_and_adds_up()
