"""What governor, timelock and brake should do, in plain Python: proposals as records, quorum from the definition, every
refusal in the order in which the contracts look.

It knows nothing of slots, tags, short answers or checkpoints: votes are sums over who voted what, a late quorum is
looked for after every vote, and the past is a list of what was true when. Votes and supply at a time are asked of
`Holdings`, another such list.
"""

from __future__ import annotations

import bisect
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import (
    ACTIVE,
    CANCELED,
    DEFEATED,
    EXECUTED,
    EXPIRED,
    FOR,
    PENDING,
    QUEUED,
    SUCCEEDED,
    Proposal,
)
from assurance.harness.dao.governance import EXPIRY, bitmap
from assurance.harness.dao.system import DAY

BOUNDS = {"votingDelay": (DAY, 14 * DAY), "quorumBps": (100, 2000), "leaseQuorumBps": (100, 2000)}
PAUSE, COOL_DOWN, MAX_TERM = 3 * DAY, 7 * DAY, 365 * DAY


Emitted = tuple[str, dict[str, Any]]
"""An event: name and arguments."""


class History:
    """A number over time."""

    def __init__(self, value: int = 0) -> None:
        self.times, self.values = [-1], [value]

    def set(self, now: int, value: int) -> None:
        if self.times[-1] == now:
            self.values[-1] = value
        else:
            self.times.append(now)
            self.values.append(value)

    def at(self, time: int) -> int:
        return self.values[bisect.bisect_right(self.times, time) - 1]

    @property
    def now(self) -> int:
        return self.values[-1]


class Holdings:
    """Who holds and who votes, now and then."""

    def __init__(self, maturity: int) -> None:
        self.maturity = maturity
        self.mature_since: int | None = None
        self.supply = History()
        self.votes: dict[str, History] = {}
        self.balance: dict[str, int] = {}
        self.delegate: dict[str, str] = {}

    def change(self, now: int, account: str, amount: int) -> None:
        self.balance[account] = self.balance.get(account, 0) + amount
        self.supply.set(now, self.supply.now + amount)
        self._vote(now, self.delegate.get(account, account), amount)
        if self.mature_since is None and self.supply.now >= self.maturity:
            self.mature_since = now

    def redelegate(self, now: int, account: str, to: str) -> None:
        held = self.balance.get(account, 0)
        self._vote(now, self.delegate.get(account, account), -held)
        self.delegate[account] = to
        self._vote(now, to, held)

    def past_votes(self, account: str, time: int) -> int:
        return self.votes.get(account, History()).at(time)

    def _vote(self, now: int, account: str, amount: int) -> None:
        history = self.votes.setdefault(account, History())
        history.set(now, history.now + amount)


@dataclass
class Poll:
    """One proposal as its voters see it."""

    proposal: Proposal
    proposer: str
    licensee: str | None
    snapshot: int
    deadline: int
    extension: int
    ballots: dict[str, tuple[int, int]] = field(default_factory=dict)
    quorate: bool = False
    canceled: bool = False
    executed: bool = False
    eta: int | None = None

    def tally(self) -> list[int]:
        """Weights against, for and of those who abstain."""
        sides = [0, 0, 0]
        for side, weight in self.ballots.values():
            sides[side] += weight
        return sides


