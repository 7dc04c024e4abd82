"""From a contributor's file to the leaf attestors sign: every lie on the way has its refusal.

K-6: a contributor that seals a good key to attestors and noise to custodians is not scored.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import replace
from pathlib import Path

import obstore
import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from eth_abi import encode
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from assurance.harness.dao.parties import COMMITTEE_VERSION, DAO, DATASET, Wallet, World
from datadao import contributor
from datadao.attestor.attestor import openers, settle
from datadao.crypto import envelope as envelopes
from datadao.crypto import files
from datadao.crypto.seal import seal
from datadao.errors import (
    CommitmentMismatch,
    DecryptionFailed,
    DiskUnavailable,
    HashMismatch,
    HeaderRefused,
    Malformed,
    NotReadable,
    ObjectMissing,
    ObjectTooLarge,
    ScoreRefused,
    SharesInconsistent,
    SignatureRefused,
    SubmissionRefused,
    UnsealFailed,
)
from datadao.messages import eip712
from datadao.messages.submission import Submission, Witness
from datadao.storage.store import content_name
from datadao.types import Committee, Leaf

DATA = b'{"age": 1}\n'


@pytest.fixture
def submitted(world: World, alice: Wallet) -> Submission:
    return world.contribute(DATA, alice)


def everyone(world: World, *items: Submission) -> dict[bytes, set[int]]:
    """As if all custodians had vouched: for tests of what an attestor checks by itself."""
    return {item.id(DAO): set(range(5)) for item in items}


def resigned(original: Submission, owner: Wallet, **changes: object) -> Submission:
    """A submission with other content that its contributor really signed."""
    changed = replace(original, **changes)
    return replace(changed, signature=owner(changed.typed(DAO)))


# The honest way


def test_assess__honest_submission__is_a_leaf_and_leaves_no_plaintext(
    world: World, alice: Wallet, submitted: Submission, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    witnesses = world.witnesses([submitted])
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr("datadao.attestor.attestor.SMALL", 1)  # so that it goes through the disk
    leaf = world.attestor().assess(submitted, world.opened(witnesses))
    assert leaf[:4] == (alice.address, leaf.fingerprint, submitted.file_hash, submitted.envelope_hash)
    assert (leaf.units, leaf.quality) == (1, 10_000)
    assert list(scratch.iterdir()) == []
    assert world.attestor(2).assess(submitted, world.opened(witnesses)) == leaf


def test_assess__small_file__is_never_on_a_disk(
    world: World, submitted: Submission, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever would make a file for a while, has no place to."""
    opened = world.opened(world.witnesses([submitted]))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "none"))
    assert world.attestor().assess(submitted, opened).units == 1
    sealed = len(world.store.get(submitted.file_hash))
    monkeypatch.setattr("datadao.attestor.attestor.SMALL", sealed)
    assert world.attestor().assess(submitted, opened).units == 1
    monkeypatch.setattr("datadao.attestor.attestor.SMALL", sealed - 1)
    with pytest.raises(DiskUnavailable, match="a copy of "):
        world.attestor().assess(submitted, opened)


def test_submission__travels_as_bytes(world: World, submitted: Submission) -> None:
    assert Submission.decode(submitted.encode()) == submitted
    witness = world.witnesses([submitted], [0])[0]
    assert Witness.decode(witness.encode()) == witness


def test_contribute__plaintext_and_key__are_nowhere_in_storage(world: World, alice: Wallet) -> None:
    marker = b"the plaintext that no one else may find"
    seen: list[bytes] = []
    fresh = files.new_secret
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(files, "new_secret", lambda: seen.append(fresh()) or seen[-1])
        item = world.contribute(marker * 10, alice)
    stored = [world.store.get(item.file_hash), world.store.get(item.envelope_hash), item.encode()]
    assert len(seen) == 1
    assert not any(secret in blob for blob in stored for secret in (marker, seen[0], seen[0].hex().encode()))


# Signatures


def test_assess__signed_by_another__refused(world: World, submitted: Submission, mallory: Wallet) -> None:
    stolen = replace(submitted, signature=mallory(submitted.typed(DAO)))
    with pytest.raises(SignatureRefused):
        world.attestor().assess(stolen, everyone(world, stolen))


