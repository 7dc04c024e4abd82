"""The steps of the machine of `test_splitter_machine` and `test_twins`: who does what, and one beyond what is legal."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.stateful import precondition
from web3.constants import ADDRESS_ZERO

from assurance.harness.machines import moments
from assurance.harness.machines.base import initialize, rule
from assurance.harness.machines.splitter.checks import (
    DATASETS,
    MEMBERS,
    PAYER,
    POOLS,
    REGISTRY,
    STRANGER,
    Lot,
)
from assurance.harness.machines.splitter.heirs import Heirs, Seen, anyone, member, pool_lists
from assurance.harness.models.entitlement import Age
from assurance.harness.models.token_splitter import MAX_OWED, MAX_SHARES, MIN_SHARES, MODULUS, SCALE

datasets = st.sampled_from(DATASETS)
sizes = st.sampled_from([MIN_SHARES, 5 * MIN_SHARES + 7, 10**12, 10**15 + 3, 1, MIN_SHARES - 1, MAX_SHARES // 8])
parts = st.sampled_from([0, 1, 2, 3, 4])
"""Quarters of what there is; `part` says how one strays beyond."""


class SplitterMachine(Heirs):
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
        large = 79 * 10 ** (9 + self.setting.decimals)
        first_refused = MAX_OWED - self.splitter.owed + 1
        last = first_refused - 1 if self.setting.filling else large
        amounts = {"large": large, "last": last, "too much": first_refused, "too wide": MODULUS}
        self._deposit(pool, amounts[kind], PAYER)

    @rule(amounts=st.lists(st.sampled_from([0, 1, 7, 10**6 + 1, 2**40]), min_size=0, max_size=4))
    def deposit_many(self, amounts: list[int]) -> None:
        """To the pools in turn, the first one twice."""
        pools = [place % len(POOLS) for place in range(len(amounts))]
        self.send("splitter", "depositMany", pools, amounts, sender=PAYER, breaks="S-10")
        before, now = self.seen, self.look()
        for pool in POOLS:
            self._book(pool, before, now)

    @rule()
    def deposit_many_of_unequal_lengths(self) -> None:
        assert self.send("splitter", "depositMany", [1, 2], [1], sender=PAYER, breaks="S-10") is None

    def _deposit(self, pool: int, amount: int, payer: str) -> None:
        before = self.seen
        if self.send("splitter", "deposit", pool, amount, sender=payer, breaks="S-10") is None:
            return
        now = self.look()
        if amount == 0:
            self.unchanged("S-10", before, now)
            return
        self._book(pool, before, now)

    def _book(self, pool: int, before: Seen, now: Seen) -> None:
        """S-2, of what a pool received since `before`."""
        grown = (now["acc", pool] - before["acc", pool]) % MODULUS
        amount = now["received", pool] - before["received", pool]
        if amount == 0:
            return
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
        for event in done.named("Claimed"):
            self.got[event.args["poolId"], account] += event.args["amount"]
        self.hold("S-6", done.value == paid, "paid {}, was owed {}", done.value, paid)
        self.hold("S-6", not any(now[key] for key in owed), "paid and still owed")
        books = {("paid",), ("owed",), ("asset", recipient), ("asset", self.pair.splitter.address)}
        self.unchanged("S-6", before, now, *owed, *books)
        if ("asset", recipient) in now:
            self.hold("S-6", now["asset", recipient] == before["asset", recipient] + paid, "paid elsewhere")

    @rule(accounts=st.lists(anyone, max_size=4), pools=pool_lists, caller=anyone)
    def claim_for(self, accounts: list[str], pools: list[int], caller: str) -> None:
        """S-13: each gets what `claim` would give it."""
        before = self.seen
        done = self.send("splitter", "claimFor", accounts, pools, sender=caller, breaks="S-7")
        assert done is not None
        now, total = self.look(), 0
        for account in {*accounts} & {*MEMBERS}:
            due = sum(before["claimable", pool, account] for pool in {*pools} & {*POOLS})
            gain = now["asset", account] - before["asset", account]
            self.hold("S-13", gain == due, "{} got {} of {}", account, gain, due)
            total += due
        for event in done.named("Claimed"):
            self.got[event.args["poolId"], event.args["account"]] += event.args["amount"]
        self.hold("S-13", done.value == total, "paid {} of {}", done.value, total)

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
        for place, (account, shares) in enumerate(zip(MEMBERS, holdings, strict=False)):
            self.activate(shares, DATASETS[place % 2])
            if self.lots:
                self.vest(-1, account, 4)

    @rule(shares=sizes, dataset=datasets)
    def activate(self, shares: int, dataset: int) -> None:
        # Shares of accounts that sold their tokens stay behind when these are burnt by their buyers' erasure.
        if max(self.token.supply, self.splitter.pools[0].shares) + shares > MAX_SHARES:
            return
        age = self.ledger.age(dataset)
        entry = self.send("splitter", "addPendingShares", dataset, shares, sender=REGISTRY).value
        self.ledger.total(dataset, shares)
        self.send("token", "mint", REGISTRY, shares, sender=REGISTRY)
        self.lots.append(Lot(dataset, shares, entry, age))

    @rule(pool=datasets)
    def activate_too_much(self, pool: int) -> None:
        """One share more than all pools can have together, one token more than there can be."""
        shares = MAX_SHARES - self.splitter.pools[0].shares + 1
        assert self.send("splitter", "addPendingShares", pool, shares, sender=REGISTRY) is None
        assert self.send("token", "mint", REGISTRY, MAX_SHARES - self.token.supply + 1, sender=REGISTRY) is None

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), account=member, quarters=parts)
    def vest(self, which: int, account: str, quarters: int) -> None:
        lot = self.lots[which % len(self.lots)]
        shares = lot.shares * quarters // 4
        before = self.seen
        pool = lot.dataset
        self.send("splitter", "vestShares", pool, account, shares, lot.entry, sender=REGISTRY)
        self.ledger.held(pool, account, shares, lot.age)
        self.send("token", "transfer", account, shares, sender=REGISTRY)
        self._take(lot, shares)
        now = self.look()
        earned = self._earned(now, lot, shares)
        gain = now["claimable", pool, account] - before["claimable", pool, account]
        if self.splitter.members[pool, account].moved:
            self.reached[moments.CLAIMED] += 1
            self.hold("T-10", gain == 0, "a late claim pays the old key {}", gain)
            return
        self.hold("S-5", earned - 1 <= gain <= earned + 1, "{} for {} earned", gain, earned)

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), owner=st.sampled_from([*MEMBERS, ADDRESS_ZERO]), quarters=parts)
    def drop(self, which: int, owner: str, quarters: int) -> None:
        lot = self.lots[which % len(self.lots)]
        shares = lot.shares * quarters // 4
        before = self.seen
        self.send("splitter", "dropPendingShares", lot.dataset, owner, shares, lot.entry, sender=REGISTRY)
        self._leave(lot.dataset, owner, shares, lot.age)
        self.send("token", "burn", REGISTRY, shares, sender=REGISTRY)
        self._take(lot, shares)
        now = self.look()
        for pool in POOLS:
            for account in MEMBERS:
                own = (account, pool) == (owner, lot.dataset) and not self.splitter.members[pool, account].moved
                earned = self._earned(now, lot, shares) if own else 0
                gain = now["claimable", pool, account] - before["claimable", pool, account]
                self.hold("S-5", gain == earned, "{} for {} earned", gain, earned)

    @precondition(lambda self: self.lots)
    @rule(which=st.integers(0, 7), account=member)
    def stray(self, which: int, account: str) -> None:
        """One share, and an entry by one, beyond what the pool has, or the books can hold."""
        lot = self.lots[which % len(self.lots)]
        pool = lot.dataset
        held = self.splitter.sharesOf(pool, account)
        for way, shares, entry in (
            ("vestShares", MAX_SHARES - held + 1, lot.entry),
            ("vestShares", lot.shares, MODULUS),
            ("dropPendingShares", self.splitter.pools[pool].shares + 1, lot.entry),
            ("dropPendingShares", lot.shares, (self.splitter.index(pool) + 1) % MODULUS),
            ("dropPendingShares", lot.shares, MODULUS),
        ):
            assert self.send("splitter", way, pool, account, shares, entry, sender=REGISTRY) is None

    @rule(account=member, quarters=parts, dataset=datasets)
    def erase(self, account: str, quarters: int, dataset: int) -> None:
        before = self.seen
        shares = self.splitter.sharesOf(dataset, account) * quarters // 4
        self._erase(account, dataset, shares)
        before, now = ({k: v for k, v in x.items() if k[0] == "claimable"} for x in (before, self.look()))
        self.unchanged("S-5", before, now)

    def _erase(self, account: str, dataset: int, shares: int) -> None:
        burned = min(shares, self.token.balances[account])
        self.send("splitter", "removeShares", dataset, account, shares, sender=REGISTRY, breaks="T-7")
        self._leave(dataset, account, shares)
        self.send("token", "burn", account, burned, sender=REGISTRY, breaks="T-7")

    @rule(account=member, amount=st.integers(1, 2**34), quarters=st.sampled_from([1, 2, 3]))
    def earn_leave_and_claim(self, account: str, amount: int, quarters: int) -> None:
        """In this order, or credits hardly ever come to be, are paid, and come to be again."""
        for pool in POOLS:
            self.deposit(pool, amount)
        self.erase(account, quarters, 1)
        self.claim(account, account, [*POOLS])

    @precondition(lambda self: self.setting.moving)
    @rule(account=member, heir=member, shares=sizes, dataset=datasets)
    def claim_late(self, account: str, heir: str, shares: int, dataset: int) -> None:
        """What was accepted before a succession is claimed after it, for the old account."""
        known = len(self.lots)
        self.activate(shares, dataset)
        self.bind_open_and_succeed(account, heir, [dataset], late=0, vetoed=False, delegated=False)
        if len(self.lots) > known:
            self.vest(-1, account, 4)

    @rule(account=member, pool=datasets)
    def erase_too_much(self, account: str, pool: int) -> None:
        held = self.splitter.sharesOf(pool, account)
        assert self.send("splitter", "removeShares", pool, account, held + 1, sender=REGISTRY) is None
        balance = self.token.balances[account]
        assert self.send("token", "burn", account, balance + 1, sender=REGISTRY) is None

    def _earned(self, now: Seen, lot: Lot, shares: int) -> int:
        """What shares of the lot earned in their dataset and in the commons since they entered."""
        return shares * ((now["acc", lot.dataset] + now["acc", 0] - lot.entry) % MODULUS) // SCALE

    def _leave(self, pool: int, account: str, shares: int, since: Age | None = None) -> None:
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
                for name in ("claimable", "shares"):
                    gain = now[name, pool, account] - before[name, pool, account]
                    self.hold("T-6", gain == 0, "a transfer changed {} by {}", name, gain)

    @rule(caller=anyone, which=st.integers(0, 7))
    def trespass(self, caller: str, which: int) -> None:
        """Whoever is not the registry, or the token, changes nothing."""
        contract, name, args = [
            ("splitter", "addPendingShares", (1, MIN_SHARES)),
            ("splitter", "vestShares", (1, caller, MIN_SHARES, 0)),
            ("splitter", "dropPendingShares", (1, caller, MIN_SHARES, 0)),
            ("splitter", "removeShares", (1, MEMBERS[0], 0)),
            ("splitter", "moveMember", (1, MEMBERS[0], caller)),
            ("splitter", "claimWithin", (MEMBERS[0], [1])),
            ("token", "mint", (caller, 1)),
            ("token", "burn", (MEMBERS[0], 0)),
        ][which]
        assert self.send(contract, name, *args, sender=caller, breaks="S-6") is None

    # Time

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
        for account in self.token.heirs.succeeded:
            self.succeed(account, STRANGER, [*POOLS])
        for account in MEMBERS:
            self._claim("claim", account, [*POOLS], account, account, STRANGER)
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
            for dataset in DATASETS:
                self._erase(account, dataset, self.splitter.sharesOf(dataset, account))
        self.look()
