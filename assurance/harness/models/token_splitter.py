"""What token and splitter must do, said a second time: plain Python, exact integers, no storage tricks.

Functions have the contracts' names and take the caller first. Each returns `Done(value, events)` or raises `Reverted`
with the very error and arguments of the contract, and then has changed nothing. `Ledger` says a third time, in exact
fractions and from the history alone, what every account is entitled to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.models.entitlement import Ledger

SCALE = 2**64
MIN_SHARES = 10**9
MAX_SHARES = 2**63 - 1
MAX_ACC = 2**176 - 1
MAX_DEPOSIT = 2**176 - 1

Emitted = tuple[str, dict[str, Any]]
"""An event: name and arguments."""


class Done(NamedTuple):
    value: Any
    events: list[Emitted]


def ceil(numerator: int, denominator: int) -> int:
    return -(-numerator // denominator)


class Asset:
    """A plain ERC-20 with approvals that are either missing or without limit."""

    def __init__(self) -> None:
        self.balances: Counter[str] = Counter()
        self.approved: set[tuple[str, str]] = set()

    def transfer(self, sender: str, to: str, value: int) -> Done:
        held = self.balances[sender]
        if value > held:
            raise Reverted("ERC20InsufficientBalance", sender, held, value)
        self.balances[sender] -= value
        self.balances[to] += value
        return Done(True, [("Transfer", {"from": sender, "to": to, "value": value})])

    def transfer_from(self, spender: str, owner: str, to: str, value: int) -> Done:
        if (owner, spender) not in self.approved:
            raise Reverted("ERC20InsufficientAllowance", spender, 0, value)
        return self.transfer(owner, to, value)


@dataclass
class Pool:
    acc: int = 0
    shares: int = 0
    received: int = 0
    carry: int = 0


@dataclass
class Member:
    """An account's stand in one pool. `loss` bounds what rounding took from it so far, in 1/SCALE of a unit."""

    index: int = 0
    shares: int = 0
    credit: int = 0
    loss: int = 0


