"""X-3 where events leave something open: `Claimed` has a payout's sum, not the pools it came from.

given an account that two pools owe the same, and that was paid once
    the books allow either pool to have paid, and nothing else
    a later payout that fits only one of them decides
given a payout that no set of pools explains: named
given a payout out of more pools than can be tried: named, not guessed
"""

from __future__ import annotations

from functools import partial

import pytest

from assurance.harness.dao.books import answers_of, audited, events_of, fold_of
from assurance.harness.dao.dao import Dao, leaf
from datadao.ledger.compare import compare

INCOME = 4 * 5**9


@pytest.fixture
def dao() -> Dao:
    """A member with the same shares in pools 1 and 2, to which the same was paid."""
    made = Dao()
    founder = made.who("founder")
    made.contribute(leaf(founder, "founding", units=300))
    made.govern(founder, made.registry, "createDataset", made.registry.currentPolicy(1))
    for dataset in (1, 2):
        made.contribute(leaf(made.who("member"), f"data {dataset}", units=20), dataset=dataset)
        # A cent a share, whatever shares the pool has.
        made.deposit(dataset, made.splitter.pool(dataset)[1] // 10**7)
    return made


def member(dao: Dao) -> str:
    return dao.who("member").address


def owed(dao: Dao) -> list[int]:
    return [dao.splitter.claimable(member(dao), [pool]) for pool in (1, 2)]


def test_payout_out_of_one_of_two_equal_pools__is_followed_through_both(dao: Dao) -> None:
    each, other = owed(dao)
    assert each == other > 0
    dao.splitter.claim(member(dao), [2], sender=member(dao))
    assert audited(dao).ok, audited(dao).render()
    ledger = fold_of(dao, events_of(dao))
    facts = [f for f in ledger.facts() if f.function == "claimable" and f.arguments[0] == member(dao).lower()]
    assert {f.arguments[1]: f.rebuilt for f in facts} == {
        (0,): (0,), (1,): (0, each), (2,): (0, each), (0, 1, 2): (each,),
    }  # fmt: skip
    for wrong in ([0, 0, 0, 0], [0, each, each, 2 * each], [0, 1, each - 1, each]):
        assert compare(facts, lambda _, wrong=wrong: wrong), wrong


def test_later_payout_that_fits_one_pool_only__decides(dao: Dao) -> None:
    dao.splitter.claim(member(dao), [2], sender=member(dao))
    dao.deposit(2, 5 * INCOME)
    dao.splitter.claim(member(dao), [2], sender=member(dao))
    ledger = fold_of(dao, events_of(dao))
    facts = [f for f in ledger.facts() if f.function == "claimable"]
    assert all(len(f.rebuilt) == 1 for f in facts)
    assert compare(facts, partial(answers_of, dao)) == []


def test_payout_that_no_pools_explain__is_named(dao: Dao) -> None:
    dao.splitter.claim(member(dao), [1], sender=member(dao))
    events = [
        e._replace(fields=e.fields | {"amount": e.fields["amount"] + 1}) if e.name == "Claimed" else e
        for e in events_of(dao)
    ]
    report = audited(dao, events)
    assert any("a payout of" in str(difference.chain) for difference in report.differences), report.render()


def test_payout_of_some_of_very_many_pools__is_reported_and_not_guessed(dao: Dao) -> None:
    founder = dao.who("founder")
    policy = dao.registry.currentPolicy(1)
    actions = [(dao.registry, "createDataset", (policy,))] * 17
    dao.pass_(dao.propose(founder, *actions, text="many datasets"), founder)
    for dataset in range(3, 20):
        dao.contribute(leaf(dao.who("member"), f"data {dataset}"), dataset=dataset)
        dao.deposit(dataset, INCOME)
    assert audited(dao).ok
    dao.splitter.claim(member(dao), [3], sender=member(dao))
    assert "which it hides" in audited(dao).render()
