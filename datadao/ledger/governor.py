"""`DataGovernor`: proposals, tallies and voters. `DataTimelock` and `EmergencyBrake`: delay and guardian."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field

from eth_utils import keccak

from datadao.chain.codec import encode, raw_text
from datadao.ledger.base import BPS, ZERO, Accounts, Book, Fields, History, Known, View, view, views
from datadao.ledger.token import TokenBook
from datadao.types import ProposalState, Vote

AGAINST, FOR, ABSTAIN = Vote
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
    """A vote weighs what its voter had at the snapshot; a proposal's id is the hash of its actions."""

    def __init__(self, accounts: Accounts, token: TokenBook) -> None:
        super().__init__(accounts)
        self._token = token
        self.proposals = Known("proposal")
        self._settings: defaultdict[str, History] = defaultdict(History)

    def enter(self, name: str, e: Fields) -> None:
        if name in _SETTINGS:
            setting, field_ = _SETTINGS[name]
            values = self._settings[setting]
            self.accounts.expect(f"{setting} before", values.latest, e[f"old{field_}"])
            values.add(self.accounts.now, e[f"new{field_}"] - values.latest)
        elif name == "ProposalCreated":
            start = self.accounts.now + self._settings["votingDelay"].latest
            end = start + self._settings["votingPeriod"].latest
            self.accounts.expect("start and end of the vote", (start, end), (e["voteStart"], e["voteEnd"]))
            self.accounts.expect("id of the proposal", _hash(e), e["proposalId"])
            extension = self._settings["lateQuorumVoteExtension"].latest
            self.proposals[e["proposalId"]] = Proposal(e["proposer"], e["voteStart"], e["voteEnd"], extension)
        else:
            self._proposal_event(name, self.proposals[e["proposalId"]], e)

    def _proposal_event(self, name: str, proposal: Proposal, e: Fields) -> None:
        accounts = self.accounts
        match name:
            case "LeaseProposed":
                proposal.licensee = e["licensee"]
                accounts.credit("proposal", e["proposalId"], "of lease", e["leaseId"], "by", e["licensee"])
            case "VoteCast" | "VoteCastWithParams":
                voter = e["voter"]
                accounts.expect(f"votes of {voter}", self._token.votes[voter].at(proposal.start), e["weight"])
                accounts.expect(f"{voter} voted before", False, voter in proposal.voters)
                proposal.votes[e["support"]] += e["weight"]
                proposal.voters.add(voter)
            case "ProposalExtended":
                accounts.expect("end of the vote", accounts.now + proposal.extension, e["extendedDeadline"])
                proposal.end = e["extendedDeadline"]
            case "ProposalCanceled":
                proposal.canceled = True
            case "ProposalQueued":
                proposal.eta = e["etaSeconds"]
            case "ProposalExecuted":
                proposal.executed = True

    def quorum(self, proposal: Proposal) -> int:
        """Votes, for and abstain together, that the proposal needs."""
        token, setting = self._token, "leaseQuorumBps" if proposal.licensee != ZERO else "quorumBps"
        needed = max(1, token.supply.at(proposal.start) * self._settings[setting].at(proposal.start) // BPS)
        return max(needed, self.accounts.rules.quorum_floor) if token.is_young(proposal.start) else needed

    def state(self, proposal: Proposal) -> ProposalState:
        """As `DataGovernor.state`."""
        now, expiry = self.accounts.now, self.accounts.rules.expiry
        if proposal.executed:
            return ProposalState.EXECUTED
        if proposal.canceled:
            return ProposalState.CANCELED
        if now <= proposal.end:
            return ProposalState.PENDING if now <= proposal.start else ProposalState.ACTIVE
        if proposal.turnout < self.quorum(proposal) or proposal.votes[FOR] <= proposal.votes[AGAINST]:
            return ProposalState.DEFEATED
        if now >= (proposal.eta or proposal.end) + expiry:
            return ProposalState.EXPIRED
        return ProposalState.QUEUED if proposal.eta else ProposalState.SUCCEEDED

    def facts(self) -> Iterator[View]:
        settings = {setting: values.latest for setting, values in self._settings.items()}
        threshold = self._settings["proposalThreshold"].latest
        most = self._token.supply.latest * _MAX_THRESHOLD_BPS // BPS
        settings["proposalThreshold"] = max(1, min(threshold, most)) if threshold else 0
        yield from views("governor", settings)
        for number, proposal in self.proposals.items():
            answers = {
                "state": self.state(proposal),
                "proposalVotes": tuple(proposal.votes[side] for side in (AGAINST, FOR, ABSTAIN)),
                "proposalProposer": proposal.proposer,
                "proposalLicensee": proposal.licensee,
                "proposalSnapshot": proposal.start,
                "proposalDeadline": proposal.end,
                "proposalEta": proposal.eta,
            }
            if self.accounts.now > proposal.start:
                answers["proposalQuorum"] = self.quorum(proposal)
            yield from views("governor", answers, number)
            for voter in sorted(proposal.voters):
                yield view("governor", "hasVoted", number, voter, is_=True)


class TimelockBook(Book):
    """The delay; operations follow from the governor's proposals."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._delay = 0

    def enter(self, name: str, e: Fields) -> None:
        if name == "MinDelayChange":
            self.accounts.expect("delay before", self._delay, e["oldDuration"])
            self._delay = e["newDuration"]

    def facts(self) -> Iterator[View]:
        yield view("timelock", "getMinDelay", is_=self._delay)


def _hash(e: Fields) -> int:
    """As `DataGovernor.hashProposal`: an id is its actions and the hash of its description."""
    actions = (e["targets"], e["values"], e["calldatas"], keccak(raw_text(e["description"])))
    return int.from_bytes(keccak(encode(["address[]", "uint256[]", "bytes[]", "bytes32"], actions)), "big")


class BrakeBook(Book):
    """The guardian, the end of its term, and until when entries are stopped."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self._guardian, self._guardian_until, self._pulled_until = ZERO, 0, 0

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "GuardianAppointed":
                self._guardian, self._guardian_until = e["guardian"], e["until"]
            case "Pulled":
                self.expect_guardian(e["guardian"])
                self._pulled_until = e["until"]

    def expect_guardian(self, account: str) -> None:
        """Notes it when another account acted as the guardian, or after its term."""
        self.accounts.expect(
            "guardian in office", (self._guardian, True), (account, self.accounts.now < self._guardian_until)
        )

    def facts(self) -> Iterator[View]:
        answers = {"guardian": self._guardian, "guardianUntil": self._guardian_until, "pulledUntil": self._pulled_until}
        yield from views("brake", answers)
