"""Steps: requests and proposals decided by real votes, and what the timelock then does to everything else."""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import replace
from functools import partial
from typing import Any

from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Reverted
from assurance.harness.dao.dao import AGAINST, FOR, HPKE_KEY, QUEUED, SUCCEEDED, Proposal
from assurance.harness.dao.governance import LIVE, operation_of
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED
from assurance.harness.dao.leases import PENDING as REQUESTED
from assurance.harness.dao.registry import PUBLISHED, ascending
from assurance.harness.dao.system import DAY, Actor
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import callers, picks
from assurance.harness.machines.leases.world import CUTS, LEASED, given, terms_of
from assurance.harness.machines.registry.world import SETS
from assurance.harness.machines.system.life import Ballots, Effect, SystemLife
from assurance.harness.models.governor import Poll

MOST = 9
"""Proposals of a life."""
SETTINGS = [
    ("setVotingDelay", DAY), ("setVotingPeriod", 3 * DAY), ("setLateQuorumVoteExtension", 0), ("setQuorumBps", 2000),
    ("setLeaseQuorumBps", 100), ("setLeaseQuorumBps", 2001), ("setProposalThreshold", 4 * 10**9),
    ("updateDelay", 3 * DAY),
]  # fmt: skip
NOTHING_TO_DO = "executed with nothing left to do"
Action = tuple[Handle, str, tuple[Any, ...]]


