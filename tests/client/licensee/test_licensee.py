"""K-2: t good shares open a file whatever else was handed out, and whoever handed out a bad one is named."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

import obstore
import pytest

from assurance.harness.dao.parties import (
    COMMITTEE_VERSION,
    DAO,
    LEASE,
    Wallet,
    World,
    contributions,
    hpke_key,
    published,
)
from datadao.crypto import files
from datadao.crypto.seal import public_key, seal
from datadao.errors import (
    BundleRefused,
    DecryptionFailed,
    HashMismatch,
    HeaderRefused,
    Malformed,
    NotEnoughShares,
    ObjectMissing,
    StoreUnavailable,
    UnsealFailed,
)
from datadao.licensee.licensee import Licensee, Opened
from datadao.messages import bundle as release
from datadao.messages.bundle import Bundle, bundle_name
from datadao.messages.manifest import Manifest
from datadao.storage.store import content_name

DATA = (b"zero", b"one", b"two")


@pytest.fixture
def manifest(world: World) -> Manifest:
    return world.activate(world.members(*DATA))


def release_from(world: World, manifest: Manifest, *slots: int) -> None:
    listed = contributions(manifest)
    for slot in slots:
        custodian = world.custodian(slot)
        custodian.prepare(LEASE, listed)
        custodian.publish(LEASE, listed)
        custodian.close()


def open_all(licensee: Licensee, manifest: Manifest, folder: Path) -> list[Opened]:
    return list(licensee.open_all(manifest, folder / "out"))


def bad_bundle(world: World, manifest: Manifest, slot: int, **changes: object) -> Bundle:
    """A bundle that the custodian of `slot` really signed, around shares it made up (or what `changes` says)."""
    ids = tuple(manifest.ids)
    info = release.release_info(DAO, LEASE, COMMITTEE_VERSION, slot, ids)
    sealed = seal(b"n" * 32 * len(ids), public_key(world.licensee_key), info)
    bundle = replace(Bundle(LEASE, COMMITTEE_VERSION, slot, ids, sealed, b""), **changes)
    return replace(bundle, signature=world.custodians.wallets[slot](bundle.typed(DAO)))


def put(world: World, bundle: Bundle, **place: int) -> str:
    """Stores a bundle where it says it belongs, or elsewhere."""
    data = bundle.encode()
    where = {"lease_id": LEASE, "version": COMMITTEE_VERSION, "slot": bundle.slot} | place
    name = bundle_name(DAO, **where, bundle=data)
    world.store.put(name, data)
    return name


@pytest.mark.parametrize("slots", [(0, 1, 2), (4, 2, 0), (0, 1, 2, 3, 4)])
def test_open__any_three_of_five__gives_the_data(
    world: World, manifest: Manifest, slots: tuple[int, ...], tmp_path: Path
) -> None:
    release_from(world, manifest, *slots)
    licensee = world.licensee()
    assert licensee.collect() == []
    opened = open_all(licensee, manifest, tmp_path)
    assert sorted(item.path.read_bytes() for item in opened) == sorted(DATA)
    assert [(item.error, item.culprits) for item in opened] == [(None, ())] * 3
    assert [item.path.name for item in opened] == [leaf.file_hash.hex() for leaf in manifest.leaves]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted(item.path.name for item in opened)


def test_open__two_of_five__opens_nothing_until_a_third_arrives(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    release_from(world, manifest, 0, 1)
    licensee = world.licensee()
    licensee.collect()
    for item in open_all(licensee, manifest, tmp_path):
        assert item.path is None
        assert isinstance(item.error, NotEnoughShares)
        assert (item.error.have, item.error.need, item.culprits) == (2, 3, ())
    assert list((tmp_path / "out").iterdir()) == []
    release_from(world, manifest, 3)
    licensee.collect()
    assert all(item.path for item in open_all(licensee, manifest, tmp_path))


def test_open__without_any_bundle__opens_nothing(world: World, manifest: Manifest, tmp_path: Path) -> None:
    licensee = world.licensee()
    assert licensee.collect() == []
    assert {type(item.error) for item in open_all(licensee, manifest, tmp_path)} == {NotEnoughShares}


def test_open__one_bad_share_of_four__is_named_and_the_data_comes_K2(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    put(world, bad_bundle(world, manifest, 1))
    release_from(world, manifest, 0, 3, 4)
    licensee = world.licensee()
    assert licensee.collect() == []
    opened = open_all(licensee, manifest, tmp_path)
    assert sorted(item.path.read_bytes() for item in opened) == sorted(DATA)
    assert {item.culprits for item in opened} == {((COMMITTEE_VERSION, 1),)}


def test_open__one_bad_share_of_three__is_named_and_nothing_opens(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    put(world, bad_bundle(world, manifest, 2))
    release_from(world, manifest, 0, 1)
    licensee = world.licensee()
    licensee.collect()
    for item in open_all(licensee, manifest, tmp_path):
        assert isinstance(item.error, NotEnoughShares)
        assert item.culprits == ((COMMITTEE_VERSION, 2),)
    assert list((tmp_path / "out").iterdir()) == []


def test_open__one_file_s_share_is_bad__only_that_file_names_the_culprit(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    release_from(world, manifest, 0, 1, 2)
    put(world, bad_bundle(world, manifest, 3, ids=(manifest.ids[1],), sealed=b""))
    ids = (manifest.ids[1],)
    sealed = seal(
        b"n" * 32, public_key(world.licensee_key), release.release_info(DAO, LEASE, COMMITTEE_VERSION, 3, ids)
    )
    put(world, bad_bundle(world, manifest, 3, ids=ids, sealed=sealed))
    licensee = world.licensee()
    (fault,) = licensee.collect()
    assert (fault.culprit, type(fault.reason)) == ((COMMITTEE_VERSION, 3), UnsealFailed)
    assert [item.culprits for item in open_all(licensee, manifest, tmp_path)] == [(), ((COMMITTEE_VERSION, 3),), ()]


# Bundles


def test_collect__sealed_for_another_licensee__names_its_custodian(world: World, manifest: Manifest) -> None:
    release_from(world, manifest, 0)
    (fault,) = world.licensee(private_key=hpke_key("another")).collect()
    assert (fault.culprit, type(fault.reason)) == ((COMMITTEE_VERSION, 0), UnsealFailed)


def test_collect__bundle_of_another_lease_replayed__blames_no_custodian_AB88(world: World, manifest: Manifest) -> None:
    name = put(world, bad_bundle(world, manifest, 0, lease_id=LEASE + 1))
    (fault,) = world.licensee().collect()
    assert (fault.name, fault.culprit, type(fault.reason)) == (name, None, BundleRefused)


def test_collect__good_bundle_relabelled_for_this_lease__blames_no_custodian(world: World, manifest: Manifest) -> None:
    release_from(world, manifest, 0)
    bundle = Bundle.decode(world.store.get(published(world)[0]))
    other = world.licensee(lease_id=LEASE + 1)
    put(world, replace(bundle, lease_id=LEASE + 1), lease_id=LEASE + 1)
    (fault,) = other.collect()
    assert (fault.culprit, type(fault.reason)) == (None, BundleRefused)


@pytest.mark.parametrize("change", ["slot", "ids", "sealed", "committee_version", "signature"])
def test_collect__any_part_altered_by_storage__blames_no_custodian(
    world: World, manifest: Manifest, change: str
) -> None:
    release_from(world, manifest, 0)
    (name,) = published(world)
    bundle = Bundle.decode(world.store.get(name))
    other = {
        "slot": 1,
        "ids": bundle.ids[::-1],
        "sealed": bundle.sealed[:-1] + bytes([bundle.sealed[-1] ^ 1]),
        "committee_version": COMMITTEE_VERSION + 1,
        "signature": bundle.signature[::-1],
    }[change]
    obstore.put(world.store._store, name, replace(bundle, **{change: other}).encode())
    (fault,) = world.licensee().collect()
    assert (fault.culprit, type(fault.reason)) == (None, BundleRefused)


def test_collect__signed_by_an_outsider__blames_no_custodian(world: World, manifest: Manifest, mallory: Wallet) -> None:
    bundle = bad_bundle(world, manifest, 0)
    put(world, replace(bundle, signature=mallory(bundle.typed(DAO))))
    (fault,) = world.licensee().collect()
    assert (fault.culprit, type(fault.reason)) == (None, BundleRefused)


@pytest.mark.parametrize("change", [{"committee_version": COMMITTEE_VERSION + 1}, {"slot": 5}], ids=str)
def test_collect__slot_that_does_not_exist__refused(world: World, manifest: Manifest, change: dict[str, int]) -> None:
    bundle = replace(bad_bundle(world, manifest, 0), **change)
    put(world, bundle, version=COMMITTEE_VERSION, slot=0)
    (fault,) = world.licensee().collect()
    assert (fault.culprit, type(fault.reason)) == (None, BundleRefused)


@pytest.mark.parametrize("length", [0, 32, 95, 97, 128])
def test_collect__fewer_or_more_shares_than_files__names_its_custodian(
    world: World, manifest: Manifest, length: int
) -> None:
    info = release.release_info(DAO, LEASE, COMMITTEE_VERSION, 0, manifest.ids)
    put(world, bad_bundle(world, manifest, 0, sealed=seal(bytes(length), public_key(world.licensee_key), info)))
    (fault,) = world.licensee().collect()
    assert (fault.culprit, type(fault.reason)) == ((COMMITTEE_VERSION, 0), Malformed)


@pytest.mark.parametrize("junk", [b"", b"junk", bytes(1_000)])
def test_collect__junk_in_the_folder__does_not_stop_the_rest(
    world: World, manifest: Manifest, junk: bytes, tmp_path: Path
) -> None:
    world.store.put(bundle_name(DAO, LEASE, COMMITTEE_VERSION, 0, junk), junk)
    release_from(world, manifest, 0, 1, 2)
    licensee = world.licensee()
    (fault,) = licensee.collect()
    assert (fault.culprit, type(fault.reason)) == (None, Malformed)
    assert all(item.path for item in open_all(licensee, manifest, tmp_path))


# Files


def test_open__storage_alters_or_loses_one_file__the_others_open(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    release_from(world, manifest, 0, 1, 2)
    licensee = world.licensee()
    licensee.collect()
    obstore.put(world.store._store, content_name(manifest.leaves[0].file_hash), b"altered")
    obstore.delete(world.store._store, content_name(manifest.leaves[1].envelope_hash))
    opened = open_all(licensee, manifest, tmp_path)
    assert [type(item.error) for item in opened] == [HashMismatch, ObjectMissing, type(None)]
    assert [item.path is not None for item in opened] == [False, False, True]


def test_open__leaf_names_another_file_than_its_envelope__refused(
    world: World, manifest: Manifest, tmp_path: Path
) -> None:
    """A signed leaf that crosses two files must not open one as the other."""
    first, second, third = manifest.leaves
    release_from(world, manifest, 0, 1, 2)
    crossed = world.activate([first._replace(envelope_hash=second.envelope_hash), second, third])
    licensee = world.licensee()
    licensee.collect()
    index = next(i for i, leaf in enumerate(crossed.leaves) if leaf.fingerprint == first.fingerprint)
    licensee._shares[crossed.ids[index]] = licensee._shares[manifest.ids[1]]
    failed = open_all(licensee, crossed, tmp_path)[index]
    assert isinstance(failed.error, NotEnoughShares)
    assert len(failed.culprits) == 3


@pytest.mark.parametrize(
    ("content", "error"), [(b"no age file", HeaderRefused), (b"age-encryption.org/v1\n--- x", DecryptionFailed)]
)
def test_open__contributor_s_file_is_junk__refused(
    world: World, content: bytes, error: type[Exception], tmp_path: Path
) -> None:
    """Attestors signed for it all the same; the licensee's client still keeps its guards."""

    def encrypt(source: object, target: BinaryIO, secret: bytes) -> bytes:
        target.write(content)
        return hashlib.sha256(content).digest()

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "encrypt", encrypt)
        manifest = world.activate(world.members(b"x"))
    release_from(world, manifest, 0, 1, 2)
    licensee = world.licensee()
    licensee.collect()
    (item,) = open_all(licensee, manifest, tmp_path)
    assert isinstance(item.error, error)


