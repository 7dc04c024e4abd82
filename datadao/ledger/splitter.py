"""`RevenueSplitter`: pools, members and payouts, with the contract's own arithmetic and rounding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from datadao.ledger.base import ZERO, Accounts, Book, Fields, Unexplained, View, view

SCALE = 2**64
COMMONS = 0
_MODULUS = 2**176
"""Of accumulators and indices."""
_TOTALS = 2**128
"""Of receipts and payouts."""


def earned_since(shares: int, index: int, since: int) -> int:
    """What `shares` earned from `since` to `index`, rounded down."""
    return shares * ((index - since) % _MODULUS) // SCALE


@dataclass
class Pool:
    """As `RevenueSplitter.pool`: income of one share times `SCALE`, shares, deposits, remainder."""

    acc: int = 0
    shares: int = 0
    received: int = 0
    carry: int = 0


class Member(NamedTuple):
    """An account in a pool: where its shares' income starts, and what it earned with shares it lost."""

    since: int = 0
    shares: int = 0
    credit: int = 0
    moved: bool = False
    """Whether an heir has taken its place: it is paid nothing more."""

    def owed(self, index: int) -> int:
        return earned_since(self.shares, index, self.since) + self.credit

    def due(self, index: int) -> int:
        """What a claim pays."""
        return 0 if self.moved else self.owed(index)

    def gain(self, shares: int, entry: int) -> Member:
        """With shares that earned since `entry`: at the average index, rounded up."""
        if not shares:
            return self
        total, step = self.shares + shares, (entry - self.since) % _MODULUS
        if step >= _MODULUS // 2:
            step -= _MODULUS
        return self._replace(since=(self.since - (-shares * step) // total) % _MODULUS, shares=total)

    def lose(self, shares: int, index: int) -> Member:
        if shares > self.shares:
            raise Unexplained(f"{shares} shares taken from an account that has {self.shares}")
        return self._replace(since=index, shares=self.shares - shares, credit=self.owed(index))

    def collect(self, index: int) -> Member:
        """Paid: the index moves by what the paid units stand for, rounded up."""
        earned = self.owed(index) - self.credit
        growth = -(-earned * SCALE // self.shares) if earned else 0
        return Member((self.since + growth) % _MODULUS, self.shares, 0)


class SplitterBook(Book):
    """Members belong to the pools of datasets; each of their shares earns in the commons, pool 0, too."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self.pools: defaultdict[int, Pool] = defaultdict(Pool)
        self._members: dict[tuple[str, int], Member] = {}
        self._paid = 0

    def index(self, pool_id: int) -> int:
        """Income of one share of the pool, the commons' part included."""
        return (self.pools[pool_id].acc + self.pools[COMMONS].acc) % _MODULUS

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "PendingSharesAdded":
                self._grow(e["poolId"], e["shares"])
                self.accounts.expect(f"entry index of pool {e['poolId']}", self.index(e["poolId"]), e["entryIndex"])
                self.accounts.credit("entry of", e["shares"], "shares into pool", e["poolId"], "at", e["entryIndex"])
            case "PendingSharesDropped":
                self._grow(e["poolId"], -e["shares"])
                self._change(e["account"], e["poolId"], lambda m: m._replace(credit=m.credit + e["earned"]))
                self.accounts.post("registry", name, **e)
            case "SharesRemoved":
                index = self.index(e["poolId"])
                self._change(e["account"], e["poolId"], lambda m: m.lose(e["shares"], index))
                self._grow(e["poolId"], -e["shares"])
                self.accounts.credit("removal of", e["shares"], "shares of", e["account"], "from pool", e["poolId"])
            case "MemberMoved":
                self._move(e["poolId"], e["from"], e["to"], (e["shares"], e["credit"]))
            case "Deposited":
                self._deposit(e["poolId"], e["payer"], e["amount"], e["accumulator"])
            case "Claimed":
                self._pay(e["poolId"], e["account"], e["amount"])
                self.accounts.owe(e["amount"], "splitter", e["recipient"])
            case "SharesVested":  # posted by the registry: the contract emits no event for it, see decisions/004
                self._change(e["account"], e["poolId"], lambda m: m.gain(e["shares"], e["entry"]))

    def facts(self) -> Iterator[View]:
        pools = self.pools.values()
        received, carried = (sum(getattr(pool, field) for pool in pools) for field in ("received", "carry"))
        held = received - self._paid
        owed = held - -(-carried // SCALE)
        count = max(self.pools, default=-1) + 1
        yield view("splitter", "poolCount", is_=count)
        answer = (received % _TOTALS, self._paid % _TOTALS, owed, carried)
        yield view("splitter", "conservation", 0, count, is_=answer)
        yield View("asset", "balanceOf", (self.accounts.addresses["splitter"],), (held,), least=True)
        for number, pool in sorted(self.pools.items()):
            yield view("splitter", "pool", number, is_=(pool.acc, pool.shares, pool.received % _TOTALS, pool.carry))
        for (account, number), member in sorted(self._members.items()):
            if account != ZERO:
                yield view("splitter", "sharesOf", number, account, is_=member.shares)
                due = member.due(self.index(number))
                yield View("splitter", "claimable", (account, (number,)), (due,), basis=member)

    def _grow(self, pool_id: int, shares: int) -> None:
        for number in (pool_id, COMMONS):
            self.pools[number].shares += shares

    def _change(self, account: str, pool_id: int, change: Callable[[Member], Member]) -> None:
        self._members[account, pool_id] = change(self._members.get((account, pool_id), Member()))

    def _move(self, pool_id: int, giver: str, heir: str, moved: tuple[int, int]) -> None:
        member = self._members.pop((giver, pool_id), Member())
        self.accounts.expect(f"what {giver} has in pool {pool_id}", (member.shares, member.credit), moved)
        self._members[giver, pool_id] = Member(moved=True)
        self._change(heir, pool_id, lambda m: m.gain(member.shares, member.since))
        self._change(heir, pool_id, lambda m: m._replace(credit=m.credit + member.credit))

    def _deposit(self, pool_id: int, payer: str, amount: int, accumulator: int) -> None:
        pool = self.pools[pool_id]
        if pool.shares <= 0:
            raise Unexplained(f"a deposit of {amount} into pool {pool_id}, which has no shares")
        growth, pool.carry = divmod(amount * SCALE + pool.carry, pool.shares)
        pool.acc = (pool.acc + growth) % _MODULUS
        pool.received += amount
        self.accounts.expect(f"accumulator of pool {pool_id}", pool.acc, accumulator)
        for key in ("leases", "models"):
            if payer == self.accounts.addresses[key]:
                self.accounts.credit("deposit of", amount, "into pool", pool_id, "by", key)
                self.accounts.owe(amount, key, self.accounts.addresses["splitter"])

    def _pay(self, pool_id: int, account: str, amount: int) -> None:
        index = self.index(pool_id)
        owed = self._members.get((account, pool_id), Member()).due(index)
        self.accounts.expect(f"payout of pool {pool_id} to {account}", owed, amount)
        self._paid += amount
        self._change(account, pool_id, lambda m: m.collect(index))
