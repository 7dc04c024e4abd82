"""K-1, K-2: an envelope opens for its custodians, in its own context, and a wrong share names whose it is."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assurance.harness.dao.parties import COMMITTEE_VERSION, DAO, DATASET, Parties, hpke_key
from datadao.crypto.envelope import Context, Envelope, check_shares, open_wrap, recover, wrap
from datadao.crypto.seal import public_key, seal, unseal
from datadao.errors import (
    CommitmentMismatch,
    DataDAOError,
    InvalidArgument,
    Malformed,
    NotEnoughShares,
    SharesInconsistent,
    SubmissionRefused,
    UnsealFailed,
)
from datadao.types import Committee, Dao

CUSTODIANS = Parties("custodian", 5)
COMMITTEE = Committee(COMMITTEE_VERSION, 3, CUSTODIANS.parties)
CONTEXT = Context(DAO, DATASET, COMMITTEE_VERSION, "0x" + "c3" * 20, b"\x0f" * 32)
SECRET = bytes(range(32))
ENVELOPE, SHARES = wrap(SECRET, CONTEXT, COMMITTEE)


def test_open_wrap__each_custodian__gets_its_own_share() -> None:
    assert [open_wrap(ENVELOPE, CONTEXT, i, key) for i, key in enumerate(CUSTODIANS.keys)] == list(SHARES)
    assert Envelope.decode(ENVELOPE.encode()) == ENVELOPE


@pytest.mark.parametrize(
    "elsewhere",
    [
        replace(CONTEXT, dao=replace(DAO, chain_id=1)),
        replace(CONTEXT, dao=replace(DAO, registry="0x" + "d4" * 20)),
        replace(CONTEXT, dataset_id=DATASET + 1),
        replace(CONTEXT, contributor="0x" + "d4" * 20),
    ],
    ids=["chain", "registry", "dataset", "contributor"],
)
def test_open_wrap__envelope_copied_elsewhere__opens_for_no_key_K1_AB84(elsewhere: Context) -> None:
    for slot, key in enumerate(CUSTODIANS.keys):
        with pytest.raises(UnsealFailed):
            open_wrap(ENVELOPE, elsewhere, slot, key)


@pytest.mark.parametrize(
    "change",
    [{"file_hash": b"\xee" * 32}, {"committee_version": COMMITTEE_VERSION + 1}],
    ids=["file", "committee_version"],
)
def test_open_wrap__envelope_put_to_another_file_or_committee__opens_for_no_key(change: dict[str, object]) -> None:
    """Whether the copier leaves the envelope's own field alone or adapts it, too."""
    for envelope in (ENVELOPE, replace(ENVELOPE, **change)):
        with pytest.raises(UnsealFailed):
            open_wrap(envelope, replace(CONTEXT, **change), 0, CUSTODIANS.keys[0])


def test_open_wrap__another_slot_or_key__refused() -> None:
    swapped = replace(ENVELOPE, wraps=(ENVELOPE.wraps[1], ENVELOPE.wraps[0], *ENVELOPE.wraps[2:]))
    for envelope, slot, owner in (
        (ENVELOPE, 1, 0),
        (swapped, 0, 0),
        (swapped, 0, 1),
        (ENVELOPE, 5, 0),
        (ENVELOPE, -1, 4),
    ):
        with pytest.raises(UnsealFailed):
            open_wrap(envelope, CONTEXT, slot, CUSTODIANS.keys[owner])


def test_open_wrap__share_that_is_not_the_committed_one__names_the_slot() -> None:
    wraps = list(ENVELOPE.wraps)
    wraps[2] = seal(b"n" * 32, COMMITTEE.custodians[2].hpke_key, CONTEXT.info(2))
    with pytest.raises(CommitmentMismatch) as caught:
        open_wrap(replace(ENVELOPE, wraps=tuple(wraps)), CONTEXT, 2, CUSTODIANS.keys[2])
    assert caught.value.slot == 2


@settings(max_examples=80)
@given(st.data())
def test_envelope__any_byte_altered__fails_to_decode_to_fit_or_to_open_K1_AB84(data: st.DataObject) -> None:
    """No byte of an envelope is without meaning to some reader."""
    encoded = ENVELOPE.encode()
    at = data.draw(st.integers(0, len(encoded) - 1))
    bent = encoded[:at] + bytes([encoded[at] ^ data.draw(st.integers(1, 255))]) + encoded[at + 1 :]

    def read() -> None:
        envelope = Envelope.decode(bent)
        envelope.fits(COMMITTEE)
        for slot, key in enumerate(CUSTODIANS.keys):
            open_wrap(envelope, CONTEXT, slot, key)

    with pytest.raises((Malformed, SubmissionRefused, UnsealFailed, CommitmentMismatch)):
        read()


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"suite": 2},
        {"threshold": 0},
        {"threshold": 6},
        {"wraps": ()},
        {"commitments": ENVELOPE.commitments[:4]},
        {"wraps": (*ENVELOPE.wraps[:4], ENVELOPE.wraps[4] + b"\0")},
        {"wraps": ENVELOPE.wraps * 7, "commitments": ENVELOPE.commitments * 7},
    ],
    ids=["version", "suite", "none", "more than there are", "no wraps", "four commitments", "a long wrap", "too many"],
)
def test_envelope__impossible_shape__malformed(change: dict[str, object]) -> None:
    with pytest.raises(Malformed):
        replace(ENVELOPE, **change)


