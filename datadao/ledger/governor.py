"""`DataGovernor`: proposals, tallies and voters. `DataTimelock` and `EmergencyBrake`: delay and guardian."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eth_utils import keccak

from datadao.chain.codec import encode, raw_text
from datadao.ledger.base import BPS, ZERO, Book, Fact, History, Known, Told, fact

if TYPE_CHECKING:
    from datadao.ledger.ledger import Ledger

PENDING, ACTIVE, CANCELED, DEFEATED, SUCCEEDED, QUEUED, EXPIRED, EXECUTED = range(8)
"""OpenZeppelin's `IGovernor.ProposalState`."""
AGAINST, FOR, ABSTAIN = range(3)
_SETTINGS = {
    "VotingDelaySet": ("votingDelay", "VotingDelay"),
    "VotingPeriodSet": ("votingPeriod", "VotingPeriod"),
    "ProposalThresholdSet": ("proposalThreshold", "ProposalThreshold"),
    "LateQuorumVoteExtensionSet": ("lateQuorumVoteExtension", "VoteExtension"),
    "QuorumBpsSet": ("quorumBps", "QuorumBps"),
    "LeaseQuorumBpsSet": ("leaseQuorumBps", "QuorumBps"),
}
"""The view of each setting, and what its event calls the old and the new value."""
_MAX_THRESHOLD_BPS = 100


@dataclass
class Proposal:
    """`start` is the snapshot, `end` the last second of the vote, `eta` the earliest execution; Unix seconds.
    `extension` is the voting time that a late quorum leaves, as it was set when the proposal was made."""

    proposer: str
    start: int
    end: int
    extension: int
    licensee: str = ZERO
    eta: int = 0
    canceled: bool = False
    executed: bool = False
    votes: Counter[int] = field(default_factory=Counter)
    voters: set[str] = field(default_factory=set)

    @property
    def turnout(self) -> int:
        return self.votes[FOR] + self.votes[ABSTAIN]


