"""The registry's machine bites: each mistake of the registry is noticed in a short life that the deployed registry, and
its twin without a mistake, pass. The lives are steps of `RegistryMachine`, checked like those that chance chooses.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import pytest

from assurance.harness.chain.handles import Reverted
from assurance.harness.machines.registry.machine import RegistryMachine
from assurance.harness.mistakes import Mistake, tried_in
from assurance.harness.models.registry.records import DAY

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
        # Five times the leaves are duplicates of each other; they count until they are dropped.
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


def succeeded_member_erases(machine: RegistryMachine) -> None:
    machine.claim(NEWEST, 0, 0)
    machine.lose_a_key(0, 1, [1, 2], 0, 0)
    machine.erase(NEWEST, 0, 0, 2)
    assert machine.reached["DatasetRegistry_NotContributor"]


LIVES: dict[str, Life] = {
    #
    "ForgetsFingerprints": claims_twice,
    #
    "LeafHashedOnce": claims_twice,
    #
    "IgnoresAttestorSet": attestors_replaced_before_activation,
    # T-5
    "CapFromCurrentSupply": supply_grows_within_an_epoch,
    #
    "DropsTheRecorded": recorded_leaf_is_dropped,
    #
    "SignersRepeat": one_attestor_signs_twice,
    #
    "ErasureAsksTheBrake": member_leaves_under_the_brake,
    #
    "RevivesVetoed": vetoed_batch_is_activated,
    # T-10
    "OldKeyErases": succeeded_member_erases,
}
"""By the mistake's name: the life that it shows in."""


def live(twins: tuple[str, ...], life: Life) -> None:
    """One life, looked at after its beginning, after its steps and at its end."""
    machine = type("Machine", (RegistryMachine,), {"twins": twins, "reached": Counter()})()

    def look() -> None:
        machine.the_chain_is_as_the_model_says_and_adds_up()
        machine.history_obeys_the_rules_that_need_no_model()

    machine.create(FIRST, SECOND)
    look()
    life(machine)
    look()
    machine.wait(DAY)
    machine.teardown()


@pytest.mark.parametrize("twins", [(), ("DatasetRegistry",)], ids=["deployed", "twin without a flaw"])
@pytest.mark.parametrize("life", dict.fromkeys(LIVES.values()), ids=lambda life: life.__name__)
def test_life__of_a_sound_registry__passes(life: Life, twins: tuple[str, ...]) -> None:
    live(twins, life)


@pytest.mark.parametrize("mistake", tried_in(__file__), ids=lambda mistake: mistake.name)
def test_life__of_a_registry_with_a_flaw__is_noticed(mistake: Mistake) -> None:
    # A wrong state, a refusal that did not come, or one that should not have come.
    """Holds T-5, T-10, R-1, R-3, R-5, R-6, R-8, R-9, R-11, R-12."""
    with pytest.raises((AssertionError, pytest.fail.Exception, Reverted)):
        live((mistake.id,), LIVES[mistake.name])
