"""Steps: money back to licensees and the treasury, and an asset that refuses to move it."""

from __future__ import annotations

from functools import partial

from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import LeaseLife, callers, picks


class Returning(LeaseLife):
    @rule(pick=picks)
    def refund(self, pick: int, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, PENDING, APPROVED)
        self.on_leases("refund", lease, expect=lambda: self.leases.refund(lease))

    @rule(pick=picks)
    def claim_refund(self, pick: int) -> None:
        fit = [i for i, lease in self.leases.leases.items() if lease.returnable or self.leases.is_refundable(lease)]
        self.claim_due(fit[pick % len(fit)] if fit and pick % 4 else 1 + pick % (len(self.leases.leases) + 1))

    def claim_due(self, lease: int) -> None:
        self.on_leases("claimRefund", lease, expect=lambda: self.leases.claim_refund(lease))

    @rule(pick=picks, who=callers, nowhere=st.sampled_from([False] * 5 + [True]))
    def refund_to(self, pick: int, who: str, nowhere: bool) -> None:
        lease = 1 + pick % (len(self.leases.leases) + 1)
        by, to = self.caller(lease, who), self.leases.address if nowhere else self.refuge
        expect = lambda: self.leases.refund_to(by.address, lease, to)  # noqa: E731
        self.on_leases("refundTo", lease, to, expect=expect, by=by)

    @precondition(lambda self: self.leases.treasury)
    @rule()
    def withdraw_treasury(self) -> None:
        timelock = self.dao.timelock.address
        self.on_leases("withdrawTreasury", expect=lambda: self.leases.withdraw_treasury(timelock))

    @rule(pick=picks)
    def settle(self, pick: int, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, APPROVED, ACTIVE, ENDED)
        self.on_leases("settle", lease, expect=lambda: self.leases.settle(lease))

    @precondition(lambda self: self.asset.failure)
    @rule(pick=picks)
    def asset_turns(self, pick: int) -> None:
        """A lease ends; then the asset fails from now on, or no longer, for one of those it may have to move money for;
        and all that is due is asked for at once, rent for the next period too."""
        for lease in self.with_status(ACTIVE)[: pick % 2]:
            who, number = self.caller(lease.id, "self"), lease.id
            self.on_leases("end", number, expect=partial(self.leases.end, who.address, number), by=who)
        due = [i for i, lease in self.leases.leases.items() if lease.returnable or self.leases.is_refundable(lease)]
        people = [self.leases.leases[i].licensee for i in due] or [self.licensees[pick % 3].address]
        others = [self.refuge, self.dao.timelock.address, self.dao.splitter.address]
        self.toggle([people[-1], people[0], *others, people[-1]][pick % 6])
        for number in due:
            self.claim_due(number)
        for lease in self.with_status(ACTIVE)[:2]:
            self.on_leases("startPeriod", lease.id, expect=partial(self.leases.start_period, lease.id))
        if self.leases.treasury:
            self.withdraw_treasury()

    def toggle(self, account: str) -> None:
        self.asset.toggle(self.dao.asset, account)
        self.reached["the asset fails"] += bool(self.asset.failing)

    def mend(self) -> None:
        for account in list(self.asset.failing):
            self.toggle(account)

    def everybody_is_paid(self) -> None:
        """L-4: by passage of time alone every lease comes to an end, by strangers' calls, and the escrow is empty."""
        self.mend()
        self.jump(self.now + 20 * 366 * 86_400)
        for lease in self.leases.leases.values():
            number = lease.id
            if lease.status == ACTIVE:
                self.on_leases("end", number, expect=partial(self.leases.end, self.stranger.address, number))
            if lease.status == ENDED and not lease.bond_released:
                self.on_leases("releaseBond", number, expect=partial(self.leases.release_bond, number))
            if lease.status in (PENDING, APPROVED):
                self.refund(number, exact=True)
            self.claim_due(number)
            self.settle(number, exact=True)
