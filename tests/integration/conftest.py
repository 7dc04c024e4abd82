"""A whole DAO on a node of its own, which other projects' tools reach over JSON-RPC, with keys they hold."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Dao, leaf
from assurance.harness.dao.leases import Market
from assurance.harness.dao.live import LiveDao
from assurance.harness.dao.packages import npm_install
from tests.integration.node import Integrator


@pytest.fixture(scope="session")
def _deployed() -> Iterator[LiveDao]:
    node = Node()
    try:
        market = Market(Dao(chain=Anvil(node.web3)))
        unclaimed = leaf(market.dao.who("latecomer"), "data of the latecomer", 20)
        batch = market.dao.publish([unclaimed, leaf(market.dao.who("neighbour"), "data of the neighbour", 10)])
        market.dao.activate(batch)
        yield LiveDao(node, market, batch, unclaimed)
    finally:
        node.stop()


@pytest.fixture
def live(_deployed: LiveDao) -> Iterator[LiveDao]:
    """As it was at creation."""
    before = _deployed.dao.chain.snapshot()
    yield _deployed
    _deployed.dao.chain.revert(before)


@pytest.fixture(scope="session")
def integrator(npm_package: Path, tmp_path_factory: pytest.TempPathFactory) -> Integrator:
    """The programs, compiled where the npm package is installed beside viem, ethers and OpenZeppelin's contracts."""
    folder = tmp_path_factory.mktemp("integrator")
    npm_install(folder, npm_package, "viem", "ethers", "@openzeppelin/contracts")
    return Integrator(folder)
