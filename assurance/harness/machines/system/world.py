"""What random lives of the whole system start from: five members with votes, two datasets, a licensee who is a member,
standing offers that were voted for, and every model brought to the same state by the same steps."""

from __future__ import annotations

from copy import deepcopy
from functools import partial
from typing import TYPE_CHECKING, Any

from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.governance import settings
from assurance.harness.dao.leases import NOBODY
from assurance.harness.dao.system import DAY
from assurance.harness.machines.leases.world import CUTS, LEASED, RICHES, RULES, STANDING, configured, given, terms_of
from assurance.harness.machines.registry.world import model_of
from assurance.harness.machines.system.life import Government
from assurance.harness.models.governor import Holdings
from assurance.harness.models.leases.model import Leases
from assurance.harness.models.money import Money
from assurance.harness.models.royalties import Models
from assurance.harness.models.token_splitter import NOBODY as ZERO
from assurance.harness.models.token_splitter import Splitter, Token

if TYPE_CHECKING:
    from assurance.harness.machines.system.machine import SystemMachine

UNITS = {"founder": 100, "member-0": 200, "member-1": 120, "member-2": 60, "member-3": 15}
"""495 of the 500 tokens that make the DAO grown up."""
BOOKS = ("registry", "token", "splitter", "leases", "models", "government", "cuts", "batches", "history", "activated")
NOTES = ("set", "votes", "ledger", "flow", "statuses", "polls", "effects", "cast", "executed", "claimed")
"""Of a machine, what a life changes."""


def settle_down(machine: SystemMachine) -> None:
    """Deploys, and founds the DAO by the machine's own steps."""
    machine.dao = dao = Dao(
        configured(DataGovernor__params__lateQuorumExtension="1 day", DataToken__transferable=machine.transferable),
        twins=machine.twins,
        **machine.species.options,
    )
    name_people(machine)
    asset = Money(machine.species, dao.asset.address)
    machine.splitter = Splitter(dao.splitter.address, dao.registry.address, dao.token.address, asset)
    maturity = dao.token.maturitySupply()
    machine.token = Token(dao.token.address, dao.registry.address, machine.transferable, maturity, machine.splitter)
    machine.registry = model_of(dao, machine.splitter, machine.token)
    clock = lambda: dao.chain.timestamp  # noqa: E731
    machine.leases = Leases(dao.leases.address, RULES, clock, machine.splitter, asset, machine.registry.erasures)
    machine.models = Models(dao.models.address, dao.timelock.address, machine.leases)
    now = settings(dao)
    machine.government = Government(
        Holdings(maturity),
        clock,
        dao.addresses,
        dao.leases.encode("approve", 1, bytes(32))[:4],
        settings={
            "votingDelay": now["votingDelay"],
            "votingPeriod": now["votingPeriod"],
            "extension": now["extension"],
            "proposalThreshold": 10**9,
            "quorumBps": now["quorumBps"][0],
            "leaseQuorumBps": now["quorumBps"][1],
        },
        delay=now["delay"],
        guardian=now["brake"][:2],
    )
    machine.cuts = dict.fromkeys(LEASED, CUTS[0])
    machine.begin_system()
    accept_first_data(machine)
    for who in (*machine.licensees, dao.who("payer")):
        dao.fund(who, RICHES, dao.leases, dao.models, dao.splitter)
        asset.balances[who.address] += RICHES
        asset.approved.add((who.address, dao.splitter.address))
    offer_what_stands(machine)


def name_people(machine: SystemMachine) -> None:
    who = machine.dao.who
    machine.members = [who(f"member-{i}") for i in range(4)]
    machine.contributors = [*(member.address for member in machine.members), ZERO, machine.dao.addresses["token"]]
    machine.founder, machine.stranger, machine.guardian = who("founder"), who("stranger"), who("guardian")
    machine.licensees = [machine.members[3], who("licensee-1"), who("licensee-2")]


def accept_first_data(machine: SystemMachine) -> None:
    """Claimed data in the first dataset; in the second, data that waits for its owners."""
    who = machine.dao.who
    machine._publish(1, [leaf(who(name), f"first of {name}", units) for name, units in UNITS.items()], {}, "enough")
    machine._publish(2, [leaf(who(name), f"second of {name}", 2) for name in ("founder", "member-0")], {}, "enough")
    machine.jump(machine.now + DAY)
    for number in (1, 2):
        machine.send("registry", "activate", number, expect=partial(machine.registry.activate, number))
    for place in range(len(UNITS)):
        machine.claim_leaf(1, place)
    machine.jump(machine.now + 1)


def offer_what_stands(machine: SystemMachine) -> None:
    dao, expiry = machine.dao, machine.now + 900 * DAY
    actions, effects = [], []
    for shape, dataset, sole in STANDING:
        terms = terms_of(shape, dataset, sole, CUTS[0])
        actions.append((dao.leases, "createOffer", (given(dao, terms), NOBODY, 50, expiry)))
        effects.append(partial(machine.leases.create_offer, terms, None, 50, expiry))
    machine.put_to_vote(machine.founder, actions, effects, "what stands")
    machine.carry(machine.polls[-1], machine.members[:2])
    machine.conclude(machine.polls[-1])
    assert len(machine.leases.offers) == len(STANDING)


class World:
    """A founded DAO, put back for every life."""

    def __init__(self, machine: SystemMachine) -> None:
        settle_down(machine)
        self.dao = machine.dao
        self.state: dict[str, Any] = {name: machine.__dict__[name] for name in (*BOOKS, *NOTES)}
        # What was voted for is done; nothing refers to this machine any more.
        self.state["effects"] = {}
        self.snapshot = self.dao.chain.snapshot()

    def begin(self, machine: SystemMachine) -> None:
        self.dao.chain.revert(self.snapshot)
        self.snapshot = self.dao.chain.snapshot()
        machine.dao = self.dao
        machine.begin_system()
        machine.__dict__.update(deepcopy(self.state))
        name_people(machine)
