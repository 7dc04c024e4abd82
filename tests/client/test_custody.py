"""K-3, K-5: a custodian releases to a lease that runs at a final block and still runs at the latest; else nothing.

given shares held back for an approved lease
  when the lease runs, final and latest      it should publish each share once, to the on-chain key
  when it does not, at either block          it should refuse by name and publish nothing
  when the chain cannot be believed          it should refuse and publish nothing
  when a contribution was withdrawn          it should leave out that one
  when it crashes at any point               it should finish later what it may, and repeat nothing
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi import encode
from eth_utils import keccak

from datadao import custody, eip712, release
from datadao.batch import build_batch
from datadao.crypto.envelope import Envelope, open_wrap
from datadao.crypto.seal import public_key
from datadao.errors import (
    CommitmentMismatch,
    ContributionErased,
    DataDAOError,
    GateUnavailable,
    InvalidArgument,
    JournalBusy,
    JournalCorrupt,
    LeaseEnded,
    LeaseLapsed,
    LeaseNotApproved,
    LeaseNotStarted,
    LeaseOverdue,
    LeaseRefused,
    LicenseeKeyChanged,
    Malformed,
    NothingToRelease,
    NotIncluded,
    ObjectMissing,
    ObjectTaken,
    SeatMismatch,
    StoreUnavailable,
    UnsealFailed,
)
from datadao.gate import BatchState, Block, Standing, Tag
from datadao.journal import Journal
from datadao.merkle import MerkleTree, leaf_hash
from datadao.release import Bundle
from datadao.submission import MAX_FILES
from datadao.types import Contribution, Party

from .world import BATCH_ID, DAO, DATASET, EPOCH, LEASE, POLICY, TAGS, World, contributions, hpke_key, published

DATA = (b"zero", b"one", b"two", b"three", b"four")


@pytest.fixture
def listed(world: World) -> list[Contribution]:
    """Five accepted contributions in an active batch."""
    return contributions(world.activate(world.members(*DATA)))


def ids_of(world: World, listed: Sequence[Contribution]) -> list[bytes]:
    batch = world.gate.batches[listed[0].batch_id]
    return [leaf_hash(DAO, batch.dataset_id, batch.sequence, item.leaf) for item in listed]


def released_ids(world: World) -> list[bytes]:
    """Every id in every published bundle, repeats included."""
    return [i for name in published(world) for i in Bundle.decode(world.store.get(name)).ids]


# The way it should go


def test_publish__running_lease__opens_for_the_licensee(
    world: World, listed: list[Contribution], tmp_path: Path
) -> None:
    for slot in (0, 2, 4):
        custodian = world.custodian(slot)
        prepared = custodian.prepare(LEASE, listed)
        assert (prepared.held, prepared.refused, prepared.committee_epoch) == (5, {}, EPOCH)
        assert custodian.publish(LEASE, listed) == {}
        assert custodian.released(LEASE) == set(ids_of(world, listed))
    licensee = world.licensee()
    assert licensee.collect() == []
    manifest = world.activate([item.leaf for item in listed])
    opened = list(licensee.open_all(manifest, tmp_path / "out"))
    assert sorted(item.path.read_bytes() for item in opened) == sorted(DATA)


def test_prepare__before_payment__keeps_everything_out_of_storage(world: World, listed: list[Contribution]) -> None:
    world.gate.set_lease(started=False, paid_until=0)
    custodian = world.custodian(0)
    assert custodian.prepare(LEASE, listed).held == 5
    assert published(world) == []
    assert custodian.released(LEASE) == frozenset()
    home = world.home / "custodian-0"
    assert home.stat().st_mode & 0o077 == 0
    envelopes = [Envelope.decode(world.store.get(item.leaf.envelope_hash)) for item in listed]
    contexts = [custody.Context(DAO, DATASET, EPOCH, item.leaf.contributor, item.leaf.file_hash) for item in listed]
    shares = [open_wrap(e, c, 0, world.custodians.keys[0]) for e, c in zip(envelopes, contexts, strict=True)]
    kept = b"".join(path.read_bytes() for path in home.iterdir())
    assert len(shares) == 5
    assert not any(share in kept or share.hex().encode() in kept for share in shares)


def test_publish__many_files__go_in_bundles_of_500(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert MAX_FILES == custody.MAX_FILES == 500
    monkeypatch.setattr(custody, "MAX_FILES", 2)
    custodian = world.custodian(1)
    custodian.prepare(LEASE, listed)
    custodian.publish(LEASE, listed)
    bundles = [Bundle.decode(world.store.get(name)) for name in published(world)]
    assert [len(bundle.ids) for bundle in bundles] == [2, 2, 1]
    assert sorted(released_ids(world)) == sorted(ids_of(world, listed))
    assert all(eip712.signed_by(world.custodians.parties[1].signer, b.typed(DAO), b.signature) for b in bundles)


def test_publish__again__changes_nothing(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    custodian.publish(LEASE, listed)
    before = published(world)
    assert custodian.prepare(LEASE, listed).held == 0
    custodian.publish(LEASE, listed)
    assert published(world) == before
    assert len(before) == 1


def test_prepare__later_batch__releases_only_what_is_new_and_keeps_the_root(
    world: World, listed: list[Contribution]
) -> None:
    """A lease opens the living dataset; what readiness covers was fixed when it was approved."""
    custodian = world.custodian(0)
    first = custodian.prepare(LEASE, listed)
    custodian.publish(LEASE, listed)
    later = contributions(world.activate(world.members(b"later"), batch_id=42, sequence=2, at=1_001), batch_id=42)
    second = custodian.prepare(LEASE, listed + later)
    assert second.held == 1
    assert second.release_root == first.release_root
    custodian.publish(LEASE, listed + later)
    assert sorted(released_ids(world)) == sorted(ids_of(world, listed) + ids_of(world, later))


# Readiness


def test_release_root__every_custodian_in_any_order__is_the_same(world: World, listed: list[Contribution]) -> None:
    roots = {world.custodian(0).prepare(LEASE, listed).release_root}
    roots.add(world.custodian(1).prepare(LEASE, listed[::-1]).release_root)
    world.gate.gone["finalized"][listed[0].leaf.fingerprint] = Standing.ERASED
    roots.add(world.custodian(2).prepare(LEASE, listed).release_root)  # withdrawn between two custodians' looks
    assert roots == {MerkleTree(sorted(ids_of(world, listed))).root}
    assert world.custodian(3).prepare(LEASE, listed[1:]).release_root not in roots


def test_release_root__nothing_covered__refused(world: World, listed: list[Contribution]) -> None:
    world.gate.set_lease(approved_at=899)  # before the batch was active
    with pytest.raises(NothingToRelease):
        world.custodian(0).prepare(LEASE, listed)


def test_sign_readiness__is_the_contract_s_message(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(3)
    prepared = custodian.prepare(LEASE, listed)
    signature = custodian.sign_readiness(prepared)
    message = release.readiness(DAO, LEASE, prepared.release_root, EPOCH)
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(domain_type), keccak(b"DataLeases"), keccak(b"1"), DAO.chain_id, DAO.leases],
    )
    struct = encode(
        ["bytes32", "uint256", "bytes32", "uint256"],
        [
            keccak(b"Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeEpoch)"),
            LEASE,
            prepared.release_root,
            EPOCH,
        ],
    )
    assert eip712.digest(message) == keccak(b"\x19\x01" + keccak(domain) + keccak(struct))
    assert eip712.signed_by(world.custodians.parties[3].signer, message, signature)


def test_sign_readiness__lease_of_another_committee__refused(world: World, listed: list[Contribution]) -> None:
    world.gate.set_lease(committee_epoch=EPOCH + 1)
    custodian = world.custodian(0)
    prepared = custodian.prepare(LEASE, listed)  # its files are still this seat's to release
    with pytest.raises(SeatMismatch):
        custodian.sign_readiness(prepared)


# K-3: leases that do not run

NOT_RUNNING = [
    ({"started": False, "paid_until": 0}, LeaseNotStarted),
    ({"ended": True}, LeaseEnded),
    ({"overdue": True}, LeaseOverdue),
    ({"paid_until": 2_000}, LeaseLapsed),
    ({"approved_at": 0}, LeaseNotApproved),
]


@pytest.mark.parametrize("tag", TAGS)
@pytest.mark.parametrize(("change", "error"), NOT_RUNNING, ids=lambda value: getattr(value, "__name__", ""))
def test_k3__lease_not_running_at_one_of_the_blocks__refused_and_nothing_published(
    world: World, listed: list[Contribution], tag: Tag, change: dict[str, object], error: type[LeaseRefused]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.set_lease(tag, **change)
    with pytest.raises(error, match=tag):
        custodian.publish(LEASE, listed)
    assert published(world) == []
    world.gate.set_lease(started=True, ended=False, overdue=False, paid_until=2_001, approved_at=1_000)
    custodian.publish(LEASE, listed)  # one second of paid time is enough
    assert len(published(world)) == 1


@pytest.mark.parametrize(("change", "error"), [({"approved_at": 0}, LeaseNotApproved), ({"ended": True}, LeaseEnded)])
def test_prepare__not_approved_or_ended_at_the_final_block__refused(
    world: World, listed: list[Contribution], change: dict[str, object], error: type[LeaseRefused]
) -> None:
    world.gate.set_lease("finalized", **change)
    with pytest.raises(error):
        world.custodian(0).prepare(LEASE, listed)
    assert list((world.home / "custodian-0").glob("*.bundle")) == []


def test_k3__lease_ends_between_two_bundles__the_second_stays(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(custody, "MAX_FILES", 2)
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    put = world.store.put

    def put_then_end(name: str, data: bytes) -> None:
        put(name, data)
        world.gate.set_lease("latest", ended=True)

    monkeypatch.setattr(world.store, "put", put_then_end)
    with pytest.raises(LeaseEnded):
        custodian.publish(LEASE, listed)
    assert len(published(world)) == 1


# K-3: keys, seats, committees


def test_k3__licensee_key_changed_since_prepared__refused_until_prepared_again(
    world: World, listed: list[Contribution], tmp_path: Path
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    new = hpke_key("rotated")
    world.gate.set_lease("latest", hpke_key=public_key(new))
    with pytest.raises(LicenseeKeyChanged):  # rotated, not yet final
        custodian.publish(LEASE, listed)
    world.gate.set_lease("finalized", hpke_key=public_key(new))
    with pytest.raises(LicenseeKeyChanged):  # final, but the bundle is sealed to the old key
        custodian.publish(LEASE, listed)
    assert published(world) == []
    assert custodian.prepare(LEASE, listed).held == 5
    custodian.publish(LEASE, listed)
    (fault,) = world.licensee().collect()
    assert isinstance(fault.reason, UnsealFailed)
    assert world.licensee(private_key=new).collect() == []
    assert len(published(world)) == 1


def test_k3__key_rotated_back_and_not_yet_final__refused(world: World, listed: list[Contribution]) -> None:
    """The bundle fits the latest block's key, but the final one names another: which of them lasts is open."""
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.set_lease("finalized", hpke_key=public_key(hpke_key("rotated")))
    with pytest.raises(LicenseeKeyChanged):
        custodian.publish(LEASE, listed)
    assert published(world) == []