@pytest.mark.parametrize("field", ["dataset_id", "contributor", "file_hash", "envelope_hash"])
def test_assess__any_signed_field_changed__refused(
    world: World, submitted: Submission, mallory: Wallet, field: str
) -> None:
    other = {"dataset_id": 8, "contributor": mallory.address}.get(field, b"\xee" * 32)
    bent = replace(submitted, **{field: other})
    with pytest.raises(SignatureRefused):
        world.attestor().assess(bent, everyone(world, bent))


@pytest.mark.parametrize("change", [{"chain_id": 1}, {"registry": "0x" + "d4" * 20}], ids=str)
def test_assess__signed_for_another_chain_or_registry__refused(
    world: World, submitted: Submission, change: dict[str, object]
) -> None:
    elsewhere = replace(DAO, **change)
    with pytest.raises(SignatureRefused):
        world.attestor(dao=elsewhere).assess(submitted, {submitted.id(elsewhere): set(range(5))})


def malleable(signature: bytes) -> bytes:
    order = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
    flipped = order - int.from_bytes(signature[32:64], "big")
    return signature[:32] + flipped.to_bytes(32, "big") + bytes([55 - signature[64]])


def test_signed_by__malformed_or_malleable__false(alice: Wallet, submitted: Submission) -> None:
    data, good = submitted.typed(DAO), submitted.signature
    assert eip712.signed_by(alice.address, data, good)
    assert eip712.signed_by(alice.address.lower(), data, good)
    compact, other_v, zero = good[:64], good[:64] + bytes([good[64] - 27]), bytes(64) + b"\x1b"
    for bad in (b"", compact, other_v, zero, b"\xff" * 64 + b"\x1b", malleable(good), good + b"\0"):
        assert not eip712.signed_by(alice.address, data, bad)


def test_assess__contract_account__is_asked_through_the_given_check(world: World, submitted: Submission) -> None:
    """A Safe's signature is for the chain to judge; the attestor takes whatever check it is given."""
    asked = []
    safe = resigned(submitted, lambda _: b"any length", contributor="0x" + "5a" * 20)

    def check(account: str, data: eip712.TypedData, signature: bytes) -> bool:
        asked.append((account, signature))
        return True

    with pytest.raises(UnsealFailed):  # it got as far as the seal, which names another contributor
        world.attestor(check=check).assess(safe, everyone(world, safe))
    assert asked == [(safe.contributor, b"any length")]


def test_submission_digest__equals_the_standard_by_hand(submitted: Submission) -> None:
    domain_type = b"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)"
    domain = encode(
        ["bytes32", "bytes32", "bytes32", "uint256", "address"],
        [keccak(domain_type), keccak(b"DatasetRegistry"), keccak(b"1"), DAO.chain_id, DAO.registry],
    )
    type_hash = keccak(b"Submission(uint256 datasetId,address contributor,bytes32 fileHash,bytes32 envelopeHash)")
    struct = encode(
        ["bytes32", "uint256", "address", "bytes32", "bytes32"],
        [type_hash, DATASET, submitted.contributor, submitted.file_hash, submitted.envelope_hash],
    )
    assert submitted.id(DAO) == keccak(struct)
    assert eip712.digest(submitted.typed(DAO)) == keccak(b"\x19\x01" + keccak(domain) + keccak(struct))


# Envelopes and shares


def test_assess__envelope_of_another_file__refused(world: World, alice: Wallet, submitted: Submission) -> None:
    other = world.contribute(b"other", alice)
    crossed = resigned(submitted, alice, envelope_hash=other.envelope_hash)
    with pytest.raises(SubmissionRefused, match="another file"):
        world.attestor().assess(crossed, everyone(world, crossed))


