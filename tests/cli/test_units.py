"""R-14: what an attestor knows of accepted records is of each batch its own, also of two with the same records."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from assurance.harness.dao.parties import DAO, DATASET
from datadao.attestor.marks import Table
from datadao.attestor.units import Lot, Units
from datadao.batches import Published
from datadao.cli.session import Session
from datadao.cli.units import ChainHistory
from datadao.messages.batch import Batch
from datadao.messages.manifest import Manifest
from datadao.storage.store import Store
from datadao.types import BatchStatus, Leaf

SECRET = bytes(range(32))
ONE, TWO = b"\1" * 16, b"\2" * 16
STATUSES = {1: [BatchStatus.PUBLISHED], 2: [BatchStatus.VETOED, BatchStatus.ACTIVE]}
"""Of the batches that there are at a block."""


def lot(*marks: bytes) -> Lot:
    return Lot(Table(bytes(32), range(1, len(marks) + 1), b"".join(marks)), range(len(marks)))


class History(ChainHistory):
    """After the second block the first file of the second batch is erased."""

    def _erased(self, block: int) -> set[bytes]:
        return {b"\1" * 32} if block == 2 else set()


def test_r14__a_dead_batch_of_the_same_records_split_otherwise__frees_none_of_another_contribution(
    tmp_path: Path,
) -> None:
    store = Store("memory://")
    units, manifests = Units(store, SECRET, cast("Any", None), 0), []
    for lots in ([lot(ONE, TWO)], [lot(ONE), lot(TWO)]):
        leaves = [
            Leaf(f"0x{at:040x}", bytes([at]) * 32, bytes([at]) * 32, bytes(32), len(each.places), 10_000)
            for at, each in enumerate(lots, 1)
        ]
        manifests.append(Manifest(DAO, DATASET, len(manifests) + 1, leaves, units.seal(lots)))
    first, second = (manifest.earned for manifest in manifests)
    assert first and second and first.marks == second.marks, "the same marks, in the same order"
    published = [
        Published(number, Batch(DATASET, number, bytes(32), 1, 1, bytes([number]) * 32, 1, 1, 1)) for number in (1, 2)
    ]
    dao = SimpleNamespace(
        read=lambda *_, block: len(STATUSES[block]),
        read_together=lambda _, block: [SimpleNamespace(status=status) for status in STATUSES[block]],
    )
    catalog = SimpleNamespace(batches=lambda _: published, manifest=lambda item: manifests[item.batch_id - 1])
    session = SimpleNamespace(dao=dao, catalog=catalog, store=store, home=tmp_path)
    history = History(cast("Session", session), SECRET)
    assert history.known(ONE + TWO, 1) == {0, 1}
    assert history.known(ONE + TWO, 2) == {1}, "the erased file's record is free, the other's is not"
