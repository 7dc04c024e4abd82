"""One contribution, one age file, one random 32-byte key `K` that is used for nothing else.

Streaming both ways: memory does not grow with the file. age has no associated data, so what binds a file to its place
is the sha256 of its ciphertext, which the chain anchors; `decrypt` checks it before it looks at anything else.
"""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import bech32
import pyrage

from datadao.errors import DecryptionFailed, DiskUnavailable, HashMismatch, HeaderRefused, InvalidArgument

HEADER_LIMIT = 1024
"""Bytes. One recipient needs about 200; thousands of foreign stanzas in a hostile header cost the reader a minute."""

_MAGIC = b"age-encryption.org/v1\n"
_END_OF_HEADER = b"\n--- "


def new_secret() -> bytes:
    """A fresh `K`, 32 random bytes."""
    return os.urandom(32)


def identity(secret: bytes) -> pyrage.x25519.Identity:
    """The age identity whose X25519 scalar is `secret`, by its standard AGE-SECRET-KEY- spelling."""
    if len(secret) != 32:
        raise InvalidArgument(f"a file key is 32 bytes, not {len(secret)}")
    text = bech32.bech32_encode("age-secret-key-", bech32.convertbits(secret, 8, 5) or [])
    return pyrage.x25519.Identity.from_str(text.upper())


class _HashingWriter:
    """Passes bytes on and remembers their sha256."""

    def __init__(self, target: BinaryIO) -> None:
        self._target = target
        self.sha256 = hashlib.sha256()
        self.failure: OSError | None = None

    def write(self, data: bytes) -> int:
        self.sha256.update(data)
        try:
            return self._target.write(data)
        except OSError as error:
            self.failure = error
            raise

    def flush(self) -> None:
        self._target.flush()


def encrypt(source: BinaryIO, target: BinaryIO, secret: bytes) -> bytes:
    """Writes the age file of `source` to `target`; returns the sha256 of what was written.

    Raises the `OSError` of writing, and `InvalidArgument` if `source` cannot be read.
    """
    writer = _HashingWriter(target)
    try:
        pyrage.encrypt_io(source, writer, [identity(secret).to_public()])
    except pyrage.EncryptError as error:  # which pyrage makes of whatever reading and writing raise
        if writer.failure is not None:
            raise writer.failure from error
        raise InvalidArgument(f"the file cannot be read: {error}; nothing was stored") from error
    return writer.sha256.digest()


def decrypt(source: Path, target: Path, secret: bytes, file_hash: bytes) -> None:
    """Opens `source` into `target`, which appears whole or not at all (readable by its owner only).

    Raises `HashMismatch`, `HeaderRefused` or `DecryptionFailed`, in this order of checking.
    """
    with source.open("rb") as file:
        write_whole(target, lambda out: decrypt_into(file, out, secret, file_hash, source.name))


def decrypt_into(source: BinaryIO, target: BinaryIO, secret: bytes, file_hash: bytes, name: str) -> None:
    """Opens `source`, called `name`, into `target`, whose content is worth nothing unless this returns. Raises as
    `decrypt`."""
    key = identity(secret)
    actual = hashlib.file_digest(source, "sha256").digest()  # type: ignore[arg-type]  # what it reads is a BinaryIO
    if actual != file_hash:
        raise HashMismatch(name, file_hash, actual)
    source.seek(0)
    check_header(source.read(HEADER_LIMIT), name)
    source.seek(0)
    try:
        pyrage.decrypt_io(source, target, [key])
    except (pyrage.DecryptError, OSError) as error:
        # pyrage's own OSError, for a damaged payload, has no number; what the file system raised has one.
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DecryptionFailed(f"{name}: {error}; damaged, or the key is another file's") from error


def check_header(head: bytes, name: str) -> None:
    """Raises `HeaderRefused` unless the first `HEADER_LIMIT` bytes are an age header and more."""
    if not head.startswith(_MAGIC) or _END_OF_HEADER not in head:
        raise HeaderRefused(f"{name}: no age header that ends within {HEADER_LIMIT} bytes; refuse the file")


def write_whole(target: Path, fill: Callable[[BinaryIO], object], *, durable: bool = False) -> None:
    """Lets `fill` write a temporary file beside `target` and renames it when that succeeds.

    age hands out authenticated but truncated plaintext before it finds a late error; this keeps such halves invisible.
    With `durable` the bytes and the name have reached the disk on return. Raises `DiskUnavailable`.
    """
    with on_disk(str(target)), tempfile.NamedTemporaryFile(dir=target.parent, prefix=".part-", delete=False) as out:
        partial = Path(out.name)
        try:
            fill(out)  # type: ignore[arg-type]
            if durable:
                out.flush()
                os.fsync(out.fileno())
            out.close()
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
    if durable:
        sync_directory(target.parent)


@contextmanager
def on_disk(what: str) -> Iterator[None]:
    """Failures of this machine's disk while `what` is written as `DiskUnavailable`."""
    try:
        yield
    except OSError as error:
        raise DiskUnavailable(what, error.errno or errno.EIO) from error


def sync_directory(path: Path) -> None:
    """Makes names created in `path` survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
