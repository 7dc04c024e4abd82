"""What must hold of token and splitter: the model's answer to each step, the properties after it, and the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, ClassVar

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Reverted
from assurance.harness.chain.reader import Reader, View
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.system import actor
from assurance.harness.machines.base import Machine, World, invariant
from assurance.harness.models import token_splitter as model
from assurance.harness.models.entitlement import Age
from assurance.harness.models.token_splitter import MODULUS, SCALE

POOLS = (0, 1, 2)
"""The commons and two datasets."""
DATASETS = POOLS[1:]
MEMBERS = [actor(f"member-{i}").address for i in range(3)]
REGISTRY, PAYER, STRANGER = (actor(name).address for name in ("registry", "payer", "stranger"))
WEALTH = 2**200
NEARLY = MODULUS - 2**70
"""An accumulator that the first large deposit takes past its modulus."""
_COMMONS_SLOT = 0
MATURITY = 10**12
"""Supply at which the DAO is mature."""


class PropertyBroken(AssertionError):
    def __init__(self, name: str, detail: str) -> None:
        super().__init__(f"{name}: {detail}")


@dataclass(frozen=True)
class Setting:
    """What is under test: the pair, or twins in the place of its contracts."""

    transferable: bool = False
    decimals: int = 6
    twins: tuple[str, ...] = ()
    filling: bool = False
    """Whether deposits may owe the last unit that can be owed."""
    wrapping: bool = False
    """Whether the commons' accumulator begins just below its modulus."""
    moving: bool = False
    """Whether members bind heirs, who take their places."""


@dataclass
class Lot:
    """Unclaimed shares of one activation; the index and the age at which they entered their dataset."""

    dataset: int
    shares: int
    entry: int
    age: Age


class SplitterWorld(World):
    """Token and splitter of a setting, and the views read after each step."""

    def __init__(self, setting: Setting) -> None:
        self.pair = pair = Pair(
            transferable=setting.transferable, decimals=setting.decimals, maturity=MATURITY, twins=setting.twins
        )
        pair.fund(pair.payer, WEALTH)
        if setting.wrapping:
            pair.chain.set_storage(pair.splitter.address, _COMMONS_SLOT, NEARLY)
            assert pair.splitter.pool(0)[0] == NEARLY, "the accumulator of the commons is the first slot's low part"
        views: list[View] = [(pair.splitter, "conservation", (0, len(POOLS))), (pair.token, "totalSupply", ())]
        names: list[tuple[Any, ...]] = [(name,) for name in ("received", "paid", "owed", "carried", "supply")]
        for pool in POOLS:
            views.append((pair.splitter, "pool", (pool,)))
            names += [(name, pool) for name in ("acc", "shares", "received", "carry")]
        for account in MEMBERS:
            views += [(pair.token, name, (account,)) for name in ("balanceOf", "getVotes", "delegates")]
            names += [("balance", account), ("votes", account), ("delegate", account)]
            views.append((pair.token, "memberNumber", (account,)))
            names.append(("number", account))
            views += [(pair.splitter, "sharesOf", (pool, account)) for pool in POOLS]
            names += [("shares", pool, account) for pool in POOLS]
            views += [(pair.splitter, "claimable", (account, [pool])) for pool in POOLS]
            names += [("claimable", pool, account) for pool in POOLS]
        views += [(pair.token, "balanceOf", (REGISTRY,)), (pair.token, "getVotes", (REGISTRY,))]
        views.append((pair.token, "memberCount", ()))
        names += [("balance", REGISTRY), ("votes", REGISTRY), ("members",)]
        for holder in (*MEMBERS, pair.splitter.address):
            views.append((pair.asset, "balanceOf", (holder,)))
            names.append(("asset", holder))
        self.names = names
        self.reader = Reader(pair.chain, views)
        super().__init__(pair.chain)


