"""Two files that all attestors scored, in the folders of all parties, who act by their commands."""

from __future__ import annotations

import json
import shutil
from contextlib import ExitStack
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import ape

from assurance.harness.chain.node import FINALITY
from assurance.harness.commands import SCHEMA, put_key
from datadao.attestor.marks import Marker
from datadao.chain import wallet
from datadao.cli.session import Session
from datadao.cli.units import units_of
from datadao.client import Terms
from datadao.crypto.keyfile import FINGERPRINT, load_secret, new_key
from datadao.messages.batch import Batch
from datadao.messages.manifest import Manifest
from datadao.messages.score import Draft, Signed
from datadao.storage.board import Board
from datadao.storage.manifests import read_manifest, store_manifest
from datadao.storage.store import Store, content_name
from tests.cli.conftest import FreshDao
from tests.cli.world import DAY, UNIT

CUSTODIANS, ATTESTORS = range(4), range(3)


def line(name: str) -> str:
    """A record of this name."""
    return json.dumps({"name": name, "diary": "d"}) + "\n"


LINES = [line(name) for name in "ab"]


@dataclass
class Stage(FreshDao):
    """A DAO in which a member handed in two files that custodians opened and attestors scored."""

    giver: Path
    attestors: list[Path]
    custodians: list[Path]

    def attest(self, slot: int, *arguments: str) -> Any:
        return self.run(self.attestors[slot], "attest", *arguments, "--dataset", "1", "--json")

    def done(self, home: Path, *arguments: str) -> Any:
        ran = self.run(home, *arguments, "--json")
        assert ran.code == 0, (arguments, ran.out, ran.err)
        return ran.document

    @property
    def store(self) -> Store:
        return Store(f"file://{self.folder}/storage")

    @property
    def drafts(self) -> list[Draft]:
        with ape.networks.parse_network_choice(self.node.url):
            return list(Board(self.dao.id, self.store).drafts(1))

    def manifest(self, draft: Draft) -> Manifest:
        return read_manifest(self.store, self.dao.id, draft.batch.manifest_hash)

    def known(self, *names: str, block: int | None = None) -> set[str]:
        """Those of the records of these names that stood at the end of a block, the last one unless said, by what
        chain and storage say to an attestor."""
        with ape.networks.parse_network_choice(self.node.url), ExitStack() as stack:
            session = Session(self.attestors[0], None, None, as_json=True, yes=True, stack=stack)
            units = units_of(session)
            found = set()
            for name in names:
                canonical = json.dumps({"diary": "d", "name": name}, separators=(",", ":")).encode()
                mark = Marker(load_secret(session.key_path(FINGERPRINT))).mark(canonical)
                if (units if block is None else units.at(block)).knows(mark):
                    found.add(name)
            return found

    def activate(self, number: int) -> None:
        """A batch, after its challenge period."""
        self.node.rpc("evm_increaseTime", DAY)
        self.node.rpc("evm_mine")
        self.done(self.giver, "activate", str(number), "--yes")

    def again(self, draft: Draft, *, other_files: bool = False) -> Draft:
        """The same leaves, or the same data in other files, under the next number: drafted and signed blindly."""
        with ape.networks.parse_network_choice(self.node.url):
            dao, board = self.dao.id, Board(self.dao.id, self.store)
            old = self.manifest(draft)
            manifest = replace(old, sequence=old.sequence + 1)
            if other_files:
                leaves = (leaf._replace(file_hash=sha256(leaf.file_hash).digest()) for leaf in old.leaves)
                manifest = replace(manifest, leaves=tuple(leaves))
            digest = store_manifest(self.store, manifest)
            batch = replace(draft.batch, sequence=manifest.sequence, root=manifest.tree.root, manifest_hash=digest)
            signers = {address: wallet.signer(wallet.find(address)) for address in ("TEST::3", "TEST::2")}
            signed = {str(wallet.find(alias).address): sign(batch.typed(dao)) for alias, sign in signers.items()}
            (first, signature), *others = signed.items()
            made = Draft(tuple(vars(batch).values()), draft.voices, first, signature)
            board.draft(made)
            for signer, other in others:
                board.sign(batch.digest(dao), Signed(signer, other))
            return made

    def published(self, **settings: bool) -> Batch:
        """Both batches on chain: the first by the command, the second past it."""
        self.attest(0, "draft")
        self.attest(1, "sign")
        self.done(self.giver, "attest", "publish", "--dataset", "1", "--yes")
        (first,) = self.drafts
        second = self.again(first, **settings)
        with ape.networks.parse_network_choice(self.node.url):
            signed = {
                s.signer: s.signature
                for s in Board(self.dao.id, self.store).signatures(second.batch.digest(self.dao.id))
            }
            signed[second.drafter] = second.signature
            signatures = [signed[signer] for signer in sorted(signed, key=lambda signer: int(signer, 16))]
            arguments = (tuple(second.fields), signatures, content_name(second.batch.manifest_hash))
        self.send("registry", "publish", *arguments)
        return second.batch

    def activated(self, **settings: bool) -> None:
        self.published(**settings)
        self.node.rpc("evm_increaseTime", DAY)
        self.node.rpc("evm_mine")
        for number in ("1", "2"):
            self.done(self.giver, "activate", number, "--yes")

    def leased(self, agreement: bytes = bytes(32)) -> Path:
        """The folder of a licensee whose lease runs, and to which custodians released keys; its agreement by hash."""
        home = self.home("licensee")
        new_key(home / "keys" / "sealing")
        least = self.dao.read("splitter", "pool", 1)[1] // 2 + 1
        terms = Terms(1, 1, UNIT, 30 * DAY, 2, UNIT, min_shares=least, agreement_hash=agreement)
        now = self.node.web3.eth.get_block("latest")["timestamp"]
        self.decide("leases", "createOffer", tuple(vars(terms).values()), "0x" + "00" * 20, 1, now + DAY)
        self.done(home, "lease", "accept", "1", "--yes")
        self.round()
        self.done(home, "lease", "start", "1", "--yes")
        self.round()
        return home

    def round(self) -> None:
        self.node.rpc("anvil_mine", hex(FINALITY))
        for home in self.custodians:
            self.done(home, "custodian", "once")

    @property
    def files(self) -> set[str]:
        return {path.read_text() for path in (self.folder / "licensee" / "out" / "data").iterdir()}


