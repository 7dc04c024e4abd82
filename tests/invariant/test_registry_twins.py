"""The registry's machine bites: each flaw of `TwinRegistry` is noticed in a short life that the real registry, and the
twin without a flaw, pass. The lives are steps of `RegistryMachine`, checked like those that chance chooses.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.invariant.registry.machine import RegistryMachine
from tests.invariant.registry.records import DAY
from tests.support.handles import Reverted

NONE = 0
SOUND = (10_000, 0)
FIRST = [(0, 0, 20, *SOUND), (1, 1, 20, *SOUND), (2, 2, 7, *SOUND)]
SECOND = [(0, 3, 1, *SOUND), (3, 4, 1, *SOUND)]
MORE = [(1, 5, 20, *SOUND), (3, 5, 7, *SOUND)]
NEWEST = 0

Life = Callable[[RegistryMachine], None]


def claims_twice(machine: RegistryMachine) -> None:
    machine.claim(NEWEST, 0, 0)
    machine.claim(NEWEST, 0, 0)


def attestors_replaced_before_activation(machine: RegistryMachine) -> None:
    machine.publish(1, MORE, {}, 10)
    machine.vote("attestors", NEWEST, 1)
    # The newest active batch is no longer the newest.
    machine.activate(NEWEST)


def supply_grows_within_an_epoch(machine: RegistryMachine) -> None:
    for _ in range(2):
        machine.wait_for_the_epoch(0)
        # Five times the leaves are duplicates of each other; they count until somebody drops them.
        machine.accept_data(2, [*MORE, *MORE, MORE[0]], {})
        machine.accept_data(2, [*MORE, *MORE, MORE[0]], {})


def recorded_leaf_is_dropped(machine: RegistryMachine) -> None:
    machine.claim(NEWEST, 0, 0)
    machine.drop_duplicate(NEWEST, 0, 0)


def one_attestor_signs_twice(machine: RegistryMachine) -> None:
    machine.publish(1, MORE, {}, 2)


def member_leaves_under_the_brake(machine: RegistryMachine) -> None:
    machine.pull_the_brake(1)
    machine.erase(NEWEST, 0, 0, 1)


def vetoed_batch_is_activated(machine: RegistryMachine) -> None:
    machine.publish(1, MORE, {}, 10)
    machine.veto_batch(0, True)
    machine.wait(DAY)
    machine.activate(NEWEST)


FLAWS: dict[int, tuple[str, Life]] = {
    1: ("a claim forgets its fingerprint (R-6)", claims_twice),
    2: ("leaves are hashed once (R-5)", claims_twice),
    3: ("a batch outlives its attestors (R-9, R-11)", attestors_replaced_before_activation),
    4: ("the cap follows the supply of now (T-5)", supply_grows_within_an_epoch),
    5: ("the recorded leaf passes for a duplicate (R-12)", recorded_leaf_is_dropped),
    6: ("one attestor counts twice (R-3)", one_attestor_signs_twice),
    7: ("the brake traps who wants to leave (R-8)", member_leaves_under_the_brake),
    8: ("a vetoed batch comes back (R-1, R-9)", vetoed_batch_is_activated),
}


def live(flaw: int | None, life: Life) -> None:
    """One life, looked at after its birth, after its steps and at its end. No flaw number means the real registry."""
    twins = {} if flaw is None else {"DatasetRegistry": ("TwinRegistry", flaw)}
    machine = type("Machine", (RegistryMachine,), {"twins": twins})()

    def look() -> None:
        machine.the_chain_is_as_the_model_says_and_adds_up()
        machine.history_obeys_the_rules_that_need_no_model()

    machine.born(FIRST, SECOND)
    look()
    life(machine)
    look()
    machine.wait(DAY)
    machine.teardown()


LIVES = {life.__name__: life for _, life in FLAWS.values()}


@pytest.mark.parametrize("registry", [None, NONE], ids=["real", "twin without a flaw"])
@pytest.mark.parametrize("life", LIVES.values(), ids=LIVES)
def test_life__of_a_sound_registry__passes(life: Life, registry: int | None) -> None:
    live(registry, life)


@pytest.mark.parametrize("flaw", FLAWS, ids=[name for name, _ in FLAWS.values()])
def test_life__of_a_registry_with_a_flaw__is_noticed(flaw: int) -> None:
    # A wrong state, a refusal that did not come, or one that should not have come.
    with pytest.raises((AssertionError, pytest.fail.Exception, Reverted)):
        live(flaw, FLAWS[flaw][1])