def test_assess__copied_by_another_contributor__refused_B09(
    world: World, mallory: Wallet, submitted: Submission
) -> None:
    """The thief signs the public ciphertext and envelope as its own, and replays the seals."""
    stolen = resigned(submitted, mallory, contributor=mallory.address)
    with pytest.raises(UnsealFailed):
        world.attestor().assess(stolen, everyone(world, stolen))
    statements, refused = world.custodian(0).test_open([stolen])
    assert statements == []
    assert isinstance(refused[stolen.id(DAO)], UnsealFailed)


def test_assess__sent_to_another_dataset__refused(world: World, alice: Wallet, submitted: Submission) -> None:
    moved = resigned(submitted, alice, dataset_id=DATASET + 1)
    with pytest.raises(UnsealFailed):
        world.attestor().assess(moved, everyone(world, moved))


@pytest.mark.parametrize("change", [{"threshold": 1}, {"version": COMMITTEE_VERSION + 1}], ids=str)
def test_assess__made_for_a_committee_of_the_contributor_s_own__refused(
    world: World, alice: Wallet, change: dict[str, int]
) -> None:
    item = world.contribute(DATA, alice, committee=replace(world.committee, **change))
    with pytest.raises(SubmissionRefused, match="committee"):
        world.attestor().assess(item, everyone(world, item))


def forged(world: World, owner: Wallet, shares_of, opening_of=None) -> Submission:
    """A submission whose contributor chose its own shares (`shares_of(secret, honest)`) and what attestors get."""
    with pytest.MonkeyPatch.context() as patched:
        honest = envelopes.shamir.split
        patched.setattr(envelopes.shamir, "split", lambda secret, t, n: shares_of(secret, honest(secret, t, n)))
        if opening_of is not None:
            patched.setattr(contributor, "seal", lambda plain, key, info: seal(opening_of(plain), key, info))
        return world.contribute(DATA, owner)


def test_assess__shares_on_no_polynomial__refused(world: World, alice: Wallet) -> None:
    item = forged(world, alice, lambda _, honest: (*honest[:4], b"n" * 32))
    with pytest.raises(SharesInconsistent):
        world.attestor().assess(item, everyone(world, item))


def test_assess__shares_of_another_key__refused(world: World, alice: Wallet) -> None:
    """Attestors would read the file, licensees never could."""
    other = envelopes.shamir.split(b"o" * 32, 3, 5)
    item = forged(world, alice, lambda _, __: other)
    with pytest.raises(SharesInconsistent):
        world.attestor().assess(item, everyone(world, item))


def test_assess__attestor_given_other_shares_than_committed__refused(world: World, alice: Wallet) -> None:
    item = forged(world, alice, lambda _, honest: honest, lambda plain: plain[:-1] + bytes([plain[-1] ^ 1]))
    with pytest.raises(CommitmentMismatch) as caught:
        world.attestor().assess(item, everyone(world, item))
    assert caught.value.slot == 4


@pytest.mark.parametrize("cut", [0, 32, 191, 160])
def test_assess__attestor_given_too_little__refused(world: World, alice: Wallet, cut: int) -> None:
    item = forged(world, alice, lambda _, honest: honest, lambda plain: plain[:cut])
    with pytest.raises((SubmissionRefused, CommitmentMismatch)):
        world.attestor().assess(item, everyone(world, item))


def test_assess__nothing_sealed_to_this_attestor__refused(world: World, submitted: Submission) -> None:
    short = replace(submitted, seals=submitted.seals[:2])
    with pytest.raises(SubmissionRefused, match="attestor 2"):
        world.attestor(2).assess(short, everyone(world, short))


def test_assess__another_attestor_s_seal__does_not_open(world: World, submitted: Submission) -> None:
    swapped = replace(submitted, seals=submitted.seals[::-1])
    with pytest.raises(UnsealFailed):
        world.attestor(0).assess(swapped, everyone(world, swapped))
    with pytest.raises(UnsealFailed):
        world.attestor(0, private_key=X25519PrivateKey.generate()).assess(submitted, everyone(world, submitted))


# K-6: readable by custodians, or not scored


