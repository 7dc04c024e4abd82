"""`DataLeases` in plain Python: what each call must do, or which error it must give, from the words of the interface.

Methods check in the order in which the contract does, raise `Reverted` before they change anything, and read time from
a clock. Money is moved in the models of asset and splitter. Purposes, keys' use and signatures are left to unit tests.
"""

from __future__ import annotations

from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING, REFUNDED
from assurance.harness.models.leases.admission import Admission
from assurance.harness.models.leases.records import BPS, Lease, refuse


class Leases(Admission):
    # Run

    def start(self, caller: str | None, lease_id: int) -> None:
        """By the licensee, or by custodians (no caller)."""
        lease = self.in_status(lease_id, APPROVED)
        if caller is not None:
            self.require_licensee(lease, caller)
        if self.now >= lease.start_by:
            refuse("TooLateToStart", lease_id, lease.start_by)
        self._require_up_to_date(lease)
        self._pay_instalment(lease, self.now + lease.terms.length)
        lease.status = ACTIVE

    def pay_instalment(self, lease_id: int) -> None:
        lease = self.in_status(lease_id, ACTIVE)
        if lease.paid_periods == lease.terms.periods:
            refuse("NoPeriodsLeft", lease_id)
        opens, closes = (lease.paid_until + s * lease.terms.tolerance for s in (-1, 1))
        if not opens <= self.now < closes:
            refuse("OutsideWindow", lease_id, opens, closes)
        self._require_up_to_date(lease)
        self._pay_instalment(lease, max(lease.paid_until, self.now) + lease.terms.length)

    def _require_up_to_date(self, lease: Lease) -> None:
        required = self.required(lease)
        if lease.acknowledged < required:
            refuse("Overdue", lease.id, lease.acknowledged, required)

    def _pay_instalment(self, lease: Lease, paid_until: int) -> None:
        dataset = lease.terms.dataset
        to_dataset, to_commons, to_treasury = self.cuts(lease.terms)
        if self.has_dead_pool(lease.terms):
            refuse("DeadPool", dataset)
        shares = self.splitter.pools[dataset].shares
        if shares < lease.terms.min_shares:
            refuse("TooFewShares", dataset, shares, lease.terms.min_shares)
        self.deposit(dataset, to_dataset, to_commons)
        self.treasury += to_treasury
        lease.paid_periods, lease.paid_until = lease.paid_periods + 1, paid_until

    def end(self, caller: str, lease_id: int) -> None:
        lease = self.known(lease_id)
        if lease.status == APPROVED:
            self.require_licensee(lease, caller)
            self._refund(lease)
            return
        if lease.status != ACTIVE:
            refuse("WrongStatus", lease_id, lease.status)
        if caller != lease.licensee:
            last = lease.paid_periods == lease.terms.periods
            over = lease.paid_until + (0 if last else lease.terms.tolerance)
            if self.now < over and not self.has_dead_pool(lease.terms):
                refuse("NotOver", lease_id)
        self._end(lease)

    def _end(self, lease: Lease) -> None:
        lease.returnable += lease.escrow
        lease.status = ENDED
        if self.now >= lease.paid_until:
            self.uncount(lease)

    def terminate(self, lease_id: int, start_by: int, bps: int) -> None:
        if bps > self.rules.max_slash_bps:
            refuse("SlashTooLarge", lease_id, bps, self.rules.max_slash_bps)
        lease = self.known(lease_id)
        if lease.status == PENDING:
            refuse("WrongStatus", lease_id, lease.status)
        if start_by != lease.start_by:
            refuse("WrongStartBy", lease_id, lease.start_by, start_by)
        if lease.status == APPROVED:
            self._refund(lease)
        elif lease.status != REFUNDED and self._is_bond_held(lease):
            self._slash(lease, bps)
            if lease.status == ACTIVE:
                self._end(lease)

    def _is_bond_held(self, lease: Lease) -> bool:
        return not lease.bond_released and self.now < self.bond_due(lease)

    def _slash(self, lease: Lease, bps: int) -> None:
        left = lease.terms.bond * self.rules.max_slash_bps // BPS - lease.slashed
        amount = min(lease.terms.bond * bps // BPS, left)
        if self.is_dead(lease.terms.dataset, amount):
            self.treasury += amount
        else:
            self.deposit(lease.terms.dataset, amount)
        lease.slashed += amount

    def acknowledge(self, caller: str, lease_id: int) -> None:
        lease = self.known(lease_id)
        self.require_licensee(lease, caller)
        if lease.status in (PENDING, REFUNDED):
            refuse("WrongStatus", lease_id, lease.status)
        lease.acknowledged = len(self.erasures[lease.terms.dataset])

    def slash_unacknowledged(self, lease_id: int) -> None:
        lease = self.known(lease_id)
        if lease.paid_until == 0:
            refuse("WrongStatus", lease_id, lease.status)
        if not self._is_bond_held(lease):
            refuse("BondDue", lease_id, self.bond_due(lease))
        if not self.is_overdue(lease):
            refuse("NotOverdue", lease_id)
        again = lease.slashed_at + self.rules.ack_window
        if lease.slashed_at and self.now < again:
            refuse("AlreadySlashed", lease_id, again)
        bond, bps = lease.terms.bond, self.rules.ack_slash_bps
        if min(bond * bps // BPS, bond * self.rules.max_slash_bps // BPS - lease.slashed) == 0:
            refuse("NothingToSlash", lease_id)
        self._slash(lease, bps)
        lease.slashed_at = self.now

    def rotate_key(self, caller: str, lease_id: int, key: bytes) -> None:
        lease = self.known(lease_id)
        self.require_licensee(lease, caller)
        if lease.status == REFUNDED or (lease.status == ENDED and self.now >= lease.paid_until):
            refuse("WrongStatus", lease_id, lease.status)
        lease.key = key

    # Money back

    def release_bond(self, lease_id: int) -> None:
        lease = self.in_status(lease_id, ENDED)
        if lease.bond_released:
            return
        if self.now < self.bond_due(lease):
            refuse("BondLocked", lease_id, self.bond_due(lease))
        self._release(lease)

    def _release(self, lease: Lease) -> None:
        lease.returnable += lease.bond
        lease.bond_released = True

    def refund(self, lease_id: int) -> None:
        lease = self.known(lease_id)
        if lease.status not in (PENDING, APPROVED):
            refuse("WrongStatus", lease_id, lease.status)
        if not self.is_refundable(lease):
            refuse("NotRefundable", lease_id)
        self._refund(lease)

    def _refund(self, lease: Lease) -> None:
        if lease.offer:
            self.offers[lease.offer].taken -= 1
        self.uncount(lease)
        lease.status, lease.returnable = REFUNDED, lease.terms.cost

    def claim_refund(self, lease_id: int) -> None:
        self._pay_returnable(self.known(lease_id), None)

    def claim_refund_to(self, caller: str, lease_id: int, recipient: str) -> None:
        lease = self.known(lease_id)
        self.require_licensee(lease, caller)
        if recipient == self.address:
            refuse("InvalidRecipient", recipient)
        self._pay_returnable(lease, recipient)

    def _pay_returnable(self, lease: Lease, recipient: str | None) -> None:
        due = lease.terms.cost if self.is_refundable(lease) else lease.returnable
        if due:
            self.asset.transfer(self.address, recipient or lease.licensee, due)
        if self.is_refundable(lease):
            self._refund(lease)
        lease.returnable = 0

    def withdraw_treasury(self, timelock: str) -> None:
        if self.treasury:
            self.asset.transfer(self.address, timelock, self.treasury)
        self.treasury = 0
