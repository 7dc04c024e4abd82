"""What random governments start from, and what their proposals may ask for; the steps are in
`governance_machine.py`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from hypothesis import strategies as st

from assurance.harness.chain.handles import Handle, Reverted, deploy
from assurance.harness.chain.reader import Reader, View
from assurance.harness.dao.dao import AGAINST, FOR, Dao, leaf
from assurance.harness.dao.governance import settings
from assurance.harness.dao.system import DAY, config
from assurance.harness.dao.zoo import Species
from assurance.harness.machines.base import World
from assurance.harness.models.governor import Governor, Holdings

TOKEN = 10**9
UNITS = (200, 120, 100, 60, 15)
"""What the members hold at first: 495 of the 500 tokens that make the DAO grown up."""
ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE")
SETTINGS = (
    *("votingDelay", "votingPeriod", "lateQuorumVoteExtension"),
    *("proposalThreshold", "quorumBps", "leaseQuorumBps"),
)
"""The governor's."""
POLL = ("Snapshot", "Deadline", "Eta", "Proposer", "Licensee", "Votes")
"""What the governor returns of a proposal, in words, besides its state and a quorum."""
Act = tuple[str, tuple[Any, ...]]

picks = st.integers(0, 11)
supports = st.sampled_from([AGAINST, FOR, FOR, FOR, 2, 3, 3])
values: dict[str, list[int]] = {
    "setVotingDelay": [DAY - 1, DAY, 2 * DAY, 14 * DAY, 14 * DAY + 1],
    "setVotingPeriod": [2 * DAY - 1, 2 * DAY, 3 * DAY, 30 * DAY, 30 * DAY + 1],
    "setLateQuorumVoteExtension": [0, 1, DAY, 3 * DAY, 3 * DAY + 1, 30 * DAY],
    "setProposalThreshold": [0, TOKEN, 4 * TOKEN, 5 * TOKEN, 6 * TOKEN],
    "setQuorumBps": [99, 100, 500, 2000, 2001],
    "setLeaseQuorumBps": [99, 100, 500, 2000, 2001],
    "updateDelay": [2 * DAY - 1, 2 * DAY, 3 * DAY, 30 * DAY, 30 * DAY + 1] * 2,
}
PARAMETERS = {*values, "setGuardian"}
"""Functions that change one. What else a proposal may ask for leaves all parameters as they are."""
setters = st.sampled_from([(name, (value,)) for name, choices in values.items() for value in choices])
others = st.sampled_from(
    [("set", (7,))] * 12
    + [("setGuardian", (who, days)) for who in (0, 1, 2) for days in (0, 5, 300, 400)]
    + [(name, ()) for name in ("updateTimelock", "relay", "grantRole", "revokeRole", "pull", "schedule", "approve")] * 3
)
acts_of_a_proposal = st.one_of(
    st.tuples(setters), st.tuples(others), st.lists(setters | others, min_size=2, max_size=3)
)


def asked(call: Callable[[], Any]) -> tuple[Any, Reverted | None]:
    """The result or the refusal."""
    try:
        return call(), None
    except Reverted as refusal:
        return None, refusal


class GovernanceWorld(World):
    """A DAO of five members."""

    def __init__(self, twins: tuple[str, ...], species: Species, transferable: bool) -> None:
        rules = config(DataToken__transferable=transferable)
        self.dao = dao = Dao(rules, twins=twins, **species.options)
        self.members = [dao.who(f"member-{i}") for i in range(len(UNITS))]
        self.probe: Handle = deploy(dao.chain, "Probe", sender=dao.who("builder").address)
        self.items = [leaf(m, f"data of {m.name}", units) for m, units in zip(self.members, UNITS, strict=True)]
        self.batch = dao.publish(self.items)
        dao.activate(self.batch)
        self.created = dao.chain.timestamp
        for item in self.items:
            dao.claim(self.batch, item)
        self.stranger, self.guardian, self.heir = (dao.who(name) for name in ("stranger", "guardian", "heir"))
        self.people = [*self.members, self.stranger, self.guardian, self.heir]
        dao.chain.warp(1)
        governor, timelock, brake = dao.governor, dao.timelock, dao.brake
        views: list[View] = [(governor, name, ()) for name in SETTINGS]
        views += [(brake, name, ()) for name in ("guardian", "guardianUntil", "pulledUntil")]
        views += [(timelock, "getMinDelay", ()), (governor, "timelock", ()), (self.probe, "calls", ())]
        self.settings = Reader(dao.chain, views)
        """Everything a vote may set, and how often the probe was."""
        accounts = [*dao.addresses.values(), *(person.address for person in self.people)]
        self.roles = [(role, account) for role in ROLES for account in accounts]
        held: list[View] = [(timelock, "hasRole", (getattr(timelock, name)(), who)) for name, who in self.roles]
        self.held_roles = Reader(dao.chain, held)
        views = [(governor, name, (0,)) for name in ("state", *(f"proposal{name}" for name in POLL), "proposalQuorum")]
        self.polls = [Reader(dao.chain, views[:-1], varying=True), Reader(dao.chain, views, varying=True)]
        """All of a proposal by its id, before and after its snapshot is past."""
        self.supply = Reader(dao.chain, [(dao.token, "getPastTotalSupply", (0,))], varying=True)
        past: list[View] = [(dao.token, "getPastVotes", (person.address, 0)) for person in self.people[:6]]
        past += [(dao.token, "getPastTotalSupply", (0,))]
        self.past = Reader(dao.chain, past, varying=True)
        """The votes of members and stranger, and the supply, at a time."""
        super().__init__(dao.chain)


G = TypeVar("G", bound=Governor)


def government_of(dao: Dao, kind: type[G]) -> G:
    """The model of a DAO's governor, timelock and brake, before anyone holds tokens."""
    now = settings(dao)
    voting, (quorum, lease_quorum) = ("votingDelay", "votingPeriod", "extension"), now["quorumBps"]
    return kind(
        Holdings(dao.token.maturitySupply()),
        lambda: dao.chain.timestamp,
        dao.addresses,
        dao.leases.encode("approve", 1, bytes(32))[:4],
        settings={name: now[name] for name in voting}
        | {"proposalThreshold": TOKEN, "quorumBps": quorum, "leaseQuorumBps": lease_quorum},
        delay=now["delay"],
        guardian=now["brake"][:2],
        floor_until=now["floorUntil"],
    )