class SplitterChecks(Machine):
    """Model and chain side by side, what must hold between them after each step, and the end of every life."""

    traits = ("setting", "only")
    setting: ClassVar[Setting] = Setting()
    worlds: ClassVar[dict[Any, Any]] = {}
    only: ClassVar[str | None] = None
    """Checks this property alone; all of them, and the model, unless said."""

    @property
    def lived_in(self) -> Setting:
        return self.setting

    def __init__(self) -> None:
        super().__init__()
        self.world: SplitterWorld = self.settled(lambda: SplitterWorld(self.setting))
        self.pair = pair = self.world.pair
        self.chain = pair.chain
        self.asset = model.Asset()
        self.asset.balances[PAYER] = WEALTH
        self.asset.approved.add((PAYER, pair.splitter.address))
        self.splitter = model.Splitter(pair.splitter.address, REGISTRY, pair.token.address, self.asset)
        rules = self.setting.transferable, MATURITY
        self.token = model.Token(pair.token.address, REGISTRY, *rules)
        self.token.moving = self.splitter.moveMember
        self.token.heirs.contracts = pair.addresses.values()
        self.splitter.holder = self.token.heirs.holder
        self.splitter.pools[0].acc = NEARLY if self.setting.wrapping else 0
        self.numbers: dict[str, int] = {}
        self.ledger = self.splitter.ledger
        self.lots: list[Lot] = []
        self.got: Counter[tuple[int, str]] = Counter()
        """Paid so far, by dataset and account."""
        self.donated = 0
        self.growth: Counter[int] = Counter()
        self.past: dict[int, tuple[list[int], int]] = {}
        self.broken = self.stale = False
        self.seen = self.read()

    # Saying and checking

    def hold(self, name: str, condition: bool, detail: str, *values: object) -> None:
        """Raises `PropertyBroken` with the values in the places of the detail."""
        if condition or (self.only and self.only != name):
            return
        self.broken = True
        raise PropertyBroken(name, detail.format(*values))

    def read(self) -> dict[tuple[Any, ...], int]:
        return dict(zip(self.world.names, self.world.reader.words(), strict=True))

    def send(self, contract: str, name: str, *args: Any, sender: str, breaks: str = "model") -> Any:
        """Asks the model, sends, compares: result and events, or the very error. `None` after a refusal."""
        self.token.now = self.chain.timestamp
        expected = _outcome(lambda: getattr(getattr(self, contract), name)(sender, *args))
        handle = getattr(self.pair, contract)
        actual = _outcome(lambda: getattr(handle, name)(*args, sender=sender))
        detail = "{}.{}{} by {}: expected {}, got {}", contract, name, args, sender, expected, actual
        if isinstance(expected, Reverted) or isinstance(actual, Reverted):
            self.hold(breaks, isinstance(expected, Reverted) == isinstance(actual, Reverted), *detail)
            self.hold("model", expected == actual, *detail)
            self.reached[f"{name} {expected.name if isinstance(expected, Reverted) else 'was expected to pass'}"] += 1
            return None
        emitted = [(event.name, event.args) for event in actual.events]
        self.hold("model", (actual.value, emitted) == expected, *detail)
        self.reached[name] += 1
        self.stale = True
        return actual

    def look(self) -> dict[tuple[Any, ...], int]:
        """What the chain says now; compared with the model, and with itself."""
        self.stale = False
        self.seen = now = self.read()
        if self.only is None:
            expected = dict(zip(self.world.names, self._expected(), strict=True))
            moved = {key: (expected[key], now[key]) for key in now if expected[key] != now[key]}
            self.hold("model", not moved, "{}", moved)
        owed = sum(now["claimable", pool, account] for pool in POOLS for account in MEMBERS)
        held = now["asset", self.pair.splitter.address]
        balances = [now["balance", account] for account in MEMBERS]
        votes = [now["votes", account] for account in MEMBERS]
        self.hold("S-1", held >= now["received",] - now["paid",], "holds {}", held)
        self.hold("S-1", owed <= now["owed",], "{} claimable, {} owed at most", owed, now["owed",])
        self.hold("T-1", sum(balances) + now["balance", REGISTRY] == now["supply",], "{}", balances)
        pending = sum(lot.shares for lot in self.lots)
        self.hold("T-1", now["balance", REGISTRY] == pending, "{} unclaimed", pending)
        self.hold("T-2", now["votes", REGISTRY] == 0, "the registry votes")
        self.hold("T-2", sum(votes) == sum(balances), "votes {}, balances {}", votes, balances)
        for account in MEMBERS:
            if not self.setting.transferable:
                same = sum(now["shares", d, account] for d in DATASETS) == now["balance", account]
                self.hold("T-6", same, "shares of {} are not its tokens", account)
            number = now["number", account]
            kept = number == self.numbers.get(account, number)
            self.hold("T-9", kept, "{} has another number", account)
            if number:
                self.numbers[account] = number
            known = number != 0 or not (now["balance", account] or now["votes", account])
            self.hold("T-9", known, "{} has tokens or votes and no number", account)
        given = sorted(self.numbers.values())
        self.hold("T-9", len(set(given)) == len(given), "numbers {}", given)
        self.hold("T-9", max(given, default=0) <= now["members",], "{} of {}", given, now["members",])
        return now

    def _expected(self) -> list[int]:
        splitter, token, assets = self.splitter, self.token, self.asset.balances
        words = [*splitter.conservation(), token.supply]
        for pool in POOLS:
            words += splitter.pool(pool)
        for account in MEMBERS:
            words += [token.balances[account], token.votes(account), int(token.delegates(account), 16)]
            words.append(token.numbers.get(account, 0))
            words += [splitter.sharesOf(pool, account) for pool in POOLS]
            words += [splitter.claimable(account, [pool]) for pool in POOLS]
        words += [token.balances[REGISTRY], 0, len(token.numbers)]
        return words + [assets[holder] for holder in (*MEMBERS, self.pair.splitter.address)]

    def unchanged(self, name: str, before: dict[Any, int], now: dict[Any, int], *but: tuple[Any, ...]) -> None:
        moved = {key for key in now if now[key] != before[key]} - set(but)
        self.hold(name, not moved, "also moved: {}", moved)

    @invariant()
    def agrees(self) -> None:
        self.reached["steps"] += 1
        if self.stale:
            self.look()

    def check_past(self, time: int) -> None:
        self.reached["look back"] += 1
        votes, supply = self.past[time]
        token = self.pair.token
        then = [token.getPastVotes(account, time) for account in MEMBERS]
        total = token.getPastTotalSupply(time)
        self.hold("T-3", (then, total) == (votes, supply), "at {}: {} of {}", time, then, total)
        self.hold("T-3", sum(then) <= total, "at {}: {} of {}", time, then, total)

    def compare_with_the_ledger(self) -> None:
        """S-3: everyone got its part of each deposit, short of it by less than a unit for each settlement."""
        now, ledger, lost = self.seen, self.ledger, 0
        for account in MEMBERS:
            for dataset in DATASETS:
                who = dataset, account
                income = ledger.income(*who)
                loss = self.splitter.members[who].loss + SCALE
                got = self.got[who]
                self.hold("S-3", 0 <= income - got * SCALE < loss, "{} got {}", who, got)
                # A deposit passes on the remainder of the one before and leaves its own: each less than half a unit.
                displaced = sum(ledger.age(dataset)) / 2
                far = float(abs(ledger.entitlement(*who) - got))
                self.hold("S-3", far < loss / SCALE + displaced + 1, "{} is {} away", who, far)
                lost += loss
        for lot in self.lots:
            ledger.held(lot.dataset, ADDRESS_ZERO, lot.shares, lot.age)
        unclaimed = sum(ledger.income(dataset, ADDRESS_ZERO) for dataset in DATASETS)
        left = now["asset", self.pair.splitter.address] - self.donated
        self.hold("S-11", left == now["received",] - now["paid",], "{} left", left)
        dust = left * SCALE - now["carried",] - unclaimed
        self.hold("S-11", 0 <= dust < lost, "{} units more than remainders and unclaimed income", dust / SCALE)

    def check_checkpoints(self) -> None:
        for account in MEMBERS:
            count = self.pair.token.numCheckpoints(account)
            times = [self.pair.token.checkpoints(account, i)._key for i in range(count)]
            self.hold("T-4", all(a < b for a, b in pairwise(times)), "{}", times)


def _outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except Reverted as error:
        return error
