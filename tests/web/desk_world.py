"""A DAO with a schema on a node of its own, and a desk that serves its page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from assurance.harness.browser import Browser, Wallet
from assurance.harness.browser.desk import Site, site
from assurance.harness.chain.anvil import Anvil
from assurance.harness.chain.node import Node
from assurance.harness.dao.system import Actor, config
from datadao.messages.submission import Submission
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


@dataclass
class DeskWorld:
    """`folder` is all that the desk and its storage have on their disk."""

    world: ChainWorld
    node: Node
    site: Site
    folder: Path

    @property
    def board(self) -> dict[bytes, Submission]:
        return dict(Board(self.world.dao.id, self.world.store).submissions(1))

    def browser(self, *people: Actor) -> Browser:
        return Browser(self.node.url, self.world.dao.chain.chain_id, [Wallet(who.name, who.key) for who in people])

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
        with site(world.handle, world.dao.asset.address, node.url, world.store, disk / "desk") as served:
            yield DeskWorld(world, node, served, disk)
    finally:
        node.stop()
