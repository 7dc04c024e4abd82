"""Who does what, and when: all chance of the year is here, and follows from its seed.

Days count from the DAO's creation. Amounts are asset units, of which a dollar has a million.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

DAYS = 365
WEEK = 7
FATES = ("early", "late", "erased", "never")
"""Claims its data within two weeks of activation; later; claims or not, and erases its data; never claims it."""
CHANCES = (45, 30, 8, 17)
DATASETS = 3
STEWARDS = 20
STEWARD_UNITS = 25
"""In each dataset; all together fit into one epoch's cap."""
LEASE_EVERY = 9
"""Days between two requests."""
FIRST_LEASE, LAST_LEASE = 16, 330
DOLLAR = 10**6


@dataclass(frozen=True)
class Contribution:
    """Data of one contributor, and what becomes of it. `activated` is the day its batch starts to earn."""

    contributor: int
    dataset: int
    units: int
    quality: int
    published: int
    claimed: int | None
    erased: int | None

    @property
    def activated(self) -> int:
        return self.published + 2


@dataclass(frozen=True)
class Contributor:
    fate: str
    steward: int | None
    """Whom it delegates its votes to when it claims its first data."""
    collects: int | None
    """Every so many days it takes its income; on the last day only if none."""


@dataclass(frozen=True)
class Lease:
    requested: int
    dataset: int
    licensee: str
    price: int
    bond: int
    period: int
    """Days."""
    periods: int
    royalty: int
    """Basis points; 0 for one under which no model is published."""
    wanted: bool
    """Voted for."""
    careful: bool
    """Acknowledges erasures before it is slashed for not doing so."""


@dataclass(frozen=True)
class Sale:
    """Somebody pays for the model trained under the lease of that number."""

    day: int
    lease: int
    amount: int


@dataclass(frozen=True)
class Plan:
    contributors: list[Contributor]
    contributions: list[Contribution]
    leases: list[Lease]
    sales: list[Sale]


def planned(seed: int, contributors: int) -> Plan:
    """The same for the same arguments."""
    chance = random.Random(f"{seed} {contributors}")
    people = [_contributor(chance) for _ in range(contributors)]
    data = [item for number, person in enumerate(people) for item in _data(chance, number, person)]
    leases = [_lease(chance, day) for day in range(FIRST_LEASE, LAST_LEASE, LEASE_EVERY)]
    sales = [
        Sale(day, number, chance.randrange(1, 4_000 * DOLLAR))
        for number, lease in enumerate(leases)
        if lease.royalty and lease.wanted
        for day in range(lease.requested + 60, DAYS, chance.randrange(9, 30))
    ]
    return Plan(people, data, leases, sales)


def _contributor(chance: random.Random) -> Contributor:
    (fate,) = chance.choices(FATES, CHANCES)
    steward = chance.randrange(STEWARDS) if chance.random() < 0.5 else None
    collects = chance.randrange(25, 95) if chance.random() < 0.5 else None
    return Contributor(fate, steward, collects)


def _data(chance: random.Random, number: int, person: Contributor) -> list[Contribution]:
    """One in six contributes twice, mostly to another dataset. Batches are weekly."""
    pieces = 2 if chance.random() < 1 / 6 else 1
    weeks = sorted(chance.sample(range(DAYS // WEEK - 1), pieces))
    return [_piece(chance, number, person.fate, 1 + week * WEEK) for week in weeks]


def _piece(chance: random.Random, number: int, fate: str, published: int) -> Contribution:
    earliest, latest = published + 2, DAYS - 1
    soon = chance.randrange(earliest, min(earliest + 2 * WEEK, latest) + 1)
    late = chance.randrange(soon, latest + 1)
    claimed: int | None = {"early": soon, "late": late, "erased": soon, "never": None}[fate]
    if fate == "erased" and chance.random() < 0.3:
        claimed = None
    erased = chance.randrange(soon, latest + 1) if fate == "erased" else None
    # Small pieces are common, large ones rare.
    units = min(1 + int(chance.expovariate(0.7)), 12)
    return Contribution(
        number, chance.randrange(DATASETS) + 1, units, chance.randrange(5_000, 10_001), published, claimed, erased
    )


def _lease(chance: random.Random, day: int) -> Lease:
    return Lease(
        requested=day,
        dataset=chance.randrange(DATASETS) + 1,
        licensee=f"licensee-{chance.randrange(9)}",
        price=chance.randrange(2_000 * DOLLAR, 20_000 * DOLLAR),
        bond=chance.randrange(1_000 * DOLLAR, 5_000 * DOLLAR),
        period=chance.choice((14, 30, 30, 60)),
        periods=chance.randrange(2, 9),
        royalty=chance.choice((0, 250, 1_000, 3_333)),
        wanted=chance.random() < 0.85,
        careful=chance.random() < 0.8,
    )
