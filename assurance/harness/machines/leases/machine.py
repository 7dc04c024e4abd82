"""Random lives of a whole DAO in front of the models of leases and models; time jumps to the boundaries that leases,
votes and offers have. What is looked at between the steps is in `checks.py`."""

from __future__ import annotations

from collections import defaultdict
from copy import deepcopy
from dataclasses import replace
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import initialize, rule
from assurance.harness.machines.leases.checks import LeaseChecks
from assurance.harness.machines.leases.hooked import Hooked
from assurance.harness.machines.leases.life import offsets, picks
from assurance.harness.machines.leases.modelling import Modelling
from assurance.harness.machines.leases.requesting import Deciding, Decision
from assurance.harness.machines.leases.returning import Returning
from assurance.harness.machines.leases.world import CUTS, LEASED, RULES, LeasesWorld
from assurance.harness.models.leases.model import Leases
from assurance.harness.models.money import Money
from assurance.harness.models.royalties import Models


class LeasesMachine(Deciding, Returning, Modelling, LeaseChecks, Hooked):
    worlds: ClassVar[dict[Any, Any]] = {}

    @initialize(first=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=2, max_size=5))
    def create(self, first: list[tuple[int, int]]) -> None:
        self.world = self.settled(lambda: LeasesWorld(self.twins, self.species, self.transferable))
        self.dao = dao = self.world.dao
        splitter = deepcopy(self.world.splitter)
        self.founder, self.licensees = self.world.founder, self.world.licensees
        self.stranger, self.guardian = dao.who("stranger"), dao.who("guardian")
        self.data = {d: list(items) for d, items in self.world.data.items()}
        self.erasures: defaultdict[int, list[int]] = defaultdict(list)
        clock = lambda: dao.chain.timestamp  # noqa: E731
        assert isinstance(splitter.asset, Money)
        self.leases = Leases(dao.leases.address, RULES, clock, splitter, splitter.asset, self.erasures)
        self.models = Models(dao.models.address, dao.timelock.address, self.leases)
        self.cuts = dict.fromkeys(LEASED, CUTS[0])
        self.decisions: list[Decision] = []
        self.brake_at = 0
        self.begin()
        self.hashes |= self.world.hashes
        self.hook()
        self.leases.offers = {offer.id: replace(offer) for offer in self.world.offers}
        for who, offer in first:
            self.lease_now(who, offer)

    @rule(pick=st.integers(0, 4), offset=offsets)
    def wait(self, pick: int, offset: int) -> None:
        ahead = sorted(at for at in self.boundaries() if at > self.now)
        self.jump(ahead[pick % len(ahead)] + offset if ahead else self.now + DAY)

    # Data comes and goes

    @rule(pick=picks, dataset=st.sampled_from(LEASED))
    def erase(self, pick: int, dataset: int) -> None:
        if not self.data[dataset]:
            return
        batch, item, shares, entry = self.data[dataset].pop(pick % len(self.data[dataset]))
        self.dao.erase(batch, item)
        self.erasures[dataset].append(self.now)
        registry = self.dao.registry.address
        self.leases.splitter.dropPendingShares(registry, dataset, item.contributor, shares, entry)

    def erase_some(self, pick: int, dataset: int) -> None:
        self.erase(pick, dataset)

    def erase_all(self, dataset: int) -> None:
        while self.data[dataset]:
            self.erase(0, dataset)

    @precondition(lambda self: not all(self.data.values()))
    @rule(dataset=st.sampled_from(LEASED), count=st.integers(1, 2))
    def contribute(self, dataset: int, count: int) -> None:
        """Data comes back, and with it a pool; not while entries are blocked."""
        self.jump(self.leases.pulled_until)
        self.data[dataset] += self.world.contribute(self.leases.splitter, dataset, count)

    @precondition(lambda self: self.brake_at <= self.now < self.dao.brake.guardianUntil())
    @rule(seldom=st.integers(0, 3))
    def pull_the_brake(self, seldom: int) -> None:
        if seldom == 0:
            self.dao.brake.pull(sender=self.guardian.address)
            self.leases.pulled_until = self.now + 3 * DAY
            self.brake_at = self.leases.pulled_until + 7 * DAY

    def teardown(self) -> None:
        if "erasures" not in self.__dict__ or self.failed:
            return
        self.everybody_is_paid()
        if self.leases.treasury:
            self.withdraw_treasury()
        self.everybody_collects()
        self.nothing_is_left(self.look())
