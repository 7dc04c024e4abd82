"""A custodian's work when nothing is in its way: prepare, sign readiness, publish, and again for what comes later."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from eth_abi import encode
from eth_utils import keccak

from assurance.harness.dao.parties import (
    COMMITTEE_VERSION,
    DAO,
    DATA,
    DATASET,
    LEASE,
    World,
    contributions,
    ids_of,
    published,
    released_ids,
)
from datadao.chain.view import Standing
from datadao.crypto.envelope import Context, Envelope, open_wrap
from datadao.crypto.merkle import MerkleTree
from datadao.custodian import custodian as custody
from datadao.errors import (
    InvalidArgument,
    Malformed,
    NothingToRelease,
    SlotMismatch,
)
from datadao.messages import bundle as release
from datadao.messages import eip712
from datadao.messages.bundle import Bundle
from datadao.messages.submission import MAX_FILES
from datadao.types import Contribution


def test_publish__running_lease__opens_for_the_licensee(
    world: World, listed: list[Contribution], tmp_path: Path
) -> None:
    for slot in (0, 2, 4):
        custodian = world.custodian(slot)
        prepared = custodian.prepare(LEASE, listed)
        assert (prepared.held, prepared.refused, prepared.committee_version) == (5, {}, COMMITTEE_VERSION)
        assert custodian.publish(LEASE, listed) == {}
        assert custodian.released(LEASE) == set(ids_of(world, listed))
    licensee = world.licensee()
    assert licensee.collect() == []
    manifest = world.activate([item.leaf for item in listed])
    opened = list(licensee.open_all(manifest, tmp_path / "out"))
    assert sorted(item.path.read_bytes() for item in opened) == sorted(DATA)


def test_prepare__before_payment__keeps_everything_out_of_storage(world: World, listed: list[Contribution]) -> None:
    world.view.set_lease(started=False, paid_until=0)
    custodian = world.custodian(0)
    assert custodian.prepare(LEASE, listed).held == 5
    assert published(world) == []
    assert custodian.released(LEASE) == frozenset()
    home = world.home / "custodian-0"
    assert home.stat().st_mode & 0o077 == 0
    envelopes = [Envelope.decode(world.store.get(item.leaf.envelope_hash)) for item in listed]
    contexts = [Context(DAO, DATASET, COMMITTEE_VERSION, item.leaf.contributor, item.leaf.file_hash) for item in listed]
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
    assert sorted(len(bundle.ids) for bundle in bundles) == [1, 2, 2]
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
    world.view.gone["finalized"][listed[0].leaf.fingerprint] = Standing.ERASED
    roots.add(world.custodian(2).prepare(LEASE, listed).release_root)  # withdrawn between two custodians' looks
    assert roots == {MerkleTree(sorted(ids_of(world, listed))).root}
    assert world.custodian(3).prepare(LEASE, listed[1:]).release_root not in roots


def test_release_root__nothing_covered__refused(world: World, listed: list[Contribution]) -> None:
    world.view.set_lease(approved_at=899)  # before the batch was active
    with pytest.raises(NothingToRelease):
        world.custodian(0).prepare(LEASE, listed)


def test_sign_readiness__is_the_contract_s_message(world: World, listed: list[Contribution]) -> None:
    custodian = world.custodian(3)
    prepared = custodian.prepare(LEASE, listed)
    signed = custodian.sign_readiness(prepared)
    message = signed.typed(DAO)
    assert (signed.lease_id, signed.release_root, signed.committee_version) == (
        LEASE,
        prepared.release_root,
        COMMITTEE_VERSION,
    )
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(domain_type), keccak(b"DatasetRegistry"), keccak(b"1"), DAO.chain_id, DAO.registry],
    )
    struct = encode(
        ["bytes32", "uint256", "bytes32", "uint256"],
        [
            keccak(b"Readiness(uint256 leaseId,bytes32 releaseRoot,uint256 committeeVersion)"),
            LEASE,
            prepared.release_root,
            COMMITTEE_VERSION,
        ],
    )
    assert eip712.digest(message) == keccak(b"\x19\x01" + keccak(domain) + keccak(struct))
    assert eip712.signed_by(world.custodians.parties[3].signer, message, signed.signature)


def test_sign_readiness__lease_of_another_committee__refused(world: World, listed: list[Contribution]) -> None:
    world.view.set_lease(committee_version=COMMITTEE_VERSION + 1)
    custodian = world.custodian(0)
    prepared = custodian.prepare(LEASE, listed)  # its files are still this slot's to release
    with pytest.raises(SlotMismatch):
        custodian.sign_readiness(prepared)


def test_bundle__empty_or_oversized__malformed() -> None:
    for count in (0, MAX_FILES + 1):
        with pytest.raises(Malformed):
            Bundle(LEASE, COMMITTEE_VERSION, 0, (bytes(32),) * count, b"", b"")


def test_bundle_name__fits_the_store(world: World) -> None:
    name = release.bundle_name(DAO, 2**64, 2**64, 31, b"x")
    world.store.put(name, b"x")
    with pytest.raises(InvalidArgument):
        release.bundle_name(replace(DAO, leases="../../x"), 1, 1, 1, b"")