class Splitter:
    def __init__(self, address: str, registry: str, token: str, asset: Asset) -> None:
        self.address, self.registry, self.token, self.asset = address, registry, token, asset
        self.pools: defaultdict[int, Pool] = defaultdict(Pool)
        self.members: defaultdict[tuple[int, str], Member] = defaultdict(Member)
        self.paid = 0
        self.ledger = Ledger()

    # Money

    def deposit(self, caller: str, pool_id: int, amount: int) -> Done:
        if amount == 0:
            return Done(None, [])
        pool = self.pools[pool_id]
        if pool.shares < MIN_SHARES:
            raise Reverted("RevenueSplitter_NoShares", pool_id)
        growth, carry = divmod(amount * SCALE + pool.carry, pool.shares)
        if amount > MAX_DEPOSIT:
            raise Reverted("RevenueSplitter_AccumulatorFull", pool_id, amount)
        full = pool.acc + growth > MAX_ACC
        if full and (caller, self.address) in self.asset.approved and self.asset.balances[caller] >= amount:
            raise Reverted("RevenueSplitter_AccumulatorFull", pool_id, amount)
        moved = self.asset.transfer_from(self.address, caller, self.address, amount)
        pool.acc += growth
        pool.carry = carry
        pool.received += amount
        self.ledger.deposit(pool_id, amount, growth)
        fields = {"poolId": pool_id, "payer": caller, "amount": amount, "accumulator": pool.acc}
        return Done(None, [*moved.events, ("Deposited", fields)])

    def claim(self, caller: str, account: str, pool_ids: Sequence[int]) -> Done:
        return self._claim(account, account, pool_ids)

    def claimTo(self, caller: str, recipient: str, pool_ids: Sequence[int]) -> Done:
        if recipient in (ADDRESS_ZERO, self.address):
            raise Reverted("RevenueSplitter_InvalidRecipient", recipient)
        return self._claim(caller, recipient, pool_ids)

    def _claim(self, account: str, recipient: str, pool_ids: Sequence[int]) -> Done:
        amount = sum(self._collect(pool_id, account) for pool_id in pool_ids)
        if amount == 0:
            return Done(0, [])
        self.paid += amount
        fields = {"account": account, "recipient": recipient, "amount": amount}
        return Done(amount, [("Claimed", fields), *self.asset.transfer(self.address, recipient, amount).events])

    def _collect(self, pool_id: int, account: str) -> int:
        member = self.members[pool_id, account]
        earned = self._earned(pool_id, member)
        if earned:
            member.index += ceil(earned * SCALE, member.shares)
            member.loss += member.shares
        credit, member.credit = member.credit, 0
        return earned + credit

    # Shares

    def addPendingShares(self, caller: str, pool_id: int, shares: int) -> Done:
        self._require_registry(caller)
        pool = self.pools[pool_id]
        if pool.shares + shares > MAX_SHARES:
            raise Reverted("RevenueSplitter_TooManyShares", pool_id, pool.shares + shares)
        pool.shares += shares
        fields = {"poolId": pool_id, "shares": shares, "entryIndex": pool.acc}
        return Done(pool.acc, [("PendingSharesAdded", fields)])

    def vestShares(self, caller: str, pool_id: int, account: str, shares: int, entry: int) -> Done:
        self._require_registry(caller)
        if entry > MAX_ACC:
            raise Reverted("RevenueSplitter_InvalidEntryIndex", pool_id, entry, MAX_ACC)
        if (total := self.members[pool_id, account].shares + shares) > MAX_SHARES:
            raise Reverted("RevenueSplitter_TooManyShares", pool_id, total)
        self._gain(pool_id, account, shares, entry)
        return Done(None, [])

    def dropPendingShares(self, caller: str, pool_id: int, account: str, shares: int, entry: int) -> Done:
        self._require_registry(caller)
        pool = self.pools[pool_id]
        if entry > pool.acc:
            raise Reverted("RevenueSplitter_InvalidEntryIndex", pool_id, entry, pool.acc)
        if shares > pool.shares:
            raise Reverted("RevenueSplitter_InsufficientShares", pool_id, account, shares, pool.shares)
        pool.shares -= shares
        earned = 0
        if account != ADDRESS_ZERO:
            earned = shares * (pool.acc - entry) // SCALE
            member = self.members[pool_id, account]
            member.credit += earned
            member.loss += SCALE
        fields = {"poolId": pool_id, "account": account, "shares": shares, "earned": earned}
        return Done(None, [("PendingSharesDropped", fields)])

    def removeShares(self, caller: str, pool_id: int, account: str, shares: int) -> Done:
        self._require_registry(caller)
        self._lose(pool_id, account, shares)
        self.pools[pool_id].shares -= shares
        return Done(None, [("SharesRemoved", {"poolId": pool_id, "account": account, "shares": shares})])

    def moveShares(self, caller: str, giver: str, to: str, shares: int) -> Done:
        if caller != self.token:
            raise Reverted("RevenueSplitter_NotToken", caller)
        self._lose(0, giver, shares)
        self._gain(0, to, shares, self.pools[0].acc)
        self.ledger.held(0, giver, -shares)
        self.ledger.held(0, to, shares)
        return Done(None, [("SharesMoved", {"from": giver, "to": to, "shares": shares})])

    def _gain(self, pool_id: int, account: str, shares: int, entry: int) -> None:
        if shares == 0:
            return
        member = self.members[pool_id, account]
        total = member.shares + shares
        member.index = ceil(member.shares * member.index + shares * entry, total)
        member.shares = total
        member.loss += total

    def _lose(self, pool_id: int, account: str, shares: int) -> None:
        member = self.members[pool_id, account]
        if shares > member.shares:
            raise Reverted("RevenueSplitter_InsufficientShares", pool_id, account, shares, member.shares)
        member.credit += self._earned(pool_id, member)
        member.index = self.pools[pool_id].acc
        member.shares -= shares
        member.loss += SCALE

    def _require_registry(self, caller: str) -> None:
        if caller != self.registry:
            raise Reverted("RevenueSplitter_NotRegistry", caller)

    # Views

    def _earned(self, pool_id: int, member: Member) -> int:
        return member.shares * (self.pools[pool_id].acc - member.index) // SCALE

    def claimable(self, account: str, pool_ids: Sequence[int]) -> int:
        members = ((pool_id, self.members[pool_id, account]) for pool_id in pool_ids)
        return sum(self._earned(pool_id, member) + member.credit for pool_id, member in members)

    def sharesOf(self, pool_id: int, account: str) -> int:
        return self.members[pool_id, account].shares

    def pool(self, pool_id: int) -> tuple[int, int, int, int]:
        pool = self.pools[pool_id]
        return pool.acc, pool.shares, pool.received, pool.carry

    def conservation(self) -> tuple[int, int, int, int]:
        received = sum(pool.received for pool in self.pools.values())
        carried = sum(pool.carry for pool in self.pools.values())
        return received, self.paid, (received * SCALE - carried) // SCALE - self.paid, carried