class Voting(SystemLife):
    cuts: dict[int, tuple[int, int]]

    def voters(self) -> list[Actor]:
        return [self.founder, *self.members, self.stranger]

    def poll(self, pick: int) -> Poll:
        """One of the newest that have not ended, mostly."""
        alive = [poll for poll in self.polls if self.government.state(poll) in LIVE] if pick < 34 else []
        choice = alive[-3:] or self.polls
        return choice[-1 - pick % len(choice)]

    # Requests

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), sole=st.booleans())
    def request(self, who: int, shape: int, dataset: int, sole: bool) -> None:
        licensee, terms = self.licensees[who], terms_of(shape, dataset, sole, self.cuts[dataset])
        expect = lambda: self.leases.request(licensee.address, terms, HPKE_KEY)  # noqa: E731
        receipt = self.on_leases("request", given(self.dao, terms), HPKE_KEY, "", expect=expect, by=licensee)
        if receipt is None:
            return
        number, _ = receipt.value
        proposal = self.dao.lease_proposal(number)
        self.government.propose_lease(proposal, licensee.address)
        self._opened(proposal, [lambda: self.leases.approve(number)])
        self.leases.leases[number].vote = Ballots(self.government, self.polls[-1])

    def _opened(self, proposal: Proposal, effects: Sequence[Effect]) -> None:
        self.polls.append(self.government.polls[proposal.id])
        self.effects[proposal.id] = list(effects)

    @rule(pick=picks, who=callers)
    def cancel_request(self, pick: int, who: str) -> None:
        lease = self.some(pick, REQUESTED)
        by = self.caller(lease, who)
        self.on_leases("cancelRequest", lease, expect=lambda: self.leases.cancel_request(by.address, lease), by=by)

    @rule(pick=picks)
    def reserve(self, pick: int) -> None:
        lease = self.some(pick, REQUESTED)
        self.on_leases("reserve", lease, expect=lambda: self.leases.reserve(lease))

    # Proposals

    def put_to_vote(self, by: Actor, actions: Sequence[Action], effects: Sequence[Effect], text: str) -> None:
        targets = [handle.address for handle, _, _ in actions]
        calldatas = [handle.encode(name, *args) for handle, name, args in actions]
        values, digest, governor = [0] * len(actions), keccak(text=text), self.dao.governor
        number = governor.getProposalId(targets, values, calldatas, digest)
        proposal = Proposal(number, targets, values, calldatas, digest)
        known = len(self.government.polls)
        self.send(
            "governor", "propose", targets, values, calldatas, text,
            expect=lambda: self.government.propose(by.address, proposal), by=by,
        )  # fmt: skip
        if len(self.government.polls) > known:
            self._opened(proposal, effects)

    def propose(self, by: int, action: Action, effect: Effect) -> None:
        """Usually carried through at once; else its way is for other steps."""
        who, known = self.voters()[by], len(self.polls)
        self.put_to_vote(who, [action], [effect], f"{action[1]} {self.now} {known}")
        self.reached[f"proposed {action[1]}"] += 1
        if len(self.polls) > known and self.now % 3:
            self.carry(self.polls[-1], self.voters()[:4])
            self.conclude(self.polls[-1])

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(by=st.integers(0, 5), pick=picks, bps=st.sampled_from([0, 2500, 4000, 4001]))
    def propose_termination(self, by: int, pick: int, bps: int) -> None:
        lease = self.some(pick, APPROVED, ACTIVE, ENDED)
        known = self.leases.leases.get(lease)
        args = (lease, known.start_by if known else 0, bps)
        self.propose(by, (self.dao.leases, "terminate", args), lambda: self._terminate(*args))

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(by=st.integers(0, 5), shape=st.integers(0, 4), dataset=st.sampled_from(LEASED), sole=st.booleans())
    def propose_offer(self, by: int, shape: int, dataset: int, sole: bool) -> None:
        expiry = self.now + 60 * DAY
        least = (self.splitter.pools[dataset].shares + 1) // 2
        asked = given(self.dao, terms_of(shape, dataset, sole, self.cuts[dataset], least))
        licensee = self.licensees[0].address if sole else None

        def create() -> None:
            # With the cuts of the execution.
            terms = terms_of(shape, dataset, sole, self.cuts[dataset], least)
            self.leases.create_offer(terms, licensee, 2, expiry)

        self.propose(by, (self.dao.leases, "createOffer", (asked, licensee or ADDRESS_ZERO, 2, expiry)), create)

    @precondition(lambda self: len(self.polls) < MOST and not self.static)
    @rule(by=st.integers(0, 5), dataset=st.sampled_from(LEASED), cuts=st.sampled_from(CUTS))
    def propose_policy(self, by: int, dataset: int, cuts: tuple[int, int]) -> None:
        policy = vars(self.dao.registry.currentPolicy(dataset)) | {"commonsBps": cuts[0], "treasuryBps": cuts[1]}

        def update() -> None:
            self.registry.update_policy(dataset, (policy["sharesPerUnit"], policy["minQuality"]))
            self.cuts[dataset] = cuts

        self.propose(by, (self.dao.registry, "updatePolicy", (dataset, policy)), update)

    @precondition(lambda self: len(self.polls) < MOST and not self.static)
    @rule(by=st.integers(0, 5), choice=st.sampled_from(SETTINGS))
    def propose_setting(self, by: int, choice: tuple[str, int]) -> None:
        name, value = choice
        handle = self.dao.timelock if name == "updateDelay" else self.dao.governor
        self.propose(by, (handle, name, (value,)), lambda: self.government._apply(name, value))

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(by=st.integers(0, 5), pick=picks, days=st.sampled_from([0, 200, 400]))
    def propose_power(self, by: int, pick: int, days: int) -> None:
        """A guardian for another term or none, other attestors, a batch to discard, money of the treasury."""
        dao = self.dao
        kind = ("guardian", "attestors", "discard", "spend")[2 + pick % 2 if self.static else pick % 4]
        if kind == "guardian":
            until = self.now + days * DAY
            args = (self.guardian.address if days else ADDRESS_ZERO, until if days else 0)
            self.propose(by, (dao.brake, "setGuardian", args), lambda: self._appoint(*args))
        elif kind == "attestors":
            names, threshold = SETS[1 - self.set]
            keys = [(signer.address, b"\1" * 32) for signer in ascending(map(dao.who, names))]
            self.propose(by, (dao.registry, "setAttestors", (keys, threshold)), partial(self._replace, 1 - self.set))
        elif kind == "discard":
            number, _ = self.some_batch(pick % 24)
            self.propose(by, (dao.registry, "discard", (number,)), lambda: self._discard(number))
        else:
            amount = (0, 1, 500, 10**9)[pick // 10]
            spend = lambda: self.asset.transfer(dao.timelock.address, self.refuge, amount)  # noqa: E731
            self.propose(by, (dao.asset, "transfer", (self.refuge, amount)), spend)

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(by=st.integers(0, 4), pick=picks)
    def smuggle(self, by: int, pick: int) -> None:
        """The approval of a lease in a proposal that is not the lease's own."""
        self.propose(by, (self.dao.leases, "approve", (self.some(pick, REQUESTED), bytes(32))), lambda: None)

    def _discard(self, number: int) -> None:
        before = self.registry.status(self.registry.batches[number - 1]) if number <= len(self.registry.batches) else 0
        self.registry.discard(number)
        self.reached[NOTHING_TO_DO] += before != PUBLISHED

    def _terminate(self, lease: int, start_by: int, bps: int) -> None:
        before = copy(self.leases.leases.get(lease))
        self.leases.terminate(lease, start_by, bps)
        self.reached[NOTHING_TO_DO] += before == self.leases.leases[lease]

    def _appoint(self, guardian: str, until: int) -> None:
        self.government._apply("setGuardian", guardian, until)
        self.registry.rules = replace(self.registry.rules, guardian=guardian, guardian_until=until)

    def _replace(self, number: int) -> None:
        names, threshold = SETS[number]
        self.registry.set_attestors({self.dao.who(name).address for name in names}, threshold)
        self.set = number

    # Votes

    @precondition(lambda self: self.polls)
    @rule(pick=picks, who=st.integers(0, 5), support=st.sampled_from([FOR, FOR, AGAINST, 2, 3]))
    def vote(self, pick: int, who: int, support: int) -> None:
        """Now and then twice."""
        poll = self.poll(pick)
        for _ in range(1 + (pick % 3 == 0)):
            self.cast_vote(poll, self.voters()[who], support)

    def cast_vote(self, poll: Poll, voter: Actor, support: int = FOR) -> None:
        self.send(
            "governor", "castVote", poll.proposal.id, support,
            expect=lambda: self.government.vote(poll, voter.address, support), by=voter,
        )  # fmt: skip

    @precondition(lambda self: self.polls)
    @rule(pick=picks, count=st.integers(1, 5), against=st.integers(0, 5), leaver=st.integers(0, 5))
    def elect(self, pick: int, count: int, against: int, leaver: int) -> None:
        """Members vote as the polls open, perhaps one of them against; another may leave between two votes, one may try
        again, and a licensee to decide for itself."""
        poll, voters = self.poll(pick), self.voters()[:5]
        self.jump(poll.snapshot + 1)
        for turn, voter in enumerate(voters[:count]):
            if turn == leaver:
                self.erase_some(pick, 1)
            self.cast_vote(poll, voter, AGAINST if turn == against else FOR)
        if pick % 4 == 0:
            self.cast_vote(poll, voters[0])
            for licensee in (who for who in self.licensees if who.address == poll.licensee):
                self.cast_vote(poll, licensee)

    def carry(self, poll: Poll, voters: Sequence[Actor]) -> None:
        self.jump(poll.snapshot + 1)
        for voter in voters:
            self.cast_vote(poll, voter)

    @rule(who=st.integers(0, 4), to=st.integers(0, 5))
    def delegate(self, who: int, to: int) -> None:
        account, delegatee = self.voters()[who].address, self.voters()[to].address
        by = self.voters()[who]
        self.send("token", "delegate", delegatee, expect=lambda: self.token.delegate(account, delegatee), by=by)

    # What follows

    @precondition(lambda self: self.polls)
    @rule(pick=picks)
    def queue(self, pick: int) -> None:
        self._queue(self.poll(pick))

    def _queue(self, poll: Poll) -> None:
        self.send("governor", "queue", *poll.proposal.action, expect=lambda: self.government.queue(poll))

    @precondition(lambda self: self.polls)
    @rule(pick=picks)
    def execute(self, pick: int) -> None:
        self._execute(self.poll(pick))

    def _execute(self, poll: Poll) -> None:
        proposal = poll.proposal
        acts = [("call", (effect,)) for effect in self.effects.get(proposal.id, ())]
        expect = lambda: self.government.execute(poll, operation_of(self.dao, proposal), acts)  # noqa: E731
        if self.send("governor", "execute", *proposal.action, expect=expect):
            self.reached["approve" if poll.licensee else "decision"] += 1

    @precondition(lambda self: any(self.government.state(poll) in (SUCCEEDED, QUEUED) for poll in self.polls))
    @rule(pick=picks, early=st.sampled_from([-1, 0, 0, 0]), reserved=st.booleans())
    def go_through_with_it(self, pick: int, early: int, reserved: bool) -> None:
        fit = [poll for poll in self.polls if self.government.state(poll) in (SUCCEEDED, QUEUED)]
        self.conclude(fit[pick % len(fit)], early, reserved)

    def conclude(self, poll: Poll, early: int = 0, reserved: bool = False) -> None:
        """Queues and executes at the first moment, or a second before."""
        self.jump(poll.deadline + 1)
        if poll.eta is None:
            self._queue(poll)
        lease = next((i for i in self.leases.leases.values() if i.vote and i.vote.id == poll.proposal.id), None)
        if reserved and lease is not None:
            self.on_leases("reserve", lease.id, expect=lambda: self.leases.reserve(lease.id))
        if poll.eta is not None:
            self.jump(poll.eta + early)
            self._execute(poll)

    @precondition(lambda self: len(self.polls) < MOST)
    @rule(who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), pick=picks)
    def lease_by_vote(self, who: int, shape: int, dataset: int, pick: int) -> None:
        """A request that all members vote for, and usually starts; a member may leave meanwhile."""
        known = len(self.leases.leases)
        self.request(who, shape, dataset, sole=pick % 8 == 0)
        if len(self.leases.leases) == known:
            return
        poll = self.polls[-1]
        self.elect(0, 4, 5, pick % 8)
        self.conclude(poll)
        if self.leases.leases[known + 1].status == APPROVED and pick % 4:
            lease, owner = known + 1, self.licensees[who]
            start = lambda: self.leases.start(owner.address, lease)  # noqa: E731
            self.on_leases("start", lease, expect=start, by=owner)

    @precondition(lambda self: any(self.government.state(poll) in LIVE for poll in self.polls))
    @rule(pick=picks, who=st.sampled_from(["guardian", "guardian", "proposer", "member"]))
    def cancel(self, pick: int, who: str) -> None:
        poll = self.poll(pick)
        proposer = next((person for person in self.voters() if person.address == poll.proposer), self.stranger)
        by = {"guardian": self.guardian, "proposer": proposer, "member": self.members[0]}[who]
        expect = lambda: self.government.cancel(poll, by.address)  # noqa: E731
        self.send("governor", "cancel", *poll.proposal.action, expect=expect, by=by)

    @rule(offer=st.integers(5, 12))
    def close_offer(self, offer: int) -> None:
        def expect() -> None:
            if not self.government.is_guardian(self.guardian.address):
                raise Reverted("DataLeases_NotGuardian", self.guardian.address)
            self.leases.close_offer(offer)

        self.on_leases("closeOffer", offer, expect=expect, by=self.guardian)

    @rule(who=st.sampled_from(["guardian", "guardian", "guardian", "stranger"]), pick=picks)
    def pull_the_brake(self, who: str, pick: int) -> None:
        by = self.guardian if who == "guardian" else self.stranger

        def expect() -> None:
            self.government.pull(by.address)
            self.leases.pulled_until = self.registry.pulled_until = self.government.pulled_until

        if self.send("brake", "pull", expect=expect, by=by):
            # Nobody is kept in by it.
            for dataset in LEASED:
                self.erase_some(pick, dataset)
