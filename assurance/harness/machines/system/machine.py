"""Random lives of the whole system in front of all models at once: registry, pools, votes, leases and models.

They start from five members with votes, two datasets, a licensee who is a member, and standing offers that were voted
for; every model was brought there by the same steps.
"""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import Any, ClassVar

from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import World, initialize
from assurance.harness.machines.governance.world import government_of
from assurance.harness.machines.leases.hooked import Hooked
from assurance.harness.machines.leases.modelling import Modelling
from assurance.harness.machines.leases.returning import Returning
from assurance.harness.machines.leases.running import Running
from assurance.harness.machines.leases.world import CUTS, LEASED, RICHES, RULES, STANDING, configured, given, terms_of
from assurance.harness.machines.registry.trading import Trading
from assurance.harness.machines.registry.world import model_of
from assurance.harness.machines.system.checks import SystemChecks
from assurance.harness.machines.system.data import Data
from assurance.harness.machines.system.inheriting import InheritingVotes
from assurance.harness.machines.system.life import Government
from assurance.harness.models.leases.model import Leases
from assurance.harness.models.money import Money
from assurance.harness.models.royalties import Models
from assurance.harness.models.token_splitter import Splitter, Token

UNITS = {"founder": 100, "member-0": 200, "member-1": 120, "member-2": 60, "member-3": 15}
"""495 of the 500 tokens that make the DAO grown up."""
BOOKS = ("registry", "token", "splitter", "leases", "models", "government", "cuts", "batches", "history", "activated")
NOTES = ("set", "votes", "ledger", "flow", "statuses", "polls", "effects", "cast", "executed", "claimed")
"""Of a machine, what a life changes."""


class SystemMachine(InheritingVotes, Data, Running, Returning, Modelling, Trading, Hooked, SystemChecks):
    worlds: ClassVar[dict[Any, Any]] = {}

    @initialize(first=st.lists(st.tuples(st.integers(0, 2), st.integers(1, 5)), min_size=1, max_size=4))
    def create(self, first: list[tuple[int, int]]) -> None:
        self.settled(lambda: SystemWorld(self)).begin(self)
        self.hook()
        for who, offer in first:
            self.lease_now(who, offer)

    def teardown(self) -> None:
        if "last" not in self.__dict__ or self.failed:
            return
        self.heirs_take_all()
        self.everybody_is_paid()
        if self.leases.treasury:
            self.withdraw_treasury()
        self.everybody_collects()
        self.nothing_is_left(self.look())
        self.everybody_leaves()
        for person in (self.founder, *self.members):
            self.pay_out(person.address)
        self.the_chain_is_as_the_model_says_and_adds_up()

    # What every life starts from

    def found(self) -> None:
        """Deploys, and founds the DAO by the machine's own steps."""
        self.dao = dao = Dao(
            configured(DataGovernor__params__lateQuorumExtension="1 day", DataToken__transferable=self.transferable),
            twins=self.twins,
            **self.species.options,
        )
        self.name_people()
        asset = Money(self.species, dao.asset.address)
        self.splitter = Splitter(dao.splitter.address, dao.registry.address, dao.token.address, asset)
        maturity = dao.token.maturitySupply()
        self.token = Token(dao.token.address, dao.registry.address, self.transferable, maturity)
        self.registry = model_of(dao, self.splitter, self.token)
        self.begin_heirs()
        clock = lambda: dao.chain.timestamp  # noqa: E731
        self.leases = Leases(dao.leases.address, RULES, clock, self.splitter, asset, self.registry.erasures)
        self.models = Models(dao.models.address, dao.timelock.address, self.leases)
        self.government = government_of(dao, Government)
        self.cuts = dict.fromkeys(LEASED, CUTS[0])
        self.begin_system()
        self._accept_first_data()
        for who in (*self.licensees, dao.who("payer")):
            dao.fund(who, RICHES, dao.leases, dao.models, dao.splitter)
            asset.balances[who.address] += RICHES
            asset.approved.add((who.address, dao.splitter.address))
        self._offer_what_stands()

    def name_people(self) -> None:
        who = self.dao.who
        self.members = [who(f"member-{i}") for i in range(4)]
        self.contributors = [*(member.address for member in self.members), ADDRESS_ZERO, self.dao.addresses["token"]]
        self.founder, self.stranger, self.guardian = who("founder"), who("stranger"), who("guardian")
        self.licensees = [self.members[3], who("licensee-1"), who("licensee-2")]

    def _accept_first_data(self) -> None:
        """Claimed data in the first dataset; in the second, data that waits for its owners."""
        who = self.dao.who
        self._publish(1, [leaf(who(name), f"first of {name}", units) for name, units in UNITS.items()], {}, "enough")
        self._publish(2, [leaf(who(name), f"second of {name}", 2) for name in ("founder", "member-0")], {}, "enough")
        self.jump(self.now + DAY)
        for number in (1, 2):
            self.send("registry", "activate", number, expect=partial(self.registry.activate, number))
        for place in range(len(UNITS)):
            self.claim_leaf(1, place)
        self.jump(self.now + 1)

    def _offer_what_stands(self) -> None:
        dao, expiry = self.dao, self.now + 900 * DAY
        actions, effects = [], []
        for shape, dataset, sole in STANDING:
            least = (self.splitter.pools[dataset].shares + 1) // 2
            terms, licensee = (
                terms_of(shape, dataset, sole, CUTS[0], least),
                self.licensees[0].address if sole else None,
            )
            actions.append((dao.leases, "createOffer", (given(dao, terms), licensee or ADDRESS_ZERO, 50, expiry)))
            effects.append(partial(self.leases.create_offer, terms, licensee, 50, expiry))
        self.put_to_vote(self.founder, actions, effects, "what stands")
        self.carry(self.polls[-1], self.members[:2])
        self.conclude(self.polls[-1])
        assert len(self.leases.offers) == len(STANDING)


class SystemWorld(World):
    """A founded DAO, with the models and notes of the life that founded it."""

    def __init__(self, machine: SystemMachine) -> None:
        machine.found()
        self.dao = machine.dao
        self.state: dict[str, Any] = {name: machine.__dict__[name] for name in (*BOOKS, *NOTES)}
        # What was voted for is done; nothing refers to this machine any more.
        self.state["effects"] = {}
        self.fixed = [*self.state["batches"], *self.state["history"], *(poll.proposal for poll in self.state["polls"])]
        """What no life changes: it need not be copied for each."""
        super().__init__(self.dao.chain)

    def begin(self, machine: SystemMachine) -> None:
        machine.dao = self.dao
        machine.begin_system()
        machine.__dict__.update(deepcopy(self.state, {id(each): each for each in self.fixed}))
        machine.name_people()
