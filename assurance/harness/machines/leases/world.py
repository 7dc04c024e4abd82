"""What random lives of leases start from: a DAO with data in two datasets, offers standing, licensees with money, and
the models of splitter and asset brought to the same state."""

from __future__ import annotations

from typing import Any, NamedTuple

from web3.constants import ADDRESS_ZERO

from assurance.harness.dao.dao import Batch, Dao, leaf
from assurance.harness.dao.system import DAY, config
from assurance.harness.dao.zoo import Species
from assurance.harness.machines.base import World
from assurance.harness.models.leases.records import Offer, Rules, Terms
from assurance.harness.models.money import Money
from assurance.harness.models.registry.records import Message
from assurance.harness.models.token_splitter import Splitter
from datadao.types import Leaf

HOME = 3
"""The founder's own dataset, which is never leased or erased: its votes, and a commons that never dies."""
LEASED = (1, 2)
POOLS = (0, *LEASED)
RICHES = 10**12
RULES = Rules(DAY, 2 * DAY, 2 * DAY, 8 * DAY, 5 * DAY, 1500, 4000, 60 * DAY)
CUTS = [(500, 500), (0, 3000), (333, 1)]
SHAPES = [
    # price, length, periods, bond, royalty: a plain one, odd amounts, a grant, a grant with a bond, one long period.
    (10_000, 7 * DAY, 4, 5_000, 0),
    (1_003, 10 * DAY, 3, 777, 3_333),
    (0, 9 * DAY, 2, 0, 2_500),
    (0, 30 * DAY, 2, 1_000, 10_000),
    (50_000, 30 * DAY, 1, 9_999, 1),
]
"""What a lease may look like. Grants come from offers only. Four royalties of 2,500 are all there is to give, and one
of a basis point is too much beside them."""

STANDING = [(0, 1, False), (1, 2, False), (3, 1, False), (0, 2, True), (2, 2, False), (2, 1, False), (4, 1, False)]
"""Offers of every life: shape, dataset, exclusive. An exclusive one is to the first licensee. Datasets are empty
when they are made: they ask for no shares."""


def terms_of(shape: int, dataset: int, exclusive: bool, cuts: tuple[int, int], min_shares: int = 0) -> Terms:
    price, length, periods, bond, royalty = SHAPES[shape]
    return Terms(dataset, price, length, periods, bond, royalty, exclusive, *cuts, min_shares)


def given(dao: Dao, terms: Terms) -> dict[str, Any]:
    """As the contract takes them."""
    return dao.terms(
        datasetId=terms.dataset,
        pricePerPeriod=terms.price,
        periodLength=terms.length,
        periods=terms.periods,
        bond=terms.bond,
        royaltyBps=terms.royalty_bps,
        exclusive=terms.exclusive,
        minShares=terms.min_shares,
    )


def configured(**more: Any) -> Any:
    """A configuration of `RULES` with three datasets; `more` as for `config`."""
    policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
    policies = [policy | {"minPricePerPeriod": 1, "minBond": 0}] * 3
    rules = {
        "DatasetRegistry__params__policies": policies,
        "DataGovernor__params__votingPeriod": "2 days",
        "DataGovernor__params__lateQuorumExtension": 0,
        "DataLeases__params__minRequestEscrow": 1,
        "DataLeases__params__startWindow": "8 days",
        "DataLeases__params__ackWindow": "5 days",
        "DataLeases__params__ackSlashBps": 1500,
        "DataLeases__params__maxSlashBps": 4000,
        "DataLeases__params__bondDelay": "60 days",
    }
    return config(**rules | more)


class Datum(NamedTuple):
    """An accepted unclaimed contribution."""

    batch: Batch
    item: Leaf
    shares: int
    entry: int
    """Where its dataset and the commons stood at its activation."""


class LeasesWorld(World):
    """A DAO with its datasets, and the model of its splitter."""

    def __init__(self, twins: tuple[str, ...], species: Species, transferable: bool) -> None:
        rules = configured(DataToken__transferable=transferable)
        self.dao = dao = Dao(rules, twins=twins, **species.options)
        self.founder, self.payer = dao.who("founder"), dao.who("payer")
        self.licensees = [dao.who(f"licensee-{i}") for i in range(3)]
        self.asset = Money(species, dao.asset.address)
        self.splitter = Splitter(dao.splitter.address, dao.registry.address, dao.token.address, self.asset)

        home = dao.contribute(leaf(self.founder, "home", 1000), dataset=HOME)
        entry, shares = self._enter(self.splitter, home, HOME), dao.registry.policy(HOME, 1).sharesPerUnit * 1000
        self.splitter.vestShares(dao.registry.address, HOME, self.founder.address, shares, entry)
        for who in self.licensees:
            dao.fund(who, RICHES, dao.leases, dao.models)
            self.asset.balances[who.address] = RICHES
        dao.fund(self.payer, 1, dao.models)
        self.asset.balances[self.payer.address] = 1
        expiry = dao.chain.timestamp + 900 * DAY
        self.offers = [
            Offer(number, terms_of(i, d, sole, CUTS[0]), self.licensees[0].address if sole else None, 50, expiry)
            for number, (i, d, sole) in enumerate(STANDING, 1)
        ]
        actions = [
            (dao.leases, "createOffer", (given(dao, o.terms), o.licensee or ADDRESS_ZERO, o.capacity, o.expiry))
            for o in self.offers
        ]
        dao.pass_(dao.propose(self.founder, *actions), self.founder)
        self.hashes = {o.id: dao.leases.hashTerms(dao.leases.offerTerms(o.id)[0]) for o in self.offers}
        self.data = {d: self.contribute(self.splitter, d, 2) for d in LEASED}
        super().__init__(dao.chain)

    def contribute(self, splitter: Splitter, dataset: int, count: int) -> list[Datum]:
        """Accepts contributions of so many members."""
        members = [self.dao.who(f"member-{i}") for i in range(count)]
        leaves = [leaf(who, f"{dataset}/{self.dao.chain.timestamp}/{who.name}") for who in members]
        batch = self.dao.publish(leaves, dataset)
        self.dao.activate(batch)
        self.dao.chain.warp(1)
        entry = self._enter(splitter, batch, dataset)
        shares = Message(*batch.message).totalShares // count
        return [Datum(batch, item, shares, entry) for item in leaves]

    def _enter(self, splitter: Splitter, batch: Batch, dataset: int) -> int:
        """What activation did to the pools."""
        total = Message(*batch.message).totalShares
        entry: int = splitter.addPendingShares(self.dao.registry.address, dataset, total).value
        return entry
