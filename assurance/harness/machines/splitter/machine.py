"""The steps of the machine of `test_splitter_machine` and `test_twins`: who does what, and one beyond what is legal."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.machines.base import initialize, rule
from assurance.harness.machines.splitter.checks import MEMBERS, PAYER, POOLS, REGISTRY, STRANGER, Lot, SplitterChecks
from assurance.harness.models.token_splitter import MAX_ACC, MAX_DEPOSIT, MAX_SHARES, MIN_SHARES, SCALE

member = st.sampled_from(MEMBERS)
anyone = st.sampled_from([*MEMBERS, STRANGER])
pool_lists = st.sampled_from([[0], [1], [0, 1], [1, 0], [1, 1], [], [2], [0, 1, 2]])
sizes = st.sampled_from([MIN_SHARES, 5 * MIN_SHARES + 7, 10**12, 10**15 + 3, 1, MIN_SHARES - 1, MAX_SHARES // 8])
parts = st.sampled_from([0, 1, 2, 3, 4])
"""Quarters of what there is; `part` says how one strays beyond."""


class SplitterMachine(SplitterChecks):
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
        self.hold("S-2", exact, "deposit of {}", amount)
        self.hold("S-2", 0 <= now["carry", pool] < now["shares", pool], "remainder {}", now["carry", pool])
        lifetime = now["received", pool] * SCALE == self.growth[pool] + now["carry", pool]
        self.hold("S-2", lifetime, "lifetime of pool {}", pool)

    @rule(account=anyone, caller=anyone, pools=pool_lists)
    def claim(self, account: str, caller: str, pools: list[int]) -> None:
        self._claim("claim", account, pools, account, account, caller)

    @rule(account=anyone, recipient=st.sampled_from([*MEMBERS, ADDRESS_ZERO, "splitter"]), pools=pool_lists)
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
        self.hold("S-6", done.value == paid, "paid {}, was owed {}", done.value, paid)
        self.hold("S-6", not any(now[key] for key in owed), "paid and still owed")
        books = {("paid",), ("owed",), ("asset", recipient), ("asset", self.pair.splitter.address)}
        self.unchanged("S-6", before, now, *owed, *books)
        if ("asset", recipient) in now:
            self.hold("S-6", now["asset", recipient] == before["asset", recipient] + paid, "paid elsewhere")

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
            self.hold("S-5", earned - 1 <= gain <= earned + 1, "{} for {} earned", gain, earned)

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), owner=st.sampled_from([*MEMBERS, ADDRESS_ZERO]), quarters=parts)
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
                self.hold("S-5", gain == earned, "{} for {} earned", gain, earned)

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), account=member)
    def stray(self, which: int, account: str) -> None:
        """One share, and an entry by one, beyond what the pool has, or the books can hold."""
        lot, pool = self.lots[which % len(self.lots)], which % 2
        held = self.splitter.sharesOf(pool, account)
        for way, shares, entry in (
            ("vestShares", MAX_SHARES - held + 1, lot.entries[pool]),
            ("vestShares", lot.shares, MAX_ACC + 1),
            ("dropPendingShares", self.splitter.pools[pool].shares + 1, lot.entries[pool]),
            ("dropPendingShares", lot.shares, self.splitter.pools[pool].acc + 1),
        ):
            assert self.send("splitter", way, pool, account, shares, entry, sender=REGISTRY) is None

    @rule(account=member, quarters=parts)
    def erase(self, account: str, quarters: int) -> None:
        before = self.seen
        shares = self.splitter.sharesOf(1, account) * quarters // 4
        self._erase(account, shares)
        before, now = ({k: v for k, v in x.items() if k[0] == "claimable"} for x in (before, self.look()))
        self.unchanged("S-5", before, now)

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

    @rule(giver=anyone, to=st.sampled_from([*MEMBERS, ADDRESS_ZERO, "registry", "token"]), quarters=st.integers(0, 5))
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
                self.hold("T-6", least <= gain <= 0, "a transfer gave {}", gain)

    @rule(account=anyone, to=st.sampled_from([*MEMBERS, ADDRESS_ZERO, "registry", "token"]))
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
        self.check_past(times[which % len(times)])

    # The end: everybody takes what is theirs and goes

    def teardown(self) -> None:
        if self.broken:
            return
        try:
            self._drain()
            self.compare_with_the_ledger()
            for time in self.past:
                self.check_past(time)
            self.check_checkpoints()
            self._part()
        finally:
            self.broken = True

    def _drain(self) -> None:
        """S-7, S-11: all claims succeed, and what they leave is remainders and the income of unclaimed shares."""
        for account in MEMBERS:
            self._claim("claim", account, [0, 1], account, account, STRANGER)
        now = self.look()
        self.hold("S-7", not any(now[key] for key in now if key[0] == "claimable"), "still owed")

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
