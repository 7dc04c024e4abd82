"""What all steps of a life among leases use: which accounts they are about, when something changes, and the events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from assurance.harness.chain.handles import Event, Receipt
from assurance.harness.dao.dao import HPKE_KEY
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED
from assurance.harness.dao.system import Actor
from assurance.harness.machines.life import Life
from assurance.harness.models.leases.model import Leases
from assurance.harness.models.leases.records import Lease
from assurance.harness.models.money import Money
from assurance.harness.models.royalties import MAX_LEASES, Models

picks = st.integers(0, 39)
callers = st.sampled_from(["self"] * 5 + ["rival", "stranger"])
offsets = st.sampled_from([-1, 0, 0, 1])

MOVES = ("InstalmentPaid", "BondSlashed", "ReturnablePaid")
"""Events by which money leaves a lease."""
FLOWS = ("ModelPaid", "Withdrawn", "RoyaltyPaid")
"""Events by which it passes through models."""


class LeaseLife(Life):
    """`leases` and `models` are the models; the contracts are those of `dao`."""

    leases: Leases
    models: Models
    licensees: list[Actor]
    stranger: Actor
    guardian: Actor

    def begin(self) -> None:
        """A new life's books: by the chain's own events, what left each lease, and what passed through models."""
        self.ledger: defaultdict[int, Counter[str]] = defaultdict(Counter)
        self.flow: Counter[str] = Counter()
        self.statuses: dict[int, int] = {}
        self.hashes: dict[int, bytes] = {}
        """Of the terms of offers, which never change."""

    @property
    def asset(self) -> Money:
        return self.leases.asset

    @property
    def refuge(self) -> str:
        return self.dao.who("refuge").address

    def note_events(self, events: Sequence[Event]) -> None:
        super().note_events(events)
        for event in events:
            if event.name in MOVES:
                fields = ("toDataset", "toCommons", "toTreasury") if event.name == "InstalmentPaid" else ("amount",)
                self.ledger[event.args["leaseId"]][event.name] += sum(event.args[field] for field in fields)
                self.reached[event.name] += 1
            if event.name not in FLOWS:
                continue
            amount = event.args["amount"]
            name = f"{event.name} to the treasury" if event.args.get("toTreasury") else event.name
            self.flow[name] += amount
            self.reached[name] += 1
            if event.name == "ModelPaid":
                parts = sum(part.args["amount"] for part in events if part.name == "RoyaltyPaid")
                # What waits of a model is less than one unit for each part, before and after.
                assert abs(parts + event.args["toBeneficiary"] - amount) <= MAX_LEASES, "L-11"

    def on_leases(self, name: str, *args: Any, expect: Callable[[], Any], by: Actor | None = None) -> Receipt | None:
        return self.send("leases", name, *args, expect=expect, by=by)

    def accept_offer(self, by: Actor, offer: int, limit: int) -> None:
        """With the hash of the offer's terms, whatever they are."""
        expect = lambda: self.leases.accept(by.address, offer, HPKE_KEY, limit)  # noqa: E731
        self.on_leases("accept", offer, self._terms_hash(offer), HPKE_KEY, limit, expect=expect, by=by)

    def _terms_hash(self, offer: int) -> bytes:
        known = self.hashes.get(offer)
        if known is None:
            known = self.dao.leases.hashTerms(self.dao.leases.offerTerms(offer)[0])
            if offer in self.leases.offers:
                self.hashes[offer] = known
        return known

    # Whom and what

    def some(self, pick: int, *statuses: int) -> int:
        """A lease in one of the states; now and then any, or one that does not exist."""
        if pick % 13 == 12:
            return 1 + pick % (len(self.leases.leases) + 1)
        fit = [i for i, lease in self.leases.leases.items() if lease.status in statuses]
        return fit[pick % len(fit)] if fit else 1 + pick % (len(self.leases.leases) + 1)

    def with_status(self, *statuses: int) -> list[Lease]:
        return [lease for lease in self.leases.leases.values() if lease.status in statuses]

    def running(self) -> list[Lease]:
        return [lease for lease in self.with_status(ACTIVE) if self.leases.is_live(lease)]

    def caller(self, lease_id: int, who: str) -> Actor:
        lease = self.leases.leases.get(lease_id)
        if lease is None or who == "stranger":
            return self.stranger
        mine = next(i for i, a in enumerate(self.licensees) if a.address == lease.licensee)
        return self.licensees[mine if who == "self" else (mine + 1) % len(self.licensees)]

    # When

    def boundaries(self) -> set[int]:
        """Seconds at which something becomes possible or impossible."""
        found = {self.leases.pulled_until, *(offer.expiry for offer in self.leases.offers.values())}
        window = self.leases.rules.ack_window
        for lease in self.leases.leases.values():
            if lease.status == APPROVED:
                found.add(lease.start_by)
            if lease.status in (ACTIVE, ENDED):
                tolerance = lease.terms.tolerance
                found |= {lease.paid_until + d for d in (-tolerance, 0, tolerance)} | {self.leases.bond_due(lease)}
                found.add(lease.slashed_at + window)
        for times in self.leases.erasures.values():
            found |= {at + window for at in times}
        return found

    # What other steps lean on

    def erase_some(self, pick: int, dataset: int) -> None:
        """Somebody leaves the dataset, if anybody is left."""
        raise NotImplementedError

    def erase_all(self, dataset: int) -> None:
        """Everybody leaves the dataset."""
        raise NotImplementedError
