"""What must hold of governor, timelock and brake between the steps of a random life.

The model is asked first: each step succeeds with these events and this result, or reverts with the very error and
arguments. After every step all proposals, settings and roles are compared, and checked on what the chain says: no more
votes than past supply (G-1), nothing executed without quorum, majority and delays, each operation once (G-2), nothing
about a proposal changes but its count, its one extension and its eta, and nothing leaves an end (G-3), ballots count
once (G-4), the guardian does what it may and no more (G-8), roles stay (G-10), the past stays (T-3). Every life ends
with time passing and every proposal in an end (G-6), and with a member of the threshold still able to decide (G-5),
also in a DAO that never grew up (G-13).
"""

from __future__ import annotations

from typing import NamedTuple

from assurance.harness.chain.reader import Reader, number_of
from assurance.harness.dao.dao import CANCELED, DEFEATED, EXECUTED, EXPIRED, FOR, Proposal
from assurance.harness.dao.governance import EXPIRY, TERMINAL, text_proposal
from assurance.harness.dao.system import DAY
from assurance.harness.machines.base import initialize, invariant
from assurance.harness.machines.governance.machine import GovernanceMachine
from assurance.harness.models.governor import Poll


class Seen(NamedTuple):
    """A proposal as the governor returns it, addresses as numbers; the last two only of a past snapshot."""

    state: int
    snapshot: int
    deadline: int
    eta: int
    proposer: int
    licensee: int
    against: int
    for_: int
    abstain: int
    quorum: int | None = None
    supply: int | None = None


class Government(GovernanceMachine):
    """The machine with what must hold between its steps."""

    last: dict[int, Seen]
    states: dict[int, Reader]
    """Of the first so many proposals."""

    @initialize()
    def nothing_seen_yet(self) -> None:
        self.last, self.states = {}, {}
        self.before = self.reached["steps"]

    @property
    def turn(self) -> int:
        """Steps of this life. What is looked at must not follow from the lives before, or no failure would repeat."""
        return self.reached["steps"] - self.before

    @invariant()
    def holds(self) -> None:
        """All of it for the proposal just acted on and for another in turn; states, settings and the past for all."""
        model, turn = self.model, self.turn
        for p in (
            {id(p): p for p in (self.touched, self.polls[turn % len(self.polls)]) if p}.values() if self.polls else ()
        ):
            self.check(p)
        governor, polls = self.dao.governor, self.polls
        if len(polls) not in self.states:
            self.states[len(polls)] = Reader(self.dao.chain, [(governor, "state", (p.proposal.id,)) for p in polls])
        states = self.states[len(polls)].words()
        assert states == [model.state(p) for p in polls]
        *reported, sets = self.world.settings.words()
        quorums = model.bps["quorumBps"].now, model.bps["leaseQuorumBps"].now
        times = model.settings["votingDelay"], model.settings["votingPeriod"], model.settings["extension"]
        brake = number_of(model.guardian[0]), model.guardian[1], model.pulled_until
        timelock = number_of(self.dao.timelock.address)
        assert reported == [*times, model.threshold(), *quorums, *brake, model.delay, timelock]
        assert sets == self.sets, "each operation once (G-2)"
        self.the_past_stays_T3()
        if turn % 16 == 0:
            self.roles_stay_G10()

    def check(self, p: Poll) -> None:
        past = p.snapshot < self.dao.chain.timestamp
        words = self.world.polls[past].words(p.proposal.id)
        now = Seen(*words, *(self.world.supply.words(p.snapshot) if past else ()))
        people = number_of(p.proposer), number_of(p.licensee or "0")
        expected = (self.model.state(p), p.snapshot, p.deadline, p.eta or 0, *people, *p.tally())
        assert now[:-2] == expected
        if now.quorum is not None and now.supply is not None:
            assert now.quorum == self.model.quorum(p) >= 1
            assert now.against + now.for_ + now.abstain <= now.supply, "G-1"
            if now.state == EXECUTED:
                self.executed_means_quorum_majority_and_time_G2(now, now.quorum)
        self.ends_absorb_and_the_rest_moves_one_way_G3(p, now)

    def executed_means_quorum_majority_and_time_G2(self, now: Seen, quorum: int) -> None:
        assert now.for_ > now.against and now.for_ + now.abstain >= quorum
        assert now.snapshot + 2 * DAY <= now.deadline
        assert now.deadline + 2 * DAY < now.eta <= self.dao.chain.timestamp

    def ends_absorb_and_the_rest_moves_one_way_G3(self, p: Poll, now: Seen) -> None:
        before = self.last.get(p.proposal.id, now)
        if before.state in TERMINAL:
            assert now[:-2] == before[:-2]
        assert (now.proposer, now.licensee, now.snapshot) == (before.proposer, before.licensee, before.snapshot)
        assert before.deadline <= now.deadline <= before.deadline + p.extension
        assert all(was <= has for was, has in zip(before[6:9], now[6:9], strict=True))
        self.last[p.proposal.id] = now

    def roles_stay_G10(self) -> None:
        timelock, governor = self.dao.timelock.address, self.dao.governor.address
        owners = [timelock if role == "DEFAULT_ADMIN_ROLE" else governor for role, _ in self.world.roles]
        expected = [account == owner for (_, account), owner in zip(self.world.roles, owners, strict=True)]
        assert self.world.held_roles.words() == expected

    def the_past_stays_T3(self) -> None:
        then = self.dao.chain.timestamp - 1
        if not self.seen or self.seen[-1][0] < then:
            *votes, supply = self.world.past.words(then)
            self.seen.append((then, supply, tuple(votes)))
            assert sum(votes) <= supply
        if self.turn % 8 == 0:
            at, supply, seen = self.seen[self.turn * 7 % len(self.seen)]
            assert self.world.past.words(at) == [*seen, supply]

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
        self.someone_can_still_govern_G5_G6_G13()

    def someone_can_still_govern_G5_G6_G13(self) -> None:
        """After whatever was voted, a member to whom all delegate carries a proposal, without any other account."""
        dao = self.dao
        alive = [person for person in self.people[:6] if person.address not in self.heirs.succeeded]
        holder = next(person for person in (self.members[2], *alive) if person in alive)
        if dao.token.totalSupply() < dao.governor.quorumFloor() and not dao.token.matureSince():
            # G-13: its time is over one day, and then they can.
            dao.chain.warp(max(0, dao.governor.floorUntil() - dao.chain.timestamp))
            self.reached["governed at the end, below the floor"] += 1
        # Tokens that were sold are with one of these.
        for person in alive:
            dao.token.delegate(holder.address, sender=person.address)
        # What cannot move yet stands with the account that was succeeded: its votes follow where the heir's went.
        for account in self.heirs.succeeded:
            dao.token.succeed(account, [], sender=holder.address)
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