def noise_to(slots: set[int]):
    """The attack itself: attestors get everything, these custodians get noise of the right length."""

    def poisoned(original):
        def wrap(secret, context, committee):
            envelope, shares = original(secret, context, committee)
            wraps = tuple(
                seal(b"n" * 32, committee.custodians[i].hpke_key, context.info(i)) if i in slots else wrap
                for i, wrap in enumerate(envelope.wraps)
            )
            return replace(envelope, wraps=wraps), shares

        return wrap

    return poisoned


@pytest.mark.parametrize("victims", [{0, 1, 2, 3, 4}, {3, 4}, {0, 2}])
def test_k6__noise_to_custodians__is_not_scored(world: World, alice: Wallet, victims: set[int]) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(contributor, "wrap", noise_to(victims)(contributor.wrap))
        item = world.contribute(DATA, alice)
    opened = world.opened(world.witnesses([item]))
    assert opened.get(item.id(DAO), set()) == set(range(5)) - victims
    with pytest.raises(NotReadable) as caught:
        world.attestor().assess(item, opened)
    assert (caught.value.have, caught.value.need) == (5 - len(victims), 4)


def test_k6__one_custodian_of_five_in_noise__is_still_readable(world: World, alice: Wallet) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(contributor, "wrap", noise_to({1})(contributor.wrap))
        item = world.contribute(DATA, alice)
    assert world.attestor().assess(item, world.opened(world.witnesses([item]))).units == 1


def test_k6__same_custodian_many_times__counts_once(world: World, submitted: Submission) -> None:
    three = world.witnesses([submitted], [0, 1, 2])
    with pytest.raises(NotReadable):
        world.attestor().assess(submitted, world.opened(three + three))


def test_k6__word_of_outsiders_other_committees_or_slots__counts_for_nothing(
    world: World, submitted: Submission, mallory: Wallet
) -> None:
    honest = world.witnesses([submitted], [3])[0]
    earlier = replace(
        honest, committee_version=COMMITTEE_VERSION - 1
    )  # really signed, by the same person, of another committee's share
    claims = [
        replace(honest, slot=4),  # another's slot
        replace(honest, committee_version=COMMITTEE_VERSION + 1),
        replace(earlier, signature=world.custodians.wallets[3](earlier.typed(DAO))),
        replace(honest, slot=9),
        replace(honest, signature=mallory(honest.typed(DAO))),
        replace(honest, submissions=(b"\xee" * 32,)),
    ]
    assert openers(DAO, world.committee, claims) == {}
    assert openers(replace(DAO, chain_id=1), world.committee, [honest]) == {}
    assert openers(DAO, world.committee, [honest]) == {submitted.id(DAO): {3}}


def test_k6__word_for_another_submission__does_not_carry_over(
    world: World, alice: Wallet, submitted: Submission
) -> None:
    other = world.contribute(b"other", alice)
    with pytest.raises(NotReadable) as caught:
        world.attestor().assess(other, world.opened(world.witnesses([submitted])))
    assert caught.value.have == 0


def test_test_open__bad_ones_among_good__are_left_out_by_name(
    world: World, alice: Wallet, mallory: Wallet, submitted: Submission
) -> None:
    unsigned = replace(world.contribute(b"unsigned", alice), signature=b"")
    old = world.contribute(b"old", alice, committee=replace(world.committee, version=COMMITTEE_VERSION - 1))
    lost = resigned(submitted, mallory, contributor=mallory.address, envelope_hash=b"\xee" * 32)
    junk = resigned(submitted, alice, envelope_hash=world.store.put_bytes(b"junk"))
    statements, refused = world.custodian(0).test_open([unsigned, old, submitted, lost, junk])
    assert [witness.submissions for witness in statements] == [(submitted.id(DAO),)]
    kinds = {unsigned: SignatureRefused, old: SubmissionRefused, lost: ObjectMissing, junk: Malformed}
    assert {name: type(error) for name, error in refused.items()} == {i.id(DAO): kind for i, kind in kinds.items()}


# Files


def put_file(world: World, owner: Wallet, original: Submission, content: bytes) -> Submission:
    """The contributor re-does everything honestly around other ciphertext."""
    with pytest.MonkeyPatch.context() as patched:

        def encrypt(source: io.BytesIO, target: io.BytesIO, secret: bytes) -> bytes:
            target.write(content)
            return hashlib.sha256(content).digest()

        patched.setattr(files, "encrypt", encrypt)
        return world.contribute(DATA, owner)


