"""The machine of `test_splitter_machine` and `test_twins`: token and splitter, step by step beside the model."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support import model
from tests.support.handles import Reverted
from tests.support.model import MAX_ACC, MAX_DEPOSIT, MAX_SHARES, MIN_SHARES, NOBODY, SCALE
from tests.support.pair import Pair
from tests.support.reader import Reader, View
from tests.support.system import actor

POOLS = (0, 1)
MEMBERS = [actor(f"member-{i}").address for i in range(3)]
REGISTRY, PAYER, STRANGER = (actor(name).address for name in ("registry", "payer", "stranger"))
WEALTH = 2**200

member = st.sampled_from(MEMBERS)
anyone = st.sampled_from([*MEMBERS, STRANGER])
pool_lists = st.sampled_from([[0], [1], [0, 1], [1, 0], [1, 1], [], [2], [0, 1, 2]])
sizes = st.sampled_from([MIN_SHARES, 5 * MIN_SHARES + 7, 10**12, 10**15 + 3, 1, MIN_SHARES - 1, MAX_SHARES // 8])
parts = st.sampled_from([0, 1, 2, 3, 4])
"""Quarters of what there is; `part` says how one strays beyond."""


class PropertyBroken(AssertionError):
    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")


@dataclass(frozen=True)
class Setting:
    """What is under test: the real pair, or one with a flaw (numbers of the twins' enums)."""

    transferable: bool = False
    decimals: int = 6
    token_flaw: int | None = None
    splitter_flaw: int | None = None
    filling: bool = False
    """Whether deposits may fill an accumulator to the last unit that fits."""

    @property
    def maturity(self) -> int:
        """Supply at which the DAO is grown up; twins never are."""
        return 10**12 if self.token_flaw is None else 2**255


@dataclass
class Lot:
    """Unclaimed shares of one activation; for each pool the index and the age at which they entered."""

    shares: int
    entries: dict[int, int]
    ages: dict[int, int]


class World:
    """One deployment for all examples of a setting, put back between them, and the views read after each step."""

    def __init__(self, setting: Setting) -> None:
        flaws = {"token_flaw": setting.token_flaw, "splitter_flaw": setting.splitter_flaw}
        options: dict[str, Any] = {"transferable": setting.transferable, "decimals": setting.decimals} | flaws
        self.pair = pair = Pair(maturity=setting.maturity, **options)
        pair.fund(pair.payer, WEALTH)
        views: list[View] = [(pair.splitter, "conservation", ()), (pair.token, "totalSupply", ())]
        names: list[tuple[Any, ...]] = [(name,) for name in ("received", "paid", "owed", "carried", "supply")]
        for pool in POOLS:
            views.append((pair.splitter, "pool", (pool,)))
            names += [(name, pool) for name in ("acc", "shares", "received", "carry")]
        for account in MEMBERS:
            views += [(pair.token, name, (account,)) for name in ("balanceOf", "getVotes", "delegates")]
            names += [("balance", account), ("votes", account), ("delegate", account)]
            views += [(pair.splitter, "sharesOf", (pool, account)) for pool in POOLS]
            names += [("shares", pool, account) for pool in POOLS]
            views += [(pair.splitter, "claimable", (account, [pool])) for pool in POOLS]
            names += [("claimable", pool, account) for pool in POOLS]
        views += [(pair.token, "balanceOf", (REGISTRY,)), (pair.token, "getVotes", (REGISTRY,))]
        names += [("balance", REGISTRY), ("votes", REGISTRY)]
        for holder in (*MEMBERS, pair.splitter.address):
            views.append((pair.asset, "balanceOf", (holder,)))
            names.append(("asset", holder))
        self.names = names
        self.reader = Reader(pair.chain, views)
        self._snapshot = pair.chain.snapshot()

    def restore(self) -> None:
        self.pair.chain.revert(self._snapshot)
        self._snapshot = self.pair.chain.snapshot()


@functools.cache
def world(setting: Setting) -> World:
    return World(setting)


class SplitterMachine(RuleBasedStateMachine):
    setting: ClassVar[Setting] = Setting()
    only: ClassVar[str | None] = None
    """Checks this property alone; all of them, and the model, unless said."""
    reached: ClassVar[Counter[str]]
    """How often which step succeeded or was refused, over all examples: what a run has seen."""

    def __init__(self) -> None:
        super().__init__()
        self.world = world(self.setting)
        self.world.restore()
        self.pair = pair = self.world.pair
        self.chain = pair.chain
        self.asset = model.Asset()
        self.asset.balances[PAYER] = WEALTH
        self.asset.approved.add((PAYER, pair.splitter.address))
        self.splitter = model.Splitter(pair.splitter.address, REGISTRY, pair.token.address, self.asset)
        rules = self.setting.transferable, self.setting.maturity
        self.token = model.Token(pair.token.address, REGISTRY, *rules, self.splitter)
        self.ledger = self.splitter.ledger
        self.lots: list[Lot] = []
        self.got: Counter[str] = Counter()
        self.donated = 0
        self.growth: Counter[int] = Counter()
        self.past: dict[int, tuple[list[int], int]] = {}
        self.broken = self.stale = False
        self.seen = self.read()

    # Saying and checking

    def hold(self, name: str, condition: bool, detail: Callable[[], str]) -> None:
        if condition or (self.only and self.only != name):
            return
        self.broken = True
        raise PropertyBroken(name, detail())

    def read(self) -> dict[tuple[Any, ...], int]:
        return dict(zip(self.world.names, self.world.reader.words(), strict=True))

    def send(self, contract: str, name: str, *args: Any, sender: str, breaks: str = "model") -> Any:
        """Asks the model, sends, compares: result and events, or the very error. `None` after a refusal."""
        self.token.now = self.chain.timestamp
        expected = _outcome(lambda: getattr(getattr(self, contract), name)(sender, *args))
        handle = getattr(self.pair, contract)
        actual = _outcome(lambda: getattr(handle, name)(*args, sender=sender))

        def detail() -> str:
            return f"{contract}.{name}{args} by {sender}: expected {expected}, got {actual}"

        if isinstance(expected, Reverted) or isinstance(actual, Reverted):
            self.hold(breaks, isinstance(expected, Reverted) == isinstance(actual, Reverted), detail)
            self.hold("model", expected == actual, detail)
            self.reached[f"{name} {expected.name if isinstance(expected, Reverted) else 'was expected to pass'}"] += 1
            return None
        told = [(event.name, event.args) for event in actual.events]
        self.hold("model", (actual.value, told) == expected, detail)
        self.reached[name] += 1
        self.stale = True
        return actual

    def look(self) -> dict[tuple[Any, ...], int]:
        """What the chain says now; compared with the model, and with itself."""
        self.stale = False
        self.seen = now = self.read()
        if self.only is None:
            expected = dict(zip(self.world.names, self._expected(), strict=True))
            self.hold("model", now == expected, lambda: str(_difference(expected, now)))
        owed = sum(now["claimable", pool, account] for pool in POOLS for account in MEMBERS)
        held = now["asset", self.pair.splitter.address]
        balances = [now["balance", account] for account in MEMBERS]
        votes = [now["votes", account] for account in MEMBERS]
        self.hold("S-1", held >= now["received",] - now["paid",], lambda: f"holds {held}")
        self.hold("S-1", owed <= now["owed",], lambda: f"{owed} claimable, {now['owed',]} owed at most")
        self.hold("T-1", sum(balances) + now["balance", REGISTRY] == now["supply",], lambda: f"{balances}")
        pending = sum(lot.shares for lot in self.lots)
        self.hold("T-1", now["balance", REGISTRY] == pending, lambda: f"{pending} unclaimed")
        self.hold("T-2", now["votes", REGISTRY] == 0, lambda: "the registry votes")
        self.hold("T-2", sum(votes) == sum(balances), lambda: f"votes {votes}, balances {balances}")
        for account in MEMBERS:
            same = now["shares", 0, account] == now["balance", account]
            self.hold("T-6", same, lambda account=account: f"commons shares of {account} are not its tokens")
        return now

    def _expected(self) -> list[int]:
        splitter, token, assets = self.splitter, self.token, self.asset.balances
        words = [*splitter.conservation(), token.supply, *splitter.pool(0), *splitter.pool(1)]
        for account in MEMBERS:
            words += [token.balances[account], token.votes(account), int(token.delegates(account), 16)]
            words += [splitter.sharesOf(pool, account) for pool in POOLS]
            words += [splitter.claimable(account, [pool]) for pool in POOLS]
        words += [token.balances[REGISTRY], 0]
        return words + [assets[holder] for holder in (*MEMBERS, self.pair.splitter.address)]

    def unchanged(self, name: str, before: dict[Any, int], now: dict[Any, int], *but: tuple[Any, ...]) -> None:
        moved = {key for key in now if now[key] != before[key]} - set(but)
        self.hold(name, not moved, lambda: f"also moved: {moved}")

    # Money

    @rule(pool=st.sampled_from(POOLS), amount=st.integers(0, 2**34))
    def deposit(self, pool: int, amount: int) -> None:
        self._deposit(pool, amount, PAYER)

    @rule(pool=st.sampled_from(POOLS), amount=st.integers(0, 9))
    def deposit_dust(self, pool: int, amount: int) -> None:
        self._deposit(pool, amount, PAYER)

    @rule(pool=st.sampled_from([0, 1, 2]), amount=st.integers(1, 9), payer=anyone)
    def deposit_unapproved(self, pool: int, amount: int, payer: str) -> None:
        self._deposit(pool, amount, payer)

    @rule(pool=st.sampled_from(POOLS), kind=st.sampled_from(["large", "last", "too much", "too wide"]))
    def deposit_at_the_edge(self, pool: int, kind: str) -> None:
        p = self.splitter.pools[pool]
        first_refused = (((MAX_ACC - p.acc + 1) * p.shares - p.carry) + SCALE - 1) // SCALE
        large = 79 * 10 ** (9 + self.setting.decimals)
        last = max(0, min(first_refused - 1, MAX_DEPOSIT)) if self.setting.filling else large
        amounts = {"large": large, "last": last, "too much": first_refused, "too wide": MAX_DEPOSIT + 1}
        self._deposit(pool, amounts[kind], PAYER)

    def _deposit(self, pool: int, amount: int, payer: str) -> None:
        before = self.seen
        if self.send("splitter", "deposit", pool, amount, sender=payer, breaks="S-10") is None:
            return
        now = self.look()
        if amount == 0:
            self.unchanged("S-10", before, now)
            return
        grown = now["acc", pool] - before["acc", pool]
        self.growth[pool] += grown * now["shares", pool]
        exact = amount * SCALE + before["carry", pool] == grown * now["shares", pool] + now["carry", pool]
        self.hold("S-2", exact, lambda: f"deposit of {amount}")
        self.hold("S-2", 0 <= now["carry", pool] < now["shares", pool], lambda: f"remainder {now['carry', pool]}")
        lifetime = now["received", pool] * SCALE == self.growth[pool] + now["carry", pool]
        self.hold("S-2", lifetime, lambda: f"lifetime of pool {pool}")

    @rule(account=anyone, caller=anyone, pools=pool_lists)
    def claim(self, account: str, caller: str, pools: list[int]) -> None:
        self._claim("claim", account, pools, account, account, caller)

    @rule(account=anyone, recipient=st.sampled_from([*MEMBERS, NOBODY, "splitter"]), pools=pool_lists)
    def claim_to(self, account: str, recipient: str, pools: list[int]) -> None:
        recipient = self.pair.splitter.address if recipient == "splitter" else recipient
        self._claim("claimTo", recipient, pools, account, recipient, account)

    def _claim(self, name: str, first: str, pools: list[int], account: str, recipient: str, caller: str) -> None:
        before = self.seen
        done = self.send("splitter", name, first, pools, sender=caller, breaks="S-7")
        if done is None:
            return
        now = self.look()
        owed = {("claimable", pool, account) for pool in pools if ("claimable", pool, account) in now}
        paid = sum(before[key] for key in owed)
        self.got[account] += done.value
        self.hold("S-6", done.value == paid, lambda: f"paid {done.value}, was owed {paid}")
        self.hold("S-6", not any(now[key] for key in owed), lambda: "paid and still owed")
        books = {("paid",), ("owed",), ("asset", recipient), ("asset", self.pair.splitter.address)}
        self.unchanged("S-6", before, now, *owed, *books)
        if ("asset", recipient) in now:
            self.hold("S-6", now["asset", recipient] == before["asset", recipient] + paid, lambda: "paid elsewhere")

    @rule(amount=st.integers(1, 10**9))
    def donate(self, amount: int) -> None:
        before = self.seen
        self.pair.asset.transfer(self.pair.splitter.address, amount, sender=PAYER)
        self.asset.transfer(PAYER, self.pair.splitter.address, amount)
        self.donated += amount
        self.unchanged("S-9", before, self.look(), ("asset", self.pair.splitter.address))

    # Shares

    @initialize(holdings=st.lists(sizes, min_size=1, max_size=3))
    def found(self, holdings: list[int]) -> None:
        """Most lives begin with members."""
        for account, shares in zip(MEMBERS, holdings, strict=False):
            self.activate(shares)
            if self.lots:
                self.vest(-1, account, 4)

    @rule(shares=sizes)
    def activate(self, shares: int) -> None:
        if self.token.supply + shares > MAX_SHARES:
            return
        ages = {pool: self.ledger.age(pool) for pool in POOLS}
        entries = {}
        for pool in (1, 0):
            entries[pool] = self.send("splitter", "addPendingShares", pool, shares, sender=REGISTRY).value
            self.ledger.total(pool, shares)
        self.send("token", "mint", REGISTRY, shares, sender=REGISTRY)
        self.lots.append(Lot(shares, entries, ages))

    @rule(pool=st.sampled_from(POOLS))
    def activate_too_much(self, pool: int) -> None:
        """One share more than the widest pool has, one token more than there can be."""
        shares = MAX_SHARES - self.splitter.pools[pool].shares + 1
        assert self.send("splitter", "addPendingShares", pool, shares, sender=REGISTRY) is None
        assert self.send("token", "mint", REGISTRY, MAX_SHARES - self.token.supply + 1, sender=REGISTRY) is None

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), account=member, quarters=parts)
    def vest(self, which: int, account: str, quarters: int) -> None:
        lot = self.lots[which % len(self.lots)]
        shares = lot.shares * quarters // 4
        before = self.seen
        for pool in (1, 0):
            self.send("splitter", "vestShares", pool, account, shares, lot.entries[pool], sender=REGISTRY)
            self.ledger.held(pool, account, shares, lot.ages[pool])
        self.send("token", "transfer", account, shares, sender=REGISTRY)
        self._take(lot, shares)
        now = self.look()
        for pool in POOLS:
            earned = shares * (now["acc", pool] - lot.entries[pool]) // SCALE
            gain = now["claimable", pool, account] - before["claimable", pool, account]
            self.hold("S-5", earned - 1 <= gain <= earned + 1, lambda g=gain, e=earned: f"{g} for {e} earned")

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), owner=st.sampled_from([*MEMBERS, NOBODY]), quarters=parts)
    def drop(self, which: int, owner: str, quarters: int) -> None:
        lot = self.lots[which % len(self.lots)]
        shares = lot.shares * quarters // 4
        before = self.seen
        for pool in (1, 0):
            self.send("splitter", "dropPendingShares", pool, owner, shares, lot.entries[pool], sender=REGISTRY)
            self._leave(pool, owner, shares, lot.ages[pool])
        self.send("token", "burn", REGISTRY, shares, sender=REGISTRY)
        self._take(lot, shares)
        now = self.look()
        for pool in POOLS:
            for account in MEMBERS:
                earned = shares * (now["acc", pool] - lot.entries[pool]) // SCALE if account == owner else 0
                gain = now["claimable", pool, account] - before["claimable", pool, account]
                self.hold("S-5", gain == earned, lambda g=gain, e=earned: f"{g} for {e} earned")

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), account=member, way=st.sampled_from(["vestShares", "dropPendingShares"]))
    def stray(self, which: int, account: str, way: str) -> None:
        """One share more than the pool has; an entry one ahead of it."""
        lot, pool = self.lots[which % len(self.lots)], which % 2
        for shares, entry in (
            (self.splitter.pools[pool].shares + 1, lot.entries[pool]),
            (lot.shares, self.splitter.pools[pool].acc + 1),
        ):
            assert self.send("splitter", way, pool, account, shares, entry, sender=REGISTRY) is None

    @rule(account=member, quarters=parts)
    def erase(self, account: str, quarters: int) -> None:
        before = self.seen
        shares = self.splitter.sharesOf(1, account) * quarters // 4
        self._erase(account, shares)
        self.unchanged("S-5", *({k: v for k, v in x.items() if k[0] == "claimable"} for x in (before, self.look())))

    def _erase(self, account: str, shares: int) -> None:
        burned = min(shares, self.token.balances[account])
        for pool, count in ((1, shares), (0, burned)):
            self.send("splitter", "removeShares", pool, account, count, sender=REGISTRY, breaks="T-7")
            self._leave(pool, account, count)
        self.send("token", "burn", account, burned, sender=REGISTRY, breaks="T-7")

    @rule(account=member, amount=st.integers(1, 2**34), quarters=st.sampled_from([1, 2, 3]))
    def earn_leave_and_claim(self, account: str, amount: int, quarters: int) -> None:
        """In this order, or credits hardly ever come to be, are paid, and come to be again."""
        for pool in POOLS:
            self.deposit(pool, amount)
        self.erase(account, quarters)
        self.claim(account, account, [0, 1])

    @rule(account=member, pool=st.sampled_from(POOLS))
    def erase_too_much(self, account: str, pool: int) -> None:
        held = self.splitter.sharesOf(pool, account)
        assert self.send("splitter", "removeShares", pool, account, held + 1, sender=REGISTRY) is None
        balance = self.token.balances[account]
        assert self.send("token", "burn", account, balance + 1, sender=REGISTRY) is None

    def _leave(self, pool: int, account: str, shares: int, since: int | None = None) -> None:
        if since is not None:
            self.ledger.held(pool, account, shares, since)
        self.ledger.held(pool, account, -shares)
        self.ledger.total(pool, -shares)

    def _take(self, lot: Lot, shares: int) -> None:
        lot.shares -= shares
        if lot.shares == 0:
            self.lots.remove(lot)

    # Tokens

    @rule(giver=anyone, to=st.sampled_from([*MEMBERS, NOBODY, "registry", "token"]), quarters=st.integers(0, 5))
    def transfer(self, giver: str, to: str, quarters: int) -> None:
        balance = self.token.balances[giver]
        value = balance + 1 if quarters == 5 else balance * quarters // 4
        to = {"registry": REGISTRY, "token": self.pair.token.address}.get(to, to)
        before = self.seen
        if self.send("token", "transfer", to, value, sender=giver, breaks="T-6") is None:
            return
        now = self.look()
        if giver == to or value == 0:
            self.unchanged("T-6", before, now)
        for account in MEMBERS:
            for pool in POOLS:
                gain = now["claimable", pool, account] - before["claimable", pool, account]
                least = -1 if account == to and pool == 0 else 0
                self.hold("T-6", least <= gain <= 0, lambda g=gain: f"a transfer gave {g}")

    @rule(account=anyone, to=st.sampled_from([*MEMBERS, NOBODY, "registry", "token"]))
    def delegate(self, account: str, to: str) -> None:
        to = {"registry": REGISTRY, "token": self.pair.token.address}.get(to, to)
        self.send("token", "delegate", to, sender=account, breaks="T-7")

    @rule(caller=anyone, which=st.integers(0, 6))
    def trespass(self, caller: str, which: int) -> None:
        """Whoever is not the registry, or the token, changes nothing."""
        contract, name, args = [
            ("splitter", "addPendingShares", (1, MIN_SHARES)),
            ("splitter", "vestShares", (1, caller, MIN_SHARES, 0)),
            ("splitter", "dropPendingShares", (1, caller, MIN_SHARES, 0)),
            ("splitter", "removeShares", (1, MEMBERS[0], 0)),
            ("splitter", "moveShares", (MEMBERS[0], caller, 0)),
            ("token", "mint", (caller, 1)),
            ("token", "burn", (MEMBERS[0], 0)),
        ][which]
        assert self.send(contract, name, *args, sender=caller, breaks="S-6") is None

    # Time

    @rule(seconds=st.integers(1, 400 * 86_400))
    def warp(self, seconds: int) -> None:
        now = self.seen
        self.past[self.chain.timestamp] = [now["votes", account] for account in MEMBERS], now["supply",]
        self.chain.warp(seconds)

    @precondition(lambda self: self.past)
    @rule(which=st.integers(0, 30))
    def look_back(self, which: int) -> None:
        times = list(self.past)
        self._check_past(times[which % len(times)])

    def _check_past(self, time: int) -> None:
        self.reached["look back"] += 1
        votes, supply = self.past[time]
        token = self.pair.token
        then = [token.getPastVotes(account, time) for account in MEMBERS]
        total = token.getPastTotalSupply(time)
        self.hold("T-3", (then, total) == (votes, supply), lambda: f"at {time}: {then} of {total}")
        self.hold("T-3", sum(then) <= total, lambda: f"at {time}: {then} of {total}")

    @invariant()
    def agrees(self) -> None:
        self.reached["steps"] += 1
        if self.stale:
            self.look()

    # The end: everybody takes what is theirs and goes

    def teardown(self) -> None:
        if self.broken:
            return
        try:
            self._drain()
            self._compare_with_the_ledger()
            for time in self.past:
                self._check_past(time)
            self._check_checkpoints()
            self._part()
        finally:
            self.broken = True

    def _drain(self) -> None:
        """S-7, S-11: all claims succeed, and what they leave is remainders and the income of shares nobody claimed."""
        for account in MEMBERS:
            self._claim("claim", account, [0, 1], account, account, STRANGER)
        now = self.look()
        self.hold("S-7", not any(now[key] for key in now if key[0] == "claimable"), lambda: "still owed")

    def _compare_with_the_ledger(self) -> None:
        """S-3: everyone got its part of each deposit, short of it by less than a unit for each settlement."""
        now, ledger, lost = self.seen, self.ledger, 0
        for account in MEMBERS:
            income = sum(ledger.income(pool, account) for pool in POOLS)
            loss = sum(self.splitter.members[pool, account].loss for pool in POOLS) + len(POOLS) * SCALE
            got = self.got[account] * SCALE
            self.hold("S-3", 0 <= income - got < loss, lambda a=account: f"{a} got {self.got[a]}")
            entitled = sum(ledger.entitlement(pool, account) for pool in POOLS)
            # A deposit passes on the remainder of the one before and leaves its own: each less than half a unit.
            displaced = sum(ledger.age(pool) for pool in POOLS) / 2
            far = abs(entitled - self.got[account])
            self.hold("S-3", far < loss / SCALE + displaced + 1, lambda a=account, f=far: f"{a} is {float(f)} away")
            lost += loss
        for pool in POOLS:
            for lot in self.lots:
                ledger.held(pool, NOBODY, lot.shares, lot.ages[pool])
        unclaimed = sum(ledger.income(pool, NOBODY) for pool in POOLS)
        left = now["asset", self.pair.splitter.address] - self.donated
        self.hold("S-11", left == now["received",] - now["paid",], lambda: f"{left} left")
        dust = left * SCALE - now["carried",] - unclaimed
        self.hold("S-11", 0 <= dust < lost, lambda: f"{dust / SCALE} units more than remainders and unclaimed income")

    def _check_checkpoints(self) -> None:
        for account in MEMBERS:
            count = self.pair.token.numCheckpoints(account)
            times = [self.pair.token.checkpoints(account, i)._key for i in range(count)]
            self.hold("T-4", all(a < b for a, b in pairwise(times)), lambda t=times: str(t))

    def _part(self) -> None:
        """T-7: from here everybody can delegate, sell everything where that is allowed, and erase everything."""
        for i, account in enumerate(MEMBERS):
            following = MEMBERS[(i + 1) % len(MEMBERS)]
            self.send("token", "delegate", following, sender=account, breaks="T-7")
            if self.setting.transferable:
                balance = self.token.balances[account]
                self.send("token", "transfer", following, balance, sender=account, breaks="T-7")
        for account in MEMBERS:
            self._erase(account, self.splitter.sharesOf(1, account))
        self.look()


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Reverted as error:
        return error


def _difference(expected: dict[Any, int], now: dict[Any, int]) -> dict[Any, tuple[int, int]]:
    return {key: (expected[key], now[key]) for key in now if expected[key] != now[key]}
