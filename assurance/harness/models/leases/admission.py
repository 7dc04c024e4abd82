"""The part of the model of `DataLeases` before a lease runs: requests, offers, and who lives beside whom."""

from __future__ import annotations

from assurance.harness.dao.leases import APPROVED, PENDING
from assurance.harness.dao.registry import name32
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

    def cancel_request(self, caller: str, lease_id: int) -> None:
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

    def create_offer(self, terms: Terms, licensee: str | None, capacity: int, expiry: int) -> None:
        if expiry <= self.now:
            refuse("InvalidOffer", name32("expiry"), expiry, self.now + 1, 2**48 - 1)
        if terms.exclusive and licensee is None:
            refuse("InvalidOffer", name32("exclusive"), 1, 0, 0)
        least = (self.splitter.pools[terms.dataset].shares + 1) // 2
        if terms.min_shares < least:
            refuse("InvalidOffer", name32("minShares"), terms.min_shares, least, 2**64 - 1)
        number = len(self.offers) + 1
        self.offers[number] = Offer(number, terms, licensee, capacity, expiry)

    def close_offer(self, offer_id: int) -> None:
        """By the guardian."""
        if offer_id not in self.offers:
            refuse("UnknownOffer", offer_id)
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
        if offer.taken == offer.capacity:
            refuse("OfferFull", offer_id, offer.capacity)
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

    def expire(self, lease_id: int) -> None:
        lease = self.known(lease_id)
        if self.is_live(lease):
            refuse("StillLive", lease_id)
        self.uncount(lease)

    def reserve(self, lease_id: int) -> None:
        lease = self.in_status(lease_id, PENDING)
        if not lease.terms.exclusive or not self.queued_until(lease_id):
            refuse("NotReservable", lease_id)
        dataset = self.datasets[lease.terms.dataset]
        if dataset.reserved not in (0, lease_id) and self.queued_until(dataset.reserved):
            refuse("Exclusive", lease.terms.dataset, dataset.reserved)
        dataset.reserved = lease_id

    def uncount(self, lease: Lease) -> None:
        if not lease.counted:
            return
        dataset = self.datasets[lease.terms.dataset]
        lease.counted = False
        dataset.live -= 1
        dataset.exclusives -= lease.terms.exclusive

    def _over(self, lease: Lease) -> tuple[list[int], int | None, list[int]]:
        """The licensee's list, what falls off it (none if it has room), and what is expired in passing: that, and all
        that is over of the licensee that leases the dataset exclusively, if it is another one."""
        listed = self.lists.get((lease.terms.dataset, lease.licensee), [])
        dropped: int | None = None
        if len(listed) == 8:
            dropped = next((i for i in reversed(listed) if not self.is_live(self.leases[i])), 0)
        named = [dropped] if dropped else []
        if (rival := self._rival(lease)) is not None:
            named += self.lists.get((lease.terms.dataset, rival), [])
        return listed, dropped, [i for i in named if not self.is_live(self.leases[i])]

    def _rival(self, lease: Lease) -> str | None:
        """The other licensee for which exclusive leases of the dataset are counted."""
        dataset = self.datasets[lease.terms.dataset]
        return (
            dataset.exclusive_licensee if dataset.exclusives and dataset.exclusive_licensee != lease.licensee else None
        )

    def _require_place(self, lease: Lease) -> None:
        terms, dataset = lease.terms, self.datasets[lease.terms.dataset]
        held_from = self.queued_until(dataset.reserved) if dataset.reserved not in (0, lease.id) else 0
        if held_from and (lease.vote is None or lease.vote.eta >= held_from):
            refuse("Exclusive", terms.dataset, dataset.reserved)
        _, dropped, over = self._over(lease)
        if dropped == 0:
            refuse("TooManyLeases", lease.licensee, terms.dataset, 8)
        if (rival := self._rival(lease)) is not None:
            for i in self.lists.get((terms.dataset, rival), []):
                if self.is_live(self.leases[i]) and self.leases[i].terms.exclusive:
                    refuse("Exclusive", terms.dataset, i)
        gone = [self.leases[i] for i in over if self.leases[i].counted]
        exclusives = dataset.exclusives - sum(other.terms.exclusive for other in gone)
        if terms.exclusive and not exclusives and dataset.live > len(gone):
            refuse("LiveLeases", terms.dataset, dataset.live - len(gone))

    def _admit(self, lease: Lease) -> None:
        terms, dataset = lease.terms, self.datasets[lease.terms.dataset]
        if dataset.reserved == lease.id or not self.queued_until(dataset.reserved):
            dataset.reserved = 0
        listed, dropped, over = self._over(lease)
        for i in over:
            self.uncount(self.leases[i])
        self.lists[terms.dataset, lease.licensee] = [lease.id, *(i for i in listed if i != dropped)]
        dataset.live += 1
        if terms.exclusive:
            dataset.exclusives += 1
            dataset.exclusive_licensee = lease.licensee
        lease.status, lease.counted = APPROVED, True
        lease.start_by = self.now + self.rules.start_window
        lease.acknowledged = len(self.erasures[terms.dataset])
