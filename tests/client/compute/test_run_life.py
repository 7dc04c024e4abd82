"""A compute lease from approval to output: keys go to attestors, a threshold agrees, the licensee gets what came out.

given an approved compute lease       custodians should release keys to attestors alone, and sign for what they agree on
given attestors that lie              one of three should change nothing and be named; two should be able to lie
given an erased record                it should not be in the input of the next run
given records of another lease        keys, results and outputs replayed should count nothing
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from assurance.harness.dao.parties import DAO, DATASET, LEASE, World, contributions, ids_of, published
from datadao.chain.view import AttestorSet, Standing
from datadao.compute.agreed import last_run, program_of, require_agreement, weigh
from datadao.compute.attestor import ComputeAttestor, Input, open_output
from datadao.compute.board import ComputeBoard
from datadao.custodian.compute import ComputeDuties
from datadao.custodian.custodian import Custodian
from datadao.custodian.service import Service
from datadao.errors import (
    ComputeLease,
    HashMismatch,
    LeaseEnded,
    NotEnoughShares,
    ProgramRefused,
    ResultsDisagree,
    SlotMismatch,
)
from datadao.messages import eip712
from datadao.messages.agreement import Agreement, Program
from datadao.messages.compute import ComputeResult, Ending, Limits
from datadao.messages.purposes import COMPUTE
from datadao.schema import Schema
from datadao.storage.store import Store
from datadao.types import Contribution

from .programs import ECHO, module

RECORDS = tuple(b'{"a": %d, "secret": "record %d of a member"}\n' % (i, i) for i in range(3))
SECRET = b"of all attestors, of all attesto"
COUNT = """(local.set $n (call $read (i32.const 8) (i32.const 60000)))
  (i32.store (i32.const 0) (local.get $n)) (call $write (i32.const 0) (i32.const 4))"""
"""Puts out how many bytes the input has."""


@dataclass
class ComputeWorld:
    """A lease of a world for compute alone, approved and not paid."""

    world: World
    listed: list[Contribution]
    program: bytes = field(default_factory=lambda: module(COUNT))
    reviews: int = 0

    def __post_init__(self) -> None:
        world = self.world
        self.board = ComputeBoard(DAO, world.store)
        digest = world.store.put_bytes(self.program)
        self.agreed = Program(digest, "wasmtime 50.0.1", 10_000_000, 262_144, 1000, self.reviews)
        zero = "0x" + "11" * 20
        paper = Agreement(
            DAO, zero, zero, None, DATASET, COMPUTE, 1, 86_400, 3, 1, 0, False, 0, 86_400, program=self.agreed
        )
        self.board.agree(paper.encode())
        world.view.set_lease(purposes=COMPUTE, agreement_hash=paper.hash, started=False, paid_until=0, paid_periods=0)
        self.custodians: dict[int, Custodian] = {}
        self.schema = Schema.new(b'{"type": "object", "required": ["a"], "properties": {"a": {"type": "integer"}}}')

    @property
    def lease(self):
        return self.world.view.leases["finalized"][LEASE]

    @property
    def set(self) -> AttestorSet:
        return self.world.view.sets["finalized"]

    def duties(self, slot: int) -> ComputeDuties:
        if slot not in self.custodians:
            self.custodians[slot] = self.world.custodian(slot)
        return ComputeDuties(self.custodians[slot], self.board)

    def release(self, slots: Sequence[int] = range(3), listed: Sequence[Contribution] | None = None) -> None:
        for slot in slots:
            assert self.duties(slot).release(LEASE, listed or self.listed) == {}

    def attestor(self, index: int, **changes) -> ComputeAttestor:
        parties = self.world.attestors
        settings = {
            "dao": DAO,
            "address": parties.parties[index].signer,
            "set_version": self.set.version,
            "private_key": parties.keys[index],
            "secret": SECRET,
            "signer": parties.wallets[index],
            "committees": {self.world.committee.version: self.world.committee},
            "store": self.world.store,
            "board": self.board,
            "home": self.world.home / f"attestor-{index}",
            "seconds": 600,
        }
        return ComputeAttestor(**(settings | changes))

    def over(self, listed: Sequence[Contribution] | None = None, block: int = 100) -> Input:
        listed = listed or self.listed
        ids = ids_of(self.world, listed)
        leaves = dict(zip(ids, [c.leaf for c in listed], strict=True))
        return Input(block, leaves, dict.fromkeys(ids, self.schema))

    def run(self, index: int, run: int = 0, **changes) -> ComputeResult:
        result = self.attestor(index, **changes).run(self.lease, run, self.agreed, self.over())
        self.board.post_result(result)
        return result

    def lie(self, index: int, result: ComputeResult, **changes) -> None:
        wallet = self.world.attestors.wallets[index]
        made = replace(result, attestor=wallet.address, **changes)
        self.board.post_result(made.signed(DAO, wallet))

    def standing(self, run: int = 0):
        return weigh(DAO, self.board.results(LEASE, run), LEASE, run, self.set)

    def open(self, run: int = 0) -> bytes | None:
        result = require_agreement(self.standing(run), LEASE, run, 3)
        return open_output(DAO, self.board, result, [self.world.licensee_key])


@pytest.fixture
def compute(world: World) -> ComputeWorld:
    return ComputeWorld(world, contributions(world.activate(world.members(*RECORDS), purposes=COMPUTE)))


def size_of_input(count: int) -> bytes:
    return sum(len(b'{"a":0,"secret":"record 0 of a member"}\n') for _ in range(count)).to_bytes(4, "little")


def test_life__of_a_compute_lease__ends_with_the_output_and_nothing_else_K7(compute: ComputeWorld) -> None:
    compute.release()
    results = [compute.run(index) for index in (0, 1)]
    assert results[0].content == results[1].content and results[0].ending == Ending.OK
    readiness = compute.duties(0).sign_readiness(LEASE, compute.listed)
    assert readiness.release_root == results[0].release_root
    assert eip712.signed_by(compute.custodians[0].holder().signer, readiness.typed(DAO), readiness.signature)
    assert compute.open() is None, "before it is paid for"
    assert compute.attestor(1).hand_out(compute.lease, results[1])
    assert compute.open() == size_of_input(3)
    assert published(compute.world) == [], "no key of a file was sealed to the licensee"
    assert not compute.attestor(2).hand_out(compute.lease, results[1]), "it has not run the program"


def test_output_that_is_no_count__is_opened_whole(world: World) -> None:
    life = ComputeWorld(world, contributions(world.activate(world.members(*RECORDS), purposes=COMPUTE)), module(ECHO))
    life.release()
    results = [life.run(index) for index in (0, 1)]
    life.attestor(0).hand_out(life.lease, results[0])
    lines = life.open().splitlines()
    assert sorted(lines) == [b'{"a":%d,"secret":"record %d of a member"}' % (i, i) for i in range(3)]
    assert [line for line in lines if line] == [
        b'{"a":%d,"secret":"record %d of a member"}' % (i, i)
        for c in life.listed
        for i in range(3)
        if int(c.leaf.contributor, 16) == i + 1
    ], "in the leaves' order"


def test_one_lying_attestor_of_three__changes_nothing_and_is_named(compute: ComputeWorld) -> None:
    compute.release()
    honest = [compute.run(index) for index in (0, 1)]
    compute.lie(2, honest[0], commitment=bytes(32))
    standing = compute.standing()
    assert require_agreement(standing, LEASE, 0, 3).content == honest[0].content
    liar = compute.world.attestors.parties[2].signer
    assert any(text.startswith(liar) for text in standing.differing())


def test_results_that_differ__stop_before_the_money_and_name_who(compute: ComputeWorld) -> None:
    compute.release()
    honest = compute.run(0)
    compute.lie(1, honest, commitment=bytes(32))
    with pytest.raises(ResultsDisagree) as raised:
        compute.duties(0).sign_readiness(LEASE, compute.listed)
    assert all(party.signer in str(raised.value) for party in compute.world.attestors.parties[:2])


def test_two_lying_attestors_of_three__can_lie_as_a_threshold_can(compute: ComputeWorld) -> None:
    """What the threat model says of a threshold: stated, and tried so that nobody believes otherwise."""
    compute.release()
    honest = compute.run(0)
    for index in (1, 2):
        compute.lie(index, honest, commitment=bytes(32))
    assert compute.duties(0).sign_readiness(LEASE, compute.listed).release_root != honest.release_root


def test_attestor_that_signs_two_results__counts_for_neither(compute: ComputeWorld) -> None:
    compute.release()
    honest = compute.run(0)
    compute.lie(1, honest)
    compute.lie(1, honest, commitment=bytes(32))
    with pytest.raises(ResultsDisagree, match="1 of 2 attestors"):
        require_agreement(compute.standing(), LEASE, 0, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"program_hash": bytes(32)},
        {"fuel_limit": 1},
        {"memory_limit": 1},
        {"output_limit": 2000},
        {"engine": "wasmtime 49.0.0"},
        {"input_root": bytes(32)},
        {"ending": Ending.TRAP},
    ],
    ids=lambda change: next(iter(change)),
)
def test_result_of_something_else__is_not_what_custodians_sign_for(compute: ComputeWorld, change: dict) -> None:
    compute.release()
    honest = compute.run(0)
    other = replace(honest, input_block=honest.input_block + 1, **change)
    for index in (1, 2):
        compute.lie(index, other)
    with pytest.raises(ResultsDisagree):
        compute.duties(0).sign_readiness(LEASE, compute.listed)
    assert not list(compute.board.readiness(LEASE))


@pytest.mark.parametrize("change", [{"lease_id": LEASE + 1}, {"run": 1}, {"attestor_set_version": 2}], ids=str)
def test_result_of_another_lease_run_or_set__counts_nothing_here(compute: ComputeWorld, change: dict) -> None:
    compute.release()
    honest = compute.run(0)
    wallet = compute.world.attestors.wallets[1]
    other = replace(honest, attestor=wallet.address, **change).signed(DAO, wallet)
    found = [*compute.board.results(LEASE, 0), other, replace(other, lease_id=LEASE, run=0, attestor_set_version=1)]
    assert weigh(DAO, found, LEASE, 0, compute.set).agreed() is None


def test_program_that_fails__is_agreed_on_and_gives_no_readiness(world: World) -> None:
    leaves = contributions(world.activate(world.members(*RECORDS), purposes=COMPUTE))
    life = ComputeWorld(world, leaves, module("(drop (i32.div_u (i32.const 1) (local.get $n)))"))
    life.release()
    results = [life.run(index) for index in (0, 1)]
    assert (results[0].ending, results[0].fuel) == (Ending.TRAP, 0) and results[0].content == results[1].content
    with pytest.raises(ResultsDisagree, match="ended with TRAP: there is nothing to pay for"):
        life.duties(0).sign_readiness(LEASE, life.listed)
    assert not life.attestor(0).hand_out(life.lease, results[0])


def test_fuel__is_told_in_steps_so_that_it_says_little_of_the_data() -> None:
    limits = Limits(1600, 65_536, 1)
    assert [limits.told(fuel) for fuel in (0, 1, 100, 101, 1599, 1600)] == [0, 100, 100, 200, 1600, 1600]
    assert len({Limits(10**9 + 7, 65_536, 1).told(fuel) for fuel in range(1, 10**9, 10**6)}) == 16


def test_module_behind_the_hash_that_is_another__is_not_run(tmp_path: Path) -> None:
    world = World(tmp_path / "world", store=Store(f"file://{tmp_path / 'store'}", create=True))
    life = ComputeWorld(world, contributions(world.activate(world.members(*RECORDS), purposes=COMPUTE)))
    life.release()
    digest = life.agreed.sha256.hex()
    (tmp_path / "store" / "sha256" / digest[:2] / digest).write_bytes(module(ECHO))
    with pytest.raises(HashMismatch, match=digest):
        life.run(0)
    assert not list(life.board.results(LEASE, 0))


# Keys


def test_keys__go_to_each_attestor_once_and_again_only_for_what_is_new(compute: ComputeWorld) -> None:
    def keys() -> list[int]:
        found = (compute.board.keys_for(LEASE, 1, party.signer) for party in compute.set.attestors)
        return [sum(len(item.ids) for item in items) for items in found]

    for _ in range(2):
        compute.release([0])
        assert keys() == [3, 3, 3]
    later = contributions(
        compute.world.activate(compute.world.members(b'{"a": 7}\n'), batch_id=62, sequence=2, purposes=COMPUTE), 62
    )
    compute.release([0], [*compute.listed, *later])
    assert keys() == [4, 4, 4]


def test_attestor_without_enough_shares__runs_nothing(compute: ComputeWorld) -> None:
    compute.release([0, 1])
    with pytest.raises(NotEnoughShares):
        compute.run(0)
    assert not list(compute.board.results(LEASE, 0))


def test_keys_of_another_attestor_or_lease__open_nothing(compute: ComputeWorld) -> None:
    compute.release()
    version, mine, other = compute.set.version, *(p.signer for p in compute.world.attestors.parties[:2])
    for keys in list(compute.board.keys_for(LEASE, version, other)):
        compute.board.post_keys(replace(keys, attestor=mine))
    for keys in list(compute.board.keys_for(LEASE, version, mine)):
        compute.board.post_keys(replace(keys, lease_id=LEASE + 1))
    elsewhere = replace(compute.lease, lease_id=LEASE + 1)
    with pytest.raises(NotEnoughShares):
        compute.attestor(0).run(elsewhere, 0, compute.agreed, compute.over())
    assert compute.run(0).ending == Ending.OK


def test_output_of_another_lease_or_run__opens_nothing(compute: ComputeWorld) -> None:
    compute.release()
    results = [compute.run(index) for index in (0, 1)]
    compute.attestor(0).hand_out(compute.lease, results[0])
    (output,) = compute.board.outputs(LEASE, 0)
    for place in ({"lease_id": LEASE + 1}, {"run": 1}):
        compute.board.post_output(replace(output, **place))
        elsewhere = replace(results[0], **place)
        assert open_output(DAO, compute.board, elsewhere, [compute.world.licensee_key]) is None
    assert compute.open() == size_of_input(3)


def test_erased_record__is_in_no_further_input(compute: ComputeWorld) -> None:
    compute.release()
    results = [compute.run(index) for index in (0, 1)]
    for tag in ("finalized", "latest"):
        compute.world.view.gone[tag][compute.listed[1].leaf.fingerprint] = Standing.ERASED
    with pytest.raises(ResultsDisagree, match="not the dataset of now; they run anew"):
        compute.duties(0).sign_readiness(LEASE, compute.listed)
    left = [compute.listed[0], compute.listed[2]]
    for index in (0, 1):
        compute.board.post_result(
            compute.attestor(index).run(compute.lease, 0, compute.agreed, compute.over(left, 101))
        )
    readiness = compute.duties(0).sign_readiness(LEASE, compute.listed)
    assert readiness.release_root != results[0].release_root
    compute.attestor(0).hand_out(compute.lease, compute.standing().agreed())
    assert compute.open() == size_of_input(2)


def test_data_lease__gives_attestors_no_keys_and_runs_nothing(compute: ComputeWorld) -> None:
    compute.world.view.set_lease(purposes=1)
    with pytest.raises(ComputeLease, match="is for data"):
        compute.duties(0).release(LEASE, compute.listed)
    with pytest.raises(ComputeLease):
        program_of(compute.board, compute.lease)


def test_lease_without_a_program__is_refused(compute: ComputeWorld) -> None:
    compute.world.view.set_lease(agreement_hash=bytes(32))
    with pytest.raises(ProgramRefused, match="not in storage"):
        compute.duties(0).release(LEASE, compute.listed)


def test_lease_that_ended_at_the_latest_block__gets_no_keys(compute: ComputeWorld) -> None:
    compute.world.view.set_lease("latest", ended=True)
    with pytest.raises(LeaseEnded):
        compute.duties(0).release(LEASE, compute.listed)


def test_attestor_set_that_is_not_final__gets_no_keys(compute: ComputeWorld) -> None:
    compute.world.view.sets["latest"] = AttestorSet(2, 1, compute.set.attestors)
    with pytest.raises(SlotMismatch, match="set 2 is not final yet"):
        compute.duties(0).release(LEASE, compute.listed)


def test_runs__are_admitted_by_paid_periods(compute: ComputeWorld) -> None:
    assert [last_run(replace(compute.lease, paid_periods=paid)) for paid in (0, 1, 2, 3)] == [0, 0, 1, 2]


def test_further_paid_period__admits_a_run_over_the_data_of_that_time(compute: ComputeWorld) -> None:
    compute.release()
    first = compute.run(0)
    compute.run(1)
    compute.world.view.set_lease(started=True, paid_until=9_000, paid_periods=2)
    later = compute.world.members(b'{"a": 7}\n')
    listed = [*compute.listed, *contributions(compute.world.activate(later, 62, 2, purposes=COMPUTE), 62)]
    ids = {**compute.over().leaves, **compute.over(listed[3:]).leaves}
    compute.release(listed=listed)
    run = last_run(compute.lease)
    for index in (0, 1):
        over = Input(120, ids, dict.fromkeys(ids, compute.schema))
        result = compute.attestor(index).run(compute.lease, run, compute.agreed, over)
        compute.board.post_result(result)
    assert (run, result.run) == (1, 1) and result.release_root != first.release_root
    compute.attestor(0).hand_out(compute.lease, result)
    assert compute.open(1) == (int.from_bytes(size_of_input(3), "little") + len(b'{"a":7}\n')).to_bytes(4, "little")
    assert compute.open(0) is None


def test_service__serves_a_compute_lease_round_by_round(compute: ComputeWorld) -> None:
    service = Service(compute.world.custodian(0), compute.board)
    assert service.round().leases[LEASE].released == 3
    compute.release([1, 2])
    for index in (0, 1):
        compute.run(index)
    assert not list(compute.board.readiness(LEASE))
    assert service.round().leases[LEASE].error is None
    (readiness,) = compute.board.readiness(LEASE)
    assert readiness.release_root == compute.standing().agreed().release_root
    service.custodian.close()
