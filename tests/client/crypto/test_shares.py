"""K-2: any t shares give the key back, fewer fit every key alike, and our fast combination is pycryptodome's."""

from __future__ import annotations

import pytest
from Crypto.Protocol.SecretSharing import Shamir
from hypothesis import given, settings
from hypothesis import strategies as st

from datadao.crypto import shares
from datadao.errors import InvalidArgument, NotEnoughShares, SharesInconsistent

key = st.binary(min_size=32, max_size=32)
sizes = st.integers(1, 12).flatmap(lambda n: st.tuples(st.integers(1, n), st.just(n)))


def pick(data: st.DataObject, all_shares: tuple[bytes, ...], count: int) -> dict[int, bytes]:
    slots = data.draw(st.permutations(range(len(all_shares))))[:count]
    return {slot: all_shares[slot] for slot in slots}


def reference(chosen: dict[int, bytes]) -> bytes:
    halves = ([(slot + 1, share[at : at + 16]) for slot, share in chosen.items()] for at in (0, 16))
    return b"".join(Shamir.combine(half, ssss=False) for half in halves)


@settings(max_examples=60)
@given(key, sizes, st.data())
def test_combine__any_t_of_n__gives_the_key_back_K2(secret: bytes, size: tuple[int, int], data: st.DataObject) -> None:
    threshold, count = size
    chosen = pick(data, shares.split(secret, threshold, count), threshold)
    assert shares.combine(chosen, threshold) == secret


@settings(max_examples=40)
@given(st.lists(key, min_size=1, max_size=8), st.data())
def test_combine__any_bytes__equals_pycryptodome(points: list[bytes], data: st.DataObject) -> None:
    """Also for points on no honest polynomial: the same field, the same places, the same order of halves."""
    chosen = pick(data, tuple(points), len(points))
    assert shares.combine(chosen, len(chosen)) == reference(chosen)


@settings(max_examples=30)
@given(key, key, sizes.filter(lambda size: size[0] > 1), st.data())
def test_combine__one_share_short__fits_every_key_K2(
    secret: bytes, other: bytes, size: tuple[int, int], data: st.DataObject
) -> None:
    """For any other key there is a share that turns the same t-1 shares into it, so they say nothing about the key."""
    threshold, count = size
    known = pick(data, shares.split(secret, threshold, count), threshold - 1)
    missing = next(slot for slot in range(count) if slot not in known)
    completing = shares._at(missing + 1, {-1: other, **known})  # slot -1 sits at x = 0, where the key is
    assert reference({**known, missing: completing}) == other


@given(key, sizes.filter(lambda size: size[0] > 1), st.data())
def test_combine__one_share_short__refused(secret: bytes, size: tuple[int, int], data: st.DataObject) -> None:
    threshold, count = size
    with pytest.raises(NotEnoughShares) as caught:
        shares.combine(pick(data, shares.split(secret, threshold, count), threshold - 1), threshold)
    assert (caught.value.have, caught.value.need) == (threshold - 1, threshold)


def test_combine__altered_share__gives_another_key_without_a_word() -> None:
    """Why shares are committed to."""
    made = shares.split(bytes(32), 2, 3)
    bent = {0: made[0], 1: bytes([made[1][0] ^ 1]) + made[1][1:]}
    assert shares.combine(bent, 2) != bytes(32)


@settings(max_examples=40)
@given(key, sizes, st.data())
def test_check__honest_shares__pass(secret: bytes, size: tuple[int, int], data: st.DataObject) -> None:
    shares.check(secret, shares.split(secret, *size), size[0])


@settings(max_examples=60)
@given(key, sizes, st.data())
def test_check__any_share_or_the_key_altered__refused(
    secret: bytes, size: tuple[int, int], data: st.DataObject
) -> None:
    threshold, count = size
    made = list(shares.split(secret, threshold, count))
    slot, at = data.draw(st.integers(-1, count - 1)), data.draw(st.integers(0, 31))
    bent = made[slot] if slot >= 0 else secret
    bent = bent[:at] + bytes([bent[at] ^ data.draw(st.integers(1, 255))]) + bent[at + 1 :]
    if slot >= 0:
        made[slot] = bent
    else:
        secret = bent
    with pytest.raises(SharesInconsistent):
        shares.check(secret, tuple(made), threshold)


def test_check__shares_of_a_higher_threshold_than_claimed__refused() -> None:
    """The other way round they would pass: what stops a lower threshold is the committee, not this check."""
    made = shares.split(bytes(32), 3, 5)
    with pytest.raises(SharesInconsistent):
        shares.check(bytes(32), made, 2)


@pytest.mark.parametrize(("size", "threshold", "count"), [(31, 2, 3), (33, 2, 3), (32, 0, 3), (32, 4, 3)])
def test_split__impossible__refused(size: int, threshold: int, count: int) -> None:
    with pytest.raises(InvalidArgument):
        shares.split(bytes(size), threshold, count)


def test_combine__share_of_another_length__refused() -> None:
    with pytest.raises(InvalidArgument):
        shares.combine({0: bytes(31), 1: bytes(32)}, 2)


def test_split__largest_committee__works() -> None:
    made = shares.split(b"k" * 32, 16, 32)
    assert shares.combine(dict(enumerate(made[16:], 16)), 16) == b"k" * 32


def test_combine__shares_of_two_splits__give_another_key_AB87() -> None:
    """A key split anew for a new committee: what old custodians kept adds nothing to fewer than a threshold of new
    ones."""
    secret = bytes(range(32))
    old, new = shares.split(secret, 3, 5), shares.split(secret, 3, 5)
    for mixed in ({0: old[0], 1: new[1], 2: new[2]}, {0: old[0], 3: old[3], 4: new[4]}):
        assert shares.combine(mixed, 3) != secret
    assert shares.combine({0: new[0], 1: new[1], 2: new[2]}, 3) == secret
