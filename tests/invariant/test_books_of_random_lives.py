"""X-3 after random lives: the machines of registry, leases, governance and the whole system end with their books
rebuilt from events."""

from __future__ import annotations

from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings

from assurance.harness.dao.books import audited
from assurance.harness.machines.base import Machine
from assurance.harness.machines.depth import DEPTH
from assurance.harness.machines.driver import run
from assurance.harness.machines.governance.machine import GovernanceMachine
from assurance.harness.machines.leases.machine import LeasesMachine
from assurance.harness.machines.registry.machine import RegistryMachine
from assurance.harness.machines.system.machine import SystemMachine

MACHINES = [RegistryMachine, LeasesMachine, GovernanceMachine, SystemMachine]
LIVES = settings(
    max_examples=25 * DEPTH,
    stateful_step_count=40,
    deadline=None,
    # A life ends in an audit, which shrinking would repeat for minutes; the seed that is printed replays it.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda m: m.__name__)
def test_books__after_any_life__equal_the_chain_X3(machine: type[Machine]) -> None:
    audits: Counter[str] = Counter()

    class Audited(machine):  # type: ignore[valid-type, misc]
        reached: ClassVar[Counter[str]] = Counter()

        def teardown(self) -> None:
            if hasattr(self, "dao") and not getattr(self, "failed", False):
                report = audited(self.dao)
                assert report.ok, report.render()
                audits.update({"lives": 1, "events": report.counts["events"]})
            super().teardown()

    run(Audited, LIVES)
    assert audits["events"] > 40 * audits["lives"], "lives in which little happens prove little"