class Governor:
    """Governor, timelock and brake together. Each method succeeds or raises the refusal the contracts give."""

    def __init__(
        self,
        holdings: Holdings,
        clock: Callable[[], int],
        addresses: dict[str, str],
        reserved: bytes,
        **initial: Any,
    ) -> None:
        """`reserved` is the selector that no ordinary proposal may send to the leases."""
        self.holdings, self._clock, self.addresses, self.reserved = holdings, clock, addresses, reserved
        self.settings: dict[str, int] = initial["settings"]
        self.bps = {kind: History(self.settings.pop(kind)) for kind in ("quorumBps", "leaseQuorumBps")}
        self.delay: int = initial["delay"]
        self.guardian: tuple[str, int] = initial["guardian"]
        self.pulled_until = 0
        self.polls: dict[int, Poll] = {}
        self.floor_until: int = initial["floor_until"]

    @property
    def now(self) -> int:
        return self._clock()

    # What is asked

    def quorum(self, poll: Poll) -> int:
        """Of a past snapshot."""
        supply = self.holdings.supply.at(poll.snapshot)
        bps = self.bps["leaseQuorumBps" if poll.licensee else "quorumBps"].at(poll.snapshot)
        mature = self.holdings.mature_since
        young = mature is None or poll.snapshot < mature
        floor = self.holdings.maturity // 2
        if poll.snapshot >= self.floor_until:
            floor //= 10
        return max(1, supply * bps // 10_000, floor if young else 0)

    def state(self, poll: Poll) -> int:
        if poll.executed:
            return EXECUTED
        if poll.canceled:
            return CANCELED
        now = self.now
        if now <= poll.snapshot:
            return PENDING
        if now <= poll.deadline:
            return ACTIVE
        against, in_favour, abstain = poll.tally()
        if in_favour + abstain < self.quorum(poll) or in_favour <= against:
            return DEFEATED
        if poll.eta is None:
            return SUCCEEDED if now < poll.deadline + EXPIRY else EXPIRED
        return QUEUED if now < poll.eta + EXPIRY else EXPIRED

    def threshold(self) -> int:
        stored = self.settings["proposalThreshold"]
        return max(1, min(stored, self.holdings.supply.now // 100)) if stored else 0

    def is_guardian(self, account: str) -> bool:
        return account == self.guardian[0] and self.now < self.guardian[1]

    # Proposals

    def propose(self, who: str, proposal: Proposal) -> None:
        for i, (target, data) in enumerate(zip(proposal.targets, proposal.calldatas, strict=True)):
            if target == self.addresses["leases"] and data[:4] == self.reserved:
                raise Reverted("DataGovernor_ReservedAction", i)
        votes = self.holdings.past_votes(who, self.now - 1)
        if votes < self.threshold():
            raise Reverted("GovernorInsufficientProposerVotes", who, votes, self.threshold())
        if known := self.polls.get(proposal.id):
            raise Reverted("GovernorUnexpectedProposalState", proposal.id, self.state(known), bitmap())
        self._open(proposal, who, None)

    def propose_lease(self, proposal: Proposal, licensee: str) -> None:
        self._open(proposal, self.addresses["leases"], licensee)

    def _open(self, proposal: Proposal, who: str, licensee: str | None) -> None:
        snapshot = self.now + self.settings["votingDelay"]
        end, extension = snapshot + self.settings["votingPeriod"], self.settings["extension"]
        self.polls[proposal.id] = Poll(proposal, who, licensee, snapshot, end, extension)

    def vote(self, poll: Poll, who: str, support: int) -> tuple[int, int | None]:
        """The weight, and the new deadline if it moved."""
        self._in(poll, ACTIVE)
        if who == poll.licensee:
            raise Reverted("DataGovernor_LicenseeCannotVote", poll.proposal.id, who)
        if who in poll.ballots:
            raise Reverted("GovernorAlreadyCastVote", who)
        if support > 2:
            raise Reverted("GovernorInvalidVoteType")
        weight = self.holdings.past_votes(who, poll.snapshot)
        poll.ballots[who] = (support, weight)
        moved = None
        if not poll.quorate and sum(poll.tally()[FOR:]) >= self.quorum(poll):
            poll.quorate = True
            if self.now + poll.extension > poll.deadline:
                moved = poll.deadline = self.now + poll.extension
        return weight, moved

    def vote_by_signature(self, poll: Poll, who: str, support: int, signer: str, nonce: int) -> tuple[int, int | None]:
        """The nonce is always 0: an account votes once on a proposal."""
        if signer != who or nonce != 0:
            raise Reverted("GovernorInvalidSignature", who)
        return self.vote(poll, who, support)

    def vote_by_list(self, poll: Poll, ballots: Sequence[tuple[str, int, str, int]]) -> list[Emitted]:
        """Ballots of voter, support, signer and nonce; what is reported of each. None stops another."""
        self._in(poll, ACTIVE)
        number, told = {"proposalId": poll.proposal.id}, []
        for who, support, signer, nonce in ballots:
            fault = self._fault(poll, who, support, signer, nonce)
            if fault is not None:
                told.append(("BallotSkipped", {**number, "voter": who, "fault": fault}))
                continue
            weight, moved = self.vote(poll, who, support)
            told.append(("VoteCast", {"voter": who, **number, "support": support, "weight": weight, "reason": ""}))
            if moved:
                told.append(("ProposalExtended", {**number, "extendedDeadline": moved}))
        return told

    def _fault(self, poll: Poll, who: str, support: int, signer: str, nonce: int) -> int | None:
        """`IDataGovernor.BallotFault`."""
        if signer != who or nonce != 0:
            return 0
        if who == poll.licensee:
            return 3
        if support > 2:
            return 1
        return 2 if who in poll.ballots else None

    def queue(self, poll: Poll) -> int:
        self._in(poll, SUCCEEDED)
        poll.eta = self.now + self.delay
        return poll.eta

    def cancel(self, poll: Poll, who: str) -> bool:
        """Whether an operation was taken out of the timelock."""
        brake_only = all(target == self.addresses["brake"] for target in poll.proposal.targets)
        if self.is_guardian(who) and not brake_only:
            self._in(poll, PENDING, ACTIVE, SUCCEEDED, QUEUED)
        elif who != poll.proposer or self.state(poll) != PENDING:
            raise Reverted("GovernorUnableToCancel", poll.proposal.id, who)
        poll.canceled = True
        return poll.eta is not None

    def execute(self, poll: Poll, operation: bytes, acts: list[tuple[str, tuple[Any, ...]]]) -> None:
        """All of `acts` or none: setters by name, and what the machine knows how to expect."""
        self._in(poll, QUEUED)
        assert poll.eta is not None
        if self.now < poll.eta:
            raise Reverted("TimelockUnexpectedOperationState", operation, bitmap(2))
        before = (dict(self.settings), self.delay, self.guardian, {k: v.now for k, v in self.bps.items()})
        try:
            for name, args in acts:
                self._apply(name, *args)
        except Reverted:
            self.settings, self.delay, self.guardian, bps = before
            for kind, value in bps.items():
                self.bps[kind].set(self.now, value)
            raise
        poll.executed = True

    def _in(self, poll: Poll, *allowed: int) -> None:
        if self.state(poll) not in allowed:
            raise Reverted("GovernorUnexpectedProposalState", poll.proposal.id, self.state(poll), bitmap(*allowed))

    # Settings

    def _apply(self, name: str, *args: Any) -> None:
        if name in ("updateTimelock", "relay"):
            raise Reverted("DataGovernor_Disabled")
        if name in ("grantRole", "revokeRole", "renounceRole"):
            raise Reverted("DataTimelock_RolesFrozen")
        if name == "pull":
            raise Reverted("EmergencyBrake_NotGuardian", self.addresses["timelock"])
        if name == "schedule":
            raise Reverted("AccessControlUnauthorizedAccount", self.addresses["timelock"], args[-1])
        if name == "setGuardian":
            return self._appoint(*args)
        if name == "updateDelay":
            if not 2 * DAY <= args[0] <= 30 * DAY:
                raise Reverted("DataTimelock_DelayOutOfRange", args[0], 2 * DAY, 30 * DAY)
            self.delay = args[0]
            return None
        if name == "approve":
            if self.now < self.pulled_until:
                raise Reverted("EmergencyBrake_Pulled", self.pulled_until)
            return None
        if name == "set":
            return None
        return self._set(name, *args)

    def _set(self, name: str, value: int) -> None:
        key = {
            "setVotingDelay": "votingDelay",
            "setVotingPeriod": "votingPeriod",
            "setLateQuorumVoteExtension": "lateQuorumVoteExtension",
            "setProposalThreshold": "proposalThreshold",
            "setQuorumBps": "quorumBps",
            "setLeaseQuorumBps": "leaseQuorumBps",
        }[name]
        bounds = {
            **BOUNDS,
            "votingPeriod": (max(2 * DAY, self.settings["extension"]), 30 * DAY),
            "lateQuorumVoteExtension": (0, self.settings["votingPeriod"]),
            "proposalThreshold": (0, self.holdings.supply.now // 100),
        }
        least, most = bounds[key]
        if not least <= value <= most:
            raise Reverted("DataGovernor_SettingOutOfRange", key, value, least, most)
        if key in self.bps:
            self.bps[key].set(self.now, value)
        else:
            self.settings["extension" if key == "lateQuorumVoteExtension" else key] = value

    # Brake

    def pull(self, who: str) -> None:
        if not self.is_guardian(who):
            raise Reverted("EmergencyBrake_NotGuardian", who)
        available = self.pulled_until + COOL_DOWN if self.pulled_until else 0
        if self.now < available:
            raise Reverted("EmergencyBrake_CoolingDown", available)
        self.pulled_until = self.now + PAUSE

    def _appoint(self, guardian: str, until: int) -> None:
        over = guardian != "0x" + "00" * 20 and until <= self.now
        if over or until > self.now + MAX_TERM:
            raise Reverted("EmergencyBrake_InvalidTerm", until, self.now + 1, self.now + MAX_TERM)
        self.guardian = (guardian, until)
