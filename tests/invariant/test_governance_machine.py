"""Governor, timelock and brake against a plain model: random governments, compared after every step.

The model is asked first: each step succeeds with these events and this result, or reverts with the very error and
arguments. After every step all proposals, settings and roles are compared, and checked on what the chain says: no more
votes than past supply (G-1), nothing executed without quorum, majority and delays, each operation once (G-2), nothing
about a proposal changes but its count, its one extension and its eta, and nothing leaves an end (G-3), ballots count
once (G-4), the guardian does what it may and no more (G-8), roles stay (G-10), the past stays (T-3). Every life ends
with time passing and every proposal in an end (G-6), and with a member of the threshold still able to propose (G-5).

`DATADAO_DEPTH=50` in the environment makes the run fifty times as long.
"""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import pytest
from hypothesis import Phase, settings
from hypothesis.stateful import initialize, invariant, run_state_machine_as_test

from tests.support.dao import CANCELED, DEFEATED, EXECUTED, EXPIRED, FOR, Proposal
from tests.support.depth import DEPTH
from tests.support.governance import TERMINAL, poll, text_proposal
from tests.support.governance import settings as governance_settings
from tests.support.governance_machine import GovernanceMachine
from tests.support.governor_model import DAY, EXPIRY, Poll

EXAMPLES = 150
ROLES = ("PROPOSER_ROLE", "CANCELLER_ROLE", "EXECUTOR_ROLE", "DEFAULT_ADMIN_ROLE")
# What even the shortest run must have met, or it has shown nothing about it.
MET = {
    "VoteCast",
    "by signature",
    "ProposalExtended",
    "ProposalQueued",
    "ProposalExecuted",
    "ProposalCanceled",
    "canceled by the guardian",
    "canceled by its proposer",
    "Pulled",
    "executed approve",
    "executed set",
    "ends 2",
    "ends 3",
    "ends 6",
    "ends 7",
    "GovernorUnexpectedProposalState",
    "GovernorAlreadyCastVote",
    "GovernorInvalidVoteType",
    "GovernorInvalidSignature",
    "GovernorInsufficientProposerVotes",
    "GovernorUnableToCancel",
    "DataGovernor_LicenseeCannotVote",
    "DataGovernor_ReservedAction",
    "DataGovernor_SettingOutOfRange",
    "DataGovernor_Disabled",
    "DataTimelock_RolesFrozen",
    "EmergencyBrake_NotGuardian",
    "EmergencyBrake_CoolingDown",
    "EmergencyBrake_Pulled",
    "TimelockUnexpectedOperationState",
}


