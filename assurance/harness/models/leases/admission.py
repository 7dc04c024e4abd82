"""The part of the model of `DataLeases` before a lease runs: requests, offers, and who lives beside whom."""

from __future__ import annotations

from assurance.harness.dao.leases import APPROVED, PENDING
from assurance.harness.models.leases.books import Books
from assurance.harness.models.leases.records import Lease, Offer, Terms, refuse


class Admission(Books):
    # Requests

    def request(self, caller: str, terms: Terms, key: bytes) -> Lease:
        """Its vote is for the caller to open."""
        self.require_released()
        self.pull(caller, terms.cost)
        lease = Lease(len(self.leases) + 1, caller, terms, key)
        self.leases[lease.id] = lease
        return lease

    def withdraw(self, caller: str, lease_id: int) -> None:
        lease = self.in_status(lease_id, PENDING)
        self.require_licensee(lease, caller)
        assert lease.vote is not None
        lease.vote.cancel(self.now, self.address)

    def approve(self, lease_id: int) -> None:
        """As the lease's own proposal is executed."""
        self.require_released()
        lease = self.in_status(lease_id, PENDING)
        self._require_place(lease)
        self._admit(lease)

    # Offers

    def create_offer(self, terms: Terms, licensee: str | None, seats: int, expiry: int) -> None:
        if expiry <= self.now:
            refuse("InvalidOffer", "expiry", expiry, self.now + 1, 2**48 - 1)
        number = len(self.offers) + 1
        self.offers[number] = Offer(number, terms, licensee, seats, expiry)

    def close_offer(self, offer_id: int) -> None:
        """By the guardian."""
        if offer_id not in self.offers:
            refuse("UnknownOffer", offer_id)
        if self.offers[offer_id].closed:
            refuse("OfferClosed", offer_id)
        self.offers[offer_id].closed = True

    def accept(self, caller: str, offer_id: int, key: bytes, max_cost: int) -> None:
        self.require_released()
        if offer_id not in self.offers:
            refuse("UnknownOffer", offer_id)
        offer = self.offers[offer_id]
        if offer.closed:
            refuse("OfferClosed", offer_id)
        if self.now >= offer.expiry:
            refuse("OfferExpired", offer_id, offer.expiry)
        if offer.licensee not in (None, caller):
            refuse("NotAddressee", offer_id, offer.licensee)
        if offer.taken == offer.seats:
            refuse("NoSeats", offer_id, offer.seats)
        if offer.terms.cost > max_cost:
            refuse("CostAboveMax", offer.terms.cost, max_cost)
        self.require_payment(caller, offer.terms.cost)
        lease = Lease(len(self.leases) + 1, caller, offer.terms, key, offer_id)
        self._require_place(lease)
        self.pull(caller, offer.terms.cost)
        self._admit(lease)
        self.leases[lease.id] = lease
        offer.taken += 1

    # Neighbours

    def settle(self, lease_id: int) -> None:
        lease = self.known(lease_id)
        if self.is_live(lease):
            refuse("StillLive", lease_id)
        self.uncount(lease)

    def reserve(self, lease_id: int) -> None:
        lease = self.in_status(lease_id, PENDING)
        if not lease.terms.exclusive or not self.is_queued(lease_id):
            refuse("NotReservable", lease_id)
        dataset = self.datasets[lease.terms.dataset]
        if dataset.reserved not in (0, lease_id) and self.is_queued(dataset.reserved):
            refuse("Exclusive", lease.terms.dataset, dataset.reserved)
        dataset.reserved = lease_id

    def uncount(self, lease: Lease) -> None:
        if not lease.counted:
            return
        dataset = self.datasets[lease.terms.dataset]
        lease.counted = False
        dataset.live -= 1
        if dataset.exclusive == lease.id:
            dataset.exclusive = 0

    def _over(self, lease: Lease) -> tuple[list[int], int | None, set[int]]:
        """The licensee's list, what falls off it (none if it has room), and what is settled in passing."""
        listed = self.lists.get((lease.terms.dataset, lease.licensee), [])
        dropped: int | None = None
        if len(listed) == 8:
            dropped = next((i for i in reversed(listed) if not self.is_live(self.leases[i])), 0)
        named = (dropped, self.datasets[lease.terms.dataset].exclusive)
        return listed, dropped, {i for i in named if i and not self.is_live(self.leases[i])}

    def _require_place(self, lease: Lease) -> None:
        terms, dataset = lease.terms, self.datasets[lease.terms.dataset]
        _, dropped, over = self._over(lease)
        if dropped == 0:
            refuse("TooManyLeases", lease.licensee, terms.dataset, 8)
        if dataset.exclusive and dataset.exclusive not in over:
            refuse("Exclusive", terms.dataset, dataset.exclusive)
        if dataset.reserved not in (0, lease.id) and self.is_queued(dataset.reserved):
            refuse("Exclusive", terms.dataset, dataset.reserved)
        live = dataset.live - sum(1 for i in over if self.leases[i].counted)
        if terms.exclusive and live:
            refuse("LiveLeases", terms.dataset, live)

    def _admit(self, lease: Lease) -> None:
        terms, dataset = lease.terms, self.datasets[lease.terms.dataset]
        listed, dropped, over = self._over(lease)
        for i in over:
            self.uncount(self.leases[i])
        self.lists[terms.dataset, lease.licensee] = [lease.id, *(i for i in listed if i != dropped)]
        dataset.reserved, dataset.live = 0, dataset.live + 1
        if terms.exclusive:
            dataset.exclusive = lease.id
        lease.status, lease.counted = APPROVED, True
        lease.start_by = self.now + self.rules.start_window
        lease.acknowledged = len(self.erasures[terms.dataset])
