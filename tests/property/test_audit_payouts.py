"""X-3 of payouts: `Claimed` says of each pool what it paid.

given payouts out of some pools, one of them alone, all, and to another account: the books follow each
given an event of another amount, another pool or another recipient: named
"""

from __future__ import annotations

from typing import Any

import pytest

from assurance.harness.dao.books import audited, events_of
from assurance.harness.dao.dao import Dao, leaf


@pytest.fixture(scope="module")
def dao() -> Dao:
    """A member with the same shares in pools 1 and 2, to which the same was paid."""
    made = Dao()
    founder, member = made.who("founder"), made.who("member").address
    made.contribute(leaf(founder, "founding", units=300))
    made.govern(founder, made.registry, "createDataset", made.registry.currentPolicy(1))
    for dataset in (1, 2):
        made.contribute(leaf(made.who("member"), f"data {dataset}", units=20), dataset=dataset)
    for pool in (1, 2, 0):
        # A cent a share, whatever shares the pool has.
        made.deposit(pool, made.splitter.pool(pool)[1] // 10**7)
    each, other = (made.splitter.claimable(member, [pool]) for pool in (1, 2))
    assert each == other > 0
    made.splitter.claim(member, [2], sender=member)
    made.deposit(1, 7)
    made.splitter.claimTo(made.who("refuge").address, [0, 1, 2], sender=member)
    made.splitter.claimFor([member, founder.address], [1, 2], sender=founder.address)
    return made


def test_payouts__of_some_pools_and_of_all__are_followed(dao: Dao) -> None:
    report = audited(dao)
    assert report.ok, report.render()
    assert len([e for e in events_of(dao) if e.name == "Claimed"]) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"amount": 1}, "payout of pool 2 to"),
        ({"poolId": 1}, "payout of pool 1 to"),
        ({"recipient": "0x" + "11" * 20}, "units paid by splitter to 0x1111"),
    ],
    ids=["amount", "pool", "recipient"],
)
def test_payout__told_otherwise_than_it_was__is_named(dao: Dao, change: dict[str, Any], said: str) -> None:
    events = events_of(dao)
    place = next(place for place, event in enumerate(events) if event.name == "Claimed")
    events[place] = events[place]._replace(fields=events[place].fields | change)
    report = audited(dao, events)
    assert any(said in difference.what for difference in report.differences), report.render()
