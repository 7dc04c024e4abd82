"""Leases in a whole DAO, against a model, over random lives (L-1 to L-3, L-5 to L-10, L-12).

After every step the whole state is compared to the model's, to the unit, and what must hold in any state is checked on
what the chain alone says. Every life ends with everybody taking out what is theirs, and nothing left.
`DATADAO_DEPTH` lengthens the runs.
"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis.stateful import invariant, run_state_machine_as_test

from tests.support.depth import DEPTH
from tests.support.leases import ACTIVE, APPROVED, ENDED, NONE, PENDING, REFUNDED
from tests.support.leases_machine import LEASED, RULES, LeasesMachine
from tests.support.leases_model import BPS, Lease
from tests.support.reader import Reader, View
from tests.support.system import DAY

EDGES = {
    (NONE, PENDING), (NONE, APPROVED), (NONE, ACTIVE), (PENDING, APPROVED), (PENDING, REFUNDED),
    (APPROVED, ACTIVE), (APPROVED, REFUNDED), (APPROVED, ENDED), (ACTIVE, ENDED),
}  # fmt: skip
"""L-12. A step may accept and start at once, or approve and start."""
STATUS, LICENSEE, BOND, SLASHED, ESCROW, RETURNABLE, LIVE = 0, 1, 10, 11, 12, 13, 14
"""Places of words in `LeaseInfo`."""


class CheckedMachine(LeasesMachine):
    """`LeasesMachine`, looked at after every step."""

    _reader: tuple[tuple[int, int], Reader] | None = None

    def expected(self) -> dict[View, list[int | None]]:
        """Every view of interest and the words the model says it returns; none where the model does not care."""
        dao, model = self.dao, self.model
        leases = dao.leases
        owed = model.treasury + sum(i.escrow + i.bond + i.returnable for i in model.leases.values())
        views: dict[Any, list[int | None]] = {
            (leases, "solvency", ()): [owed, owed],
            (leases, "treasuryOwed", ()): [model.treasury],
            (leases, "leaseCount", ()): [len(model.leases)],
            (leases, "offerCount", ()): [len(model.offers)],
            (dao.splitter, "pool", (0,)): [None, None, model.commons, None],
        }
        for number, dataset in model.datasets.items():
            reserved = dataset.reserved if model.is_queued(dataset.reserved) else 0
            views[leases, "datasetLeases", (number,)] = [dataset.live, dataset.exclusive, reserved]
            views[dao.splitter, "pool", (number,)] = [None, None, dataset.received, None]
            for licensee in self.licensees:
                listed = model.lists.get((number, licensee.address), [])
                allowed = any(model.is_open(model.leases[i]) for i in listed)
                views[leases, "isAccessAllowed", (number, licensee.address, 1)] = [int(allowed)]
                views[leases, "leasesOf", (number, licensee.address)] = [*listed, *[0] * (8 - len(listed))]
        for offer in model.offers.values():
            words = [int(offer.licensee or "0", 16), offer.seats, offer.taken, offer.expiry, int(offer.closed)]
            views[leases, "offer", (offer.id,)] = list(words)
        for account, amount in self.money.items():
            views[dao.asset, "balanceOf", (account,)] = [amount]
        for lease in model.leases.values():
            views[leases, "lease", (lease.id,)] = self._words(lease)
            key, terms = int.from_bytes(lease.key, "big"), lease.terms
            access = [int(model.is_open(lease)), key, terms.dataset, 1, lease.paid_until]
            views[leases, "leaseAccess", (lease.id,)] = list(access)
            views[leases, "isOverdue", (lease.id,)] = [int(model.is_overdue(lease))]
        return views

    def _words(self, lease: Lease) -> list[int | None]:
        proposal = lease.vote.id if lease.vote else 0
        return [
            *(lease.status, int(lease.licensee, 16), int.from_bytes(lease.key, "big"), lease.offer, proposal),
            *(int(lease.start_by != 0), lease.paid_periods, lease.start_by, lease.paid_until, lease.acknowledged),
            *(lease.bond, lease.slashed, lease.escrow, lease.returnable, int(self.model.is_live(lease))),
        ]

    @invariant()
    def the_chain_is_as_the_model_says_and_adds_up(self) -> None:
        with self.sound():
            self._look()

    def _look(self) -> None:
        expected = self.expected()
        size = len(self.model.leases), len(self.model.offers)
        if self._reader is None or self._reader[0] != size:
            self._reader = size, Reader(self.dao.chain, list(expected))
        words = iter(self._reader[1].words())
        told: dict[View, list[int]] = {}
        for view, answer in expected.items():
            told[view] = [next(words) for _ in answer]
            wrong = [i for i, (t, a) in enumerate(zip(told[view], answer, strict=True)) if a not in (None, t)]
            assert not wrong, (view[1], view[2], told[view], answer)
        leases = {view[2][0]: answer for view, answer in told.items() if view[1] == "lease"}
        self._books(leases, told)
        self._neighbours(leases)
        self._edges(leases)

    def _books(self, leases: dict[int, list[int]], told: dict[View, list[int]]) -> None:
        """L-1 and L-2, from the chain's words and its events alone."""
        views = {view[1]: answer for view, answer in told.items() if not view[2]}
        (balance, owed), (treasury,) = views["solvency"], views["treasuryOwed"]
        parts = sum(words[ESCROW] + words[BOND] + words[RETURNABLE] for words in leases.values())
        assert balance >= owed == treasury + parts, "L-1"
        for number, words in leases.items():
            terms, ledger = self.model.leases[number].terms, self.ledger[number]
            inside = words[ESCROW] + words[BOND] + words[RETURNABLE]
            assert terms.price * terms.periods + terms.bond == inside + sum(ledger.values()), "L-2"
            assert words[SLASHED] == ledger["BondSlashed"] <= terms.bond * RULES.max_slash_bps // BPS, "L-10"
            if words[STATUS] == REFUNDED:
                assert ledger["InstalmentPaid"] == ledger["BondSlashed"] == 0, "L-2"
            if words[STATUS] == PENDING:
                assert not ledger, "L-2"

    def _neighbours(self, leases: dict[int, list[int]]) -> None:
        """L-8: live leases of a dataset are one, or all shared."""
        for dataset in LEASED:
            live = [self.model.leases[i] for i, w in leases.items() if w[LIVE]]
            here = [lease.terms.exclusive for lease in live if lease.terms.dataset == dataset]
            assert len(here) < 2 or not any(here), "L-8"

    def _edges(self, leases: dict[int, list[int]]) -> None:
        """L-12: only listed edges between states."""
        for number, words in leases.items():
            before = self._statuses.get(number, NONE)
            assert before == words[STATUS] or (before, words[STATUS]) in EDGES, "L-12"
            self._statuses[number] = words[STATUS]

    @property
    def _statuses(self) -> dict[int, int]:
        seen: dict[int, int] = self.__dict__.setdefault("_seen", {})
        return seen

    def teardown(self) -> None:
        if hasattr(self, "checkpoint"):
            try:
                if not self.failed:
                    self._everybody_is_paid()
            finally:
                self.dao.chain.revert(self.checkpoint)

    def _everybody_is_paid(self) -> None:
        """L-4: by passage of time alone every lease comes to an end, by strangers' calls, and the escrow is empty."""
        self.jump(self.now + 20 * 366 * DAY)
        for lease in self.model.leases.values():
            if lease.status == ACTIVE:
                self.send("end", lease.id, expect=lambda i=lease.id: self.model.end(self.stranger.address, i))
            if lease.status == ENDED and not lease.bond_released:
                self.send("releaseBond", lease.id, expect=lambda i=lease.id: self.model.release_bond(i))
            if lease.status in (PENDING, APPROVED):
                self.send("refund", lease.id, expect=lambda i=lease.id: self.model.refund(i))
            self.claim(lease.id)
            self.send("settle", lease.id, expect=lambda i=lease.id: self.model.settle(i))
            assert lease.status in (REFUNDED, ENDED)
        self.withdraw_treasury()
        self.the_chain_is_as_the_model_says_and_adds_up()
        assert self.dao.leases.solvency() == (0, 0)
        assert all(self.dao.leases.leaseAccess(i)[0] is False for i in self.model.leases)


LIFE = settings(
    max_examples=160 * DEPTH,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
REACHED = {
    *("request", "approve", "accept", "start", "confirmDelivery", "startPeriod", "end", "releaseBond", "reserve"),
    *("refund", "claimRefund", "acknowledge", "slashUnacknowledged", "settle", "decision"),
    *("InstalmentPaid", "BondSlashed", "ReturnablePaid"),
    *(
        f"DataLeases_{name}"
        for name in (
            *("Exclusive", "LiveLeases", "OutsideWindow", "NotOverdue", "DeadPool", "NotReservable", "NotRefundable"),
            *("NotLicensee", "WrongStatus", "UnknownLease", "NothingToWithdraw", "BondDue"),
        )
    ),
}
"""What every run of this length reaches, rule by rule; the seldom errors are each tested in `tests/unit/leases`."""


def test_leases__over_random_lives__are_as_the_model_says_and_keep_their_invariants() -> None:
    CheckedMachine.reached.clear()
    run_state_machine_as_test(CheckedMachine, settings=LIFE)
    print(*(f"{count:7} {name}" for name, count in CheckedMachine.reached.most_common()), sep="\n")
    assert CheckedMachine.reached.keys() >= REACHED, "random lives that never get there prove nothing about it"
