"""Fixtures of all tests. `dao` is for unit tests and scenarios: on anvil, through Ape, fresh for each test."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.artifacts import stale
from assurance.harness.chain.evm import Revm
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market

# Not Hypothesis' own profile for CI, which plays the same examples at every run: each run tries new ones.
settings.register_profile(
    "default", deadline=None, print_blob=True, derandomize=False, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")


def pytest_configure(config: pytest.Config) -> None:
    """Each process of several (`-n 2`) has its own node. In process nothing else would compile what was edited."""
    if os.environ.get("DATADAO_CHAIN") == "revm" and (reason := stale()):
        pytest.exit(reason, returncode=1)
    if "PYTEST_XDIST_WORKER" in os.environ:
        with socket.create_server(("127.0.0.1", 0)) as free:
            os.environ["APE_FOUNDRY_HOST"] = f"http://127.0.0.1:{free.getsockname()[1]}"


@pytest.fixture(scope="session")
def deployed_dao(request: pytest.FixtureRequest) -> Dao:
    """One deployment for the session; `dao` puts it back after each test."""
    if (
        os.environ.get("DATADAO_CHAIN") == "revm"
    ):  # `python -m pytest -p no:ape_test tests/unit`, a node's minutes in seconds
        return Dao(chain=Revm())
    return Dao(chain=Anvil(request.getfixturevalue("chain").provider.web3))


@pytest.fixture
def dao(deployed_dao: Dao) -> Iterator[Dao]:
    """A new DAO on anvil, untouched by other tests."""
    snapshot = deployed_dao.chain.snapshot()
    yield deployed_dao
    deployed_dao.chain.revert(snapshot)


@pytest.fixture
def market(dao: Dao) -> Market:
    """A DAO with one founder who carries every vote, and nothing requested yet."""
    return Market(dao)


@pytest.fixture(scope="session")
def npm_package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tarball that `make pack` makes."""
    from scripts.pack import pack_npm

    return pack_npm(tmp_path_factory.mktemp("npm"))
