"""Shamir shares of a 32-byte key: two 16-byte halves, each shared over GF(2^128), joined into 32-byte shares.

Splitting, where randomness matters, is pycryptodome's. Putting together is plain linear algebra with public weights:
with the weights kept per set of slots it is some 50 times faster than pycryptodome's `combine`, to which tests hold it
equal. Table look-ups depend on the shares, so do not run this beside hostile code on the same core.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from Crypto.Protocol.SecretSharing import Shamir

from datadao.errors import InvalidArgument, NotEnoughShares, SharesInconsistent

HALF = 16
_MODULUS = (1 << 128) | 0b10000111  # x^128 + x^7 + x^2 + x + 1


def split(secret: bytes, threshold: int, count: int) -> tuple[bytes, ...]:
    """`count` shares of 32 bytes, any `threshold` of which give `secret` back; share i belongs to slot i."""
    if len(secret) != 2 * HALF or not 1 <= threshold <= count:
        raise InvalidArgument(f"cannot split {len(secret)} bytes {threshold}-of-{count}")
    low, high = (Shamir.split(threshold, count, half, ssss=False) for half in (secret[:HALF], secret[HALF:]))
    return tuple(a[1] + b[1] for a, b in zip(low, high, strict=True))


def combine(shares: Mapping[int, bytes], threshold: int) -> bytes:
    """The secret from the first `threshold` shares by slot. A wrong share gives a wrong secret without a word:
    check shares against their commitments first. Raises `NotEnoughShares`."""
    if len(shares) < threshold:
        raise NotEnoughShares(len(shares), threshold)
    return _at(0, {slot: shares[slot] for slot in sorted(shares)[:threshold]})


def check(secret: bytes, shares: tuple[bytes, ...], threshold: int) -> None:
    """Raises `SharesInconsistent` unless every set of `threshold` shares gives `secret`."""
    first = dict(enumerate(shares[:threshold]))
    on_line = all(_at(slot + 1, first) == shares[slot] for slot in range(threshold, len(shares)))
    if not on_line or combine(first, threshold) != secret:
        raise SharesInconsistent("the shares do not lie on one polynomial through the file key; refuse the submission")


def _at(x: int, shares: Mapping[int, bytes]) -> bytes:
    """The value at `x` of the polynomial through the shares; slot i sits at x = i + 1."""
    slots = tuple(sorted(shares))
    if any(len(share) != 2 * HALF for share in shares.values()):
        raise InvalidArgument("a share is 32 bytes")
    low = high = 0
    for slot, table in zip(slots, _tables(x, slots), strict=True):
        low ^= _times(table, int.from_bytes(shares[slot][:HALF], "big"))
        high ^= _times(table, int.from_bytes(shares[slot][HALF:], "big"))
    return low.to_bytes(HALF, "big") + high.to_bytes(HALF, "big")


_Table = list[list[int]]


def _times(table: _Table, value: int) -> int:
    result = 0
    for row in table:
        result ^= row[value & 15]
        value >>= 4
    return result


@lru_cache(maxsize=64)  # 22 KiB per slot of a set: under 50 MiB even for 32 slots
def _tables(x: int, slots: tuple[int, ...]) -> tuple[_Table, ...]:
    """For each slot, the multiples of its Lagrange weight at `x`, by nibble of the other factor."""
    tables = []
    for slot in slots:
        above = below = 1
        for other in slots:
            if other != slot:
                above = _multiply(above, x ^ (other + 1))
                below = _multiply(below, (slot + 1) ^ (other + 1))
        weight = _multiply(above, _inverse(below))
        powers = [weight]
        while len(powers) < 128:
            powers.append(_multiply(powers[-1], 2))
        tables.append([_sums(powers[i : i + 4]) for i in range(0, 128, 4)])
    return tuple(tables)


def _sums(basis: list[int]) -> list[int]:
    """The 16 combinations of four field elements, indexed by which are in."""
    sums = [0]
    for element in basis:
        sums += [known ^ element for known in sums]
    return sums


def _multiply(a: int, b: int) -> int:
    product = 0
    while b:
        if b & 1:
            product ^= a
        a <<= 1
        if a >> 128:
            a ^= _MODULUS
        b >>= 1
    return product


def _inverse(a: int) -> int:
    """1 / a for a other than 0, by Euclid's algorithm over polynomials: `a * ours = rest` in the field throughout."""
    rest, ours, other, theirs = a, 1, _MODULUS, 0
    while rest != 1:
        shift = rest.bit_length() - other.bit_length()
        if shift < 0:
            rest, ours, other, theirs = other, theirs, rest, ours
            shift = -shift
        rest ^= other << shift
        ours ^= theirs << shift
    return ours
