"""Fixtures of the deployment tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from deployer.deploy import Deployment, execute
from deployer.plan import NEW, Plan, make_plan
from deployer.record import Step, new_entry
from scripts.pack import pack_wheel
from tests.deployer.world import live, local


@pytest.fixture(scope="module")
def deployer(accounts: Any) -> Any:
    """The account that deploys: `TEST::0`."""
    return accounts[0]


@pytest.fixture(scope="module")
def fresh(deployer: Any) -> tuple[Deployment, dict[str, Any]]:
    """A DAO as the local configuration describes it: its handles and its record."""
    return live(deployer)


@pytest.fixture(scope="module")
def first(deployer: Any) -> tuple[Plan, tuple[Step, ...], dict[str, Any]]:
    """A DAO with its new factory: plan, steps, record."""
    plan = make_plan(deployer.address, local(), factory=NEW)
    deployment = execute(deployer, plan)
    return plan, deployment.steps, new_entry(plan, deployment.steps)


@pytest.fixture(scope="module")
def address(first: tuple[Plan, Any, Any]) -> str:
    """The factory's."""
    factory = first[0].factory
    assert factory is not None
    return factory.address


@pytest.fixture(scope="module")
def created(first: tuple[Plan, tuple[Step, ...], Any]) -> str:
    """The transaction that created it."""
    return next(step.transaction for step in first[1] if step.key == "factory")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `make pack` makes."""
    return pack_wheel(tmp_path_factory.mktemp("dist"))