@pytest.mark.parametrize("slot", [0, 1])
def test_k3__seat_held_by_another_key__refused(world: World, listed: list[Contribution], slot: int) -> None:
    """A replaced custodian, or one that was configured with another's slot."""
    custodian = world.custodian(0, slot=slot)
    world.gate.custodians[0] = Party(world.custodians.parties[0].signer, public_key(hpke_key("successor")))
    with pytest.raises(SeatMismatch):
        custodian.prepare(LEASE, listed)


def test_k3__replaced_between_prepare_and_publish__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.custodians[0] = Party(world.custodians.parties[0].signer, public_key(hpke_key("successor")))
    with pytest.raises(SeatMismatch):
        custodian.publish(LEASE, listed)
    assert published(world) == []


def test_k3__wallet_of_another_seat__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0, signer=world.custodians.wallets[1])
    with pytest.raises(SeatMismatch):
        custodian.prepare(LEASE, listed)


def test_k3__unknown_committee__refused(world: World, listed: list[Contribution]) -> None:
    with pytest.raises(GateUnavailable):
        world.custodian(0, epoch=EPOCH + 1).prepare(LEASE, listed)


def test_prepare__files_of_another_epoch__are_another_seat_s(world: World) -> None:
    old = world.members(b"old", committee=replace(world.committee, epoch=EPOCH - 1))
    new = world.members(b"a", b"new")[1:]
    listed = contributions(world.activate(old + new))
    prepared = world.custodian(0).prepare(LEASE, listed)
    assert (prepared.held, prepared.refused) == (1, {})


