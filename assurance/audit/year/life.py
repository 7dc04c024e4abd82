"""The year, lived on the real contracts in process; the ledger gets shares and deposits from the plan.

The amount of a deposit is computed from the terms here and compared with what the splitter reports, so the ledger does
not rest on the contracts.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from eth_utils import keccak

from assurance.audit.year.plan import DATASETS, DAYS, STEWARD_UNITS, STEWARDS, Contribution, Lease, Plan
from assurance.harness.chain.abi import checksummed
from assurance.harness.chain.handles import Receipt
from assurance.harness.dao.dao import AGAINST, FOR, Batch, Dao, Proposal, leaf
from assurance.harness.dao.system import DAY, actor, config
from assurance.harness.models.entitlement import COMMONS, Age, Ledger
from datadao.types import Leaf

BPS = 10_000
STRANGER = actor("stranger").address
MODEL_HASH = keccak(text="model")
POLICIES = ({"commonsBps": 500, "treasuryBps": 500}, {"commonsBps": 1_000}, {"commonsBps": 1_500, "treasuryBps": 0})
"""Of the datasets, where they differ from the local configuration's."""
Deposits = list[tuple[int, int]]
"""Pool and amount of each."""


class WrongDeposit(AssertionError):
    """The splitter reports other deposits than the terms say."""


@dataclass
class Lot:
    """A batch on chain, and after which deposits its shares began to earn."""

    batch: Batch
    leaves: dict[Contribution, Leaf]
    since: Age = (0, 0)


@dataclass
class Running:
    """A lease on chain."""

    plan: Lease
    id: int
    proposal: Proposal
    model: int | None = None
    sold: int = 0
    """Paid to the model so far; royalties are the floor over it."""
    over: bool = False


def address(number: int) -> str:
    """Of a contributor; there is no key, and in process none is needed."""
    return checksummed("0x" + keccak(text=f"contributor {number}")[:20].hex())


