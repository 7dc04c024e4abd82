"""A desk on a real server, beside a DAO on a real node with real encrypted files."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from assurance.harness.dao.system import Actor
from assurance.harness.desk import Served
from datadao.batches import Catalog
from datadao.contributor import contribute
from datadao.desk.app import Desk, application
from datadao.desk.static import policy
from datadao.desk.usage import Limits
from datadao.index import Index
from datadao.messages.submission import Submission
from datadao.relay.journal import Journal
from datadao.storage.board import Board
from datadao.storage.store import Store
from tests.client.chain_world import ChainWorld


@dataclass
class Made:
    """What a member's own client made of a file: nothing of it is stored yet."""

    submission: Submission
    objects: dict[bytes, bytes]

    @property
    def document(self) -> dict[str, Any]:
        item = self.submission
        return {
            "datasetId": item.dataset_id, "contributor": item.contributor, "fileHash": hexed(item.file_hash),
            "envelopeHash": hexed(item.envelope_hash), "signature": hexed(item.signature),
            "seals": [hexed(seal) for seal in item.seals],
        }  # fmt: skip


@dataclass
class DeskWorld:
    """A DAO whose desk is `served`, and who hands in at it."""

    world: ChainWorld
    served: Served
    limits: Limits
    folder: Path
    journal: Journal | None = None
    member: Actor = field(init=False)

    def __post_init__(self) -> None:
        self.member = self.world.dao.who("newcomer")

    def make(self, data: bytes, member: Actor | None = None, **changes: Any) -> Made:
        """As `contribute` does, into a storage of the member's own."""
        owner, own = member or self.member, Store("memory://")
        handle = self.world.handle
        submission = contribute(
            io.BytesIO(data), dao=handle.id, dataset_id=1, contributor=owner.address, committee=handle.committee(),
            attestors=handle.attestors(), store=own, signer=owner.sign,
        )  # fmt: skip
        objects = {digest: own.get(digest) for digest in (submission.file_hash, submission.envelope_hash)}
        return Made(replace(submission, **changes), objects)

    def announce(self, made: Made) -> Any:
        return self.served.ask("POST", "v1/submissions", json=made.document)

    def put(self, made: Made, digest: bytes, data: bytes | None = None, **options: Any) -> Any:
        content = made.objects[digest] if data is None else data
        key = hexed(made.submission.id(self.world.dao.id))
        return self.served.ask("PUT", f"v1/submissions/{key}/objects/{hexed(digest)}", data=content, **options)

    def hand_in(self, made: Made) -> Any:
        """The whole of it, as the page does."""
        answer = self.announce(made)
        for digest in answer.json().get("missing", ()):
            answer = self.put(made, bytes.fromhex(digest[2:]))
        return answer

    @property
    def board(self) -> dict[bytes, Submission]:
        return dict(Board(self.world.dao.id, self.world.store).submissions(1))

    @property
    def objects(self) -> list[str]:
        """Names of all that is stored."""
        root = self.world.home / "store"
        return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


LIMITS = Limits(file_bytes=64 * 1024, day_bytes=100_000, day_submissions=3, day_requests=5)


@pytest.fixture
def limits() -> Limits:
    """Of the desk: a test's parameter of this name replaces them."""
    return LIMITS


@pytest.fixture
def desk(leased: ChainWorld, tmp_path: Path, limits: Limits) -> Iterator[DeskWorld]:
    dao, store, folder = leased.handle, leased.store, tmp_path / "desk"
    folder.mkdir()
    with Index(folder / "index.sqlite", dao) as index:
        board, catalog = Board(dao.id, store), Catalog(dao, store, index=index)
        made_of = Desk.of(dao, store, board, catalog, index, folder, limits, journal=lambda: made.journal)
        with Served(application(made_of, policy())) as served:
            made = DeskWorld(leased, served, limits, folder)
            yield made


def hexed(data: bytes) -> str:
    return "0x" + data.hex()


def refused(answer: Any, status: int, kind: str, words: str = "") -> bool:
    """Whether an answer is this refusal; for asserts, which show it otherwise."""
    error = answer.json()["error"]
    assert (answer.status_code, error["kind"]) == (status, kind), answer.text
    assert words in error["message"], error["message"]
    return True
