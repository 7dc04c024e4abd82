"""K-3: a custodian releases to a lease that runs at a final block and still runs at the latest; else nothing.

given shares held back for an approved lease
  when it does not run, at either block      it should refuse by name and publish nothing
  when key, slot or wallet are others        it should refuse and publish nothing
  when a contribution was withdrawn          it should leave out that one
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from eth_utils import keccak

from assurance.harness.dao.parties import (
    BATCH_ID,
    COMMITTEE_VERSION,
    DAO,
    DATA,
    DATASET,
    LEASE,
    POLICY,
    TAGS,
    World,
    contributions,
    hpke_key,
    ids_of,
    published,
    released_ids,
)
from datadao.chain.view import BatchState, Standing, Tag
from datadao.crypto.envelope import Context
from datadao.crypto.seal import public_key
from datadao.custodian import custodian as custody
from datadao.custodian.checks import Checks
from datadao.errors import (
    ChainUnavailable,
    CommitmentMismatch,
    ContributionErased,
    LeaseEnded,
    LeaseLapsed,
    LeaseNotApproved,
    LeaseNotStarted,
    LeaseOverdue,
    LeaseRefused,
    LicenseeKeyChanged,
    NothingToRelease,
    NotIncluded,
    ObjectMissing,
    SlotMismatch,
    UnsealFailed,
)
from datadao.messages.manifest import build_batch
from datadao.types import Contribution, Party

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
def test_k3__lease_not_running_at_one_of_the_blocks__refused_and_nothing_published_AB86(
    world: World, listed: list[Contribution], tag: Tag, change: dict[str, object], error: type[LeaseRefused]
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.set_lease(tag, **change)
    with pytest.raises(error, match=tag):
        custodian.publish(LEASE, listed)
    assert published(world) == []
    world.view.set_lease(started=True, ended=False, overdue=False, paid_until=2_001, approved_at=1_000)
    custodian.publish(LEASE, listed)  # one second of paid time is enough
    assert len(published(world)) == 1


@pytest.mark.parametrize(("change", "error"), [({"approved_at": 0}, LeaseNotApproved), ({"ended": True}, LeaseEnded)])
def test_prepare__not_approved_or_ended_at_the_final_block__refused(
    world: World, listed: list[Contribution], change: dict[str, object], error: type[LeaseRefused]
) -> None:
    world.view.set_lease("finalized", **change)
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
        world.view.set_lease("latest", ended=True)

    monkeypatch.setattr(world.store, "put", put_then_end)
    with pytest.raises(LeaseEnded):
        custodian.publish(LEASE, listed)
    assert len(published(world)) == 1


# K-3: keys, slots, committees


def test_k3__licensee_key_changed_since_prepared__refused_until_prepared_again(
    world: World, listed: list[Contribution], tmp_path: Path
) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    new = hpke_key("rotated")
    world.view.set_lease("latest", hpke_key=public_key(new))
    with pytest.raises(LicenseeKeyChanged):  # rotated, not yet final
        custodian.publish(LEASE, listed)
    world.view.set_lease("finalized", hpke_key=public_key(new))
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
    world.view.set_lease("finalized", hpke_key=public_key(hpke_key("rotated")))
    with pytest.raises(LicenseeKeyChanged):
        custodian.publish(LEASE, listed)
    assert published(world) == []


@pytest.mark.parametrize("slot", [0, 1])
def test_k3__slot_held_by_another_key__refused(world: World, listed: list[Contribution], slot: int) -> None:
    """A replaced custodian, or one that was configured with another's slot."""
    custodian = world.custodian(0, slot=slot)
    world.view.custodians[0] = Party(world.custodians.parties[0].signer, public_key(hpke_key("successor")))
    with pytest.raises(SlotMismatch):
        custodian.prepare(LEASE, listed)


def test_k3__replaced_between_prepare_and_publish__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.custodians[0] = Party(world.custodians.parties[0].signer, public_key(hpke_key("successor")))
    with pytest.raises(SlotMismatch):
        custodian.publish(LEASE, listed)
    assert published(world) == []


def test_k3__wallet_of_another_slot__refused(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0, signer=world.custodians.wallets[1])
    with pytest.raises(SlotMismatch):
        custodian.prepare(LEASE, listed)


