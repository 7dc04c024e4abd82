"""What tests of leases and models share: a DAO with one member who carries every vote, leases in each of their states,
and a picture of everything a call may change."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from web3.constants import ADDRESS_ZERO

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.chain.reader import carried_out
from assurance.harness.dao.dao import HPKE_KEY, Batch, Dao, Proposal, leaf
from assurance.harness.dao.system import DAY, Actor
from datadao.types import LeaseStatus

NONE, PENDING, APPROVED, ACTIVE, ENDED, REFUNDED = LeaseStatus
"""`IDataLeases.Status`."""
PRICE, BOND, PERIOD, PERIODS = 120_000_000, 60_000_000, 30 * DAY, 3
"""The terms `Dao.terms` gives."""
COST = PRICE * PERIODS + BOND
TOLERANCE = PERIOD // 10
START_WINDOW = ACK_WINDOW = 14 * DAY
BOND_DELAY = 90 * DAY
ACK_SLASH = BOND * 500 // 10_000
TO_COMMONS = TO_TREASURY = PRICE * 500 // 10_000
TO_DATASET = PRICE - TO_COMMONS - TO_TREASURY
AFTER_ONE = 2 * PRICE + BOND + TO_TREASURY
"""What the contract owes when the first of three instalments is paid."""

Picture = dict[str, Any]


def changes(before: Picture, after: Picture) -> dict[str, tuple[Any, Any]]:
    """What differs, as (old, new); an entry that did not exist counts as None."""
    keys = before.keys() | after.keys()
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


class Market:
    """A DAO whose founder owns all data of dataset 1 and so decides alone, and a licensee with exact change."""

    def __init__(self, dao: Dao, units: int = 300) -> None:
        self.dao = dao
        self.founder, self.licensee, self.stranger = dao.who("founder"), dao.who("licensee"), dao.who("stranger")
        self.data = leaf(self.founder, "data of the founder", units)
        self.batch = dao.contribute(self.data)
        self._extra = 0
        self.watched: dict[str, str] = {
            **dao.addresses,
            **{name: dao.who(name).address for name in ("founder", "licensee", "rival", "stranger", "payer", "refuge")},
        }

    # Time

    @property
    def now(self) -> int:
        timestamp: int = self.dao.chain.timestamp
        return timestamp

    def warp_to(self, timestamp: int) -> None:
        assert timestamp >= self.now, "time does not go back"
        self.dao.chain.warp(timestamp - self.now)

    @contextmanager
    def moment(self, timestamp: int) -> Iterator[None]:
        """What would happen then; afterwards it has not."""
        snapshot = self.dao.chain.snapshot()
        self.warp_to(timestamp)
        yield
        self.dao.chain.revert(snapshot)

    # Leases in their states

    def request(self, licensee: Actor | None = None, **terms: Any) -> tuple[int, Proposal]:
        return self.dao.request(licensee or self.licensee, self.dao.terms(**terms))

    def approved(self, licensee: Actor | None = None, **terms: Any) -> int:
        lease, proposal = self.request(licensee, **terms)
        self.dao.pass_(proposal, self.founder)
        return lease

    def active(self, licensee: Actor | None = None, **terms: Any) -> int:
        """Started by the licensee, so that it begins now."""
        lease = self.approved(licensee, **terms)
        self.send("start", lease, by=licensee)
        return lease

    def send(self, name: str, *args: Any, by: Actor | None = None) -> Receipt:
        """A call to `DataLeases`, by the licensee unless said."""
        receipt: Receipt = getattr(self.dao.leases, name)(*args, sender=(by or self.licensee).address)
        return receipt

    def lease(self, lease: int) -> Any:
        return self.dao.leases.lease(lease)

    def paid_until(self, lease: int) -> int:
        at: int = self.lease(lease).paidUntil
        return at

    def create_offer(self, licensee: str = ADDRESS_ZERO, capacity: int = 1, days: int = 60, **terms: Any) -> int:
        expiry = self.now + days * DAY
        # An offer asks for half of the shares at its creation, at least.
        shares = self.dao.splitter.pool(terms.get("datasetId", 1))[1]
        args = (self.dao.terms(**{"minShares": (shares + 1) // 2} | terms), licensee, capacity, expiry)
        self.dao.govern(self.founder, self.dao.leases, "createOffer", *args)
        offer: int = self.dao.leases.offerCount()
        return offer

    def accept(self, offer: int, licensee: Actor | None = None) -> int:
        licensee = licensee or self.licensee
        terms = self.dao.leases.offerTerms(offer)[0]
        cost = terms.pricePerPeriod * terms.periods + terms.bond
        self.dao.fund(licensee, cost, self.dao.leases)
        lease: int = self.send("accept", offer, self.terms_hash(offer), HPKE_KEY, cost, by=licensee).value
        return lease

    def terms_hash(self, offer: int) -> bytes:
        digest: bytes = self.dao.leases.hashTerms(self.dao.leases.offerTerms(offer)[0])
        return digest

    def termination(self, lease: int, slash_bps: int) -> tuple[int, int, int]:
        """What `terminate` takes: also the second that only a lease that was approved has."""
        return lease, self.lease(lease).startBy, slash_bps

    # Votes

    def queued(self, name: str, *args: Any) -> Proposal:
        """A decision of the timelock that only waits for its execution."""
        self._extra += 1
        proposal = self.dao.propose(self.founder, (self.dao.leases, name, args), text=f"{name} {self._extra}")
        self.queue(proposal)
        return proposal

    def queue(self, proposal: Proposal) -> None:
        """Votes for and queues."""
        self.dao.carry(proposal, self.founder)

    def carry_out(self, proposal: Proposal) -> Receipt:
        """Executes, now."""
        receipt: Receipt = self.dao.governor.execute(*proposal.action, sender=self.stranger.address)
        return receipt

    # Pools

    def new_member(self, name: str, dataset: int = 1, units: int = 1) -> tuple[Batch, Any]:
        item = leaf(self.dao.who(name), f"data of {name} in {dataset}", units)
        return self.dao.contribute(item, dataset=dataset), item

    def second_dataset(self) -> int:
        """Like the first, with data of the founder."""
        policy = self.dao.registry.currentPolicy(1)
        self.dao.govern(self.founder, self.dao.registry, "createDataset", policy)
        dataset: int = self.dao.registry.datasetCount()
        self.new_member("founder", dataset)
        return dataset

    def erase_everything(self) -> None:
        """Leaves dataset 1, and with it the commons, without shares."""
        self.dao.erase(self.batch, self.data)

    def fill(self, pool: int) -> None:
        """Deposits until not one unit more can be owed: all pools are dead, although their members are there."""
        received, paid, _, _ = self.dao.splitter.conservation(0, self.dao.splitter.poolCount())
        self.dao.deposit(pool, self.dao.splitter.MAX_OWED() - (received - paid))
        assert not self.dao.splitter.acceptsDeposit(pool, 1)

    # Pictures

    def picture(self) -> Picture:
        """All that `DataLeases` and `ModelRegistry` can change, and the money around them."""
        dao, leases = self.dao, self.dao.leases
        picture: Picture = {"leases": leases.leaseCount(), "offers": leases.offerCount()}
        for i in range(1, leases.leaseCount() + 1):
            info = vars(leases.lease(i))
            picture |= {f"lease {i} {name}": value for name, value in info.items()}
            picture[f"lease {i} terms"] = leases.leaseTerms(i)
            picture[f"lease {i} open"] = leases.leaseAccess(i)[0]
            if not info["offerId"]:
                picture[f"lease {i} proposal"] = dao.governor.state(dao.lease_proposal(i).id)
        for i in range(1, leases.offerCount() + 1):
            picture |= {f"offer {i} {name}": value for name, value in vars(leases.offer(i)).items()}
            picture[f"offer {i} terms"] = leases.offerTerms(i)
        for d in range(1, dao.registry.datasetCount() + 1):
            names = ("live", "exclusives", "exclusive licensee", "reserved")
            picture |= dict(zip((f"dataset {d} {n}" for n in names), leases.datasetLeases(d), strict=True))
        for p in range(dao.registry.datasetCount() + 1):
            picture[f"pool {p}"] = dao.splitter.pool(p)[2]
        picture["owed"] = leases.solvency()[1]
        picture["treasury"] = leases.treasuryOwed()
        picture["models"] = dao.models.modelCount()
        picture["models owed"] = dao.models.solvency()[1]
        for name, address in self.watched.items():
            picture[f"asset {name}"] = dao.asset.balanceOf(address)
            picture[f"credit {name}"] = dao.models.creditOf(address)
        return picture

    def effects(self, call: Callable[[], Any]) -> dict[str, tuple[Any, Any]]:
        """Everything that the call changed, as (old, new)."""
        before = self.picture()
        call()
        return changes(before, self.picture())

    def does_nothing(self, call: Callable[[], Receipt]) -> None:
        """The call succeeds, returns 0 if anything, and nothing has changed."""
        receipts: list[Receipt] = []
        assert self.effects(lambda: receipts.append(call())) == {}
        assert (receipts[0].value in (0, None), receipts[0].logs) == (True, [])

    def carries_out_nothing(self, proposal: Proposal) -> None:
        """What the proposal wants has come about meanwhile: it is executed and changes nothing, now and not in fact."""
        snapshot = self.dao.chain.snapshot()
        with carried_out("the proposal"):
            effects = self.effects(lambda: self.carry_out(proposal))
        assert effects == {}
        self.dao.chain.revert(snapshot)

    def said(self, receipt: Receipt, contract: str = "leases") -> list[tuple[str, dict[str, Any]]]:
        """The contract's own events, in order, with all their fields."""
        events: list[Event] = receipt.events
        return [(e.name, e.args) for e in events if e.address == self.dao.addresses[contract]]
