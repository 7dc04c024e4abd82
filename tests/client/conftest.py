from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from .world import Wallet, World

# The client's properties are checked on machines of any speed, often several at once: no deadline per example.
settings.register_profile("client", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("client")


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.fixture(scope="session")
def alice() -> Wallet:
    return Wallet("alice")


@pytest.fixture(scope="session")
def mallory() -> Wallet:
    return Wallet("mallory")
