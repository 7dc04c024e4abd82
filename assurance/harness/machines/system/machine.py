"""Random lives of the whole system in front of all models at once: registry, pools, votes, leases and models."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import strategies as st

from assurance.harness.machines.base import initialize
from assurance.harness.machines.leases.hooked import Hooked
from assurance.harness.machines.leases.modelling import Modelling
from assurance.harness.machines.leases.returning import Returning
from assurance.harness.machines.leases.running import Running
from assurance.harness.machines.registry.batching import Batching
from assurance.harness.machines.registry.contributing import Contributing
from assurance.harness.machines.registry.trading import Trading
from assurance.harness.machines.system.checks import SystemChecks
from assurance.harness.machines.system.data import Data
from assurance.harness.machines.system.voting import Voting
from assurance.harness.machines.system.world import World


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