def test_open__storage_down__stops(world: World, manifest: Manifest, tmp_path: Path) -> None:
    """Not this file's fault, and no use to try the other nine thousand."""
    release_from(world, manifest, 0, 1, 2)
    licensee = world.licensee()
    licensee.collect()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(world.store, "get", lambda *_: (_ for _ in ()).throw(StoreUnavailable("down")))
        with pytest.raises(StoreUnavailable):
            open_all(licensee, manifest, tmp_path)
        with pytest.raises(StoreUnavailable):
            licensee.collect()


def test_open__files_of_two_committees__each_by_its_own_committee(world: World, tmp_path: Path) -> None:
    """A share of one committee must never be tried for a file of another, whatever the slot."""
    manifest = world.activate(world.members(b"x"))
    release_from(world, manifest, 0, 1)
    licensee = world.licensee(committees={COMMITTEE_VERSION: world.committee, 9: replace(world.committee, version=9)})
    ids = (manifest.ids[0],)
    info = release.release_info(DAO, LEASE, 9, 2, ids)
    sealed = seal(b"n" * 32, public_key(world.licensee_key), info)
    bundle = bad_bundle(world, manifest, 2, committee_version=9, ids=ids, sealed=sealed)
    put(world, bundle, version=9)
    assert licensee.collect() == []
    (item,) = open_all(licensee, manifest, tmp_path)
    assert (item.error.have, item.culprits) == (2, ())
