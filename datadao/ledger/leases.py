"""`DataLeases`: where every unit of rent and bond is, which leases of a dataset are live, and what is open."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from datadao.ledger.base import BPS, ZERO, Accounts, Book, Fields, Known, View, view, views
from datadao.ledger.governor import BrakeBook, GovernorBook
from datadao.ledger.registry import RegistryBook
from datadao.ledger.splitter import COMMONS
from datadao.types import LeaseStatus, ProposalState

_WINDOW_DIVISOR = 10
_NEWEST = 8


class Terms(NamedTuple):
    """As `IDataLeases.Terms`, with the cuts frozen along with them. Amounts in asset units, times in seconds."""

    dataset_id: int
    purposes: int
    price: int
    period: int
    periods: int
    bond: int
    royalty_bps: int
    exclusive: bool
    min_shares: int
    agreement_hash: bytes
    commons_bps: int
    treasury_bps: int

    @property
    def cost(self) -> int:
        return self.price * self.periods + self.bond


@dataclass
class Lease:
    terms: Terms
    licensee: str
    key: bytes
    offer_id: int = 0
    proposal_id: int = 0
    status: LeaseStatus = LeaseStatus.NONE
    committee: int = 0
    paid_periods: int = 0
    start_by: int = 0
    paid_until: int = 0
    acknowledged: int = 0
    slashed: int = 0
    returnable: int = 0
    released: bool = False

    @property
    def escrow(self) -> int:
        over = self.status in (LeaseStatus.ENDED, LeaseStatus.REFUNDED)
        return 0 if over else self.terms.price * (self.terms.periods - self.paid_periods)

    @property
    def bond(self) -> int:
        return 0 if self.status == LeaseStatus.REFUNDED or self.released else self.terms.bond - self.slashed

    def is_live(self, now: int) -> bool:
        tolerance = self.terms.period // _WINDOW_DIVISOR
        until = {
            LeaseStatus.APPROVED: self.start_by,
            LeaseStatus.ACTIVE: self.paid_until + tolerance,
            LeaseStatus.ENDED: self.paid_until,
        }
        return now < until.get(self.status, 0)


@dataclass
class Offer:
    terms: Terms
    licensee: str
    capacity: int
    expiry: int
    taken: int = 0
    closed: bool = False


@dataclass
class DatasetLeases:
    """Leases of one dataset: how many count as live, how many of them are exclusive and whose, the one it is held for,
    newest by licensee."""

    live: int = 0
    exclusives: int = 0
    exclusive_licensee: str = ZERO
    reserved: int = 0
    newest: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))


class LeasesBook(Book):
    """Each unit is escrowed rent, bond, returnable or the treasury's, until the asset reports that it left."""

    def __init__(self, accounts: Accounts, brake: BrakeBook, registry: RegistryBook, governor: GovernorBook) -> None:
        super().__init__(accounts)
        self._brake = brake
        self._registry = registry
        self._governor = governor
        self.leases, self.offers = Known("lease"), Known("offer")
        self.datasets: defaultdict[int, DatasetLeases] = defaultdict(DatasetLeases)
        self.treasury = 0

    def enter(self, name: str, e: Fields) -> None:
        match name:
            case "LeaseRequested":
                lease = Lease(
                    _terms(e), e["licensee"], e["hpkeKey"], proposal_id=e["proposalId"], status=LeaseStatus.PENDING
                )
                self.leases[e["leaseId"]] = lease
                self.accounts.debit("proposal", e["proposalId"], "of lease", e["leaseId"], "by", e["licensee"])
            case "OfferCreated":
                self.offers[e["offerId"]] = Offer(_terms(e), e["licensee"], e["capacity"], e["expiry"])
            case "OfferClosed":
                self.offers[e["offerId"]].closed = True
                if e["by"] != self.accounts.addresses["timelock"]:
                    self._brake.expect_guardian(e["by"])
            case "OfferAccepted":
                offer = self.offers[e["offerId"]]
                offer.taken += 1
                self.leases[e["leaseId"]] = Lease(offer.terms, e["licensee"], e["hpkeKey"], offer_id=e["offerId"])
                self.accounts.expect(f"cost of lease {e['leaseId']}", offer.terms.cost, e["cost"])
            case "DatasetReserved":
                self.datasets[e["datasetId"]].reserved = e["leaseId"]
            case "TreasuryPaid":
                self.accounts.expect("owed to the treasury", self.treasury, e["amount"])
                self.treasury -= e["amount"]
                self.accounts.owe(e["amount"], "leases", self.accounts.addresses["timelock"])
            case _:
                self._lease_event(name, e["leaseId"], self.leases[e["leaseId"]], e)

    def _lease_event(self, name: str, number: int, lease: Lease, e: Fields) -> None:
        accounts, terms = self.accounts, lease.terms
        match name:
            case "LeaseApproved":
                self._approve(number, lease, e)
            case "LeaseRefunded":
                accounts.expect(f"refund of lease {number}", terms.cost, e["amount"])
                lease.status, lease.returnable = LeaseStatus.REFUNDED, e["amount"]
                if lease.offer_id:
                    self.offers[lease.offer_id].taken -= 1
            case "InstalmentPaid":
                self._pay(number, lease, e)
            case "LeaseEnded":
                ended = (e["returned"], e["accessUntil"])
                accounts.expect(f"end of lease {number} (returned, until)", (lease.escrow, lease.paid_until), ended)
                lease.status = LeaseStatus.ENDED
                lease.returnable += e["returned"]
            case "BondSlashed":
                lease.slashed += e["amount"]
                if e["toTreasury"]:
                    self.treasury += e["amount"]
                else:
                    accounts.debit("deposit of", e["amount"], "into pool", terms.dataset_id, "by", "leases")
            case "BondReleased":
                accounts.expect(f"bond of lease {number}", lease.bond, e["amount"])
                lease.released = True
                lease.returnable += e["amount"]
            case "ReturnablePaid":
                accounts.expect(f"returnable of lease {number}", lease.returnable, e["amount"])
                lease.returnable -= e["amount"]
                accounts.owe(e["amount"], "leases", e["recipient"])
            case "ErasuresAcknowledged":
                erasures = self._registry.datasets[terms.dataset_id].erasures.latest
                accounts.expect(f"erasures acknowledged by lease {number}", erasures, e["erasures"])
                lease.acknowledged = e["erasures"]
            case "KeyRotated":
                lease.key = e["hpkeKey"]
            case "LeaseExpired":
                dataset = self.datasets[terms.dataset_id]
                dataset.live -= 1
                if terms.exclusive:
                    dataset.exclusives -= 1
                    if not dataset.exclusives:
                        dataset.exclusive_licensee = ZERO

    def facts(self) -> Iterator[View]:
        owed = self.treasury + sum(each.escrow + each.bond + each.returnable for each in self.leases.values())
        yield View("leases", "solvency", (), (owed,), part=1)
        yield View("leases", "solvency", (), (owed,), part=0, least=True)
        counts = {"treasuryOwed": self.treasury, "leaseCount": len(self.leases), "offerCount": len(self.offers)}
        yield from views("leases", counts)
        for number, lease in self.leases.items():
            answers = {
                "lease": self._info(lease),
                "leaseTerms": _split(lease.terms),
                "leaseAccess": self._access(lease),
            }
            yield from views("leases", answers, number)
        for number, offer in self.offers.items():
            state = (offer.licensee, offer.capacity, offer.taken, offer.expiry, offer.closed)
            yield from views("leases", {"offer": state, "offerTerms": _split(offer.terms)}, number)
        for number, dataset in self.datasets.items():
            reserved = dataset.reserved if self._is_queued(dataset.reserved) else 0
            count = (dataset.live, dataset.exclusives, dataset.exclusive_licensee, reserved)
            yield view("leases", "datasetLeases", number, is_=count)
            for licensee, newest in dataset.newest.items():
                listed = (*newest, *(_NEWEST - len(newest)) * (0,))
                yield view("leases", "leasesOf", number, licensee, is_=listed)

    def _approve(self, number: int, lease: Lease, e: Fields) -> None:
        accounts, dataset = self.accounts, self.datasets[lease.terms.dataset_id]
        accounts.expect(f"offer of lease {number}", lease.offer_id, e["offerId"])
        lease.status, lease.committee, lease.start_by = LeaseStatus.APPROVED, e["committeeVersion"], e["startBy"]
        accounts.expect("committee in office", len(self._registry.committees), lease.committee)
        lease.acknowledged = self._registry.datasets[lease.terms.dataset_id].erasures.latest
        newest = dataset.newest[lease.licensee]
        if len(newest) == _NEWEST:
            # The oldest that is over makes room.
            gone = [other for other in newest if not self.leases[other].is_live(accounts.now)]
            newest.remove(gone[-1] if gone else newest[-1])
        newest.insert(0, number)
        dataset.live += 1
        if lease.terms.exclusive:
            dataset.exclusives += 1
            dataset.exclusive_licensee = lease.licensee

    def _pay(self, number: int, lease: Lease, e: Fields) -> None:
        accounts, terms = self.accounts, lease.terms
        parts = (e["toDataset"], e["toCommons"], e["toTreasury"])
        commons, treasury = (terms.price * bps // BPS for bps in (terms.commons_bps, terms.treasury_bps))
        due = (lease.paid_periods + 1, terms.price - commons - treasury, commons, treasury)
        accounts.expect(f"instalment of lease {number} (period, parts)", due, (e["period"], *parts))
        until = max(accounts.now, lease.paid_until) + terms.period
        accounts.expect(f"paid end of lease {number}", until, e["paidUntil"])
        lease.status, lease.paid_periods, lease.paid_until = LeaseStatus.ACTIVE, e["period"], e["paidUntil"]
        self.treasury += e["toTreasury"]
        for pool, amount in ((terms.dataset_id, e["toDataset"]), (COMMONS, e["toCommons"])):
            if amount:
                accounts.debit("deposit of", amount, "into pool", pool, "by", "leases")

    def _info(self, lease: Lease) -> tuple[Any, ...]:
        """As `IDataLeases.LeaseInfo`."""
        return (
            *(lease.status, lease.licensee, lease.key, lease.offer_id, lease.committee),
            *(lease.paid_periods, lease.start_by, lease.paid_until, lease.acknowledged, lease.bond, lease.slashed),
            *(lease.escrow, lease.returnable, lease.is_live(self.accounts.now)),
        )

    def _access(self, lease: Lease) -> tuple[Any, ...]:
        now, terms = self.accounts.now, lease.terms
        due = self._registry.datasets[terms.dataset_id].erasures.at(now - self.accounts.rules.ack_window)
        is_open = now < lease.paid_until and lease.acknowledged >= due
        return is_open, lease.key, terms.dataset_id, terms.purposes, lease.paid_until

    def _is_queued(self, number: int) -> bool:
        lease = self.leases.get(number)
        if lease is None or lease.status != LeaseStatus.PENDING:
            return False
        governor = self._governor
        return governor.state(governor.proposals[lease.proposal_id]) == ProposalState.QUEUED


def _terms(e: Fields) -> Terms:
    fields = (*e["terms"], e["commonsBps"], e["treasuryBps"])
    return Terms(*fields)


def _split(terms: Terms) -> tuple[Any, ...]:
    """The struct of the contract, and the cuts."""
    return tuple(terms[:10]), *terms[10:]
