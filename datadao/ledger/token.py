"""`DataToken`: balances, delegations, and the votes that follow from both at any second of the past."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from datadao.ledger.base import ZERO, Accounts, Book, Fields, History, Known, Unexplained, View, views


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
        self._numbers: dict[str, int] = {}
        self._heirs = Known("heir of")
        """As bound: heir, days of delay, since when, and when opened."""
        self._holders: dict[str, str] = {}
        """Of succeeded accounts, who got everything then."""

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "Transfer":
                self._transfer(e["from"], e["to"], e["value"])
            case "DelegateChanged":
                account = e["delegator"]
                self.accounts.expect(f"delegate of {account}", self.delegate(account), e["fromDelegate"])
                self._delegates[account] = e["toDelegate"]
                self._move(e["fromDelegate"], e["toDelegate"], self.balances[account])
                if self.balances[account]:
                    self._number(e["toDelegate"])
            case "DelegateVotesChanged":
                account = e["delegate"]
                self.accounts.expect(f"votes of {account} before", self._reported_votes[account], e["previousVotes"])
                self.accounts.expect(f"votes of {account}", self.votes[account].latest, e["newVotes"])
                self._reported_votes[account] = e["newVotes"]
            case "HeirBound":
                self._heirs[e["account"]] = (e["heir"], e["delayDays"], self.accounts.now, 0)
            case "HeirUnbound":
                self.accounts.expect(f"heir of {e['account']}", self._heirs[e["account"]][0], e["heir"])
                del self._heirs[e["account"]]
            case "SuccessionOpened":
                heir, days, since, _ = self._heirs[e["account"]]
                self.accounts.expect(f"heir of {e['account']}", self.holder(heir), e["heir"])
                self._heirs[e["account"]] = (heir, days, since, self.accounts.now)
            case "SuccessionVetoed":
                heir, days, *_ = self._heirs[e["account"]]
                self._heirs[e["account"]] = (heir, days, e["until"], 0)
            case "AccountSucceeded":
                self._succeeded(e["account"], e["heir"])
            case "Matured":
                self._mature_since = self.accounts.now
                self.accounts.expect("supply at maturity", self.supply.latest, e["supply"])

    def delegate(self, account: str) -> str:
        """The delegate that the account's balance votes through; the zero address for none."""
        if account in (ZERO, self.accounts.addresses["registry"]):
            return ZERO
        return self._delegates.get(account, account)

    def holder(self, account: str) -> str:
        """Who answers for the account: itself, or the end of its chain of heirs."""
        while account in self._holders:
            account = self._holders[account]
        return account

    def is_young(self, time: int) -> bool:
        """Whether supply had not yet reached maturity then."""
        return self._mature_since == 0 or time < self._mature_since

    def close(self) -> None:
        for account, history in self.votes.items():
            self.accounts.expect(f"votes of {account} as last reported", history.latest, self._reported_votes[account])

    def facts(self) -> Iterator[View]:
        whole = {
            "totalSupply": self.supply.latest,
            "matureSince": self._mature_since,
            "memberCount": len(self._numbers),
        }
        yield from views("token", whole)
        for account in sorted({*self.balances, *self._delegates, *self.votes}):
            votes = self.votes[account].latest if account in self.votes else 0
            answers = {
                "balanceOf": self.balances[account],
                "delegates": self.delegate(account),
                "getVotes": votes,
                "memberNumber": self._numbers.get(account, 0),
            }
            yield from views("token", answers, account)

        for account, bound in sorted(self._heirs.items()):
            yield from views("token", {"succession": (*bound, account in self._holders)}, account)

    def _succeeded(self, account: str, holder: str) -> None:
        heir, *rest = self._heirs[account]
        self.accounts.expect(f"holder of {heir}", self.holder(heir), holder)
        if self.holder(holder) in (account, self.holder(account)) and self.holder(account) != holder:
            raise Unexplained(f"{account} was succeeded by {holder}, whose place it has itself")
        if account in self._holders:  # its chain was shortened
            self._heirs[account] = (holder, *rest)
        self._holders[account] = holder

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
            if value and sender != to:
                self._number(to)
        old, new = self.delegate(sender), self.delegate(to)
        self._move(old, new, value)
        if value and old != new:
            self._number(new)
        if to == ZERO:
            accounts.credit("burn of", value, "from", sender)
        elif sender == ZERO and to == registry:
            accounts.credit("mint of", value)
        elif sender in (ZERO, registry):
            accounts.post("registry", "TokensReceived", to=to, value=value, minted=sender == ZERO)

    def _number(self, account: str) -> None:
        """Accounts are numbered when they first hold a token, or are delegated one."""
        if account not in (ZERO, self.accounts.addresses["registry"]):
            self._numbers.setdefault(account, len(self._numbers) + 1)

    def _move(self, loser: str, winner: str, votes: int) -> None:
        if loser == winner or not votes:
            return
        for account, change in ((loser, -votes), (winner, votes)):
            if account != ZERO:
                self.votes[account].add(self.accounts.now, change)
