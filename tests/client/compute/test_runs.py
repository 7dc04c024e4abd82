"""Which data a run is over, on a node: what was paid for comes out once, whatever becomes of the data meanwhile.

given a lease that is paid for        attestors should hand out the result that the payment names, and make no other
given a further paid period           its run should be over the data at the block of the payment, whoever looks when
given a licensee that starts alone    the data at that start should count, and no result from before
given another set of attestors        what the former agreed on should stay
given a schema that was voted anew    each batch should be read by the schema that it was accepted under
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from assurance.harness.commands import SCHEMA
from assurance.harness.dao.dao import Batch, Dao
from assurance.harness.dao.keys import local_key
from assurance.harness.dao.system import DAY, config
from datadao.compute.attestor import open_output
from datadao.compute.board import ComputeBoard
from datadao.custodian.compute import ComputeDuties
from datadao.custodian.runs import Runs, Served
from datadao.messages.agreement import Agreement, Program
from datadao.messages.purposes import COMPUTE
from datadao.types import Leaf
from tests.client.chain_world import PERIOD, ChainWorld

from .programs import COUNT, module

ATTESTORS = 3


def record(name: str, **more: str) -> bytes:
    return json.dumps({"diary": f"words of {name}", "name": name} | more, separators=(",", ":")).encode() + b"\n"


ANN, BO, CY, DI = (record(name) for name in ("ann", "bo", "cy", "didi"))


class Anew(Runs):
    """The twin: whatever is paid for, it runs over the data of now."""

    def _payment(self, lease, run):  # type: ignore[no-untyped-def]
        return None


class Paid:
    """A compute lease that is approved, over records of two members, and the attestors at work."""

    def __init__(self, world: ChainWorld, kind: type[Runs] = Runs) -> None:
        self.world, self.dao, self.kind = world, world.dao, kind
        self.board = ComputeBoard(self.dao.id, world.store)
        self.runs: dict[int, Runs] = {}

    def ask(self) -> None:
        world, dao = self.world, self.dao
        program = Program(world.store.put_bytes(module(COUNT)), "wasmtime 50.0.1", 10**9, 4 * 65_536, 8)
        terms = dao.terms(purposes=COMPUTE)
        paper = Agreement(
            dao.id, dao.addresses["timelock"], dao.asset.address, world.licensee_account.address, 1, COMPUTE,
            terms["pricePerPeriod"], terms["periodLength"], terms["periods"], terms["bond"], 0, False, 0,
            dao.leases.ackWindow(), program=program,
        )  # fmt: skip
        self.board.agree(paper.encode())
        world.lease = world.approved(purposes=COMPUTE, agreementHash=paper.hash)
        world.finalize()

    def release(self) -> None:
        listed = self.world.contributions()
        for slot in range(3):
            assert ComputeDuties(self.world.custodian(slot), self.board).release(self.world.lease, listed) == {}

    def round(self, *numbers: int) -> list[Served]:
        """One of each of these attestors, of all if none is named."""
        return [self._round(number) for number in numbers or range(ATTESTORS)]

    def _round(self, number: int) -> Served:
        if number not in self.runs:
            actor, home = self.dao.actors[f"attestor-{number}"], self.world.home / f"attestor-{number}"
            home.mkdir()
            self.runs[number] = self.kind(
                dao=self.world.handle, address=actor.address, signer=actor.sign, secret=b"11" * 16, home=home,
                key=X25519PrivateKey.from_private_bytes(local_key(f"attestor-{number}")), store=self.world.store,
                board=self.board, seconds=600,
            )  # fmt: skip
        (served,) = [found for found in self.runs[number].round() if found.lease_id == self.world.lease]
        assert served.error is None, served
        return served

    def roots(self) -> set[bytes]:
        """Of all results of the first run."""
        return {result.release_root for result in self.board.results(self.world.lease, 0)}

    def start(self, root: bytes = b"") -> bytes:
        """Pays for this result, or the only one, and returns its root."""
        (root,) = {root} if root else self.roots()
        signatures = self.dao.readiness(self.world.lease, root, 0, 1, 2)
        relayer = self.dao.who("relayer").address
        self.dao.leases.confirmDelivery(self.world.lease, root, signatures, sender=relayer)
        self.world.finalize()
        return root

    def pay(self) -> None:
        self.world.chain.warp(PERIOD - DAY)
        self.dao.leases.payInstalment(self.world.lease, sender=self.world.licensee_account.address)

    def add(self, data: bytes, number: int = 0) -> tuple[Batch, Leaf]:
        """A further active batch, whose keys custodians give at once."""
        leaf = self.world.encrypt(self.world.members[number], data)
        batch = self.world.publish([leaf])
        self.world.finalize()
        self.release()
        return batch, leaf

    def erase(self, batch: Batch, leaf: Leaf) -> None:
        self.dao.erase(batch, leaf)
        self.world.finalize()

    def outputs(self, run: int) -> set[int]:
        """All that the licensee could open, whoever agrees: how many bytes the records had."""
        results, key = self.board.results(self.world.lease, run), self.world.licensee_key
        opened = (open_output(self.dao.id, self.board, result, [key]) for result in results)
        return {int.from_bytes(output, "little") for output in opened if output is not None}

    def results(self, run: int) -> int:
        return len(list(self.board.results(self.world.lease, run)))

    def close(self) -> None:
        for runs in self.runs.values():
            runs.close()


@pytest.fixture(scope="module")
def made(deployed_dao: Dao, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Paid]:
    snapshot = deployed_dao.chain.snapshot()
    policy = dict(config().contracts["DatasetRegistry"]["params"]["policies"][0])
    policy["schemaHash"] = "0x" + hashlib.sha256(SCHEMA).hexdigest()
    changed = config(DatasetRegistry__params__policies=[policy])
    world = ChainWorld(deployed_dao.chain, tmp_path_factory.mktemp("paid"), changed)
    world.store.put_bytes(SCHEMA)
    world.accept((world.members[0], ANN), (world.members[1], BO))
    paid = Paid(world)
    paid.ask()
    paid.release()
    yield paid
    deployed_dao.chain.revert(snapshot)


@pytest.fixture
def paid(made: Paid, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Paid]:
    """Chain and storage are the test's own; the parameter is how attestors work, if it is not as they should."""
    shutil.copytree(made.world.home, tmp_path / "world")
    world, chain = copy.copy(made.world), made.world.chain
    snapshot = chain.snapshot()
    world.home, world.batches = tmp_path / "world", list(made.world.batches)
    # anvil forgets states by age, and takes a block that an earlier test mined alike for as old as that.
    chain._rpc("anvil_setCoinbase", "0x" + os.urandom(20).hex())
    world.finalize()
    found = Paid(world, getattr(request, "param", Runs))
    yield found
    found.close()
    chain.revert(snapshot)


