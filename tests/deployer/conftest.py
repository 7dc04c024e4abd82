"""Fixtures of the deployment tests."""

from __future__ import annotations

from pathlib import Path

import pytest

from deployer.deploy import execute
from deployer.plan import NEW, make_plan
from deployer.record import new_entry
from scripts._packages import pack_wheel
from tests.deployer.world import live, local


@pytest.fixture(scope="module")
def deployer(accounts):
    """The account that deploys: `TEST::0`."""
    return accounts[0]


@pytest.fixture(scope="module")
def newborn(deployer):
    """A DAO as the local configuration describes it: its handles and its record."""
    return live(deployer)


@pytest.fixture(scope="module")
def first(deployer):
    """A DAO with its new factory: plan, steps, record."""
    plan = make_plan(deployer.address, local(), factory=NEW)
    deployment = execute(deployer, plan)
    return plan, deployment.steps, new_entry(plan, deployment.steps)


@pytest.fixture(scope="module")
def address(first):
    """The factory's."""
    return first[0].factory.address


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that `make pack` makes."""
    return pack_wheel(tmp_path_factory.mktemp("dist"))