def test_k3__unknown_committee__refused(world: World, listed: list[Contribution]) -> None:
    with pytest.raises(ChainUnavailable):
        world.custodian(0, committee_version=COMMITTEE_VERSION + 1).prepare(LEASE, listed)


def test_prepare__files_of_another_committee__are_another_slot_s(world: World) -> None:
    old = world.members(b"old", committee=replace(world.committee, version=COMMITTEE_VERSION - 1))
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
        world.view.gone["latest"][gone.leaf.fingerprint] = Standing.ERASED
        refused = custodian.publish(LEASE, listed)
        assert {i: type(error) for i, error in refused.items()} == ({name: ContributionErased})
        world.view.gone["latest"].clear()
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
    world.view.gone["finalized"][listed[2].leaf.fingerprint] = standing
    custodian = world.custodian(0)
    assert custodian.prepare(LEASE, listed).held == 4
    custodian.publish(LEASE, listed)
    assert ids_of(world, listed)[2] not in released_ids(world)


def test_k3__everything_withdrawn__publishes_nothing(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(0)
    custodian.prepare(LEASE, listed)
    world.view.gone["latest"] = {item.leaf.fingerprint: Standing.ERASED for item in listed}
    assert set(custodian.publish(LEASE, listed)) == set(ids_of(world, listed))
    assert published(world) == []


def test_k3__contribution_of_another_dataset_or_without_proof__refused(
    world: World, listed: list[Contribution]
) -> None:
    world.view.batches[50] = replace(world.view.batches[BATCH_ID], dataset_id=DATASET + 1)
    world.view.batches[51] = replace(world.view.batches[BATCH_ID], sequence=2)
    world.view.batches[52] = replace(world.view.batches[BATCH_ID], root=bytes(32))
    first = listed[0]
    for item in (
        *(first._replace(batch_id=other) for other in (50, 51, 52)),
        first._replace(proof=listed[1].proof),
        first._replace(proof=()),
        first._replace(leaf=first.leaf._replace(units=2)),
        first._replace(leaf=first.leaf._replace(envelope_hash=listed[1].leaf.envelope_hash)),
    ):
        with pytest.raises(NotIncluded):
            world.custodian(0, home=world.home / "scratch").prepare(LEASE, [*listed[1:], item])
        (world.home / "scratch" / "journal.jsonl").unlink()
    with pytest.raises(ChainUnavailable):
        world.custodian(0).prepare(LEASE, [first._replace(batch_id=99)])


def test_k3__genuine_contribution_to_another_dataset__refused(world: World, listed: list[Contribution]) -> None:
    """Active, proved, sealed to this custodian: and none of this lease's business."""
    leaves = world.members(b"x", b"other data", dataset_id=DATASET + 1)[1:]
    other = build_batch(DAO, DATASET + 1, 1, leaves, POLICY, attestor_set_version=1, deadline=5_000)[1]
    world.view.batches[60] = BatchState(DATASET + 1, 1, other.tree.root, 900, 3)
    with pytest.raises(NotIncluded):
        world.custodian(0).prepare(LEASE, [*listed, other.contribution(60, 0)])


def test_k3__whole_batch__is_proved_by_its_root_and_no_single_proof(
    world: World, listed: list[Contribution], monkeypatch: pytest.MonkeyPatch
) -> None:
    proved = Counter[str]()

    def counting(*_: object) -> bool:
        proved["leaf"] += 1
        return True

    monkeypatch.setattr("datadao.custodian.checks.verify", counting)
    lease = world.view.leases["finalized"][LEASE]
    assert len(Checks(world.view, DAO).members(lease, listed)[0]) == len(listed) and not proved
    Checks(world.view, DAO).members(lease, listed[1:])
    assert proved["leaf"] == len(listed) - 1


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
    original = Context.commitment
    monkeypatch.setattr(Context, "commitment", lambda self, slot, share: original(self, slot, share[::-1]))
    bad = world.members(b"x", b"bad")[1:]
    monkeypatch.undo()
    prepared = world.custodian(4).prepare(LEASE, contributions(world.activate(honest + bad)))
    (error,) = prepared.refused.values()
    assert isinstance(error, CommitmentMismatch)
    assert error.slot == 4