TWINS = pytest.mark.parametrize("paid", [Runs, Anew], ids=["runs", "twin"], indirect=True)


@TWINS
def test_lease_that_is_paid_for__gives_the_paid_output_and_no_other_whatever_changes_K7(paid: Paid) -> None:
    assert [served.new for served in paid.round()] == [True] * 3
    root = paid.start()
    batch = paid.world.batches[-1]
    paid.add(CY)
    paid.erase(batch, batch.manifest.leaves[0])
    rounds = [*paid.round(), *paid.round()]
    if paid.kind is Anew:
        assert paid.outputs(0) > {len(ANN + BO)}, "two, which can be compared"
        return
    assert paid.outputs(0) == {len(ANN + BO)} and paid.results(0) == 3
    assert [served.new for served in rounds] == [False] * 6
    assert [served.handed_out for served in rounds] == [(0,)] * 3 + [()] * 3
    assert paid.roots() == {root}
    assert not list(paid.world.home.glob("attestor-*/compute/*.waiting"))


@TWINS
def test_change_of_data_with_each_round__lets_one_output_out_K7(paid: Paid) -> None:
    paid.round()
    paid.start()
    paid.round(0)
    for data in (CY, DI):
        paid.add(data)
        paid.round(1, 2)
    assert len(paid.outputs(0)) == (1 if paid.kind is Runs else 3)