def scored(deployed: Any, folder: Path) -> Stage:
    """By the commands of all parties, whose folders are in this one."""
    node, record, addresses, asset = deployed
    Store(f"file://{folder}/storage", create=True).put_bytes(SCHEMA)
    stage = Stage(folder, node, record, addresses, asset, folder / "giver", [], [])
    stage.home("giver", "TEST::12")
    # One a CSV file, one with a byte order mark: what is opened in the end is neither.
    files = [stage.giver / "0.csv", stage.giver / "1.jsonl"]
    files[0].write_text("name;diary\na;d\n")
    files[1].write_text("\ufeff" + LINES[1], encoding="utf-8")
    made = stage.done(stage.giver, "contribute", *map(str, files), "--dataset", "1", "--convert")["files"]
    assert [bool(item["converted"]) for item in made] == [True, False]
    stage.custodians = [stage.home(f"custodian-{slot}", f"TEST::{5 + slot}") for slot in CUSTODIANS]
    for slot, home in enumerate(stage.custodians):
        put_key(home, f"custodian-{slot}")
    stage.round()
    stage.attestors = [stage.home(f"attestor-{slot}", f"TEST::{2 + slot}") for slot in ATTESTORS]
    secret = stage.attestors[0] / "keys" / "fingerprint"
    stage.done(stage.attestors[0], "keys", "new-fingerprint")
    for slot, home in enumerate(stage.attestors):
        put_key(home, f"attestor-{slot}")
        if slot:
            shutil.copy(secret, home / "keys" / "fingerprint")
        assert len(stage.done(home, "attest", "score", "--dataset", "1")["scored"]) == len(LINES)
    return stage