# K-3: contributions


def test_k3__withdrawn_at_latest__left_out_and_the_others_released(
    world: World, listed: list[Contribution], tmp_path: Path
) -> None:
    gone = listed[2]
    name = ids_of(world, listed)[2]
    for slot in range(3):
        custodian = world.custodian(slot)
        custodian.prepare(LEASE, listed)
        world.gate.gone["latest"][gone.leaf.fingerprint] = Standing.ERASED
        refused = custodian.publish(LEASE, listed)
        assert {i: type(error) for i, error in refused.items()} == ({name: ContributionErased})
        world.gate.gone["latest"].clear()
    assert name not in released_ids(world)
    assert len(released_ids(world)) == 3 * 4
    licensee = world.licensee()
    assert licensee.collect() == []
    opened = list(licensee.open_all(world.activate([item.leaf for item in listed]), tmp_path / "out"))
    assert [item.leaf for item in opened if item.path is None] == [gone.leaf]


@pytest.mark.parametrize("standing", [Standing.ERASED, Standing.DUPLICATE])
def test_k3__withdrawn_or_duplicate_at_the_final_block__is_not_even_held(
    world: World, listed: list[Contribution], standing: Standing
) -> None:
    world.gate.gone["finalized"][listed[2].leaf.fingerprint] = standing
    custodian = world.custodian(0)
    assert custodian.prepare(LEASE, listed).held == 4
    custodian.publish(LEASE, listed)
    assert ids_of(world, listed)[2] not in released_ids(world)


