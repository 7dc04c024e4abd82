from __future__ import annotations

import copy
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.dao.dao import Dao
from assurance.harness.dao.parties import DATA, Wallet, World, contributions
from datadao.types import Contribution

from .chain_world import ChainWorld

# The client's properties are checked on machines of any speed, often several at once: no deadline per example.
settings.register_profile("client", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("client")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="module")
def approved(deployed_dao: Dao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChainWorld]:
    """One DAO and lease on anvil for a module; `leased` puts it back after each test."""
    snapshot = deployed_dao.chain.snapshot()
    yield ChainWorld(deployed_dao.chain, tmp_path_factory.mktemp("approved"))
    deployed_dao.chain.revert(snapshot)


@pytest.fixture
def leased(approved: ChainWorld, tmp_path: Path) -> Iterator[ChainWorld]:
    """A DAO on anvil with five contributions and an approved lease; chain and storage are the test's own."""
    shutil.copytree(approved.home, tmp_path / "world")
    world, snapshot = copy.copy(approved), approved.chain.snapshot()
    world.home, world.batches = tmp_path / "world", list(approved.batches)
    # anvil forgets states by age, and takes a block that an earlier test mined alike for as old as that.
    world.chain._rpc("anvil_setCoinbase", "0x" + os.urandom(20).hex())
    yield world
    approved.chain.revert(snapshot)


@pytest.fixture
def listed(world: World) -> list[Contribution]:
    """Five accepted contributions in an active batch."""
    return contributions(world.activate(world.members(*DATA)))


@pytest.fixture(scope="session")
def alice() -> Wallet:
    return Wallet("alice")


@pytest.fixture(scope="session")
def mallory() -> Wallet:
    return Wallet("mallory")
