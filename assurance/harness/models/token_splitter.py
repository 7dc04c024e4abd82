"""What token and splitter must do, said a second time: plain Python, exact integers, no storage tricks.

Functions have the contracts' names and take the caller first. Each returns `Done(value, events)` or raises `Reverted`
with the very error and arguments of the contract, and then has changed nothing. `Ledger` says a third time, in exact
fractions and from the history alone, what every account is entitled to.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.models.entitlement import Ledger
from assurance.harness.models.succession import Successions

SCALE = 2**64
MIN_SHARES = 10**9
MAX_SHARES = 2**63 - 1
MODULUS = 2**176
"""Accumulators and indices count modulo this."""
MAX_OWED = 2**111 - 1

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

    def require(self, sender: str, to: str, value: int) -> None:
        """Refuses as a transfer would."""
        if value > (held := self.balances[sender]):
            raise Reverted("ERC20InsufficientBalance", sender, held, value)

    def transfer(self, sender: str, to: str, value: int) -> Done:
        self.require(sender, to, value)
        self.balances[sender] -= value
        self.balances[to] += value
        return Done(True, [("Transfer", {"from": sender, "to": to, "value": value})])

    def require_from(self, spender: str, owner: str, to: str, value: int) -> None:
        """What `transfer_from` asks first."""
        if (owner, spender) not in self.approved:
            raise Reverted("ERC20InsufficientAllowance", spender, 0, value)
        self.require(owner, to, value)

    def transfer_from(self, spender: str, owner: str, to: str, value: int) -> Done:
        self.require_from(spender, owner, to, value)
        return self.transfer(owner, to, value)


@dataclass
class Pool:
    """`acc` counts on; the contract's counts modulo `MODULUS`."""

    acc: int = 0
    shares: int = 0
    received: int = 0
    carry: int = 0


@dataclass
class Member:
    """An account's stand in one dataset. `loss` bounds what rounding took from it so far, in 1/SCALE of a unit."""

    index: int = 0
    shares: int = 0
    credit: int = 0
    loss: int = 0
    moved: bool = False
    """Whether an heir has taken the account's place in the dataset: it is paid nothing more there."""


