"""Deterministic encryption under keys derived for one purpose each (HKDF, AES-SIV): who has the same secret and data
writes the same bytes, under the same hash. It shows that two pieces of data are equal, and nothing else of them."""

from __future__ import annotations

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from datadao.errors import DecryptionFailed


def derived(secret: bytes, purpose: bytes, size: int = 32) -> bytes:
    """A key of `size` bytes for one purpose."""
    return HKDF(SHA256(), size, None, purpose).derive(secret)


def lock(secret: bytes, purpose: bytes, data: bytes) -> bytes:
    """Encrypts data; equal data gives equal bytes."""
    return AESSIV(derived(secret, purpose, 64)).encrypt(data, [purpose])


def unlock(secret: bytes, purpose: bytes, locked: bytes) -> bytes:
    """Raises `DecryptionFailed` for what was not encrypted under this secret for this purpose."""
    try:
        return AESSIV(derived(secret, purpose, 64)).decrypt(locked, [purpose])
    except (InvalidTag, ValueError) as error:
        raise DecryptionFailed("it was encrypted under another secret, or is damaged; compare the secrets") from error
