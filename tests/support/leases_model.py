"""`DataLeases` in plain Python: what each call must do, or which error it must give, from the words of the interface.

Methods check in the order in which the contract does, raise `Reverted` before they change anything, and read time from
`now`. Purposes, keys' use and signatures are left to unit tests.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from tests.support.dao import ACTIVE as VOTING
from tests.support.dao import CANCELED, DEFEATED, EXECUTED, EXPIRED, QUEUED, SUCCEEDED
from tests.support.dao import PENDING as UNOPENED
from tests.support.handles import Reverted
from tests.support.leases import ACTIVE, APPROVED, ENDED, PENDING, REFUNDED

BPS = 10_000
EXPIRY = 14 * 86_400


@dataclass(frozen=True)
class Rules:
    """Parameters of the DAO."""

    voting_delay: int
    voting_period: int
    timelock_delay: int
    start_window: int
    ack_window: int
    ack_slash_bps: int
    max_slash_bps: int
    bond_delay: int


@dataclass(frozen=True)
class Terms:
    """Terms with the cuts frozen along with them."""

    dataset: int
    price: int
    length: int
    periods: int
    bond: int
    exclusive: bool
    commons_bps: int
    treasury_bps: int

    @property
    def cost(self) -> int:
        return self.price * self.periods + self.bond

    @property
    def tolerance(self) -> int:
        return self.length // 10

    def cuts(self) -> tuple[int, int, int]:
        commons, treasury = (self.price * bps // BPS for bps in (self.commons_bps, self.treasury_bps))
        return self.price - commons - treasury, commons, treasury


@dataclass
class Vote:
    """A request's proposal, in which one member decides."""

    id: int
    snapshot: int
    deadline: int
    carried: bool = False
    voted: bool = False
    canceled: bool = False
    executed: bool = False
    eta: int = 0

    def state(self, now: int) -> int:
        if self.executed or self.canceled:
            return EXECUTED if self.executed else CANCELED
        if now <= self.snapshot:
            return UNOPENED
        if now <= self.deadline:
            return VOTING
        if not self.carried:
            return DEFEATED
        if self.eta:
            return QUEUED if now < self.eta + EXPIRY else EXPIRED
        return SUCCEEDED if now < self.deadline + EXPIRY else EXPIRED


@dataclass
class Lease:
    id: int
    licensee: str
    terms: Terms
    key: bytes
    offer: int = 0
    vote: Vote | None = None
    status: int = PENDING
    paid_periods: int = 0
    start_by: int = 0
    paid_until: int = 0
    acknowledged: int = 0
    slashed: int = 0
    slashed_at: int = 0
    counted: bool = False
    bond_released: bool = False
    returnable: int = 0

    @property
    def escrow(self) -> int:
        over = self.status in (ENDED, REFUNDED)
        return 0 if over else self.terms.price * (self.terms.periods - self.paid_periods)

    @property
    def bond(self) -> int:
        gone = self.status == REFUNDED or self.bond_released
        return 0 if gone else self.terms.bond - self.slashed


@dataclass
class Offer:
    id: int
    terms: Terms
    licensee: str | None
    seats: int
    expiry: int
    taken: int = 0
    closed: bool = False


@dataclass
class Dataset:
    """What leases know of a dataset: erasures over time, whether its pool takes money, and who lives in it."""

    erasures: list[int] = field(default_factory=list)
    contributions: int = 0
    received: int = 0
    live: int = 0
    exclusive: int = 0
    reserved: int = 0


def refuse(reason: str, *args: object) -> None:
    raise Reverted(f"DataLeases_{reason}", *args)


