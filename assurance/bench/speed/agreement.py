"""What it takes that attestors agree on a program's result: beside what each of them does by itself."""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Iterable, Sequence
from itertools import islice
from pathlib import Path

from assurance.harness.dao.parties import DAO, DATASET, LEASE, World, contributions, ids_of
from datadao.compute.attestor import ComputeAttestor, Input
from datadao.compute.board import ComputeBoard
from datadao.custodian.compute import ComputeDuties
from datadao.messages.agreement import Agreement, Program
from datadao.messages.compute import ComputeResult
from datadao.messages.purposes import COMPUTE
from datadao.schema import Schema
from datadao.storage.store import Store
from datadao.types import Leaf
from scripts._demo.survey import SCHEMA

SECRET = bytes(32)
FILES = 20


class Stage:
    """A compute lease that is approved and not paid, over these files, or over `leaves` of an earlier stage in the same
    folder; `duties` of three custodians."""

    def __init__(
        self, home: Path, module: bytes, files: Iterable[bytes], schema: bytes, leaves: Sequence[Leaf] = ()
    ) -> None:
        self.home, self.world = home, World(home, store=Store((home / "store").as_uri(), create=True))
        self.board = ComputeBoard(DAO, self.world.store)
        leaves = leaves or [self.world.members(file)[0] for file in files]
        self.listed = contributions(self.world.activate(leaves, purposes=COMPUTE))
        self.agreed = Program(self.world.store.put_bytes(module), "wasmtime 50.0.1", 10**12, 2**28, 65_536)
        zero = "0x" + "11" * 20
        terms = (DATASET, COMPUTE, 1, 86_400, 3, 1, 0, False, 0, 86_400)
        paper = Agreement(DAO, zero, zero, None, *terms, program=self.agreed)
        self.board.agree(paper.encode())
        self.world.view.set_lease(
            purposes=COMPUTE, agreement_hash=paper.hash, started=False, paid_until=0, paid_periods=0
        )
        ids = ids_of(self.world, self.listed)
        named = dict(zip(ids, (c.leaf for c in self.listed), strict=True))
        self.over = Input(100, named, dict.fromkeys(ids, Schema.new(schema)))
        self.duties = [ComputeDuties(self.world.custodian(slot), self.board) for slot in range(3)]

    def attestor(self, index: int) -> ComputeAttestor:
        return ComputeAttestor(
            dao=DAO,
            address=self.world.attestors.parties[index].signer,
            set_version=self.world.view.sets["finalized"].version,
            private_key=self.world.attestors.keys[index],
            secret=SECRET,
            signer=self.world.attestors.wallets[index],
            committees={self.world.committee.version: self.world.committee},
            store=self.world.store,
            board=self.board,
            home=self.home / f"attestor-{index}",
        )

    def run(self, index: int) -> ComputeResult:
        """An attestor's part: it opens the files, runs the program and signs how that ended."""
        return self.attestor(index).run(self.world.view.leases["finalized"][LEASE], 0, self.agreed, self.over)


def seconds(module: bytes, lines: Path, count: int) -> tuple[float, float]:
    """Processor seconds of one attestor's part over `count` records in up to 20 files, and of the whole: three
    attestors, and three custodians that release to them and sign readiness."""
    with tempfile.TemporaryDirectory() as name:
        with lines.open("rb") as file:
            records = list(islice(file, count))
        step = -(-len(records) // FILES)
        files = (b"".join(records[at : at + step]) for at in range(0, len(records), step))
        stage = Stage(Path(name), module, files, SCHEMA)
        begin = _cpu()
        for duty in stage.duties:
            duty.release(LEASE, stage.listed)
        parts = []
        for index in range(3):
            start = _cpu()
            stage.board.post_result(stage.run(index))
            parts.append(_cpu() - start)
        roots = {duty.sign_readiness(LEASE, stage.listed).release_root for duty in stage.duties}
        total = _cpu() - begin
        if len(roots) != 1:
            raise AssertionError("custodians signed for different results")
        for duty in stage.duties:
            duty.custodian.close()
    return min(parts), total


def _cpu() -> float:
    """Of this process and of those that it started and waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)
