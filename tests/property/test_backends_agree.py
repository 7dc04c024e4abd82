"""X-4: revm in process, where properties run, and anvil, where users are, agree on every result, refusal and event, and
on gas to the unit: over sampled random lives of the government, the registry and the leases, and over random calls.

The lives are those of the invariant tests' machines, which compare each step with a model besides.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.both import Both, Disagreement, in_place_of_revm
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.strangers import FUNCTIONS, Chance, answer, lived_in
from assurance.harness.dao.system import actor
from assurance.harness.machines.base import Machine
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.governance.machine import GovernanceMachine
from assurance.harness.machines.leases.machine import LeasesMachine
from assurance.harness.machines.life import Answers, Life, Views
from assurance.harness.machines.registry.machine import RegistryMachine

pytestmark = pytest.mark.node
SAMPLE = settings(
    max_examples=6 * DEPTH,
    stateful_step_count=30,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture
def both() -> Iterator[Both]:
    """Both back ends, in the place of the one that machines live on."""
    node = Node()
    chain = Both(Anvil(node.web3), actor("deployer").address)
    with in_place_of_revm(lambda **_: chain):
        yield chain
    node.stop()


class GovernmentLife(GovernanceMachine):
    reached: ClassVar[Counter[str]] = Counter()
    worlds: ClassVar[dict[str, Any]] = {}


class Unwatched(Life):
    """What is compared here is what both chains did; what they read is not."""

    def views(self) -> Views:
        return {}

    def properties(self, reported: Answers) -> None: ...

    def teardown(self) -> None: ...


class LeasesLife(Unwatched, LeasesMachine):
    reached: ClassVar[Counter[str]] = Counter()
    worlds: ClassVar[dict[str, Any]] = {}


class RegistryLife(Unwatched, RegistryMachine):
    reached: ClassVar[Counter[str]] = Counter()
    worlds: ClassVar[dict[str, Any]] = {}

    def history_obeys_the_rules_that_need_no_model(self) -> None: ...


@pytest.mark.parametrize("machine", [GovernmentLife, LeasesLife, RegistryLife])
def test_random_lives__on_both_back_ends__agree_on_results_events_and_gas_X4(
    both: Both, machine: type[Machine]
) -> None:
    run(machine, SAMPLE)
    assert both.transactions >= 100 and both.refusals >= 5


def test_random_calls__on_both_back_ends__agree_on_results_events_and_gas_X4(both: Both) -> None:
    """Calls to every function, mostly refused, by members, strangers, the guardian and the licensee."""
    dao = lived_in(both)
    chance = Chance(dao)
    callers = [dao.who(name).address for name in ("member-0", "member-1", "stranger", "guardian", "licensee")]
    accepted = 0
    for function, data in chance.calls_of(4 * len(FUNCTIONS)):
        accepted += answer(dao, chance.random.choice(callers), function, data)[0] == "accepted"
    assert accepted >= 20 and both.refusals >= 100


@pytest.mark.parametrize("fault", ["timestamp", "state", "gas"])
def test_comparison__of_two_chains_that_differ__notices_X4(both: Both, fault: str) -> None:
    dao = Dao(chain=both)
    member = dao.who("member")
    dao.contribute(leaf(member, "data", 10))
    if fault == "timestamp":
        both.revm.warp(1)
    elif fault == "state":
        both.revm.transact(member.address, dao.token.address, dao.token.encode("delegate", dao.asset.address), 0)
    else:
        # As if the in-process EVM priced a vote's move wrongly.
        both.gas_of = lambda *_: 0  # type: ignore[method-assign]
    with pytest.raises(Disagreement, match="gas" if fault == "gas" else "in process"):
        dao.token.delegate(dao.who("other").address, sender=member.address)
