"""`RevenueSplitter`: pools, members and payouts, with the contract's own arithmetic and rounding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from datadao.ledger.base import ZERO, Accounts, Book, Fields, Unexplained, View, view

SCALE = 2**64
COMMONS = 0
_MOST_WORLDS = 1_000
"""Ways to explain an account's payouts that are followed; one is usual, two are rare."""
_MOST_POOLS = 16
"""Pools among which those of a partial payout are looked for."""


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

    def owed(self, acc: int) -> int:
        return self.shares * (acc - self.since) // SCALE + self.credit

    def gain(self, shares: int, entry: int) -> Member:
        """With shares that earned since `entry`: at the average index, rounded up."""
        if not shares:
            return self
        total = self.shares + shares
        index = -(-(self.shares * self.since + shares * entry) // total)
        return Member(index, total, self.credit)

    def lose(self, shares: int, acc: int) -> Member:
        if shares > self.shares:
            raise Unexplained(f"{shares} shares taken from an account that has {self.shares}")
        return Member(acc, self.shares - shares, self.owed(acc))

    def collect(self, acc: int) -> Member:
        """Paid: the index moves by what the paid units stand for, rounded up."""
        earned = self.owed(acc) - self.credit
        growth = -(-earned * SCALE // self.shares) if earned else 0
        return Member(self.since + growth, self.shares, 0)


World = dict[int, Member]
"""An account's memberships by pool."""


class SplitterBook(Book):
    """`Claimed` reports a payout's sum and not its pools. Where several sets of pools come to that sum, the account is
    followed through each, until a later payout fits only one; what remains open is compared as open."""

    def __init__(self, accounts: Accounts) -> None:
        super().__init__(accounts)
        self.pools: defaultdict[int, Pool] = defaultdict(Pool)
        self._accounts: defaultdict[str, list[World]] = defaultdict(lambda: [{}])
        self._paid = 0

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "PendingSharesAdded":
                pool = self.pools[e["poolId"]]
                self.accounts.expect(f"entry index of pool {e['poolId']}", pool.acc, e["entryIndex"])
                pool.shares += e["shares"]
                self.accounts.credit("entry of", e["shares"], "shares into pool", e["poolId"], "at", e["entryIndex"])
            case "PendingSharesDropped":
                self.pools[e["poolId"]].shares -= e["shares"]
                self._change(e["account"], e["poolId"], lambda m: m._replace(credit=m.credit + e["earned"]))
                self.accounts.post("registry", name, **e)
            case "SharesRemoved":
                pool = self.pools[e["poolId"]]
                self._change(e["account"], e["poolId"], lambda m: m.lose(e["shares"], pool.acc))
                pool.shares -= e["shares"]
                self.accounts.credit("removal of", e["shares"], "shares of", e["account"], "from pool", e["poolId"])
            case "SharesMoved":
                acc = self.pools[COMMONS].acc
                self._change(e["from"], COMMONS, lambda m: m.lose(e["shares"], acc))
                self._change(e["to"], COMMONS, lambda m: m.gain(e["shares"], acc))
                self.accounts.credit("move of", e["shares"], "commons shares from", e["from"], "to", e["to"])
            case "Deposited":
                self._deposit(e["poolId"], e["payer"], e["amount"], e["accumulator"])
            case "Claimed":
                self.accounts.debit("payment of", e["amount"], "by", "splitter", "to", e["recipient"])
                self._pay(e["account"], e["amount"])
            case "SharesVested":  # posted by the registry: the contract emits no event for it, see decisions/004
                self._change(e["account"], e["poolId"], lambda m: m.gain(e["shares"], e["entry"]))

    def facts(self) -> Iterator[View]:
        pools = self.pools.values()
        received, carried = (sum(getattr(pool, field) for pool in pools) for field in ("received", "carry"))
        owed = (received * SCALE - carried) // SCALE - self._paid
        yield view("splitter", "conservation", is_=(received, self._paid, owed, carried))
        splitter = self.accounts.addresses["splitter"]
        yield View("asset", "balanceOf", (splitter,), (received - self._paid,), least=True)
        for number, pool in sorted(self.pools.items()):
            yield view("splitter", "pool", number, is_=(pool.acc, pool.shares, pool.received, pool.carry))
        for account, worlds in sorted(self._accounts.items()):
            if account != ZERO:
                yield from self._account(account, worlds)

    def _account(self, account: str, worlds: list[World]) -> Iterator[View]:
        for number in sorted(worlds[0]):
            yield view("splitter", "sharesOf", number, account, is_=worlds[0][number].shares)
            owed = tuple(sorted({world[number].owed(self.pools[number].acc) for world in worlds}))
            yield View("splitter", "claimable", (account, (number,)), owed)
        if len(worlds) > 1:
            sums = {sum(self._owed(world).values()) for world in worlds}
            yield View("splitter", "claimable", (account, tuple(sorted(worlds[0]))), tuple(sorted(sums)))

    def _owed(self, world: World) -> dict[int, int]:
        owed = {number: member.owed(self.pools[number].acc) for number, member in world.items()}
        return {number: amount for number, amount in owed.items() if amount}

    def _change(self, account: str, pool_id: int, change: Callable[[Member], Member]) -> None:
        for world in self._accounts[account]:
            world[pool_id] = change(world.get(pool_id, Member()))

    def _deposit(self, pool_id: int, payer: str, amount: int, accumulator: int) -> None:
        pool = self.pools[pool_id]
        if pool.shares <= 0:
            raise Unexplained(f"a deposit of {amount} into pool {pool_id}, which has no shares")
        growth, pool.carry = divmod(amount * SCALE + pool.carry, pool.shares)
        pool.acc += growth
        pool.received += amount
        self.accounts.expect(f"accumulator of pool {pool_id}", pool.acc, accumulator)
        for key in ("leases", "models"):
            if payer == self.accounts.addresses[key]:
                self.accounts.credit("deposit of", amount, "into pool", pool_id, "by", key)
                self.accounts.debit("payment of", amount, "by", key, "to", self.accounts.addresses["splitter"])

    def _pay(self, account: str, amount: int) -> None:
        """Replaces the account's worlds by those in which it could be paid exactly this."""
        self._paid += amount
        worlds: list[World] = []
        for world in self._accounts[account]:
            owed = self._owed(world)
            if len(owed) > _MOST_POOLS and sum(owed.values()) != amount:
                raise Unexplained(f"a payout of {amount} to {account} from some of {len(owed)} pools, which it hides")
            for pools in _sets(sorted(owed.items()), amount):
                paid = world | {number: world[number].collect(self.pools[number].acc) for number in pools}
                if paid not in worlds:
                    worlds.append(paid)
                if len(worlds) > _MOST_WORLDS:
                    raise Unexplained(
                        f"a payout of {amount} to {account}, from more sets of pools than can be followed"
                    )
        if not worlds:
            owing = " or ".join(str(self._owed(world)) for world in self._accounts[account])
            raise Unexplained(f"a payout of {amount} to {account}, whom its pools owe {owing}")
        self._accounts[account] = worlds


def _sets(owed: list[tuple[int, int]], amount: int) -> Iterator[tuple[int, ...]]:
    """Every set of pools that together owe `amount`; each owes something."""
    left = sum(each for _, each in owed)
    if amount == left:
        yield tuple(number for number, _ in owed)
    elif 0 <= amount < left:
        (number, first), rest = owed[0], owed[1:]
        for others in _sets(rest, amount - first):
            yield (number, *others)
        yield from _sets(rest, amount)
