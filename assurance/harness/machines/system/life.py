"""What all steps of a life of the whole system use: one book of every model, and proposals that act on all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from assurance.harness.chain.handles import Event
from assurance.harness.dao.governance import EXPIRY
from assurance.harness.machines.leases.life import LeaseLife
from assurance.harness.machines.registry.life import RegistryLife
from assurance.harness.models.governor import Governor, Poll
from assurance.harness.models.token_splitter import Splitter, Token

Effect = Callable[[], Any]
"""What one action of a proposal does to the models."""


class Government(Governor):
    """The model of governor, timelock and brake, in a system whose other models its proposals change too."""

    def _apply(self, name: str, *args: Any) -> None:
        if name == "call":
            args[0]()
        else:
            super()._apply(name, *args)


class Ballots:
    """The vote on a lease's own proposal, as the lease's model asks for it."""

    def __init__(self, government: Government, poll: Poll) -> None:
        self.government, self.poll = government, poll
        self.id, self.snapshot = poll.proposal.id, poll.snapshot

    @property
    def eta(self) -> int:
        return self.poll.eta or 0

    def state(self, now: int) -> int:
        return self.government.state(self.poll)

    def cancel(self, now: int, caller: str) -> None:
        self.government.cancel(self.poll, caller)


class SystemLife(LeaseLife, RegistryLife):
    government: Government
    token: Token
    splitter: Splitter
    polls: list[Poll]
    effects: dict[int, list[Effect]]
    """Of each proposal, by its id."""

    def begin_system(self) -> None:
        """A new life's notes."""
        self.begin()
        self.begin_registry()
        self.polls, self.effects = [], {}
        self.cast: Counter[tuple[int, str]] = Counter()
        self.executed: Counter[int] = Counter()
        self.claimed: Counter[str] = Counter()
        self.decided = False

    def note_events(self, events: Sequence[Event]) -> None:
        super().note_events(events)
        self.follow_holdings()
        for event in events:
            if event.name == "VoteCast":
                self.cast[event.args["proposalId"], event.args["voter"]] += 1
            elif event.name == "ProposalExecuted":
                self.executed[event.args["proposalId"]] += 1
                self.decided = True
            elif event.name == "Claimed":
                self.claimed[event.args["account"]] += event.args["amount"]

    def follow_holdings(self) -> None:
        """Votes follow tokens. What leaves goes first, so that supply is never above what it was or becomes."""
        held, holdings = self.token.balances, self.government.holdings
        known = holdings.balance
        for account in held:
            delegate = self.token.delegates(account)
            if account != self.token.registry and delegate != holdings.delegate.get(account, account):
                holdings.redelegate(self.now, account, delegate)
        changes = [(held[account] - known.get(account, 0), account) for account in held]
        for change, account in sorted(changes):
            if change:
                self.government.holdings.change(self.now, account, change)

    # When

    def boundaries(self) -> set[int]:
        found = super().boundaries()
        for poll in self.polls:
            if poll.canceled or poll.executed:
                continue
            found |= {poll.snapshot, poll.deadline, poll.deadline + EXPIRY}
            if poll.eta:
                found |= {poll.eta, poll.eta + EXPIRY}
        for batch in self.registry.batches:
            found.add(batch.since + self.registry.rules.challenge)
        return found

    def owner(self, account: str) -> Any:
        """The person with this address among those whose data it may be."""
        return next((person for person in (*self.members, self.founder) if person.address == account), None)

    def erasable(self, dataset: int) -> list[tuple[int, int]]:
        """Batch and place of every leaf of the dataset that its owner can erase."""
        found = []
        for batch in self.registry.batches:
            if not batch.active or batch.message.datasetId != dataset:
                continue
            for place, item in enumerate(batch.leaves):
                record = self.registry.records[item.fingerprint]
                mine = (record.batch, record.contributor) == (batch.id, item.contributor)
                if self.owner(item.contributor) and (record.status == 0 or (record.status == 1 and mine)):
                    found.append((batch.id, place))
        return found