@pytest.mark.parametrize(
    "committee",
    [
        replace(COMMITTEE, version=COMMITTEE_VERSION + 1),
        replace(COMMITTEE, threshold=2),
        replace(COMMITTEE, custodians=CUSTODIANS.parties[:4]),
    ],
    ids=["committee_version", "threshold", "size"],
)
def test_fits__made_for_another_committee__refused(committee: Committee) -> None:
    """A contributor's own idea of a threshold would let fewer custodians than the DAO chose read the file."""
    ENVELOPE.fits(COMMITTEE)
    with pytest.raises(SubmissionRefused):
        ENVELOPE.fits(committee)


@settings(max_examples=40)
@given(st.permutations(range(5)), st.integers(3, 5), st.binary(min_size=32, max_size=32))
def test_recover__one_bad_share_among_more_than_t__is_named_and_left_out_K2(
    order: list[int], count: int, noise: bytes
) -> None:
    slots, bad = order[:count], order[0]
    offered = {slot: SHARES[slot] for slot in slots} | {bad: noise}
    if count > 3:
        assert recover(ENVELOPE, CONTEXT, offered) == (SECRET, (bad,))
    else:
        with pytest.raises(NotEnoughShares) as caught:
            recover(ENVELOPE, CONTEXT, offered)
        assert (caught.value.have, caught.value.need, caught.value.culprits) == (2, 3, (bad,))


def test_recover__a_share_in_another_slot__does_not_count() -> None:
    with pytest.raises(NotEnoughShares) as caught:
        recover(ENVELOPE, CONTEXT, {0: SHARES[0], 1: SHARES[2], 2: SHARES[1], 7: SHARES[3]})
    assert caught.value.culprits == (1, 2, 7)


def test_recover__shares_of_another_context__do_not_count() -> None:
    elsewhere = replace(CONTEXT, dao=Dao(1, DAO.registry, DAO.leases))
    with pytest.raises(NotEnoughShares):
        recover(ENVELOPE, elsewhere, dict(enumerate(SHARES)))


def test_check_shares__honest__passes_and_each_lie_is_refused() -> None:
    check_shares(ENVELOPE, CONTEXT, SECRET, SHARES)
    with pytest.raises(CommitmentMismatch) as caught:
        check_shares(ENVELOPE, CONTEXT, SECRET, (*SHARES[:4], b"n" * 32))
    assert caught.value.slot == 4
    with pytest.raises(SharesInconsistent):
        check_shares(ENVELOPE, CONTEXT, b"n" * 32, SHARES)
    with pytest.raises(SubmissionRefused):
        check_shares(ENVELOPE, CONTEXT, SECRET, SHARES[:4])


def test_check_shares__committed_shares_that_lie_on_no_polynomial__refused() -> None:
    """The contributor commits to noise for slot 4: every commitment holds, and still t custodians could disagree."""
    noise = (*SHARES[:4], b"n" * 32)
    commitments = tuple(CONTEXT.commitment(i, share) for i, share in enumerate(noise))
    with pytest.raises(SharesInconsistent):
        check_shares(replace(ENVELOPE, commitments=commitments), CONTEXT, SECRET, noise)


@given(st.binary(max_size=200), st.binary(max_size=40), st.data())
def test_seal__any_altered_byte_or_context__does_not_open(plain: bytes, info: bytes, data: st.DataObject) -> None:
    key = hpke_key("reader")
    sealed = seal(plain, public_key(key), info)
    assert unseal(sealed, key, info) == plain
    at = data.draw(st.integers(0, len(sealed) - 1))
    bent = sealed[:at] + bytes([sealed[at] ^ data.draw(st.integers(1, 255))]) + sealed[at + 1 :]
    for attempt in (
        (bent, key, info),
        (sealed, hpke_key("other"), info),
        (sealed, key, info + b"x"),
        (sealed[:-1], key, info),
    ):
        with pytest.raises(UnsealFailed):
            unseal(*attempt)


def test_seal__key_of_low_order__refused() -> None:
    for low in (bytes(32), b"\1" + bytes(31), bytes(31)):
        with pytest.raises(InvalidArgument):
            seal(b"x", low, b"")


def test_open_wrap__noise_for_a_wrap__refused() -> None:
    noise = replace(ENVELOPE, wraps=(b"\0" * 80, *ENVELOPE.wraps[1:]))
    with pytest.raises(DataDAOError) as caught:
        open_wrap(noise, CONTEXT, 0, CUSTODIANS.keys[0])
    assert caught.type is UnsealFailed