class Government(GovernanceMachine):
    """The machine with what must hold between its steps."""

    last: dict[int, dict[str, Any]]

    @initialize()
    def nothing_seen_yet(self) -> None:
        self.last = {}

    def known(self) -> list[str]:
        return [*self.dao.addresses.values(), *(person.address for person in self.people)]

    def roles(self) -> list[bool]:
        timelock = self.dao.timelock
        return [timelock.hasRole(getattr(timelock, role)(), account) for role in ROLES for account in self.known()]

    @invariant()
    def holds(self) -> None:
        """All of it for the proposal just acted on and for another in turn; states, settings and the past for all."""
        dao, model = self.dao, self.model
        turn = self.reached["steps"]
        for p in (
            {id(p): p for p in (self.touched, self.polls[turn % len(self.polls)]) if p}.values() if self.polls else ()
        ):
            self.check(p)
        for p in self.polls:
            assert dao.governor.state(p.proposal.id) == model.state(p)
        assert governance_settings(dao) == {
            "votingDelay": model.settings["votingDelay"],
            "votingPeriod": model.settings["votingPeriod"],
            "extension": model.settings["extension"],
            "threshold": model.threshold(),
            "quorumBps": (model.bps["quorumBps"].now, model.bps["leaseQuorumBps"].now),
            "delay": model.delay,
            "brake": (*model.guardian, model.pulled_until),
            "timelock": dao.timelock.address,
        }
        assert self.probe.calls() == self.sets, "each operation once (G-2)"
        self.the_past_stays_T3()
        if turn % 16 == 0:
            self.roles_stay_G10()

    def check(self, p: Poll) -> None:
        dao, model = self.dao, self.model
        number = p.proposal.id
        now = poll(dao, number)
        assert now == {
            "state": model.state(p),
            "times": (p.snapshot, p.deadline, p.eta or 0),
            "people": (p.proposer, p.licensee or "0x" + "00" * 20),
            "votes": tuple(p.count(side) for side in range(3)),
        }
        if p.snapshot < dao.chain.timestamp:
            quorum = dao.governor.proposalQuorum(number)
            assert quorum == model.quorum(p) >= 1
            self.no_more_votes_than_past_supply_G1(p, now)
            if now["state"] == EXECUTED:
                self.executed_means_quorum_majority_and_time_G2(now, quorum)
        self.ends_absorb_and_the_rest_moves_one_way_G3(p, now)

    def no_more_votes_than_past_supply_G1(self, p: Poll, now: dict[str, Any]) -> None:
        assert sum(now["votes"]) <= self.dao.token.getPastTotalSupply(p.snapshot)

    def executed_means_quorum_majority_and_time_G2(self, now: dict[str, Any], quorum: int) -> None:
        against, for_, abstain = now["votes"]
        assert for_ > against and for_ + abstain >= quorum
        snapshot, deadline, eta = now["times"]
        assert snapshot + 2 * DAY <= deadline
        assert deadline + 2 * DAY < eta <= self.dao.chain.timestamp

    def ends_absorb_and_the_rest_moves_one_way_G3(self, p: Poll, now: dict[str, Any]) -> None:
        before: dict[str, Any] = self.last.get(p.proposal.id, now)
        if before["state"] in TERMINAL:
            assert now == before
        assert now["people"] == before["people"]
        assert now["times"][0] == before["times"][0]
        assert before["times"][1] <= now["times"][1] <= before["times"][1] + p.extension
        assert all(a <= b for a, b in zip(before["votes"], now["votes"], strict=True))
        self.last[p.proposal.id] = now

    def roles_stay_G10(self) -> None:
        assert self.roles() == [
            account == (self.dao.timelock if role == "DEFAULT_ADMIN_ROLE" else self.dao.governor).address
            for role in ROLES
            for account in self.known()
        ]

    def the_past_stays_T3(self) -> None:
        token, then = self.dao.token, self.dao.chain.timestamp - 1
        accounts = [person.address for person in self.people[:6]]
        if not self.seen or self.seen[-1][0] < then:
            votes = tuple(token.getPastVotes(account, then) for account in accounts)
            self.seen.append((then, token.getPastTotalSupply(then), votes))
            assert sum(votes) <= self.seen[-1][1]
        if self.reached["steps"] % 8 == 0:
            at, supply, votes = self.seen[self.reached["steps"] * 7 % len(self.seen)]
            assert token.getPastTotalSupply(at) == supply
            assert tuple(token.getPastVotes(account, at) for account in accounts) == votes

    def teardown(self) -> None:
        if "dao" not in self.__dict__:
            return
        dao = self.dao
        end = max((max(p.deadline, p.eta or 0) + EXPIRY for p in self.polls), default=0)
        dao.chain.warp(max(0, end - dao.chain.timestamp))
        self.roles_stay_G10()
        for p in self.polls:
            self.check(p)
            state = dao.governor.state(p.proposal.id)
            assert state in (CANCELED, DEFEATED, EXPIRED, EXECUTED) and state == self.model.state(p), "G-6"
            self.reached[f"ends {state}"] += 1
        self.someone_can_still_govern_G5_G6()

    def someone_can_still_govern_G5_G6(self) -> None:
        """After whatever was voted, a member that everybody trusts carries a proposal, without anybody's help."""
        dao, holder = self.dao, self.members[2]
        if dao.token.totalSupply() < dao.governor.quorumFloor() and not dao.token.matureSince():
            return
        for member in self.members:
            dao.token.delegate(holder.address, sender=member.address)
        dao.chain.warp(1)
        if dao.brake.isGuardian(holder.address):
            return
        proposal: Proposal = text_proposal(dao, holder, "the last one")
        dao.to_vote(proposal.id)
        dao.vote(proposal.id, holder, support=FOR)
        dao.to_end_of_vote(proposal.id)
        dao.queue(proposal)
        dao.execute(proposal)
        assert dao.governor.state(proposal.id) == EXECUTED
        self.reached["governed at the end"] += 1


def test_government__any_life__agrees_with_the_model() -> None:
    reached: Counter[str] = Counter()
    started = time.process_time()
    machine = type("Life", (Government,), {"reached": reached, "world": None})
    run_state_machine_as_test(machine, settings=settings(max_examples=EXAMPLES * DEPTH, stateful_step_count=60))
    rate = reached["steps"] / (time.process_time() - started)
    print(f"\n{rate:.0f} steps a second of processor time: {dict(reached.most_common())}")
    assert reached.keys() >= MET, MET - reached.keys()


GOVERNOR_FLAWS = (
    "CountsTwice",
    "IgnoresFloor",
    "NeverExtends",
    "NeverExpires",
    "CancelsReplacement",
    "LicenseeVotes",
    "ApprovesAnywhere",
)
TIMELOCK_FLAWS = ("RolesThaw", "DelayUnbounded")
QUICKLY = settings(
    max_examples=300, stateful_step_count=40, phases=[Phase.generate], database=None, report_multiple_bugs=False
)


def live(twins: dict[str, Any]) -> Counter[str]:
    reached: Counter[str] = Counter()
    machine = type("Twin", (Government,), {"twins": twins, "reached": reached, "world": None})
    run_state_machine_as_test(machine, settings=QUICKLY)
    return reached


def test_twins_without_a_flaw__live_like_the_original() -> None:
    """A governor written the plain way, with a mapping for every fact, gives the same lives as the one of one slot."""
    twins = {"DataGovernor": ("TwinGovernor", 0), "DataTimelock": ("TwinTimelock", 0)}
    reached: Counter[str] = Counter()
    machine = type("Twin", (Government,), {"twins": twins, "reached": reached, "world": None})
    run_state_machine_as_test(machine, settings=settings(QUICKLY, max_examples=25))
    assert reached["ProposalExecuted"] and reached["ProposalExtended"]


@pytest.mark.parametrize("flaw", GOVERNOR_FLAWS)
def test_twin_of_the_governor__with_one_line_wrong__is_noticed(flaw: str) -> None:
    with pytest.raises(AssertionError):
        live({"DataGovernor": ("TwinGovernor", GOVERNOR_FLAWS.index(flaw) + 1)})


@pytest.mark.parametrize("flaw", TIMELOCK_FLAWS)
def test_twin_of_the_timelock__with_one_line_wrong__is_noticed(flaw: str) -> None:
    with pytest.raises(AssertionError):
        live({"DataTimelock": ("TwinTimelock", TIMELOCK_FLAWS.index(flaw) + 1)})