class GovernorBook(Book):
    """A ballot weighs what the token's book says of the snapshot; a proposal is named by the hash of its actions."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.proposals = Known("proposal")
        self._settings: defaultdict[str, History] = defaultdict(History)

    def enter(self, name: str, e: Told) -> None:
        if name in _SETTINGS:
            view, field_ = _SETTINGS[name]
            setting = self._settings[view]
            self.ledger.expect(f"{view} before", setting.latest, e[f"old{field_}"])
            setting.add(self.ledger.now, e[f"new{field_}"] - setting.latest)
        elif name == "ProposalCreated":
            start = self.ledger.now + self._settings["votingDelay"].latest
            end = start + self._settings["votingPeriod"].latest
            self.ledger.expect("start and end of the vote", (start, end), (e["voteStart"], e["voteEnd"]))
            self.ledger.expect("id of the proposal", _hash(e), e["proposalId"])
            extension = self._settings["lateQuorumVoteExtension"].latest
            self.proposals[e["proposalId"]] = Proposal(e["proposer"], e["voteStart"], e["voteEnd"], extension)
        else:
            self._proposal_event(name, self.proposals[e["proposalId"]], e)

    def _proposal_event(self, name: str, proposal: Proposal, e: Told) -> None:
        ledger = self.ledger
        match name:
            case "LeaseProposed":
                proposal.licensee = e["licensee"]
                ledger.tells("proposal", e["proposalId"], "of lease", e["leaseId"], "by", e["licensee"])
            case "VoteCast" | "VoteCastWithParams":
                voter = e["voter"]
                ledger.expect(f"votes of {voter}", ledger.token.votes[voter].at(proposal.start), e["weight"])
                ledger.expect(f"{voter} voted before", False, voter in proposal.voters)
                proposal.votes[e["support"]] += e["weight"]
                proposal.voters.add(voter)
            case "ProposalExtended":
                ledger.expect("end of the vote", ledger.now + proposal.extension, e["extendedDeadline"])
                proposal.end = e["extendedDeadline"]
            case "ProposalCanceled":
                proposal.canceled = True
            case "ProposalQueued":
                proposal.eta = e["etaSeconds"]
            case "ProposalExecuted":
                proposal.executed = True

    def quorum(self, proposal: Proposal) -> int:
        """Votes, for and abstain together, that the proposal needs."""
        token, view = self.ledger.token, "leaseQuorumBps" if proposal.licensee != ZERO else "quorumBps"
        needed = max(1, token.supply.at(proposal.start) * self._settings[view].at(proposal.start) // BPS)
        return max(needed, self.ledger.rules.quorum_floor) if token.is_young(proposal.start) else needed

    def state(self, proposal: Proposal) -> int:
        """As `DataGovernor.state`."""
        now, expiry = self.ledger.now, self.ledger.rules.expiry
        if proposal.executed:
            return EXECUTED
        if proposal.canceled:
            return CANCELED
        if now <= proposal.end:
            return PENDING if now <= proposal.start else ACTIVE
        if proposal.turnout < self.quorum(proposal) or proposal.votes[FOR] <= proposal.votes[AGAINST]:
            return DEFEATED
        if now >= (proposal.eta or proposal.end) + expiry:
            return EXPIRED
        return QUEUED if proposal.eta else SUCCEEDED

    def facts(self) -> Iterator[Fact]:
        for view, setting in self._settings.items():
            if view != "proposalThreshold":
                yield fact("governor", view, is_=setting.latest)
        threshold = self._settings["proposalThreshold"].latest
        most = self.ledger.token.supply.latest * _MAX_THRESHOLD_BPS // BPS
        yield fact("governor", "proposalThreshold", is_=max(1, min(threshold, most)) if threshold else 0)
        for number, proposal in self.proposals.items():
            yield fact("governor", "state", number, is_=self.state(proposal))
            yield fact(
                "governor", "proposalVotes", number, is_=tuple(proposal.votes[side] for side in (AGAINST, FOR, ABSTAIN))
            )
            yield fact("governor", "proposalProposer", number, is_=proposal.proposer)
            yield fact("governor", "proposalLicensee", number, is_=proposal.licensee)
            yield fact("governor", "proposalSnapshot", number, is_=proposal.start)
            yield fact("governor", "proposalDeadline", number, is_=proposal.end)
            yield fact("governor", "proposalEta", number, is_=proposal.eta)
            if self.ledger.now > proposal.start:
                yield fact("governor", "proposalQuorum", number, is_=self.quorum(proposal))
            for voter in sorted(proposal.voters):
                yield fact("governor", "hasVoted", number, voter, is_=True)


class TimelockBook(Book):
    """The delay; operations follow from the governor's proposals."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._delay = 0

    def enter(self, name: str, e: Told) -> None:
        if name == "MinDelayChange":
            self.ledger.expect("delay before", self._delay, e["oldDuration"])
            self._delay = e["newDuration"]

    def facts(self) -> Iterator[Fact]:
        yield fact("timelock", "getMinDelay", is_=self._delay)


def _hash(e: Told) -> int:
    """As `DataGovernor.hashProposal`: an id is its actions and the hash of its description."""
    actions = (e["targets"], e["values"], e["calldatas"], keccak(raw_text(e["description"])))
    return int.from_bytes(keccak(encode(["address[]", "uint256[]", "bytes[]", "bytes32"], actions)), "big")


class BrakeBook(Book):
    """Who guards until when, and for how long entries are stopped."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self._guardian, self._guardian_until, self._pulled_until = ZERO, 0, 0

    def enter(self, name: str, e: Told) -> None:
        match name:
            case "GuardianAppointed":
                self._guardian, self._guardian_until = e["guardian"], e["until"]
            case "Pulled":
                self.expect_guardian(e["guardian"])
                self._pulled_until = e["until"]

    def expect_guardian(self, account: str) -> None:
        """Notes it when anyone else acted as the guardian, or after its term."""
        self.ledger.expect(
            "guardian in office", (self._guardian, True), (account, self.ledger.now < self._guardian_until)
        )

    def facts(self) -> Iterator[Fact]:
        yield fact("brake", "guardian", is_=self._guardian)
        yield fact("brake", "guardianUntil", is_=self._guardian_until)
        yield fact("brake", "pulledUntil", is_=self._pulled_until)
