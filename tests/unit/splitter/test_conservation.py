"""`conservation(fromPool, toPool)`: the books of as many pools as fit into a call, page by page (S-1).

given pools with money of their own
  when any page of them is asked for
    it should have what these pools received and carry, and of `toPool` and later ones nothing
    it should have all that was ever paid
"""

from __future__ import annotations

from itertools import combinations_with_replacement

from assurance.harness.dao.pair import SHARES, Pair
from assurance.harness.dao.system import actor
from assurance.harness.models.token_splitter import SCALE

MEMBER = actor("member")
DATASETS = (1, 2, 3)


def test_conservation__of_any_page__is_of_its_pools_alone__s1(pair: Pair) -> None:
    # No divisor of the scale, so that each deposit leaves a fraction to carry.
    for dataset in DATASETS:
        pair.accept(MEMBER, SHARES + 3**dataset, dataset)
    received = [10_007, 1_009, 101, 11]
    for pool, amount in enumerate(received):
        pair.deposit(pool, amount)
    paid = pair.claim(MEMBER, 1)
    carried = [pair.splitter.conservation(pool, pool + 1)[3] for pool in range(len(received))]
    assert all(carried) and len(set(carried)) == len(carried)
    assert pair.splitter.conservation(0, len(received))[:2] == (sum(received), paid)
    for start, end in combinations_with_replacement(range(len(received) + 1), 2):
        found = pair.splitter.conservation(start, end)
        assert found[:2] == (sum(received[start:end]), paid) and found[3] == sum(carried[start:end])
        owed = (sum(received[start:end]) * SCALE - sum(carried[start:end])) // SCALE - paid
        assert found[2] == owed % 2**128, "of a page it means nothing by itself"
