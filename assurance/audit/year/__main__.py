"""`python -m assurance.audit.year`: a year of 10,000 contributors, every payout compared with exact fractions.

    python -m assurance.audit.year --contributors 1000 --seed 7

The ledger knows who held how many shares at which deposit, and nothing of accumulators: entitlement is a sum of
`amount * shares / all shares`. On the last day everything is claimed for everybody, in a moment that is undone, so that
those who never claimed can be compared too. Everyone must have been paid as property S-3 says.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from typing_extensions import TypedDict

from assurance.audit.part import PartError, run, whole_number, write
from assurance.audit.part import parser as new_parser
from assurance.audit.year.life import Life
from assurance.audit.year.plan import DATASETS, FATES, planned
from assurance.bench.report import Stopwatch
from assurance.harness.models.entitlement import COMMONS
from assurance.harness.models.token_splitter import SCALE

SEED = 6
CONTRIBUTORS = 10_000


class People(TypedDict):
    """Contributors of one fate, in one order."""

    paid: list[int]
    """Asset units, everything claimed."""
    deviation: list[float]
    """Paid less the exact entitlement, asset units."""


class Totals(TypedDict):
    """Asset units, on the evening of the last day."""

    received: int
    paid: int
    claimable: int
    """By those who have claimed their data."""
    unclaimed: int
    """Would be claimable besides if all data were claimed."""
    remainder: float
    """Carried by the pools into their next deposits."""
    dust: float
    """What rounding keeps when everything is claimed: less than a unit for each settlement."""


class Extreme(TypedDict):
    deviation: float
    bound: float
    """Of that contributor: a unit for each of its settlements and half a unit for each deposit to its pools."""


class Result(TypedDict):
    """`audit-report/year.json`, besides what every part has."""

    seed: int
    contributors: int
    contributions: int
    leases: int
    deposits: int
    transactions: int
    totals: Totals
    least: Extreme
    most: Extreme
    people: dict[str, People]
    """By fate, of `assurance.audit.year.plan.FATES`."""
    income: list[list[int]]
    """By day: received so far by the commons, by each dataset's pool, and paid out."""
    wrong: list[str]


class Judge:
    """Compares the payouts at the end of a life with its ledger."""

    def __init__(self, life: Life) -> None:
        self.life = life
        self.wrong: list[str] = []
        self.people: dict[str, People] = {fate: {"paid": [], "deviation": []} for fate in FATES}
        self.extremes: list[Extreme] = []

    def result(self) -> tuple[Totals, Extreme, Extreme]:
        life, splitter = self.life, self.life.dao.splitter
        received, paid, _, carried = life.conservation()
        accounts = [*life.addresses, *(steward.address for steward in life.stewards)]
        claimable = sum(splitter.claimable(account, sorted(life.pools[account])) for account in accounts)
        # What follows belongs to the comparison: the year's transactions are counted before.
        self._claim_everything(accounts)
        everything = life.conservation()[1]
        totals: Totals = {
            "received": received,
            "paid": paid,
            "claimable": claimable,
            "unclaimed": everything - paid - claimable,
            "remainder": round(carried / SCALE, 6),
            "dust": round((received - everything) - carried / SCALE, 6),
        }
        self._check_conservation(received, everything, carried)
        for number, account in enumerate(life.addresses):
            self._compare(number, account)
        least, most = (choose(self.extremes, key=lambda e: e["deviation"]) for choose in (min, max))
        return totals, least, most

    def _claim_everything(self, accounts: list[str]) -> None:
        for item in self.life.plan.contributions:
            if item.claimed is None and item.erased is None:
                self.life.claim(item)
        for account in accounts:
            self.life.collect(account)

    def _check_conservation(self, received: int, paid: int, carried: int) -> None:
        """S-11, and S-1: what is left is remainders, and less than a unit for each settlement."""
        splitter, asset = self.life.dao.splitter, self.life.dao.asset
        dust, settlements = (received - paid) * SCALE - carried, self.life.settlements.total()
        if not 0 <= dust < settlements * SCALE:
            self.wrong.append(f"{dust / SCALE} units left besides remainders after {settlements} settlements")
        if (held := asset.balanceOf(splitter.address)) != received - paid:
            self.wrong.append(f"the splitter holds {held} units, received {received} and paid {paid}")

    def _compare(self, number: int, account: str) -> None:
        """S-3: never more than the accumulators say, less by under a unit a settlement; and near the exact fraction."""
        ledger, pools, settlements = self.life.ledger, self.life.pools[account], self.life.settlements[account]
        paid: int = self.life.dao.asset.balanceOf(account)
        short = sum(ledger.income(pool, account) for pool in pools) - paid * SCALE
        if not 0 <= short < settlements * SCALE:
            self.wrong.append(f"{account} was paid {paid}: {short / SCALE} units short after {settlements} settlements")
        deviation = paid - sum((ledger.entitlement(pool, account) for pool in pools), Fraction(0))
        displaced = Fraction(sum(map(ledger.deposits, {*pools, COMMONS})), 2)
        if not -settlements - displaced < deviation < displaced:
            self.wrong.append(f"{account} was paid {paid}: {float(deviation)} from the exact fraction")
        people = self.people[self.life.plan.contributors[number].fate]
        people["paid"].append(paid)
        people["deviation"].append(round(float(deviation), 6))
        self.extremes.append({"deviation": float(deviation), "bound": float(settlements + displaced)})


def year(seed: int, contributors: int) -> Result:
    plan = planned(seed, contributors)
    life = Life(plan)
    life.live()
    transactions, judge = life.transactions, Judge(life)
    totals, least, most = judge.result()
    if not totals["paid"]:
        judge.wrong.append("no account was paid")
    return {
        "seed": seed,
        "contributors": contributors,
        "contributions": len(plan.contributions),
        "leases": len(plan.leases),
        "deposits": life.deposits,
        "transactions": transactions,
        "totals": totals,
        "least": least,
        "most": most,
        "people": judge.people,
        "income": life.income,
        "wrong": judge.wrong,
    }


def main(arguments: Sequence[str]) -> int:
    parser = new_parser("assurance.audit.year", __doc__)
    parser.add_argument("--seed", type=whole_number, default=SEED, help=f"default: {SEED}")
    parser.add_argument("--contributors", type=whole_number, default=CONTRIBUTORS, help=f"default: {CONTRIBUTORS:,}")
    given: Any = parser.parse_args(arguments)
    if given.contributors < 1:
        raise PartError("--contributors is 0: expected at least 1")
    with Stopwatch() as watch:
        result = year(given.seed, given.contributors)
    far, dollars = (
        max(-result["least"]["deviation"], result["most"]["deviation"]),
        result["totals"]["received"] // 10**6,
    )
    summary = (
        f"{given.contributors:,} contributors, {result['transactions']:,} transactions, ${dollars:,} shared in "
        f"{DATASETS + 1} pools: no payout further than {far:.2f} units from the exact fraction"
    )
    return write("year", ok=not result["wrong"], seconds=watch.wall, summary=summary, **result)


if __name__ == "__main__":
    sys.exit(run(main))
