"""Steps: requests, decided by the one founder, and decisions of the timelock on their way.

One member carries or defeats every vote, so that a vote costs three transactions; whole electorates are for the
machines of government and system.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import ACTIVE as VOTING
from assurance.harness.dao.dao import AGAINST, FOR, HPKE_KEY, QUEUED, SUCCEEDED, Proposal
from assurance.harness.dao.dao import PENDING as UNOPENED
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING
from assurance.harness.dao.system import Actor
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import callers, picks
from assurance.harness.machines.leases.running import Running
from assurance.harness.machines.leases.world import CUTS, LEASED, given, terms_of
from assurance.harness.models.leases.records import EXPIRY, Lease, Terms, Vote


@dataclass
class Decision:
    """A decision of the timelock on its way."""

    proposal: Proposal
    eta: int
    carry_out: Callable[[], Any]


def vote_on(lease: Lease) -> Vote:
    """Every request of these lives has one, from the step that made it."""
    assert isinstance(lease.vote, Vote)
    return lease.vote


class Requesting(Running):
    founder: Actor
    cuts: dict[int, tuple[int, int]]

    def pending(self, *states: int) -> list[Lease]:
        return [i for i in self.with_status(PENDING) if i.vote is not None and i.vote.state(self.now) in states]

    @rule(who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), sole=st.booleans())
    def request(self, who: int, shape: int, dataset: int, sole: bool) -> None:
        """The last licensee wants all the shares that there are, so that an erasure stands in the way of its rent."""
        licensee, least = self.licensees[who], self.leases.splitter.pools[dataset].shares if who == 2 else 0
        self.ask(licensee, terms_of(shape, dataset, sole, self.cuts[dataset], least))

    def ask(self, licensee: Actor, terms: Terms) -> None:
        expect = lambda: self.leases.request(licensee.address, terms, HPKE_KEY)  # noqa: E731
        receipt = self.on_leases("request", given(self.dao, terms), HPKE_KEY, "", expect=expect, by=licensee)
        if receipt is not None:
            lease, proposal = receipt.value
            snapshot = self.now + self.leases.rules.voting_delay
            self.leases.leases[lease].vote = Vote(proposal, snapshot, snapshot + self.leases.rules.voting_period)

    @precondition(lambda self: self.pending(UNOPENED, VOTING))
    @rule(pick=picks, support=st.sampled_from([FOR, FOR, FOR, AGAINST]), queue=st.sampled_from([True, True, False]))
    def vote(self, pick: int, support: int, queue: bool) -> None:
        """The founder decides, and usually the proposal is queued."""
        fit = self.pending(UNOPENED, VOTING)
        vote = vote_on(fit[pick % len(fit)])
        self.jump(vote.snapshot + 1)
        if not vote.voted:
            self.dao.vote(vote.id, self.founder, support=support)
            vote.voted, vote.carried = True, support == FOR
        if queue and vote.carried:
            self.jump(vote.deadline + 1)
            self.queue(pick)

    @precondition(lambda self: self.pending(SUCCEEDED))
    @rule(pick=picks)
    def queue(self, pick: int) -> None:
        for lease in self.pending(SUCCEEDED):
            self.dao.queue(self.dao.lease_proposal(lease.id))
            vote_on(lease).eta = self.now + self.leases.rules.timelock_delay
            if pick % 2:
                self.reserve(lease.id)

    @precondition(lambda self: self.pending(QUEUED))
    @rule(pick=picks, late=st.sampled_from([0, 0, 0, 10 * 86_400]))
    def approve(self, pick: int, late: int) -> None:
        fit = self.pending(QUEUED)
        self._approve(fit[pick % len(fit)], late)

    def _approve(self, lease: Lease, late: int) -> None:
        vote = vote_on(lease)
        self.jump(vote.eta)
        if vote.state(self.now + late) == QUEUED:
            self.jump(self.now + late)
        proposal = self.dao.lease_proposal(lease.id)
        if self.execute(proposal, lambda: self.leases.approve(lease.id), "approve"):
            vote.executed = True

    def execute(self, proposal: Proposal, expect: Callable[[], Any], name: str) -> Any:
        relayer = self.stranger.address
        return self.step(expect, lambda: self.dao.governor.execute(*proposal.action, sender=relayer), name)

    @rule(
        who=st.integers(0, 2), shape=st.sampled_from([0, 1, 4]), dataset=st.sampled_from(LEASED), sole=st.booleans(),
        pick=picks,
    )  # fmt: skip
    def lease_by_vote(self, who: int, shape: int, dataset: int, sole: bool, pick: int) -> None:
        """The whole way of a request that wins its vote and, usually, starts."""
        before = len(self.leases.leases)
        self.request(who, shape, dataset, sole)
        if len(self.leases.leases) == before:
            return
        lease = self.leases.leases[before + 1]
        vote = vote_on(lease)
        self.jump(vote.snapshot + 1)
        self.dao.vote(vote.id, self.founder)
        vote.voted = vote.carried = True
        self.jump(vote.deadline + 1)
        self.queue(pick)
        self._approve(lease, 0)
        if lease.status == APPROVED and pick % 4:
            if pick % 3 == 1:  # perhaps shares that its terms ask for
                self.erase_some(pick, dataset)
            self.begin_lease(lease.id, pick % 3 == 0)

    @precondition(lambda self: self.pending(UNOPENED, VOTING, QUEUED) and self.now < self.dao.brake.guardianUntil())
    @rule(pick=picks)
    def veto(self, pick: int) -> None:
        fit = self.pending(UNOPENED, VOTING, QUEUED)
        lease = fit[pick % len(fit)]
        self.dao.governor.cancel(*self.dao.lease_proposal(lease.id).action, sender=self.guardian.address)
        vote_on(lease).canceled = True

    @rule(pick=picks, who=callers)
    def cancel_request(self, pick: int, who: str) -> None:
        lease = self.some(pick, PENDING)
        by = self.caller(lease, who)
        self.on_leases("cancelRequest", lease, expect=lambda: self.leases.cancel_request(by.address, lease), by=by)

    @precondition(lambda self: self.pending(QUEUED))
    @rule(pick=picks)
    def reserve_queued(self, pick: int) -> None:
        fit = self.pending(QUEUED)
        self.reserve(fit[pick % len(fit)].id)

    @rule(lease=st.integers(1, 6))
    def reserve(self, lease: int) -> None:
        self.on_leases("reserve", lease, expect=lambda: self.leases.reserve(lease))

    def boundaries(self) -> set[int]:
        found = super().boundaries()
        for lease in self.with_status(PENDING):
            if lease.vote is not None:
                vote = vote_on(lease)
                found |= {vote.snapshot, vote.deadline, vote.deadline + EXPIRY, vote.eta, vote.eta + EXPIRY}
        return found


class Deciding(Requesting):
    """Decisions of the timelock, carried out some other time than they are made."""

    decisions: list[Decision]

    def decide(
        self, name: str, *args: Any, on: str = "leases", soon: bool = False, carry_out: Callable[[], Any]
    ) -> None:
        """Proposes, votes and queues at once. What is not carried out `soon`, other steps find, or it expires."""
        action = (getattr(self.dao, on), name, args)
        rules = self.leases.rules
        opened = self.now + rules.voting_delay
        proposal = self.dao.propose(self.founder, action, text=f"{name} {self.now} {len(self.decisions)}")
        self.jump(opened + 1)
        self.dao.vote(proposal.id, self.founder)
        self.jump(opened + rules.voting_period + 1)
        self.dao.queue(proposal)
        decision = Decision(proposal, self.now + rules.timelock_delay, carry_out)
        if soon:
            self.fulfil(decision)
        else:
            self.decisions.append(decision)

    @rule(
        shape=st.integers(0, 4), dataset=st.sampled_from(LEASED), sole=st.booleans(),
        who=st.sampled_from([None, 0]), capacity=st.integers(1, 3), days=st.sampled_from([5, 20, 200]),
    )  # fmt: skip
    def decide_offer(self, shape: int, dataset: int, sole: bool, who: int | None, capacity: int, days: int) -> None:
        licensee = None if who is None else self.licensees[who].address
        expiry = self.now + days * 86_400
        # Sometimes for all shares of now, so that an erasure stands in the way of an instalment; sometimes for too few.
        shares = self.leases.splitter.pools[dataset].shares
        least = {5: 0, 20: (shares + 1) // 2, 200: shares}[days]
        asked = given(self.dao, terms_of(shape, dataset, sole, self.cuts[dataset], least))

        def create() -> None:
            # With the cuts of the execution.
            terms = terms_of(shape, dataset, sole, self.cuts[dataset], least)
            self.leases.create_offer(terms, licensee, capacity, expiry)

        self.decide("createOffer", asked, licensee or ADDRESS_ZERO, capacity, expiry, carry_out=create)

    @rule(pick=picks, bps=st.sampled_from([0, 1, 1000, 2500, 4000, 4001]), soon=st.booleans())
    def decide_terminate(self, pick: int, bps: int, soon: bool) -> None:
        lease = self.some(pick, APPROVED, ACTIVE, ENDED)
        known = self.leases.leases.get(lease)
        start_by = (known.start_by if known else 0) + (pick % 11 == 10)
        act = lambda: self.leases.terminate(lease, start_by, bps)  # noqa: E731
        self.decide("terminate", lease, start_by, bps, soon=soon, carry_out=act)

    @precondition(lambda self: not self.static)
    @rule(dataset=st.sampled_from(LEASED), cuts=st.sampled_from(CUTS), soon=st.booleans())
    def decide_policy(self, dataset: int, cuts: tuple[int, int], soon: bool) -> None:
        """New cuts, for what is requested or offered from then on (L-7)."""
        policy = vars(self.dao.registry.currentPolicy(dataset)) | {"commonsBps": cuts[0], "treasuryBps": cuts[1]}
        act = lambda: self.cuts.update({dataset: cuts})  # noqa: E731
        self.decide("updatePolicy", dataset, policy, on="registry", soon=soon, carry_out=act)

    @precondition(lambda self: self.decisions)
    @rule(pick=picks, late=st.sampled_from([0, 0, 0, 3 * 86_400, 10 * 86_400]))
    def carry_out(self, pick: int, late: int) -> None:
        self.decisions = [d for d in self.decisions if self.now < d.eta + EXPIRY]
        if not self.decisions:
            return
        self.fulfil(self.decisions.pop(pick % len(self.decisions)), late)

    def fulfil(self, decision: Decision, late: int = 0) -> None:
        self.jump(decision.eta + late)
        self.execute(decision.proposal, decision.carry_out, "decision")

    def boundaries(self) -> set[int]:
        return super().boundaries() | {decision.eta for decision in self.decisions}
