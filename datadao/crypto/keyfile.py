"""Secrets in files: X25519 keys (PKCS#8, PEM) and the attestors' fingerprint secret, for their owner's eyes only."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from datadao.errors import KeyFileRefused

SECRET = 32
"""Bytes of a fingerprint secret."""
SEALING, FINGERPRINT = "sealing", "fingerprint"
"""Files in the folder of a role's keys: what others seal to, and the attestors' common secret."""


def new_key(path: Path) -> X25519PrivateKey:
    """Makes a key and writes it, readable by its owner only. Raises `KeyFileRefused` if the file exists."""
    key = X25519PrivateKey.generate()
    _create(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key


def load_key(path: Path) -> X25519PrivateKey:
    """Raises `KeyFileRefused`: missing, readable by others, or no X25519 key. No message shows its content."""
    data = _read(path, "`datadao keys new` makes one")
    try:
        key = load_pem_private_key(data, password=None)
    except (ValueError, TypeError):
        key = None
    if not isinstance(key, X25519PrivateKey):
        raise KeyFileRefused(f"{path}: expected an unencrypted X25519 private key in PEM; restore it from a copy")
    return key


def new_secret(path: Path) -> None:
    """Makes a fingerprint secret, written as hexadecimal digits. Raises `KeyFileRefused` if the file exists."""
    _create(path, os.urandom(SECRET).hex().encode() + b"\n")


def load_secret(path: Path) -> bytes:
    """Raises `KeyFileRefused`: missing, readable by others, or not 64 hexadecimal digits."""
    data = _read(path, "attestors hold one secret in common: get the file from another of them")
    try:
        secret = bytes.fromhex(data.decode("ascii").strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET:
        raise KeyFileRefused(f"{path}: expected {2 * SECRET} hexadecimal digits; get it again from another attestor")
    return secret


def check_private(path: Path) -> None:
    """Raises `KeyFileRefused` if any user but its owner can read or write the file."""
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise KeyFileRefused(f"{path} has mode {mode:04o}, so others can read it; `chmod 600` it, or make a new key")


def _read(path: Path, missing: str) -> bytes:
    if not path.is_file():
        raise KeyFileRefused(f"no key file {path}; {missing}")
    check_private(path)
    try:
        return path.read_bytes()
    except OSError as error:
        raise KeyFileRefused(f"{path} cannot be read: {error.strerror}") from error


def _create(path: Path, data: bytes) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KeyFileRefused(f"{path} exists and is never overwritten; take another name") from None
    except OSError as error:
        raise KeyFileRefused(f"{path} cannot be written: {error.strerror}") from error
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
