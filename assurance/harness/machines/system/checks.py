"""What must hold between the steps of a life of the whole system, across its contracts and on the chain's words alone
(T-1 to T-3, S-1, L-1 to L-3, L-6, L-8, L-10 to L-12, G-1 to G-3, X-1), besides that every view is as the models say."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from assurance.harness.chain.handles import Event
from assurance.harness.chain.reader import Answers, Views
from assurance.harness.dao.dao import CANCELED, DEFEATED, EXECUTED, EXPIRED
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING, REFUNDED
from assurance.harness.machines.leases.checks import RETURNABLE, STATUS, LeaseChecks
from assurance.harness.machines.leases.world import POOLS
from assurance.harness.machines.life import ALL_POOLS
from assurance.harness.machines.registry.checks import RegistryChecks
from assurance.harness.machines.system.life import SystemLife

PAID_PERIODS, PAID_UNTIL = 5, 7
"""Places of words in `LeaseInfo`, besides those of `leases.checks`."""
PARAMETERS = {
    "governor": ("votingDelay", "votingPeriod", "lateQuorumVoteExtension", "quorumBps", "leaseQuorumBps", "timelock"),
    "brake": ("guardian", "guardianUntil"),
    "timelock": ("getMinDelay",),
    "registry": ("attestorSetVersion", "committeeVersion", "datasetCount"),
}
ENDS = (CANCELED, DEFEATED, EXPIRED, EXECUTED)


class SystemChecks(LeaseChecks, RegistryChecks, SystemLife):
    def begin_system(self) -> None:
        super().begin_system()
        self.last: dict[Any, Any] = {}
        self.past: dict[int, tuple[int, list[int]]] = {}
        self.moves = 0

    def note_events(self, events: Sequence[Event]) -> None:
        """What is moved is due to another account from now on."""
        super().note_events(events)
        for event in events:
            if event.name == "MemberMoved":
                self.moves += 1
                for side in ("from", "to"):
                    self.last.pop(("income", event.args[side]), None)

    # Views

    def views(self) -> Views:
        return super().views() | self._token_views() | self._poll_views() | self._parameters()

    def _token_views(self) -> Views:
        token, splitter = self.dao.token, self.dao.splitter
        views: Views = {(token, "matureSince", ()): [self.government.holdings.mature_since or 0]}
        views[self.dao.asset, "balanceOf", (splitter.address,)] = [self.asset.balances[splitter.address]]
        votes = self.token.all_votes()
        for account in self.accounts:
            views[token, "getVotes", (account,)] = [votes[account]]
            views[splitter, "claimable", (account, POOLS)] = [self.splitter.claimable(account, POOLS)]
        return views

    def _poll_views(self) -> Views:
        governor, model = self.dao.governor, self.government
        views: Views = {}
        for poll in self.polls:
            number = (poll.proposal.id,)
            views[governor, "state", number] = [model.state(poll)]
            views[governor, "proposalVotes", number] = poll.tally()
            views[governor, "proposalDeadline", number] = [poll.deadline]
            views[governor, "proposalEta", number] = [poll.eta or 0]
            if poll.snapshot < self.now:
                views[governor, "proposalQuorum", number] = [model.quorum(poll)]
                views[self.dao.token, "getPastTotalSupply", (poll.snapshot,)] = [
                    model.holdings.supply.at(poll.snapshot)
                ]
        return views

    def _parameters(self) -> Views:
        model = self.government
        expected: dict[str, int] = {
            "votingDelay": model.settings["votingDelay"],
            "votingPeriod": model.settings["votingPeriod"],
            "lateQuorumVoteExtension": model.settings["extension"],
            "quorumBps": model.bps["quorumBps"].now,
            "leaseQuorumBps": model.bps["leaseQuorumBps"].now,
            "timelock": int(self.dao.timelock.address, 16),
            "guardian": int(model.guardian[0], 16),
            "guardianUntil": model.guardian[1],
            "getMinDelay": model.delay,
            "attestorSetVersion": len(self.registry.sets),
            "committeeVersion": 1,
            "datasetCount": len(self.registry.policies),
        }
        return {
            (getattr(self.dao, key), name, ()): [expected[name]] for key, names in PARAMETERS.items() for name in names
        }

    # Properties

    def properties(self, answers: Answers) -> None:
        super().properties(answers)
        self._votes_are_tokens(answers)
        self._pools_are_solvent(answers)
        self._polls_are_orderly(answers)
        self._leases_follow_their_votes(answers)
        self._nothing_due_shrinks(answers)
        self._only_votes_change_parameters(answers)
        self.decided = False

    def _votes_are_tokens(self, answers: Answers) -> None:
        registry, token = self.dao.registry.address, self.dao.token.address
        held = sum(answers[token, "balanceOf", account][0] for account in self.accounts if account != registry)
        assert sum(answers["getVotes", account][0] for account in self.accounts) == held, "T-2"
        assert answers["getVotes", registry][0] == 0, "T-2"

    def _pools_are_solvent(self, fields: Answers) -> None:
        received, paid, owed, _ = fields["conservation", *ALL_POOLS]
        assert fields[self.dao.asset.address, "balanceOf", self.dao.splitter.address][0] >= received - paid, "S-1"
        assert sum(fields["claimable", account, POOLS][0] for account in self.accounts) <= owed, "S-1"

    def _polls_are_orderly(self, answers: Answers) -> None:
        assert all(times == 1 for times in self.cast.values()), "G-1: one vote per account and proposal"
        assert all(times == 1 for times in self.executed.values()), "G-2: each operation once"
        for poll in self.polls:
            number = poll.proposal.id
            votes, state = answers["proposalVotes", number], answers["state", number][0]
            deadline, eta = answers["proposalDeadline", number][0], answers["proposalEta", number][0]
            if poll.snapshot < self.now:
                assert sum(votes) <= answers["getPastTotalSupply", poll.snapshot][0], "G-1"
            if state == EXECUTED:
                against, in_favour, abstain = votes
                assert in_favour > against and in_favour + abstain >= answers["proposalQuorum", number][0], "G-2"
                assert deadline + 2 * 86_400 < eta <= self.now, "G-2"
                assert self.executed[number] == 1, "G-2"
            if poll.licensee:
                assert not self.cast[number, poll.licensee], "G-1: a licensee does not vote on its own request"
            before = self.last.get(("state", number))
            assert before not in ENDS or state == before, "G-3: nothing leaves an end"
            self.last["state", number] = state

    def _leases_follow_their_votes(self, answers: Answers) -> None:
        for number, lease in self.leases.leases.items():
            words = answers["lease", number]
            status, paid = words[STATUS], words[PAID_PERIODS]
            if status == ACTIVE:
                assert paid >= 1 and self.ledger[number]["InstalmentPaid"] == paid * lease.terms.price, "L-6"
            if lease.vote is None:
                continue
            fate = answers["state", lease.vote.id][0]
            if status in (APPROVED, ACTIVE, ENDED):
                assert fate == EXECUTED, "L-3"
            elif status == REFUNDED:
                assert fate in ENDS and not paid, "L-2: refunded or started, never both"
            elif status == PENDING:
                assert fate != EXECUTED, "L-3"

    def _nothing_due_shrinks(self, answers: Answers) -> None:
        """X-1: whoever holds which votes, what was due to anybody is there until it is paid out."""
        for account in self.accounts:
            lifetime = answers["claimable", account, POOLS][0] + self.claimed[account]
            assert lifetime >= self.last.get(("income", account), 0), "X-1: accrued claims"
            self.last["income", account] = lifetime
        total = sum(self.last["income", account] for account in self.accounts)
        assert total + self.moves >= self.last.get("income", 0), "T-10: a move loses less than a unit"
        self.last["income"], self.moves = total, 0
        for number in self.leases.leases:
            words = answers["lease", number]
            due = words[RETURNABLE] + self.ledger[number]["ReturnablePaid"]
            assert due >= self.last.get(("due", number), 0), "X-1: claimable refunds"
            assert words[PAID_UNTIL] >= self.last.get(("paid until", number), 0), "X-1: paid access"
            self.last["due", number], self.last["paid until", number] = due, words[PAID_UNTIL]
        for poll in self.polls:
            if poll.snapshot < self.now:
                supply = answers["getPastTotalSupply", poll.snapshot]
                assert self.last.setdefault(("past", poll.snapshot), supply) == supply, "T-3"

    def _only_votes_change_parameters(self, answers: Answers) -> None:
        now = [answers[getattr(self.dao, key).address, name] for key, names in PARAMETERS.items() for name in names]
        now += [answers["dataset", number][:1] for number in range(1, len(self.registry.policies) + 1)]
        assert self.decided or self.last.get("parameters", now) == now, "the timelock alone changes a parameter"
        self.last["parameters"] = now
