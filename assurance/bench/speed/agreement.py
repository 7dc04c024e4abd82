"""What it takes that attestors agree on a program's result: beside what each of them does by itself."""

from __future__ import annotations

import resource
import tempfile
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
from scripts._demo.survey import SCHEMA

SECRET = bytes(32)
FILES = 20


def seconds(module: bytes, lines: Path, count: int) -> tuple[float, float]:
    """Processor seconds of one attestor's part over `count` records in up to 20 files, and of the whole: three
    attestors, and three custodians that release to them and sign readiness."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        world = World(home, store=Store((home / "store").as_uri(), create=True))
        board = ComputeBoard(DAO, world.store)
        with lines.open("rb") as file:
            records = list(islice(file, count))
        step = -(-len(records) // FILES)
        files = [b"".join(records[at : at + step]) for at in range(0, len(records), step)]
        listed = contributions(world.activate(world.members(*files), purposes=COMPUTE))
        agreed = Program(world.store.put_bytes(module), "wasmtime 50.0.1", 10**12, 2**28, 65_536)
        zero = "0x" + "11" * 20
        paper = Agreement(DAO, zero, zero, None, DATASET, COMPUTE, 1, 86_400, 3, 1, 0, False, 0, 86_400, program=agreed)
        board.agree(paper.encode())
        world.view.set_lease(purposes=COMPUTE, agreement_hash=paper.hash, started=False, paid_until=0, paid_periods=0)
        lease = world.view.leases["finalized"][LEASE]
        over = Input(100, dict(zip(ids_of(world, listed), (c.leaf for c in listed), strict=True)), Schema.new(SCHEMA))
        begin = _cpu()
        duties = [ComputeDuties(world.custodian(slot), board) for slot in range(3)]
        for duty in duties:
            duty.release(LEASE, listed)
        parts = []
        for index in range(3):
            start = _cpu()
            board.post_result(_run(world, board, index, home, agreed, over))
            parts.append(_cpu() - start)
        roots = {duty.sign_readiness(LEASE, listed).release_root for duty in duties}
        total = _cpu() - begin
        if len(roots) != 1 or lease.lease_id != LEASE:
            raise AssertionError("custodians signed for different results")
        for duty in duties:
            duty.custodian.close()
    return min(parts), total


def _run(world: World, board: ComputeBoard, index: int, home: Path, agreed: Program, over: Input) -> ComputeResult:
    attestor = ComputeAttestor(
        dao=DAO,
        address=world.attestors.parties[index].signer,
        set_version=world.view.sets["finalized"].version,
        private_key=world.attestors.keys[index],
        secret=SECRET,
        signer=world.attestors.wallets[index],
        committees={world.committee.version: world.committee},
        store=world.store,
        board=board,
        home=home / f"attestor-{index}",
    )
    return attestor.run(world.view.leases["finalized"][LEASE], 0, agreed, over)


def _cpu() -> float:
    """Of this process and of those that it started and waited for."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(used.ru_utime + used.ru_stime for used in both)
