"""What is looked at after every step of a life among leases: every view of `DataLeases` and `ModelRegistry` against the
models, and what must hold on the chain's words alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, cached_property

from assurance.harness.chain.reader import Answers, View, Views, number_of
from assurance.harness.dao.leases import ACTIVE, APPROVED, ENDED, NONE, PENDING, REFUNDED
from assurance.harness.machines.leases.life import LeaseLife
from assurance.harness.machines.leases.world import LEASED, POOLS
from assurance.harness.machines.life import ALL_POOLS
from assurance.harness.models.leases.records import BPS

EDGES = {
    (NONE, PENDING), (NONE, APPROVED), (NONE, ACTIVE), (PENDING, APPROVED), (PENDING, REFUNDED),
    (APPROVED, ACTIVE), (APPROVED, REFUNDED), (ACTIVE, ENDED), (NONE, REFUNDED),
}  # fmt: skip
"""L-12. A step may accept and start at once, or approve and start."""
STATUS, BOND, SLASHED, ESCROW, RETURNABLE, LIVE = 0, 9, 10, 11, 12, 13
"""Places of words in `LeaseInfo`."""


class LeaseChecks(LeaseLife):
    def views(self) -> Views:
        views = super().views()
        views |= self._lease_views()
        views |= self._model_views()
        return views

    def _lease_views(self) -> Views:
        dao, model = self.dao, self.leases
        leases = dao.leases
        views: Views = {
            (leases, "treasuryOwed", ()): [model.treasury],
            (leases, "leaseCount", ()): [len(model.leases)],
            (leases, "offerCount", ()): [len(model.offers)],
            (dao.splitter, "conservation", ALL_POOLS): list(model.splitter.conservation()),
        }
        overdue = {number for number, lease in model.leases.items() if model.is_overdue(lease)}
        now = self.now
        unlocked = {number for number, lease in model.leases.items() if now < lease.paid_until} - overdue
        for pool in POOLS:
            views[dao.splitter, "pool", (pool,)] = list(model.splitter.pool(pool))
        for number in LEASED:
            dataset = model.datasets[number]
            reserved = dataset.reserved if model.queued_until(dataset.reserved) else 0
            sole = number_of(dataset.exclusive_licensee) if dataset.exclusives else 0
            views[leases, "datasetLeases", (number,)] = [dataset.live, dataset.exclusives, sole, reserved]
            for licensee in self.licensees:
                listed = model.lists.get((number, licensee.address), [])
                allowed = not unlocked.isdisjoint(listed)
                views[leases, "isAccessAllowed", (number, licensee.address, 1)] = [allowed]
                views[leases, "leasesOf", (number, licensee.address)] = [*listed, *[0] * (8 - len(listed))]
        for offer in model.offers.values():
            sole = number_of(offer.licensee or "0")
            views[leases, "offer", (offer.id,)] = [sole, offer.capacity, offer.taken, offer.expiry, offer.closed]
        owed = model.treasury
        for number, lease in model.leases.items():
            whole, access, late = self._views_of(number)
            escrow, bond, returnable = lease.escrow, lease.bond, lease.returnable
            owed += escrow + bond + returnable
            key, until = int.from_bytes(lease.key), lease.paid_until
            views[whole] = [
                lease.status, number_of(lease.licensee), key, lease.offer,
                lease.start_by != 0, lease.paid_periods, lease.start_by, until, lease.acknowledged,
                bond, lease.slashed, escrow, returnable, model.is_live(lease),
            ]  # fmt: skip
            views[access] = [number in unlocked, key, lease.terms.dataset, 1, until]
            views[late] = [number in overdue]
        views[leases, "solvency", ()] = [self.asset.balances[leases.address], owed]
        return views

    @cached_property
    def _views_of(self) -> Callable[[int], list[View]]:
        """Of a lease, the same objects at each step."""
        names = "lease", "leaseAccess", "isOverdue"
        return cache(lambda number: [(self.dao.leases, name, (number,)) for name in names])

    @cached_property
    def _accounts(self) -> list[str]:
        """Who may have something of `ModelRegistry`, or of the asset."""
        return [who.address for who in (*self.licensees, self.stranger)] + [self.refuge, self.models.timelock]

    def _model_views(self) -> Views:
        models, book = self.dao.models, self.models
        views: Views = {
            (models, "solvency", ()): [self.asset.balances[models.address], book.owed()],
            (models, "modelCount", ()): [len(book.models)],
        }
        for account in self._accounts:
            views[models, "creditOf", (account,)] = [book.credits[account]]
            views[self.dao.asset, "balanceOf", (account,)] = [self.asset.balances[account]]
        for number, model in enumerate(book.models, 1):
            # A struct with two dynamic fields: an offset, eight heads, and the lengths and items of both.
            ids = [royalty.lease for royalty in model.royalties]
            together = sum(royalty.bps for royalty in model.royalties)
            heads = [number_of(model.owner), number_of(model.beneficiary), int.from_bytes(model.hash, "big")]
            heads += [int(model.open_source), together, model.paid]
            views[models, "model", (number,)] = [32, *heads, 8 * 32, (9 + len(ids)) * 32, len(ids), *ids, 0]
        return views

    # Properties

    def properties(self, answers: Answers) -> None:
        super().properties(answers)
        leases = {number: answers["lease", number] for number in self.leases.leases}
        self._books(leases, answers)
        self._neighbours(leases)
        self._edges(leases)
        self._royalties(answers)

    def _books(self, leases: dict[int, list[int]], answers: Answers) -> None:
        """L-1 and L-2, from the chain's words and its events alone."""
        balance, owed = answers[self.dao.leases.address, "solvency"]
        parts = 0
        for number, words in leases.items():
            terms, ledger = self.leases.leases[number].terms, self.ledger[number]
            inside = words[ESCROW] + words[BOND] + words[RETURNABLE]
            parts += inside
            assert terms.price * terms.periods + terms.bond == inside + sum(ledger.values()), "L-2"
            slashed, most = ledger.get("BondSlashed", 0), terms.bond * self.leases.rules.max_slash_bps // BPS
            assert words[SLASHED] == slashed <= most, "L-10"
            if words[STATUS] == REFUNDED:
                assert ledger.get("InstalmentPaid", 0) == slashed == 0, "L-2"
            if words[STATUS] == PENDING:
                assert not ledger, "L-2"
        assert balance >= owed == answers["treasuryOwed",][0] + parts, "L-1"

    def _neighbours(self, leases: dict[int, list[int]]) -> None:
        """L-8: live leases of a dataset are all shared, or all of one licensee."""
        live = [self.leases.leases[i] for i, w in leases.items() if w[LIVE]]
        for dataset in LEASED:
            here = [lease for lease in live if lease.terms.dataset == dataset]
            sole = any(lease.terms.exclusive for lease in here)
            assert not sole or len({lease.licensee for lease in here}) == 1, "L-8"

    def _edges(self, leases: dict[int, list[int]]) -> None:
        """L-12: only listed edges between states."""
        for number, words in leases.items():
            before = self.statuses.get(number, NONE)
            assert before == words[STATUS] or (before, words[STATUS]) in EDGES, "L-12"
            self.statuses[number] = words[STATUS]

    def _royalties(self, answers: Answers) -> None:
        """L-11: what was paid for models is in pools or with its owners, and the contract holds what it owes."""
        balance, owed = answers[self.dao.models.address, "solvency"]
        assert balance == owed == self.flow["ModelPaid"] - self.flow["RoyaltyPaid"] - self.flow["Withdrawn"], "L-11"

    def nothing_is_left(self, answers: Answers) -> None:
        """L-4 and L-11, when everybody has had what is theirs."""
        assert all(lease.status in (REFUNDED, ENDED) for lease in self.leases.leases.values())
        assert answers[self.dao.leases.address, "solvency"] == [0, 0]
        waiting = sum(model.waiting for model in self.models.models)
        assert answers[self.dao.models.address, "solvency"] == [waiting, waiting], (
            "less than a unit of each part of each model"
        )
        assert all(model.waiting <= len(model.royalties) for model in self.models.models), "L-11"
        assert not any(answers["leaseAccess", number][0] for number in self.leases.leases)
