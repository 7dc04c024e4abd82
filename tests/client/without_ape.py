"""A pytest plugin in place of the conftests: what tests of the client's core take, without Ape."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from tests.client.chain_world import ChainWorld

settings.register_profile("client", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
settings.load_profile("client")


@pytest.fixture
def leased(tmp_path: Path) -> Iterator[ChainWorld]:
    """A DAO on a node of its own with five contributions and an approved lease."""
    node = Node("--auto-impersonate")
    try:
        yield ChainWorld(Anvil(node.web3), tmp_path / "world")
    finally:
        node.stop()
