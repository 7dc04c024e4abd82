"""Samples: drawn of what is opened in memory; of what was erased, by whichever way, attestors delete them in their
next round."""

from __future__ import annotations

from pathlib import Path

import pytest

from assurance.harness.dao.parties import BATCH_ID, DAO, DATASET, Wallet, World
from datadao.attestor.samples import sample_of, unshow_erased
from datadao.chain.view import Standing
from datadao.errors import DiskUnavailable, StoreUnfit
from datadao.messages.manifest import Manifest
from datadao.messages.sample import Sample
from datadao.schema import Schema
from datadao.storage.board import Board
from datadao.storage.store import Store
from datadao.types import Contribution

ATTESTORS = [f"0x{digit * 40}" for digit in "123"]


class Keeps(Store):
    """Lets these credentials read and write."""

    def delete(self, name: str) -> None:
        raise StoreUnfit(f"storage refuses to delete {name}")


def shown(board: Board, listed: list[Contribution]) -> Manifest:
    """Samples of each contribution and, of another batch, of the first one; and rubbish."""
    manifest = Manifest(DAO, DATASET, 1, [item.leaf for item in listed])
    for attestor in ATTESTORS:
        for name in manifest.ids:
            board.show(Sample(BATCH_ID, name, bytes(32), b"{}", attestor, b""))
        board.show(Sample(BATCH_ID + 1, manifest.ids[0], bytes(32), b"{}", attestor, b""))
    return manifest


def test_unshow_erased__whoever_erased__deletes_samples_of_what_was_erased_and_no_others(
    world: World, listed: list[Contribution]
) -> None:
    board = Board(DAO, world.store)
    manifest = shown(board, listed)
    board.show(Sample(BATCH_ID, b"\7" * 32, bytes(32), b"{}", ATTESTORS[0], b""))  # of no contribution
    before = board.shown(BATCH_ID)
    assert not list(unshow_erased(board, world.view, BATCH_ID, manifest)) and board.shown(BATCH_ID) == before
    gone = world.view.gone["latest"]
    gone[listed[1].leaf.fingerprint] = gone[listed[3].leaf.fingerprint] = Standing.ERASED
    gone[listed[2].leaf.fingerprint] = Standing.DUPLICATE
    erased = {manifest.ids[1], manifest.ids[3]}
    assert dict(unshow_erased(board, world.view, BATCH_ID, manifest)) == dict.fromkeys(erased, len(ATTESTORS))
    assert board.shown(BATCH_ID) == {item for item in before if item[0] not in erased}
    assert board.shown(BATCH_ID + 1) == {(manifest.ids[0], attestor) for attestor in ATTESTORS}
    assert not list(unshow_erased(board, world.view, BATCH_ID, manifest)), "once"


def test_unshow_erased__storage_lets_no_one_delete__says_so_of_each_and_changes_nothing(
    world: World, listed: list[Contribution]
) -> None:
    board = Board(DAO, Keeps(f"file://{world.home}/kept", create=True))
    manifest = shown(board, listed)
    before = board.shown(BATCH_ID)
    for item in listed[:2]:
        world.view.gone["latest"][item.leaf.fingerprint] = Standing.ERASED
    found = dict(unshow_erased(board, world.view, BATCH_ID, manifest))
    assert set(found) == set(manifest.ids[:2]) and all(isinstance(error, StoreUnfit) for error in found.values())
    assert board.shown(BATCH_ID) == before


def test_sample_of__small_file__is_never_on_a_disk_and_a_larger_one_leaves_nothing_there(
    world: World, alice: Wallet, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    submitted = world.contribute(b'{"age": 1}\n', alice)
    opened, schema = world.opened(world.witnesses([submitted])), Schema.new(b'{"type": "object"}')
    attestor, name = world.attestor(), bytes(32)
    leaf = attestor.assess(submitted, opened)

    def drawn() -> bytes:
        given = {submitted.file_hash: submitted}
        found = sample_of(
            attestor, schema, BATCH_ID, bytes(32), name, leaf, given, opened, alice.address, world.attestors.wallets[0]
        )
        assert isinstance(found, Sample)
        return found.records

    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))  # so that nothing makes a file for a while
    assert drawn() == b'{"age":1}'
    monkeypatch.setattr("datadao.attestor.attestor.SMALL", 1)
    with pytest.raises(DiskUnavailable, match="a copy of "):
        drawn()
    (tmp_path / "none").mkdir()
    assert drawn() == b'{"age":1}' and not list((tmp_path / "none").iterdir())
