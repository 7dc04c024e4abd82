"""HPKE (RFC 9180) in its single-shot base form: X25519, HKDF-SHA256, ChaCha20-Poly1305.

The context goes into `info`, rebuilt by the opener from what it knows, never from what came with the ciphertext.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from datadao.errors import InvalidArgument, UnsealFailed

SUITE_ID = 1
OVERHEAD = 48
"""Bytes a seal is longer than what it holds: 32 of encapsulated key, 16 of tag."""

_SUITE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


def seal(plaintext: bytes, hpke_key: bytes, info: bytes) -> bytes:
    """Seals to a raw 32-byte X25519 public key. Raises `InvalidArgument` for a key no one can hold."""
    try:
        return _SUITE.encrypt(plaintext, X25519PublicKey.from_public_bytes(hpke_key), info)
    except ValueError as error:
        raise InvalidArgument(f"hpkeKey {hpke_key.hex()} is unusable: {error}") from error


def unseal(sealed: bytes, private_key: X25519PrivateKey, info: bytes) -> bytes:
    """Raises `UnsealFailed` for another key, another `info`, or any altered byte."""
    try:
        return _SUITE.decrypt(sealed, private_key, info)
    except (InvalidTag, ValueError) as error:
        raise UnsealFailed("the seal does not open: made for another key or context, or altered") from error


def public_key(private_key: X25519PrivateKey) -> bytes:
    """The raw 32 bytes that go on-chain as `hpkeKey`."""
    return private_key.public_key().public_bytes_raw()