class Leases:
    def __init__(self, rules: Rules, clock: Callable[[], int], datasets: dict[int, Dataset], address: str) -> None:
        self.rules, self.clock, self.datasets, self.address = rules, clock, datasets, address
        self.leases: dict[int, Lease] = {}
        self.offers: dict[int, Offer] = {}
        self.lists: dict[tuple[int, str], list[int]] = {}
        self.treasury = self.commons = 0
        self.pulled_until = 0

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
        known = self.now - self.rules.ack_window
        return sum(1 for at in self.datasets[lease.terms.dataset].erasures if at <= known)

    def is_overdue(self, lease: Lease) -> bool:
        exists = lease.status == APPROVED or lease.paid_until != 0
        return exists and lease.acknowledged < self.required(lease)

    def is_open(self, lease: Lease) -> bool:
        return self.now < lease.paid_until and not self.is_overdue(lease)

    def bond_due(self, lease: Lease) -> int:
        return lease.paid_until + self.rules.bond_delay

    def is_dead(self, lease: Lease) -> bool:
        return lease.terms.price != 0 and self.datasets[lease.terms.dataset].contributions == 0

    def is_queued(self, lease_id: int) -> bool:
        lease = self.leases.get(lease_id)
        if lease is None or lease.status != PENDING or lease.vote is None:
            return False
        return lease.vote.state(self.now) == QUEUED

    def is_refundable(self, lease: Lease) -> bool:
        if lease.status == APPROVED:
            return self.now >= lease.start_by
        if lease.status != PENDING or lease.vote is None:
            return False
        state = lease.vote.state(self.now)
        if state == CANCELED:
            return self.now >= lease.vote.snapshot
        return state in (DEFEATED, EXPIRED)

    def _known(self, lease_id: int) -> Lease:
        if lease_id not in self.leases:
            refuse("UnknownLease", lease_id)
        return self.leases[lease_id]

    def _in(self, lease_id: int, status: int) -> Lease:
        lease = self._known(lease_id)
        if lease.status != status:
            refuse("WrongStatus", lease_id, lease.status)
        return lease

    def _by_licensee(self, lease: Lease, caller: str) -> None:
        if caller != lease.licensee:
            refuse("NotLicensee", caller, lease.licensee)

    def _released(self) -> None:
        if self.now < self.pulled_until:
            raise Reverted("EmergencyBrake_Pulled", self.pulled_until)

    # Request, offer, approval

    def request(self, caller: str, terms: Terms, key: bytes, proposal: Callable[[], int]) -> Lease:
        self._released()
        lease = Lease(len(self.leases) + 1, caller, terms, key)
        snapshot = self.now + self.rules.voting_delay
        lease.vote = Vote(proposal(), snapshot, snapshot + self.rules.voting_period)
        self.leases[lease.id] = lease
        return lease

    def withdraw(self, caller: str, lease_id: int) -> None:
        lease = self._in(lease_id, PENDING)
        self._by_licensee(lease, caller)
        assert lease.vote is not None
        if lease.vote.state(self.now) != UNOPENED:
            raise Reverted("GovernorUnableToCancel", lease.vote.id, self.address)
        lease.vote.canceled = True

    def approve(self, lease_id: int) -> None:
        """The execution of a queued proposal."""
        self._released()
        lease = self.leases[lease_id]
        self._admit(lease)
        assert lease.vote is not None
        lease.vote.executed = True

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
        self._released()
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
        lease = Lease(len(self.leases) + 1, caller, offer.terms, key, offer_id)
        self._admit(lease)
        self.leases[lease.id] = lease
        offer.taken += 1

    def _admit(self, lease: Lease) -> None:
        terms, dataset = lease.terms, self.datasets[lease.terms.dataset]
        listed = self.lists.get((terms.dataset, lease.licensee), [])
        dropped: int | None = None
        if len(listed) == 8:
            dropped = next((i for i in reversed(listed) if not self.is_live(self.leases[i])), None)
            if dropped is None:
                refuse("TooManyLeases", lease.licensee, terms.dataset, 8)
        over = {i for i in (dropped, dataset.exclusive) if i and not self.is_live(self.leases[i])}
        if dataset.exclusive and dataset.exclusive not in over:
            refuse("Exclusive", terms.dataset, dataset.exclusive)
        if dataset.reserved not in (0, lease.id) and self.is_queued(dataset.reserved):
            refuse("Exclusive", terms.dataset, dataset.reserved)
        live = dataset.live - sum(1 for i in over if self.leases[i].counted)
        if terms.exclusive and live:
            refuse("LiveLeases", terms.dataset, live)

        for i in over:
            self._uncount(self.leases[i])
        self.lists[terms.dataset, lease.licensee] = [lease.id, *(i for i in listed if i != dropped)]
        dataset.reserved, dataset.live = 0, dataset.live + 1
        if terms.exclusive:
            dataset.exclusive = lease.id
        lease.status, lease.counted = APPROVED, True
        lease.start_by = self.now + self.rules.start_window
        lease.acknowledged = len(dataset.erasures)

    def _uncount(self, lease: Lease) -> None:
        if not lease.counted:
            return
        dataset = self.datasets[lease.terms.dataset]
        lease.counted = False
        dataset.live -= 1
        if dataset.exclusive == lease.id:
            dataset.exclusive = 0

    def settle(self, lease_id: int) -> None:
        lease = self._known(lease_id)
        if self.is_live(lease):
            refuse("StillLive", lease_id)
        self._uncount(lease)

    def reserve(self, lease_id: int) -> None:
        lease = self._in(lease_id, PENDING)
        if not lease.terms.exclusive or not self.is_queued(lease_id):
            refuse("NotReservable", lease_id)
        dataset = self.datasets[lease.terms.dataset]
        if dataset.reserved not in (0, lease_id) and self.is_queued(dataset.reserved):
            refuse("Exclusive", lease.terms.dataset, dataset.reserved)
        dataset.reserved = lease_id

    # Run

    def start(self, caller: str | None, lease_id: int) -> None:
        """By the licensee, or by custodians (no caller)."""
        lease = self._in(lease_id, APPROVED)
        if caller is not None:
            self._by_licensee(lease, caller)
        if self.now >= lease.start_by:
            refuse("TooLateToStart", lease_id, lease.start_by)
        self._up_to_date(lease)
        self._instalment(lease, self.now + lease.terms.length)
        lease.status = ACTIVE

    def start_period(self, lease_id: int) -> None:
        lease = self._in(lease_id, ACTIVE)
        if lease.paid_periods == lease.terms.periods:
            refuse("NoPeriodsLeft", lease_id)
        opens, closes = (lease.paid_until + s * lease.terms.tolerance for s in (-1, 1))
        if not opens <= self.now < closes:
            refuse("OutsideWindow", lease_id, opens, closes)
        self._up_to_date(lease)
        self._instalment(lease, max(lease.paid_until, self.now) + lease.terms.length)

    def _up_to_date(self, lease: Lease) -> None:
        required = self.required(lease)
        if lease.acknowledged < required:
            refuse("Overdue", lease.id, lease.acknowledged, required)

    def _instalment(self, lease: Lease, paid_until: int) -> None:
        if self.is_dead(lease):
            refuse("DeadPool", lease.terms.dataset)
        to_dataset, to_commons, to_treasury = lease.terms.cuts()
        self.datasets[lease.terms.dataset].received += to_dataset
        self.commons += to_commons
        self.treasury += to_treasury
        lease.paid_periods, lease.paid_until = lease.paid_periods + 1, paid_until

    def end(self, caller: str, lease_id: int) -> None:
        lease = self._in(lease_id, ACTIVE)
        if caller != lease.licensee:
            last = lease.paid_periods == lease.terms.periods
            over = lease.paid_until + (0 if last else lease.terms.tolerance)
            if self.now < over and not self.is_dead(lease):
                refuse("NotOver", lease_id)
        self._end(lease)

    def _end(self, lease: Lease) -> None:
        lease.returnable += lease.escrow
        lease.status = ENDED
        if self.now >= lease.paid_until:
            self._uncount(lease)

    def terminate(self, lease_id: int, bps: int) -> None:
        if bps > self.rules.max_slash_bps:
            refuse("SlashTooLarge", lease_id, bps, self.rules.max_slash_bps)
        lease = self._known(lease_id)
        if lease.status == APPROVED:
            if self.now >= lease.start_by:
                refuse("TooLateToStart", lease_id, lease.start_by)
            self._end(lease)
            self._slash(lease, bps)
            self._release(lease)
            return
        if lease.status not in (ACTIVE, ENDED):
            refuse("WrongStatus", lease_id, lease.status)
        self._bond_held(lease)
        if lease.status == ACTIVE:
            self._end(lease)
        self._slash(lease, bps)

    def _bond_held(self, lease: Lease) -> None:
        if lease.bond_released or self.now >= self.bond_due(lease):
            refuse("BondDue", lease.id, self.bond_due(lease))

    def _slash(self, lease: Lease, bps: int) -> None:
        left = lease.terms.bond * self.rules.max_slash_bps // BPS - lease.slashed
        amount = min(lease.terms.bond * bps // BPS, left)
        lease.slashed += amount
        dataset = self.datasets[lease.terms.dataset]
        if dataset.contributions:
            dataset.received += amount
        else:
            self.treasury += amount

    def acknowledge(self, caller: str, lease_id: int) -> None:
        lease = self._known(lease_id)
        self._by_licensee(lease, caller)
        if lease.status in (PENDING, REFUNDED):
            refuse("WrongStatus", lease_id, lease.status)
        lease.acknowledged = len(self.datasets[lease.terms.dataset].erasures)

    def slash_unacknowledged(self, lease_id: int) -> None:
        lease = self._known(lease_id)
        if lease.paid_until == 0:
            refuse("WrongStatus", lease_id, lease.status)
        self._bond_held(lease)
        if not self.is_overdue(lease):
            refuse("NotOverdue", lease_id)
        again = lease.slashed_at + self.rules.ack_window
        if lease.slashed_at and self.now < again:
            refuse("AlreadySlashed", lease_id, again)
        bond, bps = lease.terms.bond, self.rules.ack_slash_bps
        if min(bond * bps // BPS, bond * self.rules.max_slash_bps // BPS - lease.slashed) == 0:
            refuse("SlashTooLarge", lease_id, bps, 0)
        lease.slashed_at = self.now
        self._slash(lease, bps)

    def rotate_key(self, caller: str, lease_id: int, key: bytes) -> None:
        lease = self._known(lease_id)
        self._by_licensee(lease, caller)
        if lease.status == REFUNDED or (lease.status == ENDED and self.now >= lease.paid_until):
            refuse("WrongStatus", lease_id, lease.status)
        lease.key = key

    # Money back

    def release_bond(self, lease_id: int) -> None:
        lease = self._in(lease_id, ENDED)
        if lease.bond_released:
            refuse("NothingToWithdraw", lease_id)
        if self.now < self.bond_due(lease):
            refuse("BondLocked", lease_id, self.bond_due(lease))
        self._release(lease)

    def _release(self, lease: Lease) -> None:
        lease.returnable += lease.bond
        lease.bond_released = True

    def refund(self, lease_id: int) -> None:
        lease = self._known(lease_id)
        if lease.status not in (PENDING, APPROVED):
            refuse("WrongStatus", lease_id, lease.status)
        if not self.is_refundable(lease):
            refuse("NotRefundable", lease_id)
        self._refund(lease)

    def _refund(self, lease: Lease) -> None:
        if lease.offer:
            self.offers[lease.offer].taken -= 1
        self._uncount(lease)
        lease.status, lease.returnable = REFUNDED, lease.terms.cost

    def claim_refund(self, lease_id: int) -> int:
        lease = self._known(lease_id)
        due = lease.terms.cost if self.is_refundable(lease) else lease.returnable
        if due == 0:
            refuse("NothingToWithdraw", lease_id)
        if self.is_refundable(lease):
            self._refund(lease)
        lease.returnable = 0
        return due

    def refund_to(self, caller: str, lease_id: int, recipient: str) -> int:
        lease = self._known(lease_id)
        self._by_licensee(lease, caller)
        if recipient == self.address:
            refuse("InvalidRecipient", recipient)
        return self.claim_refund(lease_id)

    def withdraw_treasury(self) -> int:
        amount, self.treasury = self.treasury, 0
        return amount
