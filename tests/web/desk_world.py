"""A DAO with a schema on a node of its own, and a desk that serves its page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eth_account import Account
from eth_utils import keccak

from assurance.harness.browser import Browser, Wallet
from assurance.harness.browser.desk import Site, site
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.system import Actor, config
from datadao.batches import Catalog
from datadao.chain.signatures import checker
from datadao.messages.agreement import Agreement
from datadao.messages.submission import Submission
from datadao.relay.journal import Journal
from datadao.relay.limits import Limits
from datadao.relay.relay import Relay, Round
from datadao.storage.board import Board
from tests.client.chain_world import ChainWorld

SCHEMA = json.dumps({
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Diaries of voters",
    "description": "What people wrote down in the weeks before an election.",
    "type": "object",
    "properties": {
        "age": {"type": "integer", "minimum": 18},
        "diary": {"type": "string", "minLength": 3},
        "voted": {"type": "boolean"},
    },
    "required": ["age", "diary"],
}).encode()  # fmt: skip


class Relaying:
    """A relay with ten ether of its own, which works when it is told to."""

    def __init__(self, world: ChainWorld, folder: Path) -> None:
        self._world = world
        self._account: Any = Account.from_key(keccak(text="the relay"))
        world.chain._rpc("anvil_setBalance", self._account.address, hex(10**19))
        self.journal = Journal(folder, "the test's")

    def round(self) -> Round:
        dao, store = self._world.handle, self._world.store
        limits = Limits(day=10**18, member=10**17, price=3_000 * 10**6)
        catalog, check = Catalog(dao, store), checker(dao.web3)
        board = Board(dao.id, store)
        return Relay(dao, board, catalog, self.journal, limits, self._account, check, patience=0.5).round()


@dataclass
class DeskWorld:
    """`folder` is all that the desk and its storage have on their disk."""

    world: ChainWorld
    node: Node
    site: Site
    folder: Path
    relay: Relaying

    @property
    def board(self) -> dict[bytes, Submission]:
        return dict(Board(self.world.dao.id, self.world.store).submissions(1))

    def browser(self, *people: Actor | Wallet) -> Browser:
        wallets = [who if isinstance(who, Wallet) else Wallet(who.name, who.key) for who in people]
        return Browser(self.node.url, self.world.dao.chain.chain_id, wallets)

    def agreement(self, licensee: str | None, asked: dict[str, Any], **more: Any) -> Agreement:
        """What these terms give."""
        dao = self.world.dao
        return Agreement(
            dao=dao.id,
            timelock=dao.addresses["timelock"],
            asset=dao.asset.address,
            licensee=licensee,
            dataset_id=asked["datasetId"],
            purposes=asked["purposes"],
            price_per_period=asked["pricePerPeriod"],
            period_length=asked["periodLength"],
            periods=asked["periods"],
            bond=asked["bond"],
            royalty_bps=asked["royaltyBps"],
            exclusive=asked["exclusive"],
            min_shares=asked["minShares"],
            ack_window=dao.leases.ackWindow(),
            **more,
        )

    def disk(self) -> bytes:
        """All of it in one piece, names included."""
        files = [path for path in sorted(self.folder.rglob("*")) if path.is_file()]
        return b"".join(str(path).encode() + path.read_bytes() for path in files)


@contextmanager
def desk_world(folder: Path) -> Iterator[DeskWorld]:
    node = Node()
    try:
        policies = [dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])]
        policies[0]["schemaHash"] = "0x" + hashlib.sha256(SCHEMA).hexdigest()
        changes: dict[str, Any] = {"DatasetRegistry__params__policies": policies}
        disk = folder / "disk"
        disk.mkdir()
        world = ChainWorld(Anvil(node.web3), disk, config(**changes))
        world.store.put_bytes(SCHEMA)
        relay = Relaying(world, folder / "relay")
        asset, journal = world.dao.asset.address, relay.journal
        with site(world.handle, asset, node.url, world.store, disk / "desk", lambda: journal) as served:
            yield DeskWorld(world, node, served, disk, relay)
    finally:
        node.stop()
