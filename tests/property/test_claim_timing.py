"""S-4: when, in which order and by whom claims are made changes no account's income by a unit more than they round.

The same life of a pool is lived three times on one deployment: with claims in between as drawn, with none, and with
every account claimed for after every step; then all claim, in opposite orders. Rounding is by less than one unit for
each vesting, erasure and claim of the account, so two lives differ by less than the settlements of both.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.chain.handles import Reverted
from assurance.harness.dao.pair import Pair
from assurance.harness.dao.system import actor
from assurance.harness.machines.depth import DEPTH
from assurance.harness.mistakes import Mistake, tried_in

MEMBERS = [actor(f"member-{i}") for i in range(3)]
SIZES = st.sampled_from([10**9, 5 * 10**9 + 7, 10**12 + 1, 10**16])
STEPS = st.one_of(
    st.tuples(st.just("deposit"), st.integers(1, 9), st.just(0)),
    st.tuples(st.just("deposit"), st.integers(1, 2**40), st.just(0)),
    st.tuples(st.just("accept"), st.integers(0, 2), SIZES),
    st.tuples(st.just("erase"), st.integers(0, 2), st.integers(1, 3)),
)
LIVES = st.lists(st.tuples(STEPS, st.sets(st.integers(0, 2))), min_size=1, max_size=20)
Life = list[tuple[tuple[str, int, int], set[int]]]


@functools.cache
def pair(twin: str = "") -> Pair:
    return Pair(twins=(twin,) if twin else ())


def settle(
    life: Life, claimants: Callable[[set[int]], Sequence[int]], last: Sequence[int], twin: str = ""
) -> tuple[list[int], list[int]]:
    """Lives it and puts the chain back; what each member was paid, and how often its books were settled."""
    world, snapshot = pair(twin), pair(twin).chain.snapshot()
    paid, settlements = Counter[int](), Counter[int]()

    def claim(i: int) -> None:
        paid[i] += world.claim(MEMBERS[i])
        settlements[i] += 1

    world.accept(actor("founder"), 10**9)
    for (action, first, second), drawn in life:
        if action == "deposit":
            world.deposit(1, first)
        elif action == "accept":
            world.accept(MEMBERS[first], second)
            settlements[first] += 1
        else:
            held = world.splitter.sharesOf(1, MEMBERS[first].address)
            world.erase(MEMBERS[first], held * second // 3)
            settlements[first] += 1
        for i in claimants(drawn):
            claim(i)
    for i in last:
        claim(i)
    world.chain.revert(snapshot)
    everyone = range(len(MEMBERS))
    return [paid[i] for i in everyone], [settlements[i] for i in everyone]


@given(LIVES)
@settings(max_examples=60 * DEPTH)
def test_claims__sooner_later_or_in_another_order__pay_the_same_but_for_rounding__s4(life: Life) -> None:
    compare(life)


def compare(life: Life, twin: str = "") -> None:
    """Asserts that three ways to claim pay the same but for rounding."""
    lives = [
        settle(life, lambda drawn: sorted(drawn), (0, 1, 2), twin),
        settle(life, lambda drawn: (), (2, 1, 0), twin),
        settle(life, lambda drawn: (1, 0, 2), (1, 2, 0), twin),
    ]
    for paid, settlements in lives:
        for other_paid, other_settlements in lives:
            for i in range(len(MEMBERS)):
                assert abs(paid[i] - other_paid[i]) < settlements[i] + other_settlements[i]


@given(LIVES)
@settings(max_examples=30 * DEPTH)
def test_claims__in_opposite_order_at_the_end__pay_exactly_the_same__s4(life: Life) -> None:
    assert settle(life, lambda drawn: (), (0, 1, 2)) == settle(life, lambda drawn: (), (2, 1, 0))


@pytest.mark.parametrize("mistake", tried_in(__file__), ids=lambda mistake: mistake.name)
def test_twin__one_line_wrong__pays_the_early_and_the_late_differently__s4(mistake: Mistake) -> None:
    """Who claims before it erases, or before more of its data is accepted, gets what it would have lost or doubled."""
    life: Life = [(("accept", 0, 10**12), set()), (("deposit", 10**9, 0), set()), (("accept", 0, 10**12), set())]
    life.append((("erase", 0, 3), set()))
    compare(life, "RevenueSplitter")
    # What was promised twice cannot be paid twice.
    with pytest.raises((AssertionError, Reverted)):
        compare(life, mistake.id)