def test_assess__ciphertext_of_another_key__refused(world: World, alice: Wallet, submitted: Submission) -> None:
    item = put_file(world, alice, submitted, world.store.get(submitted.file_hash))
    with pytest.raises(DecryptionFailed):
        world.attestor().assess(item, everyone(world, item))


def test_assess__no_age_file__refused(world: World, alice: Wallet, submitted: Submission) -> None:
    item = put_file(world, alice, submitted, b"just bytes")
    with pytest.raises(HeaderRefused):
        world.attestor().assess(item, everyone(world, item))


def test_assess__file_larger_than_allowed__refused_K4(world: World, submitted: Submission) -> None:
    with pytest.raises(ObjectTooLarge):
        world.attestor(max_file=100).assess(submitted, everyone(world, submitted))


def test_assess__storage_swaps_the_file__refused(world: World, submitted: Submission) -> None:
    obstore.put(world.store._store, content_name(submitted.file_hash), b"swapped")
    with pytest.raises(HashMismatch):
        world.attestor().assess(submitted, everyone(world, submitted))


# Agreement


def leaf(units: int = 1, quality: int = 9_000, **changes: object) -> Leaf:
    return Leaf("0x" + "c3" * 20, b"f" * 32, b"c" * 32, b"e" * 32, units, quality)._replace(**changes)


@pytest.mark.parametrize(
    ("units", "quality", "expected"),
    [
        ([5], [9], (5, 9)),
        ([1, 9, 5], [9, 1, 5], (5, 5)),
        ([1, 2, 3, 100], [1, 2, 9, 10], (2, 2)),
        ([7, 7], [1, 3], (7, 1)),
    ],
)
def test_settle__units_and_quality__are_lower_medians(
    units: list[int], quality: list[int], expected: tuple[int, int]
) -> None:
    agreed = settle([leaf(u, q) for u, q in zip(units, quality, strict=True)])
    assert (agreed.units, agreed.quality) == expected


@given(st.lists(st.integers(0, 10_000), min_size=3, max_size=9), st.integers(0, 10_000))
def test_settle__one_outlier__cannot_leave_the_others_range(honest: list[int], outlier: int) -> None:
    agreed = settle([leaf(quality=q) for q in (*honest, outlier)])
    assert min(honest) <= agreed.quality <= max(honest)


@pytest.mark.parametrize("field", ["contributor", "fingerprint", "file_hash", "envelope_hash"])
def test_settle__attestors_saw_different_data__refused(field: str) -> None:
    other = "0x" + "d4" * 20 if field == "contributor" else b"x" * 32
    with pytest.raises(ScoreRefused):
        settle([leaf(), leaf(**{field: other})])


def test_settle__no_scores__refused() -> None:
    with pytest.raises(ScoreRefused):
        settle([])


def test_submission_data__names_every_field_once(alice: Wallet) -> None:
    data = Submission(1, alice.address, b"f" * 32, b"e" * 32, b"", ()).typed(DAO)
    assert data["message"] == {
        "datasetId": 1,
        "contributor": alice.address,
        "fileHash": b"f" * 32,
        "envelopeHash": b"e" * 32,
    }
    assert data["domain"]["verifyingContract"] == DAO.registry


def test_witness__beyond_500_submissions__malformed() -> None:
    with pytest.raises(Malformed):
        Witness(COMMITTEE_VERSION, 0, (bytes(32),) * 501, b"")


def test_committee_of_three__all_must_open(tmp_path: Path, alice: Wallet) -> None:
    world = World(tmp_path, threshold=3, count=3)
    item = world.contribute(DATA, alice)
    assert isinstance(world.committee, Committee)
    two = world.opened(world.witnesses([item], [0, 1]))
    with pytest.raises(NotReadable):
        world.attestor().assess(item, two)
    assert world.attestor().assess(item, world.opened(world.witnesses([item], [0, 1, 2]))).units == 1