def test_k3__everything_withdrawn__publishes_nothing(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.gone["latest"] = {item.leaf.fingerprint: Standing.ERASED for item in listed}
    assert set(custodian.publish(LEASE, listed)) == set(ids_of(world, listed))
    assert published(world) == []


def test_k3__contribution_of_another_dataset_or_without_proof__refused(
    world: World, listed: list[Contribution]
) -> None:
    world.gate.batches[50] = replace(world.gate.batches[BATCH_ID], dataset_id=DATASET + 1)
    world.gate.batches[51] = replace(world.gate.batches[BATCH_ID], sequence=2)
    world.gate.batches[52] = replace(world.gate.batches[BATCH_ID], root=bytes(32))
    first = listed[0]
    for item in (
        *(replace(first, batch_id=other) for other in (50, 51, 52)),
        replace(first, proof=listed[1].proof),
        replace(first, proof=()),
        replace(first, leaf=first.leaf._replace(units=2)),
        replace(first, leaf=first.leaf._replace(envelope_hash=listed[1].leaf.envelope_hash)),
    ):
        with pytest.raises(NotIncluded):
            world.custodian(0, home=world.home / "scratch").prepare(LEASE, [*listed[1:], item])
        (world.home / "scratch" / "journal.jsonl").unlink()
    with pytest.raises(GateUnavailable):
        world.custodian(0).prepare(LEASE, [replace(first, batch_id=99)])


def test_k3__genuine_contribution_to_another_dataset__refused(world: World, listed: list[Contribution]) -> None:
    """Active, proved, sealed to this custodian: and none of this lease's business."""
    leaves = world.members(b"x", b"other data", dataset_id=DATASET + 1)[1:]
    other = build_batch(DAO, DATASET + 1, 1, leaves, POLICY, attestor_set_version=1, deadline=5_000)[1]
    world.gate.batches[60] = BatchState(DATASET + 1, 1, other.tree.root, 900)
    with pytest.raises(NotIncluded):
        world.custodian(0).prepare(LEASE, [*listed, other.contribution(60, 0)])


def test_k3__batch_not_final__is_left_for_later(world: World, listed: list[Contribution]) -> None:
    pending = contributions(world.activate(world.members(b"new"), batch_id=42, sequence=2, at=0), batch_id=42)
    assert world.custodian(0).prepare(LEASE, listed + pending).held == 5


def test_publish__list_without_what_is_held__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    with pytest.raises(NotIncluded):
        custodian.publish(LEASE, listed[1:])
    assert published(world) == []


def test_prepare__one_wrap_is_noise__reported_and_the_others_held(world: World) -> None:
    good = world.members(*DATA)
    stolen = good[1]._replace(contributor="0x" + "5a" * 20, fingerprint=keccak(b"copy"))  # copied envelope
    lost = good[2]._replace(envelope_hash=b"\xee" * 32, fingerprint=keccak(b"lost"))
    listed = contributions(world.activate([*good, stolen, lost]))
    prepared = world.custodian(0).prepare(LEASE, listed)
    names = dict(zip((item.leaf for item in listed), ids_of(world, listed), strict=True))
    assert prepared.held == 5
    assert {i: type(error) for i, error in prepared.refused.items()} == {
        names[stolen]: UnsealFailed,
        names[lost]: ObjectMissing,
    }


def test_prepare__no_share_opens__refused(world: World) -> None:
    stolen = [leaf._replace(contributor="0x" + "5a" * 20) for leaf in world.members(b"a", b"b")]
    with pytest.raises(NothingToRelease):
        world.custodian(0).prepare(LEASE, contributions(world.activate(stolen)))


def test_prepare__share_other_than_committed__names_this_slot(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The contributor sealed this custodian another share than it committed to."""
    honest = world.members(b"good")
    original = custody.Context.commitment
    monkeypatch.setattr(custody.Context, "commitment", lambda self, slot, share: original(self, slot, share[::-1]))
    bad = world.members(b"x", b"bad")[1:]
    monkeypatch.undo()
    prepared = world.custodian(4).prepare(LEASE, contributions(world.activate(honest + bad)))
    (error,) = prepared.refused.values()
    assert isinstance(error, CommitmentMismatch)
    assert error.slot == 4


# Fail closed

FAULTS: list[Callable[[], object]] = [
    lambda: (_ for _ in ()).throw(TimeoutError("no answer")),
    lambda: (_ for _ in ()).throw(KeyError("lease")),
    lambda: (_ for _ in ()).throw(DataDAOError("an implementation's own error")),
]


@pytest.mark.parametrize("fault", FAULTS)
def test_publish__gate_fails_at_any_question__publishes_nothing(
    world: World, listed: list[Contribution], fault: Callable[[], object]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.asked.clear()
    questions = 0
    while True:
        asked = len(world.gate.asked)

        def fail(what: str, tag: str, start: int = asked, at: int = questions) -> None:
            if len(world.gate.asked) - start - 1 == at:
                fault()

        world.gate.fault = fail
        try:
            custodian.publish(LEASE, listed)
            break
        except GateUnavailable:
            assert published(world) == []
            questions += 1
    assert questions == 5  # lease at both blocks, seat, batch, standing: each one, unanswered, stopped it
    assert len(published(world)) == 1


@pytest.mark.parametrize("fault", FAULTS)
def test_prepare__gate_fails_at_any_question__holds_nothing(
    world: World, listed: list[Contribution], fault: Callable[[], object]
) -> None:
    for at in range(4):
        world.gate.asked.clear()
        world.gate.fault = lambda *_, at=at: fault() if len(world.gate.asked) == at + 1 else None
        custodian = world.custodian(0)
        with pytest.raises(GateUnavailable):
            custodian.prepare(LEASE, listed)
        custodian.close()
    assert [entry["event"] for entry in Journal(world.home / "custodian-0" / "journal.jsonl").entries] == ["seat"]


@pytest.mark.parametrize("answer", [[], [Standing.INCLUDED], ["included"] * 4 + ["maybe"], [True] * 5, None])
def test_publish__standing_of_the_wrong_shape__publishes_nothing(
    world: World, listed: list[Contribution], answer: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    monkeypatch.setattr(world.gate, "standing", lambda *_: answer)
    with pytest.raises(GateUnavailable):
        custodian.publish(LEASE, listed)
    assert published(world) == []


@pytest.mark.parametrize("change", [{"lease_id": 12}, {"hpke_key": b""}, {"hpke_key": None}, {"block": None}], ids=str)
def test_publish__lease_of_the_wrong_shape__publishes_nothing(
    world: World, listed: list[Contribution], change: dict[str, object]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    for tag in TAGS:
        before = world.gate.leases[tag][LEASE]
        world.gate.leases[tag][LEASE] = replace(before, **change)
        with pytest.raises(GateUnavailable):
            custodian.publish(LEASE, listed)
        world.gate.leases[tag][LEASE] = before
    assert published(world) == []


def test_publish__final_block_moves_back__refused_also_after_a_restart(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A final block cannot be undone: a node that says so is another chain's, or lies."""
    monkeypatch.setattr(custody, "MAX_FILES", 3)
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    first = custodian._vault.of(LEASE)[0]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.store, "put", lambda *_: (_ for _ in ()).throw(StoreUnavailable("down")))
        with pytest.raises(StoreUnavailable):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.gate.set_lease("finalized", block=Block(99, bytes(32), 2_000))
    with pytest.raises(GateUnavailable, match="100 was final"):
        world.custodian(0).publish(LEASE, listed)
    assert first.name not in published(world)


def test_publish__latest_behind_finalized__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.gate.set_lease("latest", block=Block(99, bytes(32), 2_000))
    with pytest.raises(GateUnavailable):
        custodian.publish(LEASE, listed)


# Storage in the way


def test_publish__name_squatted__refused_and_not_counted_as_released(world: World, listed: list[Contribution]) -> None:
    world.store.put(release.bundle_name(DAO, LEASE, EPOCH, 0, 0), b"squatter")
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    for _ in range(2):  # also not on the second run, when the journal says that publishing had begun
        with pytest.raises(ObjectTaken):
            custodian.publish(LEASE, listed)
    assert custodian.released(LEASE) == frozenset()


def test_prepare__storage_down__refused_and_complete_when_it_is_back(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "get", lambda *_: (_ for _ in ()).throw(StoreUnavailable("down")))
        with pytest.raises(StoreUnavailable):
            custodian.prepare(LEASE, listed)
    assert custodian.prepare(LEASE, listed).held == 5


def test_publish__held_back_file_lost_or_damaged__is_made_anew(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    (path,) = (world.home / "custodian-0").glob("*.bundle")
    path.write_bytes(path.read_bytes()[:-1])
    assert custodian.publish(LEASE, listed) == {}
    assert sorted(released_ids(world)) == sorted(ids_of(world, listed))


# K-5: crashes


class Crash(BaseException):
    """The power went. Not an `Exception`: nothing may handle it."""


def crash_at(monkeypatch: pytest.MonkeyPatch, world: World, step: int) -> list[str]:
    """Crashes before the `step`th write: a journal line, a held-back file, an upload, an unlink. Returns the trace."""
    trace: list[str] = []

    def guard(owner: object, name: str, label: str) -> None:
        original = getattr(owner, name)

        def guarded(*args: object, **settings: object) -> object:
            if len(trace) == step:
                raise Crash
            trace.append(label)
            return original(*args, **settings)

        monkeypatch.setattr(owner, name, guarded)

    guard(Journal, "append", "journal")
    guard(world.store, "put", "upload")
    guard(Path, "unlink", "unlink")
    guard(Path, "replace", "hold")
    return trace


def run_all(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    try:
        custodian.prepare(LEASE, listed)
        custodian.publish(LEASE, listed)
    finally:
        custodian.close()


def test_k5__crash_at_every_write__ends_with_everything_released_exactly_once(tmp_path: Path) -> None:
    step, traces = 0, []
    while True:
        world = World(tmp_path / str(step))
        listed = contributions(world.activate(world.members(b"a", b"b", b"c")))
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(custody, "MAX_FILES", 2)
            trace = crash_at(patched, world, step)
            try:
                run_all(world, listed)
            except Crash:
                traces.append(trace)
            else:
                break
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(custody, "MAX_FILES", 2)
            run_all(world, listed)
        assert sorted(released_ids(world)) == sorted(ids_of(world, listed)), f"crash after {trace}"
        assert len(published(world)) == 2
        world.custodian(0).close()  # opening sweeps up what the crash left
        assert [path.name for path in (world.home / "custodian-0").iterdir()] == ["journal.jsonl"]
        step += 1
    assert {"journal", "upload", "unlink", "hold"} == set(traces[-1])
    assert step >= 12


def test_k5__crash_after_the_upload_and_then_the_lease_ends__counts_as_released(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    put = world.store.put
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "put", lambda *args: (put(*args), (_ for _ in ()).throw(Crash())))
        with pytest.raises(Crash):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.gate.set_lease(ended=True)
    again = world.custodian(0)
    again.publish(LEASE, listed)
    assert again.released(LEASE) == set(ids_of(world, listed))
    assert len(published(world)) == 1


def test_k5__crash_before_the_upload_and_then_the_lease_ends__stays_unreleased(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    with monkeypatch.context() as patched:
        patched.setattr(world.store, "put", lambda *_: (_ for _ in ()).throw(Crash()))
        with pytest.raises(Crash):
            custodian.publish(LEASE, listed)
    custodian.close()
    world.gate.set_lease(ended=True)
    again = world.custodian(0)
    with pytest.raises(LeaseEnded):
        again.publish(LEASE, listed)
    assert published(world) == []
    assert again.released(LEASE) == frozenset()


# The journal


@pytest.fixture
def log(world: World, listed: list[Contribution]) -> Path:
    run_all(world, listed)
    return world.home / "custodian-0" / "journal.jsonl"


def test_journal__tells_what_happened_in_order(log: Path) -> None:
    events = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert events == ["seat", "held", "publishing", "published"]
    publishing = json.loads(log.read_text().splitlines()[2])
    assert (publishing["finalized"], publishing["latest"]) == (100, 110)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda lines: [lines[0].replace("31337", "31338"), *lines[1:]],
        lambda lines: lines[1:],
        lambda lines: [lines[0], *lines[2:]],
        lambda lines: [lines[0], lines[2], lines[1], *lines[3:]],
        lambda lines: [*lines, lines[-1]],
        lambda lines: [*lines[:2], "{}\n", *lines[2:]],
        lambda lines: [*lines[:2], "junk\n", *lines[2:]],
        lambda lines: [*lines[:2], "[]\n", *lines[2:]],
    ],
    ids=["altered", "first removed", "middle removed", "swapped", "repeated", "empty entry", "junk", "list"],
)
def test_journal__altered__refused(world: World, log: Path, spoil: Callable[[list[str]], list[str]]) -> None:
    log.write_text("".join(spoil(log.read_text().splitlines(keepends=True))))
    with pytest.raises(JournalCorrupt):
        world.custodian(0)


@pytest.mark.parametrize("cut", [1, 2, 40])
def test_journal__last_line_torn_by_a_crash__is_dropped(world: World, log: Path, cut: int) -> None:
    whole = log.read_bytes()
    log.write_bytes(whole[:-cut])
    with Journal(log) as journal:
        assert [entry["event"] for entry in journal.entries] == ["seat", "held", "publishing"]
        journal.append("after")
    with Journal(log) as journal:
        assert journal.entries[-1] == {"event": "after"}


def test_journal__disk_full_in_the_middle_of_a_line__takes_no_more_until_it_is_opened_again(
    world: World, log: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = Journal(log)
    with monkeypatch.context() as patched:
        patched.setattr("os.fsync", lambda _: (_ for _ in ()).throw(OSError("no space left")))
        with pytest.raises(OSError, match="no space"):
            journal.append("half")
    with pytest.raises(ValueError, match="closed"):
        journal.append("after")
    with Journal(log) as again:
        again.append("after")
    assert json.loads(log.read_text().splitlines()[-1])["event"] == "after"


def test_hold__bundle_and_its_name_are_on_disk_before_the_journal_says_so(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    custodian = world.custodian(0)
    synced: list[int | str] = []
    fsync, append = os.fsync, Journal.append

    def spy(handle: int) -> None:
        synced.append(os.fstat(handle).st_ino)
        fsync(handle)

    def note(journal: Journal, event: str, **details: object) -> None:
        synced.append(event)
        append(journal, event, **details)

    monkeypatch.setattr(os, "fsync", spy)
    monkeypatch.setattr(Journal, "append", note)
    custodian.prepare(LEASE, listed)
    home = world.home / "custodian-0"
    bundle, folder, journal = (path.stat().st_ino for path in (*home.glob("*.bundle"), home, home / "journal.jsonl"))
    assert synced == [bundle, folder, "held", journal]


def test_journal__held_by_another_process__refused(world: World) -> None:
    first = world.custodian(0)
    with pytest.raises(JournalBusy):
        world.custodian(0)
    first.close()
    world.custodian(0).close()


@pytest.mark.parametrize("change", [{"slot": 1}, {"epoch": 3}, {"dao": replace(DAO, chain_id=1)}], ids=str)
def test_custodian__folder_of_another_seat__refused(world: World, change: dict[str, object]) -> None:
    world.custodian(0).close()
    with pytest.raises(SeatMismatch):
        world.custodian(0, **{"home": world.home / "custodian-0"} | change)
    world.custodian(0).close()  # and the lock was let go


def test_bundle__empty_or_oversized__malformed() -> None:
    for count in (0, MAX_FILES + 1):
        with pytest.raises(Malformed):
            Bundle(LEASE, EPOCH, 0, (bytes(32),) * count, b"", b"")


def test_bundle_name__fits_the_store(world: World) -> None:
    name = release.bundle_name(DAO, 2**64, 2**64, 31, 10**6)
    world.store.put(name, b"x")
    with pytest.raises(InvalidArgument):
        release.bundle_name(replace(DAO, leases="../../x"), 1, 1, 1, 1)
