"""The assessors of a DAO whose desk serves a page: custodians that witness, attestors that score, by their commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assurance.harness.commands import put_key, run
from assurance.harness.dao.keys import ATTESTORS
from assurance.harness.dao.system import DAY, ROLES
from datadao.chain.signatures import checker
from datadao.custodian.service import Inbox
from datadao.messages.manifest import Manifest
from datadao.profile import Profile
from datadao.storage.board import Board
from datadao.storage.manifests import read_manifest
from tests.client.chain_world import ChainWorld


class Assessors:
    """In folders of their own below this one, none of which the desk sees."""

    def __init__(self, world: ChainWorld, folder: Path) -> None:
        self._world = world
        self._board = Board(world.dao.id, world.store)
        self._homes = [self._home(folder / name, name) for name in ATTESTORS]

    def _home(self, home: Path, name: str) -> Path:
        world = self._world
        store, account = {"url": (world.home / "store").as_uri()}, f"TEST::{ROLES.index(name)}"
        Profile(home, network=world.url, deployment=dict(world.dao.addresses), account=account, store=store).write()
        secret = put_key(home, name).with_name("fingerprint")
        secret.touch(mode=0o600)
        secret.write_text("11" * 32 + "\n")
        return home

    def _do(self, slot: int, *words: str) -> Any:
        ran = run(self._homes[slot], *words, "--json")
        assert ran.code == 0, (words, ran.out, ran.err)
        return ran.document

    def score(self) -> list[int]:
        """Custodians open what was handed in, attestors score it: records, by attestor."""
        check = checker(self._world.handle.web3)
        for slot in range(5):
            _, refused = Inbox(self._world.custodian(slot, check=check), self._board).round([1])
            assert refused == {}
        scored = [self._do(slot, "attest", "score", "--dataset", "1")["scored"] for slot in range(len(self._homes))]
        return [item["records"] for made in scored for item in made]

    def accept(self) -> Manifest:
        """Drafted, signed, published and, after the challenge period, active."""
        sequence = self._do(0, "attest", "draft", "--dataset", "1")["sequence"]
        self._do(1, "attest", "sign", "--dataset", "1")
        number = self._do(2, "attest", "publish", "--dataset", "1", "--yes")["batch"]
        chain = self._world.chain
        chain.timestamp = chain.web3.eth.get_block("latest")["timestamp"]
        chain.warp(DAY)
        self._do(2, "activate", str(number), "--yes")
        (draft,) = [draft for draft in self._board.drafts(1) if draft.batch.sequence == sequence]
        return read_manifest(self._world.store, self._world.dao.id, draft.batch.manifest_hash)
