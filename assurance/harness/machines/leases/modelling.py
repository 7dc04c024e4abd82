"""Steps: models registered under leases, paid by anyone, and what they earned withdrawn."""

from __future__ import annotations

from collections.abc import Sequence

from eth_utils import keccak
from hypothesis import strategies as st
from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.system import Actor
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import LeaseLife, picks
from assurance.harness.models.leases.records import BPS
from assurance.harness.models.royalties import MAX_LEASES

FREE, ALL, GRANT, A_POINT = 1, 3, 6, 7
"""Standing offers of the first dataset, by the part of a model's returns that they ask: none, but rent; all; a quarter;
a hundredth of a percent."""
GRANTS = GRANT, 5
"""A quarter, of the first dataset and of the second."""
AMOUNTS = [0, 1, 2, 3, 9_999, 10_000, 10_001, 1_000_003]


class Modelling(LeaseLife):
    def trained(self, who: Actor) -> list[int]:
        """Leases a model can be trained under."""
        mine = [i for i in self.leases.leases.values() if i.licensee == who.address and i.paid_until]
        return [lease.id for lease in mine]

    def affordable(self, numbers: Sequence[int], pick: int) -> list[int]:
        """As many of them as their royalties allow, the dearest first or last."""
        found: list[int] = []
        royalty = lambda i: self.leases.leases[i].terms.royalty_bps  # noqa: E731
        for number in sorted(numbers, key=royalty, reverse=bool(pick % 2)):
            if len(found) < MAX_LEASES and sum(map(royalty, [*found, number])) <= BPS:
                found.append(number)
        return sorted(found)

    @rule(who=st.integers(0, 2), pick=picks, count=st.sampled_from([0, 0, 1, 2, 8]))
    def register(self, who: int, pick: int, count: int) -> None:
        """Takes and starts so many more leases, half of them grants, and registers under all whose royalties fit:
        eight of those give away all returns."""
        owner = self.licensees[who]
        for n in range(count):
            self.take(owner, (*GRANTS, FREE, FREE)[n % 4])
        self._register(owner, self.affordable(self.trained(owner), pick), self._beneficiary(owner, pick), pick)

    def _beneficiary(self, owner: Actor, pick: int) -> str:
        return [owner.address, self.refuge, self.stranger.address][pick % 3]

    @rule(
        who=st.integers(0, 2),
        pick=picks,
        beyond=st.sampled_from(
            ["descending", "twice", "none", "nine", "unknown", "another's", "unstarted", "zero", "itself"]
            + ["too dear"] * 3
        ),
    )
    def register_beyond(self, who: int, pick: int, beyond: str) -> None:
        """One step outside a bound, as far as there are the leases for it."""
        owner = self.licensees[who]
        beneficiary = {"zero": ADDRESS_ZERO, "itself": self.models.address}.get(beyond, self._beneficiary(owner, pick))
        if beyond == "unstarted":
            self.take(owner, GRANT, start=False)
        if beyond == "too dear":
            self.take(owner, ALL)
            self.take(owner, A_POINT)
        fit, every = self.affordable(self.trained(owner), pick), sorted(self.leases.leases)
        others = [number for number in every if self.leases.leases[number].licensee != owner.address]
        mine = [number for number in every if number not in others]
        numbers = {
            "descending": fit[::-1],
            "twice": [*fit, *fit[-1:]],
            "none": [],
            "nine": every[: MAX_LEASES + 1],
            "unknown": [*fit, len(every) + 1],
            "another's": sorted([*fit[:-1], *others[pick % len(others) :][:1]]) if others else fit,
            "unstarted": mine[-1:],
            "too dear": [*fit[:-2], *mine[-2:]],
        }.get(beyond, fit)
        self._register(owner, numbers, beneficiary, pick)

    def _register(self, owner: Actor, numbers: Sequence[int], beneficiary: str, pick: int) -> None:
        digest, is_open = keccak(pick), pick % 2 == 0
        expect = lambda: self.models.register(owner.address, numbers, digest, is_open, beneficiary)  # noqa: E731
        receipt = self.send(
            "models", "register", list(numbers), digest, "", is_open, beneficiary, expect=expect, by=owner
        )
        self.reached["model under eight leases"] += receipt is not None and len(numbers) == MAX_LEASES

    def take(self, by: Actor, offer: int, *, start: bool = True) -> None:
        """Accepts a standing offer and starts."""
        known, limit = len(self.leases.leases), 10**12
        self.accept_offer(by, offer, limit)
        if start and len(self.leases.leases) > known:
            begin = lambda: self.leases.start(by.address, known + 1)  # noqa: E731
            self.on_leases("start", known + 1, expect=begin, by=by)

    @rule(
        pick=picks,
        amount=st.sampled_from(AMOUNTS) | st.integers(0, 10**9),
        poor=st.sampled_from([False] * 9 + [True]),
        deserted=st.sampled_from([False] * 5 + [True]),
        collected=st.sampled_from(["later", "later", "by anybody", "to a refuge"]),
    )
    def pay_model(self, pick: int, amount: int, poor: bool, deserted: bool, collected: str) -> None:
        """Anybody pays a model, registered for the purpose if there is none; perhaps after everybody left a dataset of
        its leases, and its owner may collect at once."""
        if not self.models.models:
            self.register(pick % 3, pick, 2)
        known = len(self.models.models)
        number = 1 + pick % known if known and pick < 36 else pick % 2 * (known + 1)
        model = self.models.models[number - 1] if 1 <= number <= known else None
        if model is not None and deserted:
            self.erase_all(model.royalties[pick % len(model.royalties)].dataset)
        self._pay(number, amount, poor)
        if model is not None and collected == "by anybody":
            self.collect(model.beneficiary)
        elif model is not None and collected == "to a refuge":
            self.collect_to(next(who for who in self.licensees if who.address == model.owner), self.refuge)

    def _pay(self, model: int, amount: int, poor: bool) -> None:
        payer = self.dao.who("payer")
        lacking = amount - self.asset.balances[payer.address]
        if lacking > 0 and not poor and not self.asset.failing:
            self.dao.asset.mint(payer.address, lacking, sender=payer.address)
            self.asset.balances[payer.address] += lacking
        known = self.models.models[model - 1] if 1 <= model <= len(self.models.models) else None
        owner, digest = (known.owner, known.hash) if known else (ADDRESS_ZERO, bytes(32))
        if amount % 11 == 10:
            digest = keccak(digest)
        expect = lambda: self.models.pay(payer.address, model, owner, digest, amount)  # noqa: E731
        self.send("models", "pay", model, owner, digest, amount, expect=expect, by=payer)

    def earners(self) -> list[str]:
        return sorted(account for account, credit in self.models.credits.items() if credit)

    @rule(pick=picks)
    def withdraw_earned(self, pick: int) -> None:
        earned = self.earners() if pick % 5 else []
        self.collect(earned[pick % len(earned)] if earned else self.licensees[pick % 3].address)

    def collect(self, account: str) -> None:
        self.send("models", "withdraw", account, expect=lambda: self.models.withdraw(account))

    @rule(who=st.integers(0, 3), to=st.sampled_from(["refuge"] * 3 + ["zero", "itself"]))
    def withdraw_earned_to(self, who: int, to: str) -> None:
        by = [*self.licensees, self.stranger][who]
        recipient = {"refuge": self.refuge, "zero": ADDRESS_ZERO, "itself": self.models.address}[to]
        self.collect_to(by, recipient)

    def collect_to(self, by: Actor, recipient: str) -> None:
        expect = lambda: self.models.withdraw_to(by.address, recipient)  # noqa: E731
        self.send("models", "withdrawTo", recipient, expect=expect, by=by)

    def everybody_collects(self) -> None:
        """L-11: what models earned is in pools or with its owners, to the unit, and nothing is left."""
        for account in self.earners():
            self.collect(account)
