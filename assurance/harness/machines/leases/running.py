"""Steps: offers taken, leases started, paid, ended, and slashed."""

from __future__ import annotations

from eth_utils import keccak
from hypothesis import strategies as st
from hypothesis.stateful import precondition

from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, PENDING
from assurance.harness.machines.base import rule
from assurance.harness.machines.leases.life import LeaseLife, callers, offsets, picks
from assurance.harness.models.leases.records import Lease


class Running(LeaseLife):
    # Offers

    @rule(who=st.integers(0, 2), offer=st.integers(1, 10), limit=st.sampled_from([10**12] * 9 + [700]))
    def accept(self, who: int, offer: int, limit: int) -> None:
        by = self.licensees[who]
        self.accept_offer(by, offer, limit)

    @rule(who=st.integers(0, 2), offer=st.integers(1, 7), delivered=st.sampled_from([False, False, True]))
    def lease_now(self, who: int, offer: int, delivered: bool = False) -> None:
        """Accepts and starts: most of what matters happens to leases that run."""
        before = len(self.leases.leases)
        self.accept(who, offer, 10**12)
        if len(self.leases.leases) > before:
            self.begin_lease(before + 1, delivered)

    def begin_lease(self, lease: int, delivered: bool) -> None:
        if delivered:
            self.confirm(lease)
        else:
            self.start(lease, "self", exact=True)

    @rule(offer=st.integers(1, 10))
    def close_offer(self, offer: int) -> None:
        if self.now < self.dao.brake.guardianUntil() and offer > 5:
            self.on_leases("closeOffer", offer, expect=lambda: self.leases.close_offer(offer), by=self.guardian)

    # Start

    @rule(pick=picks, who=callers)
    def start(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, APPROVED)
        by = self.caller(lease, who)
        self.on_leases("start", lease, expect=lambda: self.leases.start(by.address, lease), by=by)

    @precondition(lambda self: self.with_status(APPROVED))
    @rule(pick=picks)
    def deliver(self, pick: int) -> None:
        self.confirm(self.some(pick - pick % 13, APPROVED))

    def confirm(self, lease: int) -> None:
        root = keccak(text="release")
        signatures = self.dao.readiness(lease, root, 0, 1, 2)
        expect = lambda: self.leases.start(None, lease)  # noqa: E731
        self.on_leases("confirmDelivery", lease, root, signatures, expect=expect)

    # Periods

    @rule(pick=picks)
    def start_period(self, pick: int) -> None:
        self.pay_period(self.some(pick, ACTIVE))

    def pay_period(self, lease: int) -> None:
        self.on_leases("payInstalment", lease, expect=lambda: self.leases.pay_instalment(lease))

    @precondition(lambda self: self.running())
    @rule(
        pick=picks,
        share=st.sampled_from([0.0, 0.3, 0.5, 0.8, 1.0]),
        punctual=st.booleans(),
        erased=st.sampled_from([False, False, True]),
    )
    def pay_on_time(self, pick: int, share: float, punctual: bool, erased: bool) -> None:
        """Somewhere in the window of the lease that is due first or second; its licensee may acknowledge before."""
        due = sorted(self.running(), key=lambda i: i.paid_until)
        lease = due[pick % min(2, len(due))]
        if erased:
            self.erase_some(pick, lease.terms.dataset)
        opens = lease.paid_until - lease.terms.tolerance
        self.jump(opens + int(share * (2 * lease.terms.tolerance - 1)))
        if punctual:
            self.acknowledge(lease.id, "self", exact=True)
        self.pay_period(lease.id)

    def asking_for_shares(self) -> list[Lease]:
        """Approved leases whose terms ask for shares."""
        return [lease for lease in self.leases.leases.values() if lease.status == APPROVED and lease.terms.min_shares]

    @precondition(lambda self: self.asking_for_shares())
    @rule(pick=picks)
    def start_after_an_exit(self, pick: int) -> None:
        """Data leaves in the second of the start, perhaps shares that the terms ask for; then the licensee does too."""
        waiting = self.asking_for_shares()
        lease = waiting[pick % len(waiting)]
        self.erase_some(pick, lease.terms.dataset)
        self.start(lease.id, "self", exact=True)
        if lease.status == APPROVED:
            self.end(lease.id, "self", exact=True)

    @precondition(lambda self: self.running())
    @rule(pick=picks, ends=st.booleans())
    def desert(self, pick: int, ends: bool) -> None:
        """Everybody leaves the dataset of a running lease; its licensee keeps up, and its pool is dead."""
        lease = min(self.running(), key=lambda i: i.paid_until)
        self.erase_all(lease.terms.dataset)
        self.acknowledge(lease.id, "self", exact=True)
        self.jump(lease.paid_until)
        self.pay_period(lease.id)
        if ends:
            self.end(lease.id, "stranger", exact=True)

    # Ends

    @rule(pick=picks, who=callers)
    def end(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE, *([APPROVED] if pick % 7 == 0 else []))
        by = self.caller(lease, who)
        self.on_leases("end", lease, expect=lambda: self.leases.end(by.address, lease), by=by)

    @precondition(lambda self: self.with_status(ACTIVE, ENDED))
    @rule(pick=picks, offset=offsets)
    def run_out(self, pick: int, offset: int) -> None:
        """The end of a bond: ends the lease if it is not ended yet, releases, and slashes where that is too late."""
        fit = [i for i in self.with_status(ACTIVE, ENDED) if not i.bond_released]
        if not fit:
            return
        lease = fit[pick % len(fit)]
        self.jump(self.leases.bond_due(lease) + offset)
        if lease.status == ACTIVE:
            self.end(lease.id, "stranger", exact=True)
        self.slash_unacknowledged(lease.id, exact=True)
        self.release_bond(lease.id, exact=True)

    @rule(pick=picks)
    def release_bond(self, pick: int, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ENDED)
        self.on_leases("releaseBond", lease, expect=lambda: self.leases.release_bond(lease))

    # Erasures and keys

    @rule(pick=picks, who=callers)
    def acknowledge(self, pick: int, who: str, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE, APPROVED)
        by = self.caller(lease, who)
        self.on_leases("acknowledge", lease, expect=lambda: self.leases.acknowledge(by.address, lease), by=by)

    @rule(pick=picks)
    def slash_unacknowledged(self, pick: int, exact: bool = False) -> None:
        lease = pick if exact else self.some(pick, ACTIVE, ENDED)
        self.on_leases("slashUnacknowledged", lease, expect=lambda: self.leases.slash_unacknowledged(lease))

    @precondition(lambda self: self.with_status(ACTIVE, ENDED))
    @rule(pick=picks, offset=offsets, times=st.sampled_from([1, 1, 3]))
    def neglect(self, pick: int, offset: int, times: int) -> None:
        """An erasure that the licensee misses, or nearly; once, or until the bond can give no more."""
        lease = self.leases.leases[self.some(pick - pick % 13, ACTIVE, ENDED)]
        self.erase_some(pick, lease.terms.dataset)
        for _ in range(times):
            self.jump(self.now + self.leases.rules.ack_window + offset)
            self.slash_unacknowledged(lease.id, exact=True)
        if pick % 2:
            self.slash_unacknowledged(lease.id, exact=True)

    @rule(pick=picks, who=callers)
    def rotate_key(self, pick: int, who: str) -> None:
        lease = self.some(pick, PENDING, APPROVED, ACTIVE, ENDED)
        by, key = self.caller(lease, who), keccak(pick)
        self.on_leases("rotateKey", lease, key, expect=lambda: self.leases.rotate_key(by.address, lease, key), by=by)