@dataclass
class Token:
    """Balances, and delegates that are the holder itself unless it named another."""

    address: str
    registry: str
    transferable: bool
    maturity: int
    splitter: Splitter
    balances: Counter[str] = field(default_factory=Counter)
    named: dict[str, str] = field(default_factory=dict)
    mature_since: int = 0
    now: int = 0

    @property
    def supply(self) -> int:
        return sum(self.balances.values())

    def delegates(self, account: str) -> str:
        return ADDRESS_ZERO if account == self.registry else self.named.get(account, account)

    def votes(self, delegate: str) -> int:
        """Votes are never stored here: they are the balances of those who chose the delegate."""
        return sum(
            held for account, held in self.balances.items() if self.delegates(account) == delegate != ADDRESS_ZERO
        )

    def mint(self, caller: str, to: str, amount: int) -> Done:
        self._require_registry(caller)
        supply = self.supply + amount
        if to == ADDRESS_ZERO:
            raise Reverted("ERC20InvalidReceiver", to)
        if supply > MAX_SHARES:
            raise Reverted("ERC20ExceededSafeSupply", supply, MAX_SHARES)
        events = self._move(ADDRESS_ZERO, to, amount)
        if self.mature_since == 0 and supply >= self.maturity:
            self.mature_since = self.now
            events.append(("Matured", {"supply": supply}))
        return Done(None, events)

    def burn(self, caller: str, holder: str, amount: int) -> Done:
        self._require_registry(caller)
        if holder == ADDRESS_ZERO:
            raise Reverted("ERC20InvalidSender", holder)
        self._require_balance(holder, amount)
        return Done(None, self._move(holder, ADDRESS_ZERO, amount))

    def transfer(self, caller: str, to: str, value: int) -> Done:
        if to == ADDRESS_ZERO:
            raise Reverted("ERC20InvalidReceiver", to)
        events: list[Emitted] = []
        if caller != self.registry:
            if not self.transferable:
                raise Reverted("DataToken_NotTransferable", caller, to)
            if to in (self.registry, self.address):
                raise Reverted("DataToken_InvalidRecipient", to)
            self._require_balance(caller, value)
            if caller != to and value:
                events += self.splitter.moveShares(self.address, caller, to, value).events
        self._require_balance(caller, value)
        return Done(True, events + self._move(caller, to, value))

    def delegate(self, caller: str, delegatee: str) -> Done:
        if delegatee in (self.registry, self.address):
            raise Reverted("DataToken_InvalidDelegate", delegatee)
        old, new = self.delegates(caller), caller if delegatee == ADDRESS_ZERO else delegatee
        fields = {"delegator": caller, "fromDelegate": old, "toDelegate": new}
        changes = self._votes_move(old, new, self.balances[caller])
        self.named[caller] = new
        return Done(None, [("DelegateChanged", fields), *changes])

    def _move(self, giver: str, to: str, value: int) -> list[Emitted]:
        old = ADDRESS_ZERO if giver == ADDRESS_ZERO else self.delegates(giver)
        new = ADDRESS_ZERO if to == ADDRESS_ZERO else self.delegates(to)
        changes = self._votes_move(old, new, value)
        if giver != ADDRESS_ZERO:
            self.balances[giver] -= value
        if to != ADDRESS_ZERO:
            self.balances[to] += value
        return [("Transfer", {"from": giver, "to": to, "value": value}), *changes]

    def _votes_move(self, old: str, new: str, value: int) -> list[Emitted]:
        """The events when `value` votes go from one delegate to another, before it happens."""
        if old == new or value == 0:
            return []
        sides = [(old, -value), (new, value)]
        return [
            (
                "DelegateVotesChanged",
                {"delegate": who, "previousVotes": self.votes(who), "newVotes": self.votes(who) + change},
            )
            for who, change in sides
            if who != ADDRESS_ZERO
        ]

    def _require_registry(self, caller: str) -> None:
        if caller != self.registry:
            raise Reverted("DataToken_NotRegistry", caller)

    def _require_balance(self, holder: str, needed: int) -> None:
        if needed > self.balances[holder]:
            raise Reverted("ERC20InsufficientBalance", holder, self.balances[holder], needed)
