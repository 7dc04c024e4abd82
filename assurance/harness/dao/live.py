"""A whole DAO on a node of its own, which other projects' tools reach over JSON-RPC, with keys they hold."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from web3 import Web3

from assurance.harness.chain.node import Node
from assurance.harness.dao.dao import Batch, Dao
from assurance.harness.dao.leases import Market
from assurance.harness.dao.system import Actor
from datadao.chain.abi import ORDER
from datadao.types import Leaf


@dataclass
class LiveDao:
    """The DAO, whose `market.founder` carries every vote alone, and an active batch with an unclaimed leaf."""

    node: Node
    market: Market
    batch: Batch
    unclaimed: Leaf

    @property
    def dao(self) -> Dao:
        return self.market.dao

    @property
    def web3(self) -> Web3:
        return self.node.web3

    @property
    def given(self) -> dict[str, Any]:
        """What every program needs to find the node and the contracts."""
        return {"url": self.node.url, "addresses": dict(self.dao.addresses), "asset": self.dao.asset.address}

    def record(self, path: Path) -> Path:
        """Writes the deployment's record, as far as programs read what `ape run deploy` writes."""
        contracts = {name: {"address": self.dao.addresses[key], "block": 0} for key, name in ORDER}
        genesis = "0x" + bytes(self.web3.eth.get_block(0)["hash"]).hex()
        entry = {"chain_id": self.dao.chain.chain_id, "genesis": genesis, "deployments": [{"contracts": contracts}]}
        path.write_text(json.dumps(entry))
        return path

    def rich(self, name: str, asset: int = 0) -> Actor:
        """An account with ether, and as much of the settlement asset."""
        account = self.dao.who(name)
        self.node.rpc("anvil_setBalance", account.address, hex(10**20))
        if asset:
            self.dao.asset.mint(account.address, asset, sender=account.address)
        return account
