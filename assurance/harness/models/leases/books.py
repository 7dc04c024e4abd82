"""The part of the model of `DataLeases` that the rest of it asks: leases, offers, questions of time, and money."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Mapping

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.dao import CANCELED, DEFEATED, EXPIRED, QUEUED
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING
from assurance.harness.models.leases.records import BPS, Lease, Neighbours, Offer, Rules, Terms, refuse
from assurance.harness.models.money import Money
from assurance.harness.models.token_splitter import MIN_SHARES, Splitter

COMMONS = 0


class Books:
    def __init__(
        self,
        address: str,
        rules: Rules,
        clock: Callable[[], int],
        splitter: Splitter,
        asset: Money,
        erasures: Mapping[int, list[int]],
    ) -> None:
        """`erasures` are the times of each dataset's; whoever erases adds to them."""
        self.address, self.rules, self.clock = address, rules, clock
        self.splitter, self.asset, self.erasures = splitter, asset, erasures
        self.leases: dict[int, Lease] = {}
        self.offers: dict[int, Offer] = {}
        self.lists: dict[tuple[int, str], list[int]] = {}
        self.datasets: defaultdict[int, Neighbours] = defaultdict(Neighbours)
        self.treasury = 0
        self.pulled_until = 0
        asset.approved.add((address, splitter.address))

    @property
    def now(self) -> int:
        return self.clock()

    # Questions

    def is_live(self, lease: Lease) -> bool:
        if lease.status == APPROVED:
            return self.now < lease.start_by
        if lease.status == ACTIVE:
            return self.now < lease.paid_until + lease.terms.tolerance
        return lease.status == ENDED and self.now < lease.paid_until

    def required(self, lease: Lease) -> int:
        """Erasures known for a whole window."""
        return self._erased(lease, self.now - self.rules.ack_window)

    def is_overdue(self, lease: Lease) -> bool:
        """Once access is over, only erasures from before its end count."""
        if lease.status != APPROVED and lease.paid_until == 0:
            return False
        known = self.now - self.rules.ack_window
        until = min(known, lease.paid_until - 1) if lease.paid_until else known
        return lease.acknowledged < self._erased(lease, until)

    def _erased(self, lease: Lease, until: int) -> int:
        # Times are in order.
        return bisect_right(self.erasures[lease.terms.dataset], until)

    def bond_due(self, lease: Lease) -> int:
        return lease.paid_until + self.rules.bond_delay

    def queued_until(self, lease_id: int) -> int:
        """The eta of a request's queued proposal, else 0."""
        lease = self.leases.get(lease_id)
        if lease is None or lease.status != PENDING or lease.vote is None:
            return 0
        return lease.vote.eta if lease.vote.state(self.now) == QUEUED else 0

    def is_refundable(self, lease: Lease) -> bool:
        if lease.status == APPROVED:
            return self.now >= lease.start_by
        if lease.status != PENDING or lease.vote is None:
            return False
        state = lease.vote.state(self.now)
        if state == CANCELED:
            return self.now >= lease.vote.snapshot
        return state in (DEFEATED, EXPIRED)

    # Who and what

    def known(self, lease_id: int) -> Lease:
        if lease_id not in self.leases:
            refuse("UnknownLease", lease_id)
        return self.leases[lease_id]

    def in_status(self, lease_id: int, status: int) -> Lease:
        lease = self.known(lease_id)
        if lease.status != status:
            refuse("WrongStatus", lease_id, lease.status)
        return lease

    def require_licensee(self, lease: Lease, caller: str) -> None:
        if caller != lease.licensee:
            refuse("NotLicensee", caller, lease.licensee)

    def require_released(self) -> None:
        if self.now < self.pulled_until:
            raise Reverted("EmergencyBrake_Pulled", self.pulled_until)

    # Money

    def is_dead(self, pool: int, amount: int) -> bool:
        """No life here comes to owe all that can be owed."""
        return amount != 0 and self.splitter.pools[pool].shares < MIN_SHARES

    def cuts(self, terms: Terms) -> tuple[int, int, int]:
        """An instalment's parts for dataset, commons and treasury."""
        commons, treasury = (terms.price * bps // BPS for bps in (terms.commons_bps, terms.treasury_bps))
        return terms.price - commons - treasury, commons, treasury

    def has_dead_pool(self, terms: Terms) -> bool:
        return self.is_dead(terms.dataset, sum(self.cuts(terms)[:2]))

    def require_payment(self, payer: str, amount: int) -> None:
        self.asset.require_pull(payer, self.address, amount, "DataLeases")

    def pull(self, payer: str, amount: int) -> None:
        self.require_payment(payer, amount)
        self.asset.transfer(payer, self.address, amount) if amount else None

    def deposit(self, dataset: int, amount: int, commons: int = 0) -> None:
        """Before anything is written: the asset may refuse."""
        self.splitter.depositMany(self.address, [dataset, COMMONS], [amount, commons])
