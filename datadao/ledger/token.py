"""`DataToken`: balances, delegations, and the votes that follow from both at any second of the past."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import TYPE_CHECKING

from datadao.ledger.base import ZERO, Book, Fact, History, Told, fact

if TYPE_CHECKING:
    from datadao.ledger.ledger import Ledger


class TokenBook(Book):
    """An account without a delegate votes for itself; the registry holds what is unclaimed and never votes."""

    def __init__(self, ledger: Ledger) -> None:
        super().__init__(ledger)
        self.supply = History()
        self.balances: Counter[str] = Counter()
        self.votes: defaultdict[str, History] = defaultdict(History)
        self._delegates: dict[str, str] = {}
        self._told_votes: Counter[str] = Counter()
        self._mature_since = 0

    def enter(self, name: str, e: Told) -> None:
        match name:
            case "Transfer":
                self._transfer(e["from"], e["to"], e["value"])
            case "DelegateChanged":
                account = e["delegator"]
                self.ledger.expect(f"delegate of {account}", self.delegate(account), e["fromDelegate"])
                self._delegates[account] = e["toDelegate"]
                self._move(e["fromDelegate"], e["toDelegate"], self.balances[account])
            case "DelegateVotesChanged":
                account = e["delegate"]
                self.ledger.expect(f"votes of {account} before", self._told_votes[account], e["previousVotes"])
                self.ledger.expect(f"votes of {account}", self.votes[account].latest, e["newVotes"])
                self._told_votes[account] = e["newVotes"]
            case "Matured":
                self._mature_since = self.ledger.now
                self.ledger.expect("supply at maturity", self.supply.latest, e["supply"])

    def delegate(self, account: str) -> str:
        """Whom the account's balance votes for; the zero address for nobody."""
        if account in (ZERO, self.ledger.addresses["registry"]):
            return ZERO
        return self._delegates.get(account, account)

    def is_young(self, time: int) -> bool:
        """Whether supply had not yet reached maturity then."""
        return self._mature_since == 0 or time < self._mature_since

    def close(self) -> None:
        for account, history in self.votes.items():
            self.ledger.expect(f"votes of {account} as last told", history.latest, self._told_votes[account])

    def facts(self) -> Iterator[Fact]:
        yield fact("token", "totalSupply", is_=self.supply.latest)
        yield fact("token", "matureSince", is_=self._mature_since)
        for account in sorted({*self.balances, *self._delegates, *self.votes}):
            yield fact("token", "balanceOf", account, is_=self.balances[account])
            yield fact("token", "delegates", account, is_=self.delegate(account))
            yield fact("token", "getVotes", account, is_=self.votes[account].latest if account in self.votes else 0)

    def _transfer(self, sender: str, to: str, value: int) -> None:
        ledger, registry = self.ledger, self.ledger.addresses["registry"]
        if sender == ZERO:
            self.supply.add(ledger.now, value)
        else:
            self.balances[sender] -= value
        if to == ZERO:
            self.supply.add(ledger.now, -value)
        else:
            self.balances[to] += value
        self._move(self.delegate(sender), self.delegate(to), value)
        if to == ZERO:
            ledger.tells("burn of", value, "from", sender)
        elif sender == ZERO and to == registry:
            ledger.tells("mint of", value)
        elif sender in (ZERO, registry):
            ledger.registry.hand_over(to, value, minted=sender == ZERO)
        elif sender != to and value:
            ledger.owes("move of", value, "commons shares from", sender, "to", to)

    def _move(self, loser: str, winner: str, votes: int) -> None:
        if loser == winner or not votes:
            return
        for account, change in ((loser, -votes), (winner, votes)):
            if account != ZERO:
                self.votes[account].add(self.ledger.now, change)