class Splitter:
    """One index per member, over the accumulators of its dataset and of the commons, pool 0."""

    def __init__(self, address: str, registry: str, token: str, asset: Asset) -> None:
        self.address, self.registry, self.token, self.asset = address, registry, token, asset
        self.pools: defaultdict[int, Pool] = defaultdict(Pool)
        self.members: defaultdict[tuple[int, str], Member] = defaultdict(Member)
        self.paid = 0
        self.count = 0
        self.ledger = Ledger()
        self.holder: Callable[[str], str] = lambda account: account
        """The token's, where there is one."""

    # Money

    def deposit(self, caller: str, pool_id: int, amount: int) -> Done:
        return self.depositMany(caller, [pool_id], [amount])

    def depositMany(self, caller: str, pool_ids: Sequence[int], amounts: Sequence[int]) -> Done:
        if len(pool_ids) != len(amounts):
            raise Reverted("RevenueSplitter_LengthMismatch", len(pool_ids), len(amounts))
        total = sum(amounts)
        if total == 0:
            return Done(None, [])
        for pool_id, amount in zip(pool_ids, amounts, strict=True):
            if amount and self.pools[pool_id].shares < MIN_SHARES:
                raise Reverted("RevenueSplitter_NoShares", pool_id)
        self.asset.require_from(self.address, caller, self.address, total)
        if self.owed + total > MAX_OWED:
            raise Reverted("RevenueSplitter_TooMuchOwed", self.owed, total, MAX_OWED)
        events = self.asset.transfer_from(self.address, caller, self.address, total).events
        for pool_id, amount in zip(pool_ids, amounts, strict=True):
            if amount == 0:
                continue
            pool = self.pools[pool_id]
            growth, pool.carry = divmod(amount * SCALE + pool.carry, pool.shares)
            pool.acc += growth
            pool.received += amount
            self.ledger.deposit(pool_id, amount, growth)
            fields = {"poolId": pool_id, "payer": caller, "amount": amount, "accumulator": pool.acc % MODULUS}
            events.append(("Deposited", fields))
        return Done(None, events)

    def claim(self, caller: str, account: str, pool_ids: Sequence[int]) -> Done:
        return self._claim(account, account, pool_ids)

    def claimTo(self, caller: str, recipient: str, pool_ids: Sequence[int]) -> Done:
        if recipient in (ADDRESS_ZERO, self.address):
            raise Reverted("RevenueSplitter_InvalidRecipient", recipient)
        if (holder := self.holder(caller)) != caller:
            raise Reverted("RevenueSplitter_AccountSucceeded", caller, holder)
        return self._claim(caller, recipient, pool_ids)

    def claimFor(self, caller: str, accounts: Sequence[str], pool_ids: Sequence[int]) -> Done:
        payouts = [self._claim(account, account, pool_ids) for account in accounts]
        return Done(sum(paid.value for paid in payouts), [event for paid in payouts for event in paid.events])

    def claimWithin(self, caller: str, account: str, pool_ids: Sequence[int]) -> Done:
        raise Reverted("RevenueSplitter_NotSelf", caller)

    def _claim(self, account: str, recipient: str, pool_ids: Sequence[int]) -> Done:
        amount, events = 0, []
        for pool_id in pool_ids:
            if part := self._collect(pool_id, account):
                amount += part
                fields = {"account": account, "poolId": pool_id, "recipient": recipient, "amount": part}
                events.append(("Claimed", fields))
        if amount == 0:
            return Done(0, [])
        self.paid += amount
        return Done(amount, [*events, *self.asset.transfer(self.address, recipient, amount).events])

    def _collect(self, pool_id: int, account: str) -> int:
        member = self.members[pool_id, account]
        if member.moved:
            return 0
        earned = self._earned(pool_id, member)
        if earned:
            member.index += ceil(earned * SCALE, member.shares)
            member.loss += member.shares
        credit, member.credit = member.credit, 0
        return earned + credit

    # Shares

    def addPendingShares(self, caller: str, pool_id: int, shares: int) -> Done:
        self._require_registry(caller)
        total = self.pools[0].shares + shares
        if total > MAX_SHARES:
            raise Reverted("RevenueSplitter_TooManyShares", pool_id, total)
        self._grow(pool_id, shares)
        self.count = max(self.count, pool_id + 1)
        entry = self.index(pool_id) % MODULUS
        return Done(entry, [("PendingSharesAdded", {"poolId": pool_id, "shares": shares, "entryIndex": entry})])

    def vestShares(self, caller: str, pool_id: int, account: str, shares: int, entry: int) -> Done:
        self._require_registry(caller)
        if entry >= MODULUS:
            raise Reverted("RevenueSplitter_InvalidEntryIndex", pool_id, entry)
        member = self.members[pool_id, account]
        if (total := member.shares + shares) > MAX_SHARES:
            raise Reverted("RevenueSplitter_TooManyShares", pool_id, total)
        self._gain(member, shares, self._since(pool_id, entry))
        return Done(None, [])

    def dropPendingShares(self, caller: str, pool_id: int, account: str, shares: int, entry: int) -> Done:
        self._require_registry(caller)
        pool, growth = self.pools[pool_id], self.index(pool_id) - self._since(pool_id, entry)
        if entry >= MODULUS or growth >= MODULUS // 2:
            raise Reverted("RevenueSplitter_InvalidEntryIndex", pool_id, entry)
        if shares > pool.shares:
            raise Reverted("RevenueSplitter_InsufficientShares", pool_id, account, shares, pool.shares)
        self._grow(pool_id, -shares)
        earned = 0
        if account != ADDRESS_ZERO:
            earned = shares * growth // SCALE
            member = self.members[pool_id, account]
            member.credit += earned
            member.loss += SCALE
        fields = {"poolId": pool_id, "account": account, "shares": shares, "earned": earned}
        return Done(None, [("PendingSharesDropped", fields)])

    def removeShares(self, caller: str, pool_id: int, account: str, shares: int) -> Done:
        self._require_registry(caller)
        member = self.members[pool_id, account]
        if shares > member.shares:
            raise Reverted("RevenueSplitter_InsufficientShares", pool_id, account, shares, member.shares)
        member.credit += self._earned(pool_id, member)
        member.index = self.index(pool_id)
        member.shares -= shares
        member.loss += SCALE
        self._grow(pool_id, -shares)
        return Done(None, [("SharesRemoved", {"poolId": pool_id, "account": account, "shares": shares})])

    def moveMember(self, caller: str, pool_id: int, account: str, to: str) -> Done:
        if caller != self.token:
            raise Reverted("RevenueSplitter_NotToken", caller)
        member = self.members[pool_id, account]
        shares, credit, first = member.shares, member.credit, not member.moved
        if account == to:
            return Done(shares, [])
        self.members[pool_id, account] = Member(moved=True)
        heir = self.members[pool_id, to]
        self._gain(heir, shares, member.index)
        heir.credit += credit
        heir.loss += member.loss
        if not shares and not credit and not first:
            return Done(0, [])
        fields = {"poolId": pool_id, "from": account, "to": to, "shares": shares, "credit": credit}
        return Done(shares, [("MemberMoved", fields)])

    def _gain(self, member: Member, shares: int, since: int) -> None:
        if shares == 0:
            return
        total = member.shares + shares
        member.index = ceil(member.shares * member.index + shares * since, total)
        member.shares = total
        member.loss += total

    def _grow(self, pool_id: int, shares: int) -> None:
        self.pools[pool_id].shares += shares
        self.pools[0].shares += shares

    def _since(self, pool_id: int, entry: int) -> int:
        """The index that an entry index stands for: the last one that is it modulo `MODULUS`."""
        now = self.index(pool_id)
        return now - (now - entry) % MODULUS

    def _require_registry(self, caller: str) -> None:
        if caller != self.registry:
            raise Reverted("RevenueSplitter_NotRegistry", caller)

    # Views

    @property
    def owed(self) -> int:
        """By the books: what was received and not paid."""
        return sum(pool.received for pool in self.pools.values()) - self.paid

    def index(self, pool_id: int) -> int:
        return self.pools[pool_id].acc + self.pools[0].acc

    def _earned(self, pool_id: int, member: Member) -> int:
        return member.shares * (self.index(pool_id) - member.index) // SCALE

    def claimable(self, account: str, pool_ids: Sequence[int]) -> int:
        total = 0
        for pool_id in pool_ids:
            member = self.members[pool_id, account]
            if not member.moved:
                total += self._earned(pool_id, member) + member.credit
        return total

    def sharesOf(self, pool_id: int, account: str) -> int:
        return self.members[pool_id, account].shares

    def pool(self, pool_id: int) -> tuple[int, int, int, int]:
        pool = self.pools[pool_id]
        return pool.acc % MODULUS, pool.shares, pool.received, pool.carry

    def conservation(self) -> tuple[int, int, int, int]:
        """Of all pools."""
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
    balances: Counter[str] = field(default_factory=Counter)
    named: dict[str, str] = field(default_factory=dict)
    heirs: Successions = field(default_factory=Successions)
    moving: Callable[[str, int, str, str], Done] | None = None
    """The splitter's `moveMember`."""
    numbers: dict[str, int] = field(default_factory=dict)
    """Of all that ever held a token, or received a delegation of more than nothing."""
    mature_since: int = 0
    now: int = 0

    @property
    def supply(self) -> int:
        return sum(self.balances.values())

    def delegates(self, account: str) -> str:
        return ADDRESS_ZERO if account == self.registry else self.named.get(account, account)

    def all_votes(self) -> Counter[str]:
        """Votes are never stored here: they are the balances of those who chose the delegate."""
        votes: Counter[str] = Counter()
        for account, held in self.balances.items():
            votes[self.delegates(account)] += held
        del votes[ADDRESS_ZERO]
        return votes

    def votes(self, delegate: str) -> int:
        return self.all_votes()[delegate]

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
        if caller != self.registry:
            if not self.transferable:
                raise Reverted("DataToken_NotTransferable", caller, to)
            if to in (self.registry, self.address):
                raise Reverted("DataToken_InvalidRecipient", to)
            self.heirs.require_own(caller)
        self._require_balance(caller, value)
        return Done(True, self._move(caller, to, value))

    def delegate(self, caller: str, delegatee: str) -> Done:
        if delegatee in (self.registry, self.address):
            raise Reverted("DataToken_InvalidDelegate", delegatee)
        self.heirs.require_own(caller)
        old, new = self.delegates(caller), caller if delegatee == ADDRESS_ZERO else delegatee
        return Done(None, self._redelegate(caller, old, new))

    def bindHeir(self, caller: str, heir: str, days: int) -> Done:
        return Done(None, self.heirs.bind(self.now, caller, heir, days))

    def unbindHeir(self, caller: str) -> Done:
        return Done(None, self.heirs.unbind(self.now, caller))

    def openSuccession(self, caller: str, account: str) -> Done:
        return Done(None, self.heirs.open(self.now, caller, account))

    def vetoSuccession(self, caller: str) -> Done:
        return Done(None, self.heirs.veto(self.now, caller))

    def succeed(self, caller: str, account: str, pool_ids: Sequence[int]) -> Done:
        """Of chains that are no longer than they are followed."""
        assert self.moving is not None
        events: list[Emitted] = []
        if account not in self.heirs.succeeded:
            heir = self.heirs.execute(self.now, caller, account)
            events += self._follow(account, heir)
            events.append(("AccountSucceeded", {"account": account, "heir": heir}))
        *chain, holder = self.heirs.chain(account)
        for giver in chain:
            events += self._follow(giver, holder)
            moved = [self.moving(self.address, pool_id, giver, holder) for pool_id in pool_ids]
            events += [event for done in moved for event in done.events]
            balance = self.balances[giver]
            value = balance if self.transferable else min(balance, sum(done.value for done in moved))
            if value:
                events += self._move(giver, holder, value)
        return Done(None, events)

    def _follow(self, account: str, holder: str) -> list[Emitted]:
        """The account's own tokens count for the holder's delegate."""
        old, new = self.delegates(account), self.delegates(holder)
        return self._redelegate(account, old, new) if old != new else []

    def _redelegate(self, account: str, old: str, new: str) -> list[Emitted]:
        fields = {"delegator": account, "fromDelegate": old, "toDelegate": new}
        changes = self._votes_move(old, new, self.balances[account])
        self.named[account] = new
        if self.balances[account] and old != new:
            self._number(new)
        return [("DelegateChanged", fields), *changes]

    def _move(self, giver: str, to: str, value: int) -> list[Emitted]:
        old = ADDRESS_ZERO if giver == ADDRESS_ZERO else self.delegates(giver)
        new = ADDRESS_ZERO if to == ADDRESS_ZERO else self.delegates(to)
        changes = self._votes_move(old, new, value)
        if giver != ADDRESS_ZERO:
            self.balances[giver] -= value
        if to != ADDRESS_ZERO:
            self.balances[to] += value
            if value and giver != to:
                self._number(to)
                if new != old:
                    self._number(new)
        return [("Transfer", {"from": giver, "to": to, "value": value}), *changes]

    def _number(self, account: str) -> None:
        if account not in (ADDRESS_ZERO, self.registry):
            self.numbers.setdefault(account, len(self.numbers) + 1)

    def _votes_move(self, old: str, new: str, value: int) -> list[Emitted]:
        """What is fields when `value` votes go from one delegate to another, before it happens."""
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
