"""A DAO on a node of its own, and the members' page built for it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from assurance.harness.browser import Browser, Wallet
from assurance.harness.browser.page import FileServer, build, configuration
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Dao
from assurance.harness.dao.leases import Market
from tests.web.pictures import Pictures


@dataclass(frozen=True)
class Alone:
    """A DAO whose founder carries every vote, and a page that has its node and no desk."""

    node: Node
    market: Market
    url: str

    @property
    def dao(self) -> Dao:
        return self.market.dao

    def browser(self, *wallets: Wallet) -> Browser:
        return Browser(self.node.url, self.dao.chain.chain_id, wallets)


@pytest.fixture
def pictures(tmp_path: Path) -> Pictures:
    return Pictures(tmp_path)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    folder: Path = tmp_path_factory.mktemp("alone")
    node = Node()
    try:
        market = Market(Dao(chain=Anvil(node.web3), asset="PermitAsset"))
        dao = market.dao
        site = build(folder / "site", configuration(dao.addresses, dao.asset.address, node=node.url))
        with FileServer(site) as server:
            yield Alone(node, market, server.url)
    finally:
        node.stop()