class Life:
    def __init__(self, plan: Plan, twins: Sequence[str] = ()) -> None:
        """`twins` as in `System`: what to deploy instead of a contract."""
        self.plan = plan
        base = config().contracts["DatasetRegistry"]["params"]["policies"][0]
        self.policies: list[dict[str, Any]] = [base | changes for changes in POLICIES]
        self.dao = dao = Dao(config(DatasetRegistry__params__policies=self.policies), twins=twins)
        self.created = dao.chain.timestamp
        self.ledger, self.settlements = Ledger(), Counter[str]()
        self.addresses = [address(number) for number in range(len(plan.contributors))]
        self._published = _indexed(plan.contributions, lambda item: item.published)
        self._activated = _indexed(plan.contributions, lambda item: item.activated)
        self._claimed = _indexed(plan.contributions, lambda item: item.claimed)
        self._erased = _indexed(plan.contributions, lambda item: item.erased)
        self.lots: dict[Contribution, Lot] = {}
        self.leases: list[Running] = []
        self.pools: defaultdict[str, set[int]] = defaultdict(set)
        """Of an account: the datasets it ever had shares of."""
        self._accumulators = Counter[int]()
        self.transactions, self.deposits = 0, 0
        self.income: list[list[int]] = []
        """By day: received by each pool so far, and paid out."""
        self.stewards = [actor(f"steward-{i}") for i in range(STEWARDS)]
        self._count_transactions()
        self._found()

    def _count_transactions(self) -> None:
        original = self.dao.chain.transact

        def transact(*args: Any) -> Any:
            self.transactions += 1
            return original(*args)

        self.dao.chain.transact = transact

    # Time

    def live(self) -> None:
        """All days, the last one included."""
        for day in range(DAYS + 1):
            self.dao.chain.warp(self.created + (day + 4) * DAY - self.dao.chain.timestamp)
            self._accept(day)
            self._claim_data(day)
            self._erase(day)
            self._lease(day)
            self._sell(day)
            self._collect(day)
            received = [self.dao.splitter.pool(pool)[2] for pool in range(DATASETS + 1)]
            self.income.append([*received, self.conservation()[1]])

    def conservation(self) -> tuple[int, int, int, int]:
        """Of all pools: received, paid, the most that is owed, and what is carried, scaled."""
        found: tuple[int, int, int, int] = self.dao.splitter.conservation(0, DATASETS + 1)
        return found

    # Data

    def _found(self) -> None:
        """The stewards' own data, in every dataset, so that there are votes and no pool is dead."""
        for dataset in range(1, DATASETS + 1):
            leaves = [leaf(who, f"{who.name} in {dataset}", STEWARD_UNITS) for who in self.stewards]
            self.dao.contribute(*leaves, dataset=dataset)
            shares = self._shares(dataset, STEWARD_UNITS, BPS)
            for who in self.stewards:
                self._settle(who.address, shares, dataset, (0, 0))
            self.ledger.total(dataset, shares * len(leaves))

    def _shares(self, dataset: int, units: int, quality: int) -> int:
        per_unit: int = self.policies[dataset - 1]["sharesPerUnit"]
        return units * quality * per_unit // BPS

    def _shares_of(self, item: Contribution) -> int:
        return self._shares(item.dataset, item.units, item.quality)

    def _settle(self, account: str, shares: int, dataset: int, since: Age) -> None:
        """The account holds `shares` more of the dataset, from these deposits on."""
        self.ledger.held(dataset, account, shares, since)
        self.pools[account].add(dataset)
        self.settlements[account] += 1

    def _accept(self, day: int) -> None:
        for dataset, published in self._by_dataset(self._published[day]):
            leaves = {item: self._leaf(item) for item in published}
            lot = Lot(self.dao.publish(list(leaves.values()), dataset), leaves)
            self.lots |= dict.fromkeys(published, lot)
        for dataset, activated in self._by_dataset(self._activated[day]):
            lot = self.lots[activated[0]]
            self.dao.activate(lot.batch)
            self.ledger.total(dataset, sum(map(self._shares_of, activated)))
            lot.since = self.ledger.age(dataset)

    @staticmethod
    def _by_dataset(items: list[Contribution]) -> list[tuple[int, list[Contribution]]]:
        return sorted(_indexed(items, lambda item: item.dataset).items())

    def _leaf(self, item: Contribution) -> Leaf:
        name = f"{item.contributor} {item.dataset} {item.published}"
        digest = [keccak(text=f"{kind}/{name}") for kind in ("fingerprint", "file", "envelope")]
        return Leaf(self.addresses[item.contributor], digest[0], digest[1], digest[2], item.units, item.quality)

    def _claim_data(self, day: int) -> None:
        for item in self._claimed[day]:
            self.claim(item)
            person, account = self.plan.contributors[item.contributor], self.addresses[item.contributor]
            if person.steward is not None:
                self.dao.token.delegate(self.stewards[person.steward].address, sender=account)

    def claim(self, item: Contribution) -> None:
        lot = self.lots[item]
        self.dao.claim(lot.batch, lot.leaves[item])
        self._settle(self.addresses[item.contributor], self._shares_of(item), item.dataset, lot.since)

    def _erase(self, day: int) -> None:
        for item in self._erased[day]:
            lot, account, shares = self.lots[item], self.addresses[item.contributor], self._shares_of(item)
            claimed = item.claimed is not None
            self.dao.erase(lot.batch, lot.leaves[item], [] if claimed else None)
            # Whose data was never claimed is credited at once what it earned.
            if not claimed:
                self.ledger.held(item.dataset, account, shares, lot.since)
            self._settle(account, -shares, item.dataset, self.ledger.age(item.dataset))
            self.ledger.total(item.dataset, -shares)

    # Money in

    def _lease(self, day: int) -> None:
        for plan in self.plan.leases:
            if plan.requested == day:
                self._request(plan)
        for lease in [lease for lease in self.leases if not lease.over]:
            age = day - lease.plan.requested
            if age == 2:
                for steward in self.stewards:
                    self.dao.vote(lease.proposal.id, steward, support=FOR if lease.plan.wanted else AGAINST)
            elif age == 5 and not lease.plan.wanted:
                self.dao.leases.claimRefund(lease.id, sender=STRANGER)
                lease.over = True
            elif age == 5:
                self.dao.queue(lease.proposal)
            elif age == 8:
                self.dao.governor.execute(*lease.proposal.action, sender=STRANGER)
                self._heard(self.dao.deliver(lease.id), self._instalment(lease.plan))
                self._publish_model(lease)
            elif age > 8:
                self._run(lease)

    def _request(self, plan: Lease) -> None:
        terms = self.dao.terms(
            datasetId=plan.dataset,
            pricePerPeriod=plan.price,
            periodLength=plan.period * DAY,
            periods=plan.periods,
            bond=plan.bond,
            royaltyBps=plan.royalty,
        )
        self.leases.append(Running(plan, *self.dao.request(self.dao.who(plan.licensee), terms)))

    def _instalment(self, plan: Lease) -> Deposits:
        policy = self.policies[plan.dataset - 1]
        commons, treasury = (plan.price * policy[cut] // BPS for cut in ("commonsBps", "treasuryBps"))
        return [(plan.dataset, plan.price - commons - treasury), (COMMONS, commons)]

    def _publish_model(self, lease: Running) -> None:
        if lease.plan.royalty:
            licensee = self.dao.who(lease.plan.licensee).address
            details = ([lease.id], MODEL_HASH, "", True, licensee)
            lease.model = self.dao.models.register(*details, sender=licensee).value

    def _run(self, lease: Running) -> None:
        """Erasures are acknowledged, instalments paid on the last paid day, and after the last the lease ends."""
        leases, licensee = self.dao.leases, self.dao.who(lease.plan.licensee).address
        info = leases.lease(lease.id)
        if leases.isOverdue(lease.id):
            one, most = (lease.plan.bond * bps // BPS for bps in (leases.ackSlashBps(), leases.maxSlashBps()))
            if slash := min(one, most - info.slashed):
                receipt = leases.slashUnacknowledged(lease.id, sender=STRANGER)
                self._heard(receipt, [(lease.plan.dataset, slash)])
            leases.acknowledge(lease.id, sender=licensee)
        elif lease.plan.careful and info.acknowledged < self.dao.registry.dataset(lease.plan.dataset).erasures:
            leases.acknowledge(lease.id, sender=licensee)
        if info.paidPeriods == lease.plan.periods:
            if self.dao.chain.timestamp >= info.paidUntil:
                leases.end(lease.id, sender=STRANGER)
                lease.over = True
        elif self.dao.chain.timestamp >= info.paidUntil - DAY:
            self._heard(leases.payInstalment(lease.id, sender=STRANGER), self._instalment(lease.plan))

    def _sell(self, day: int) -> None:
        buyer = self.dao.who("buyer")
        for sale in self.plan.sales:
            lease = self.leases[sale.lease] if sale.day == day else None
            if lease and lease.model:
                self.dao.fund(buyer, sale.amount, self.dao.models)
                owner = self.dao.who(lease.plan.licensee).address
                meant = (lease.model, owner, MODEL_HASH, sale.amount)
                receipt = self.dao.models.pay(*meant, sender=buyer.address)
                before, lease.sold = lease.sold, lease.sold + sale.amount
                royalty = lease.sold * lease.plan.royalty // BPS - before * lease.plan.royalty // BPS
                self._heard(receipt, [(lease.plan.dataset, royalty)] if royalty else [])

    def _heard(self, receipt: Receipt, expected: Deposits) -> None:
        """Enters the expected deposits in the ledger.

        Raises:
            WrongDeposit: the chain reports others.
        """
        deposits = [event.args for event in receipt.named("Deposited")]
        reported = [(args["poolId"], args["amount"]) for args in deposits]
        if sorted(reported) != sorted(expected):
            raise WrongDeposit(f"expected deposits {sorted(expected)}, the splitter reports {sorted(reported)}")
        for args in deposits:
            pool, after = args["poolId"], args["accumulator"]
            self.ledger.deposit(pool, args["amount"], after - self._accumulators[pool])
            self._accumulators[pool] = after
            self.deposits += 1

    # Money out

    def _collect(self, day: int) -> None:
        for number, person in enumerate(self.plan.contributors):
            if person.collects and (day + number) % person.collects == 0:
                self.collect(self.addresses[number])

    def collect(self, account: str) -> None:
        """By a stranger, to the account."""
        if pools := sorted(self.pools[account]):
            self.dao.splitter.claim(account, pools, sender=STRANGER)
            self.settlements[account] += len(pools)


def _indexed(items: Iterable[Contribution], key: Callable[[Contribution], Any]) -> defaultdict[Any, list[Contribution]]:
    found = defaultdict(list)
    for item in items:
        found[key(item)].append(item)
    return found