def test_result_from_before_the_start__that_was_not_paid_for_stays_where_it_is(paid: Paid) -> None:
    paid.round()
    (first,) = paid.roots()
    paid.add(CY)
    paid.round()
    assert paid.results(0) == 6 and len(paid.roots()) == 2, "before the start each change asks for a run"
    paid.start(first)
    paid.round()
    assert paid.outputs(0) == {len(ANN + BO)} and paid.results(0) == 6
    assert not list(paid.world.home.glob("attestor-*/compute/*.waiting")), "what nobody paid for is gone"


@TWINS
def test_further_run__is_over_the_data_at_its_payment_whoever_looks_when_K7(paid: Paid) -> None:
    paid.round()
    paid.start()
    paid.round()
    paid.add(CY)
    paid.pay()
    paid.world.finalize()
    assert paid.round(0)[0].run == 1
    batch = paid.world.batches[-2]
    paid.add(DI)
    paid.erase(batch, batch.manifest.leaves[0])
    rounds = [*paid.round(1, 2), *paid.round(), *paid.round()]
    assert paid.outputs(0) == {len(ANN + BO)}
    if paid.kind is Anew:
        assert paid.outputs(1) != {len(ANN + BO + CY)}
        return
    assert paid.outputs(1) == {len(ANN + BO + CY)} and paid.results(1) == 3
    assert sum(served.new for served in rounds) == 2
    assert len({result.content for result in paid.board.results(paid.world.lease, 1)}) == 1


def test_file_erased_before_its_key_was_given__keeps_no_paid_run_from_being_made(paid: Paid) -> None:
    paid.round()
    paid.start()
    leaf = paid.world.encrypt(paid.world.members[2], CY)
    batch = paid.world.publish([leaf])
    paid.pay()
    paid.erase(batch, leaf)
    paid.release()
    paid.round()
    paid.round()
    assert paid.outputs(1) == {len(ANN + BO)} and paid.results(1) == 3


def test_other_attestors__hand_out_no_second_output_of_what_is_paid_for(paid: Paid) -> None:
    paid.round()
    paid.start()
    paid.pay()
    paid.world.finalize()
    paid.round()
    paid.round()
    batch = paid.world.batches[-1]
    paid.erase(batch, batch.manifest.leaves[0])
    registry = paid.dao.registry
    parties, threshold = registry.attestors(1)
    paid.world.govern(registry, "setAttestors", [tuple(vars(party).values()) for party in parties], threshold)
    paid.world.finalize()
    assert registry.attestorSetVersion() == 2
    paid.dao.leases.acknowledge(paid.world.lease, sender=paid.world.licensee_account.address)
    paid.world.finalize()
    paid.release()
    assert [served.new for served in [*paid.round(), *paid.round()]] == [False] * 6, "they lack the key of who left"
    assert paid.outputs(0) == paid.outputs(1) == {len(ANN + BO)} and paid.results(1) == 3


def test_licensee_that_starts_alone__gets_the_data_of_that_start_once(paid: Paid) -> None:
    paid.round()
    batch = paid.world.batches[-1]
    paid.dao.erase(batch, batch.manifest.leaves[0])
    paid.world.start()
    paid.world.finalize()
    left = {ANN, BO} - {ANN if batch.manifest.leaves[0].contributor == paid.world.members[0].address else BO}
    paid.round(0)
    assert paid.outputs(0) == set(), "one attestor is no threshold, and what was agreed before is of other data"
    paid.add(CY)
    paid.round()
    paid.round()
    assert paid.outputs(0) == {len(left.pop())}


def test_batch__is_read_by_the_schema_it_was_accepted_under(paid: Paid) -> None:
    """As `datadao open` does: a vote changes what is accepted, not what was."""
    mood = json.loads(SCHEMA) | {"required": ["name", "diary", "mood"]}
    digest = paid.world.store.put_bytes(json.dumps(mood).encode())
    policy = vars(paid.dao.registry.currentPolicy(1)) | {"schemaHash": digest}
    paid.world.govern(paid.dao.registry, "updatePolicy", 1, policy)
    moody = record("cy", mood="glad")
    paid.add(CY + moody)
    paid.round()
    results = list(paid.board.results(paid.world.lease, 0))
    assert len({result.content for result in results}) == 1
    paid.start()
    paid.round()
    assert paid.outputs(0) == {len(ANN + BO + moody)}
