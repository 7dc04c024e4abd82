"""`DataToken`: balances, delegations, and the votes that follow from both at any second of the past."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from datadao.ledger.base import ZERO, Accounts, Book, Fields, History, View, views


class TokenBook(Book):
    """An account without a delegate votes for itself; the registry holds what is unclaimed and never votes."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self.supply = History()
        self.balances: Counter[str] = Counter()
        self.votes: defaultdict[str, History] = defaultdict(History)
        self._delegates: dict[str, str] = {}
        self._reported_votes: Counter[str] = Counter()
        self._mature_since = 0

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "Transfer":
                self._transfer(e["from"], e["to"], e["value"])
            case "DelegateChanged":
                account = e["delegator"]
                self.accounts.expect(f"delegate of {account}", self.delegate(account), e["fromDelegate"])
                self._delegates[account] = e["toDelegate"]
                self._move(e["fromDelegate"], e["toDelegate"], self.balances[account])
            case "DelegateVotesChanged":
                account = e["delegate"]
                self.accounts.expect(f"votes of {account} before", self._reported_votes[account], e["previousVotes"])
                self.accounts.expect(f"votes of {account}", self.votes[account].latest, e["newVotes"])
                self._reported_votes[account] = e["newVotes"]
            case "Matured":
                self._mature_since = self.accounts.now
                self.accounts.expect("supply at maturity", self.supply.latest, e["supply"])

    def delegate(self, account: str) -> str:
        """The delegate that the account's balance votes through; the zero address for none."""
        if account in (ZERO, self.accounts.addresses["registry"]):
            return ZERO
        return self._delegates.get(account, account)

    def is_young(self, time: int) -> bool:
        """Whether supply had not yet reached maturity then."""
        return self._mature_since == 0 or time < self._mature_since

    def close(self) -> None:
        for account, history in self.votes.items():
            self.accounts.expect(f"votes of {account} as last reported", history.latest, self._reported_votes[account])

    def facts(self) -> Iterator[View]:
        yield from views("token", {"totalSupply": self.supply.latest, "matureSince": self._mature_since})
        for account in sorted({*self.balances, *self._delegates, *self.votes}):
            votes = self.votes[account].latest if account in self.votes else 0
            answers = {"balanceOf": self.balances[account], "delegates": self.delegate(account), "getVotes": votes}
            yield from views("token", answers, account)

    def _transfer(self, sender: str, to: str, value: int) -> None:
        accounts, registry = self.accounts, self.accounts.addresses["registry"]
        if sender == ZERO:
            self.supply.add(accounts.now, value)
        else:
            self.balances[sender] -= value
        if to == ZERO:
            self.supply.add(accounts.now, -value)
        else:
            self.balances[to] += value
        self._move(self.delegate(sender), self.delegate(to), value)
        if to == ZERO:
            accounts.credit("burn of", value, "from", sender)
        elif sender == ZERO and to == registry:
            accounts.credit("mint of", value)
        elif sender in (ZERO, registry):
            accounts.post("registry", "TokensReceived", to=to, value=value, minted=sender == ZERO)
        elif sender != to and value:
            accounts.debit("move of", value, "commons shares from", sender, "to", to)

    def _move(self, loser: str, winner: str, votes: int) -> None:
        if loser == winner or not votes:
            return
        for account, change in ((loser, -votes), (winner, votes)):
            if account != ZERO:
                self.votes[account].add(self.accounts.now, change)
