"""Random lives of a DAO's government in front of its model: the steps. What must hold between them is said in
`checks.py`.

Five members, a licensee who is one of them, a guardian, a would-be guardian and a stranger propose, vote in person and
by signature, delegate, queue, execute, cancel, request, withdraw, brake, leave and come back; heirs take their places.
Time is aimed at the seconds around every boundary there is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest
from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Handle, Receipt, Reverted
from assurance.harness.dao.dao import ACTIVE, FOR, PENDING, QUEUED, SUCCEEDED, Proposal
from assurance.harness.dao.governance import EXPIRY, LIVE, ballot, operation_of
from assurance.harness.dao.system import DAY, Actor
from assurance.harness.machines.base import initialize, rule
from assurance.harness.machines.governance.heirs import Heirs
from assurance.harness.machines.governance.world import (
    PARAMETERS,
    TOKEN,
    UNITS,
    Act,
    GovernanceWorld,
    acts_of_a_proposal,
    government_of,
    picks,
    supports,
)
from assurance.harness.models.governor import Governor, Poll
from assurance.harness.models.succession import Successions


class GovernanceMachine(Heirs):
    worlds: ClassVar[dict[Any, Any]] = {}

    @initialize()
    def create(self) -> None:
        self.world = world = self.settled(lambda: GovernanceWorld(self.twins, self.species, self.transferable))
        self.dao = dao = world.dao
        self.members, self.people, self.probe = world.members, world.people, world.probe
        self.stranger, self.guardian, self.heir = world.stranger, world.guardian, world.heir
        self.licensee = self.members[3]
        self.model = government_of(dao, Governor)
        for member, units in zip(self.members, UNITS, strict=True):
            self.model.holdings.change(world.created, member.address, units * TOKEN)
        self.heirs = Successions([*dao.addresses.values()])
        self.polls: list[Poll] = []
        self.acts: dict[int, list[Act]] = {}
        self.leases: dict[int, int] = {}
        self.gone: set[int] = set()
        self.grown = 0
        self.sets = 0
        self.seen: list[tuple[int, int, tuple[int, ...]]] = []
        self.touched: Poll | None = None

    def check_events(self, receipt: Receipt, *expected: tuple[str, dict[str, Any]]) -> None:
        governor = self.dao.governor.address
        assert [(e.name, e.args) for e in receipt.events if e.address == governor] == list(expected)
        for name, _ in expected:
            self.reached[name] += 1

    def poll(self, pick: int, *wanted: int) -> Poll:
        """One of the newest in a state that is wanted, or that has not ended, mostly."""
        states = {id(p): self.model.state(p) for p in self.polls} if pick < 9 else {}
        fit = [p for p in self.polls if states.get(id(p)) in wanted]
        choice = (fit or [p for p in self.polls if states.get(id(p)) in LIVE])[-3:] or self.polls
        self.touched = choice[-1 - pick % len(choice)]
        return self.touched

    # Time

    @rule(pick=st.integers(0, 60), offset=st.sampled_from([-1, 0, 0, 1, 1, 1]))
    def wait_for_a_boundary(self, pick: int, offset: int) -> None:
        now, model = self.dao.chain.timestamp, self.model
        moments = {model.pulled_until, model.pulled_until + 7 * DAY, model.guardian[1] if pick == 60 else 0}
        for poll in self.polls[-4:]:
            eta = poll.eta or 0
            late = poll.deadline - poll.extension
            moments |= {poll.snapshot, late, poll.deadline, eta}
            if pick % 5 == 0:
                moments |= {poll.deadline + EXPIRY, eta + EXPIRY if eta else 0}
        future = sorted(m + offset for m in moments if m + offset > now)
        if future:
            self.dao.chain.warp(future[pick // 20 % min(2, len(future))] - now)

    @precondition(lambda self: self.dao.chain.timestamp < self.model.floor_until and len(self.polls) > 3)
    @rule(offset=st.sampled_from([-1, 0, 1]))
    def wait_for_the_end_of_the_floor(self, offset: int) -> None:
        """Where there are proposals that it makes fail, and some whose vote is still to come."""
        self.dao.chain.warp(max(0, self.model.floor_until + offset - self.dao.chain.timestamp))

    @rule(seconds=st.sampled_from([1, 60, DAY // 2]))
    def wait(self, seconds: int) -> None:
        self.dao.chain.warp(seconds)

    # Proposals

    def _action(self, act: Act) -> tuple[Handle, str, tuple[Any, ...]]:
        dao, (name, args) = self.dao, act
        role = dao.timelock.PROPOSER_ROLE()
        call = (dao.token.address, 0, b"", bytes(32), bytes(32), 30 * DAY)
        return {
            "set": (self.probe, "set", args),
            "setGuardian": (dao.brake, name, args),
            "updateDelay": (dao.timelock, name, args),
            "updateTimelock": (dao.governor, name, (self.stranger.address,)),
            "relay": (dao.governor, name, (self.stranger.address, 0, b"")),
            "grantRole": (dao.timelock, name, (role, self.stranger.address)),
            "revokeRole": (dao.timelock, name, (role, dao.governor.address)),
            "pull": (dao.brake, name, ()),
            "schedule": (dao.timelock, name, call),
            "approve": (dao.leases, name, (1, bytes(32))),
        }.get(name, (dao.governor, name, args))

    @precondition(lambda self: len(self.polls) < 14)
    @rule(
        who=st.sampled_from([0, 1, 2, 3, 4, 0, 1, 2, 5, 7]),
        acts=acts_of_a_proposal,
        text=st.sampled_from(["a", "b", "c"]),
    )
    def propose(self, who: int, acts: Sequence[Act], text: str) -> None:
        proposer, now = self.people[who], self.dao.chain.timestamp
        plain: list[Act] = []
        for name, args in acts:
            if self.static and name in PARAMETERS:
                plain.append(("set", (7,)))
            elif name == "setGuardian":
                account = (ADDRESS_ZERO, self.heir.address, self.guardian.address)[args[0]]
                # Whole days from a fixed day, so that the same proposal can be made again.
                plain.append((name, (account, now // (30 * DAY) * 30 * DAY + args[1] * DAY)))
            elif name == "schedule":
                plain.append((name, (self.dao.timelock.PROPOSER_ROLE(),)))
            else:
                plain.append((name, args))
        actions = [self._action(act) for act in plain]
        targets = [handle.address for handle, _, _ in actions]
        calldatas = [handle.encode(name, *args) for handle, name, args in actions]
        digest = keccak(text=text)
        number = self.dao.governor.getProposalId(targets, [0] * len(acts), calldatas, digest)
        proposal = Proposal(number, targets, [0] * len(acts), calldatas, digest)
        done = self.step(
            lambda: self.model.propose(proposer.address, proposal),
            lambda: self.dao.governor.propose(targets, proposal.values, calldatas, text, sender=proposer.address),
        )
        if done:
            assert done[1].value == number and [e.name for e in done[1].events] == ["ProposalCreated"]
            self.polls.append(self.model.polls[number])
            self.acts[number] = plain

    @precondition(lambda self: len(self.polls) < 14 and len(self.leases) < 3)
    @rule()
    def request(self) -> None:
        dao = self.dao
        if self.dao.chain.timestamp < self.model.pulled_until:
            with pytest.raises(Reverted) as caught:
                dao.request(self.licensee)
            assert caught.value == Reverted("EmergencyBrake_Pulled", self.model.pulled_until)
            self.reached["EmergencyBrake_Pulled"] += 1
            return
        lease, proposal = dao.request(self.licensee)
        self.model.propose_lease(proposal, self.licensee.address)
        self.polls.append(self.model.polls[proposal.id])
        self.acts[proposal.id] = [("approve", ())]
        self.leases[proposal.id] = lease

    # Votes

    @precondition(lambda self: self.polls)
    @rule(pick=picks, who=picks, support=supports)
    def vote(self, pick: int, who: int, support: int) -> None:
        self._vote(self.poll(pick, ACTIVE), self.people[who % 6], support)

    def _vote(self, poll: Poll, voter: Actor, support: int) -> None:
        done = self.step(
            lambda: self.model.vote(poll, voter.address, support),
            lambda: self.dao.governor.castVote(poll.proposal.id, support, sender=voter.address),
        )
        if done:
            self._counted(poll, voter, support, *done)

    @precondition(lambda self: self.polls)
    @rule(pick=picks, who=picks, support=supports, wrong=st.sampled_from([""] * 12 + ["old", "new", "signer"]))
    def vote_by_signature(self, pick: int, who: int, support: int, wrong: str) -> None:
        poll, voter = self.poll(pick, ACTIVE), self.people[who % 6]
        nonce = {"old": 2**256 - 1, "new": 1}.get(wrong, 0)
        signer = self.stranger if wrong == "signer" else voter
        signature = ballot(self.dao, poll.proposal.id, support, voter, nonce=nonce, signer=signer)
        done = self.step(
            lambda: self.model.vote_by_signature(poll, voter.address, support, signer.address, nonce),
            lambda: self.dao.governor.castVoteBySig(
                poll.proposal.id, support, voter.address, signature, sender=self.heir.address
            ),
        )
        if done:
            self._counted(poll, voter, support, *done)
            self.reached["by signature"] += 1

    @precondition(lambda self: self.polls)
    @rule(
        pick=picks,
        ballots=st.lists(
            st.tuples(picks, supports, st.sampled_from([""] * 9 + ["nonce", "signer"])), min_size=0, max_size=6
        ),
    )
    def vote_by_list(self, pick: int, ballots: Sequence[tuple[int, int, str]]) -> None:
        """G-12: each that counts as alone, each that does not skipped and named."""
        poll = self.poll(pick, ACTIVE)
        given, signed = [], []
        for who, support, wrong in ballots:
            voter = self.people[who % 6]
            signer, nonce = self.stranger if wrong == "signer" else voter, int(wrong == "nonce")
            signature = ballot(self.dao, poll.proposal.id, support, voter, nonce=nonce, signer=signer)
            given.append((voter.address, support, signer.address, nonce))
            s = int.from_bytes(signature[32:64], "big") | (signature[64] - 27) << 255
            signed.append((voter.address, support, signature[:32], s.to_bytes(32, "big")))
        done = self.step(
            lambda: self.model.vote_by_list(poll, given),
            lambda: self.dao.governor.castVotesBySig(poll.proposal.id, signed, sender=self.heir.address),
        )
        if done:
            self.check_events(done[1], *done[0])
            self.reached["by list"] += len(done[1].named("VoteCast"))
            for event in done[1].named("BallotSkipped"):
                self.reached[f"skipped for {event.args['fault']}"] += 1

    def _counted(
        self, poll: Poll, voter: Actor, support: int, result: tuple[int, int | None], receipt: Receipt
    ) -> None:
        weight, moved = result
        number = poll.proposal.id
        fields = {"voter": voter.address, "proposalId": number, "support": support, "weight": weight, "reason": ""}
        extended = [("ProposalExtended", {"proposalId": number, "extendedDeadline": moved})] if moved else []
        self.check_events(receipt, ("VoteCast", fields), *extended)
        assert receipt.value == weight

    # What follows

    @precondition(lambda self: self.polls)
    @rule(pick=picks)
    def queue(self, pick: int) -> None:
        self._queue(self.poll(pick, SUCCEEDED))

    def _queue(self, poll: Poll) -> None:
        done = self.step(
            lambda: self.model.queue(poll),
            lambda: self.dao.governor.queue(*poll.proposal.action, sender=self.stranger.address),
        )
        if done:
            self.check_events(done[1], ("ProposalQueued", {"proposalId": poll.proposal.id, "etaSeconds": done[0]}))

    @precondition(lambda self: self.polls)
    @rule(pick=picks)
    def execute(self, pick: int) -> None:
        self._execute(self.poll(pick, QUEUED))

    def _execute(self, poll: Poll) -> None:
        number = poll.proposal.id
        done = self.step(
            lambda: self.model.execute(poll, operation_of(self.dao, poll.proposal), self.acts[number]),
            lambda: self.dao.governor.execute(*poll.proposal.action, sender=self.stranger.address),
        )
        if done:
            assert done[1].events[-1].args == {"proposalId": number}
            young = self.model.holdings.mature_since is None
            self.reached["decided below maturity, after the floor"] += young and poll.snapshot >= self.model.floor_until
            self.sets += sum(name == "set" for name, _ in self.acts[number])
            for name in ("ProposalExecuted", *(f"executed {name}" for name, _ in self.acts[number])):
                self.reached[name] += 1

    @precondition(lambda self: self.polls)
    @rule(pick=picks, who=st.sampled_from([*range(14), 6, 6]))
    def cancel(self, pick: int, who: int) -> None:
        """By anybody; not too often by the guardian, or nothing else would ever happen."""
        poll = self.poll(pick)
        if who >= 8:
            # Of its own replacement the guardian is asked often: it must never succeed.
            about_the_brake = set(poll.proposal.targets) == {self.dao.brake.address}
            pending = self.model.state(poll) == PENDING and not poll.licensee
            mine = [i for i, person in enumerate(self.people) if pending and person.address == poll.proposer]
            who = 6 if about_the_brake else (mine or [who % 6])[0]
        self._cancel(poll, who)

    def _cancel(self, poll: Poll, who: int) -> None:
        caller = self.people[who]
        done = self.step(
            lambda: self.model.cancel(poll, caller.address),
            lambda: self.dao.governor.cancel(*poll.proposal.action, sender=caller.address),
        )
        if done:
            self.check_events(done[1], ("ProposalCanceled", {"proposalId": poll.proposal.id}))
            self.reached["canceled by the guardian" if who >= 6 else "canceled by its proposer"] += 1

    @precondition(lambda self: self.leases)
    @rule(pick=picks)
    def cancel_request(self, pick: int) -> None:
        number = list(self.leases)[pick % len(self.leases)]
        poll = self.model.polls[number]
        if poll.executed:
            return
        done = self.step(
            lambda: self.model.cancel(poll, self.dao.addresses["leases"]),
            lambda: self.dao.leases.cancelRequest(self.leases[number], sender=self.licensee.address),
        )
        if done:
            self.check_events(done[1], ("ProposalCanceled", {"proposalId": number}))

    @rule(who=st.integers(0, 16))
    def pull(self, who: int) -> None:
        """Rarely: most of what happens happens without it."""
        if who > 7:
            return
        caller = self.people[who if who in (0, 7) else 6]
        if self.step(lambda: self.model.pull(caller.address), lambda: self.dao.brake.pull(sender=caller.address)):
            self.reached["Pulled"] += 1
            if len(self.polls) < 14 and len(self.leases) < 3:
                self.request()

    # Much at once, so that lives get somewhere

    @precondition(lambda self: self.polls)
    @rule(pick=picks, voters=st.integers(2, 5), last=st.integers(-1, 2))
    def carry(self, pick: int, voters: int, last: int) -> None:
        """Members vote for a proposal, the last of them within a second of the moment from which it is late."""
        poll, chain = self.poll(pick), self.dao.chain
        chain.warp(max(0, poll.snapshot + 1 - chain.timestamp))
        for who in range(voters - 1):
            self._vote(poll, self.members[who], FOR)
        chain.warp(max(0, poll.deadline - poll.extension + last - chain.timestamp))
        self._vote(poll, self.members[voters - 1], FOR)

    @precondition(lambda self: self.polls)
    @rule(pick=picks, early=st.integers(-1, 1))
    def conclude(self, pick: int, early: int) -> None:
        """Queues and executes, within a second of the first moment."""
        poll, chain = self.poll(pick), self.dao.chain
        chain.warp(max(0, poll.deadline + early - chain.timestamp))
        self._queue(poll)
        if poll.eta:
            chain.warp(max(0, poll.eta + early - chain.timestamp))
            self._execute(poll)

    @precondition(lambda self: len(self.polls) < 14)
    @rule(acts=acts_of_a_proposal, early=st.sampled_from([-1, 0, 0, 0, 1]), who=st.integers(0, 2))
    def enact(self, acts: Sequence[Act], early: int, who: int) -> None:
        """A whole proposal that everybody wants."""
        known = len(self.polls)
        self.propose(who, acts, "d")
        if len(self.polls) > known:
            self._carry_through(early)

    @precondition(lambda self: len(self.polls) < 14 and len(self.leases) < 3)
    @rule(early=st.sampled_from([-1, 0, 0, 1]))
    def lease(self, early: int) -> None:
        """A whole request that everybody wants; its licensee is not asked."""
        known = len(self.polls)
        self.request()
        if len(self.polls) > known:
            self._carry_through(early)

    @precondition(lambda self: len(self.polls) < 14)
    @rule(acts=acts_of_a_proposal, who=st.integers(0, 2), late=st.integers(-1, 1))
    def regret(self, acts: Sequence[Act], who: int, late: int) -> None:
        """Proposes, and wants to take it back around the last second in which that is possible."""
        known = len(self.polls)
        self.propose(who, acts, "e")
        if len(self.polls) > known:
            poll = self.touched = self.polls[-1]
            self.dao.chain.warp(poll.snapshot + late - self.dao.chain.timestamp)
            self._cancel(poll, who)

    def _carry_through(self, early: int) -> None:
        poll, chain = self.polls[-1], self.dao.chain
        self.touched = poll
        chain.warp(poll.snapshot + 1 - chain.timestamp)
        for member in self.members:
            self._vote(poll, member, FOR)
        chain.warp(max(0, poll.deadline + 1 - chain.timestamp))
        self._queue(poll)
        if poll.eta:
            chain.warp(max(0, poll.eta + early - chain.timestamp))
            self._execute(poll)
