"""Write-once storage of ciphertext, over any object store `obstore` speaks: `file://`, `memory://`, `s3://`.

Storage is not trusted. Files are named by their sha256 and checked on every read, so it can withhold but not replace.
Small signed records that must be found by name (release bundles) are write-once too; their signatures protect them.
What a storage does in its own way, and where it is unfit, is in `datadao.storage.backend`.
"""

from __future__ import annotations

import hashlib
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import obstore
from obstore.exceptions import BaseError
from obstore.store import MemoryStore

from datadao.crypto.files import on_disk, write_whole
from datadao.errors import (
    HashMismatch,
    InvalidArgument,
    NameRefused,
    ObjectMissing,
    ObjectTaken,
    ObjectTooLarge,
    StoreUnfit,
)
from datadao.storage.backend import Backend, Folder, translated

SMALL = 8 * 1024 * 1024
"""Bytes. Up to here an object is sent in one conditional request; beyond, in parts and constant memory."""

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]*(?:[./][a-z0-9_-]+)*")
_CONTENT = "sha256/"
_SCHEMES = ("file://", "memory://", "s3://")
_CHUNK = 1024 * 1024


def content_name(digest: bytes) -> str:
    """Where the object with this sha256 lives: `sha256/ab/ab…`, so that no folder grows too wide."""
    if len(digest) != 32:
        raise InvalidArgument(f"a sha256 is 32 bytes, not {len(digest)}")
    return f"{_CONTENT}{digest[:1].hex()}/{digest.hex()}"


def check_name(name: str) -> str:
    """Runs of a-z 0-9 - _ joined by single dots or slashes, at most 200 characters in all. Raises `NameRefused`."""
    if len(name) > 200 or not _NAME.fullmatch(name):
        raise NameRefused(f"object name {name[:80]!r}: use a-z, 0-9, '-' and '_', with single '.' or '/' between")
    return name


class Store:
    """`url` is `file:///folder`, `memory://` or `s3://bucket[/prefix]`, what follows the scheme taken as it is written:
    a path `p` is f"file://{p}", not `p.as_uri()`, which spells a space as %20. `options` are the S3 settings of
    obstore: `endpoint`, `access_key_id`, `secret_access_key`, `region`, …; `http=True` allows an unencrypted endpoint.
    A folder that is no storage yet is refused unless `create` makes it one.

    Raises `NameRefused` and `StoreUnfit` for an address, a folder or options that cannot be used.
    """

    def __init__(self, url: str, *, timeout: float = 30.0, http: bool = False, create: bool = False, **options: Any):
        self.url = url
        self._made_from = partial(type(self), url, timeout=timeout, http=http, **options)
        self._backend = _opened(url, timeout=timeout, http=http, create=create, options=options)
        self._store = self._backend.store

    def __reduce__(self) -> tuple[Any, ...]:
        """To another process as an address, credentials included; what lies in memory does not travel."""
        if self.url.startswith("memory://"):
            raise InvalidArgument("a memory:// store is this process's own; use file:// or s3:// to share it")
        return self._made_from, ()

    def put_file(self, source: Path | BinaryIO) -> bytes:
        """Stores a file or stream and returns its sha256. Storing the same content again changes nothing."""
        if isinstance(source, Path):
            with source.open("rb") as file:
                return self._put_seekable(file)
        with tempfile.SpooledTemporaryFile(max_size=SMALL) as spool:
            while chunk := source.read(_CHUNK):
                with on_disk("a copy to hand on"):
                    spool.write(chunk)
            spool.seek(0)
            return self._put_seekable(spool)  # type: ignore[arg-type]

    def put_bytes(self, data: bytes) -> bytes:
        """Stores bytes under their sha256, which it returns."""
        digest = hashlib.sha256(data).digest()
        self._create(content_name(digest), data)
        return digest

    def put(self, name: str, data: bytes) -> None:
        """Stores a small record under a name of its own, once: `ObjectTaken` if the name holds anything else."""
        if check_name(name).startswith(_CONTENT):
            raise NameRefused(f"names below {_CONTENT} belong to content; use put_file or put_bytes")
        self._create(name, data)

    def get(self, key: bytes | str, limit: int = SMALL) -> bytes:
        """An object of at most `limit` bytes: by sha256 (checked) or by name (check its signature)."""
        out = bytearray()
        self._read(key, limit, out.extend)
        return bytes(out)

    def get_file(self, digest: bytes, target: Path, limit: int | None = None) -> None:
        """Streams the object with this sha256 to `target`, which appears only if it is the right one."""

        def fill(out: BinaryIO) -> None:
            self._read(digest, limit, out.write)

        write_whole(target, fill)

    def get_into(self, digest: bytes, target: BinaryIO, limit: int) -> None:
        """Streams the object with this sha256 to `target`, whose content is worth nothing unless this returns."""
        self._read(digest, limit, target.write)

    def delete(self, name: str) -> None:
        """Deletes a record of this name, never content. Raises `StoreUnfit` without the right to."""
        if check_name(name).startswith(_CONTENT):
            raise NameRefused(f"names below {_CONTENT} belong to content, which stays")
        with translated(name):
            obstore.delete(self._store, name)

    def has(self, key: bytes | str) -> bool:
        """Is there an object of this sha256 or name? Says nothing about its content."""
        name = content_name(key) if isinstance(key, bytes) else check_name(key)
        try:
            with translated(name):
                obstore.head(self._store, name)
        except ObjectMissing as missing:
            self._backend.check_there(name, missing)
            return False
        return True

    def names(self, prefix: str) -> Iterator[str]:
        """Names below a folder, sorted; entries outside the allowed forms are left out."""
        below = f"{check_name(prefix)}/"
        found = self._backend.names(prefix)
        return iter(sorted(name for name in found if _NAME.fullmatch(name) and name.startswith(below)))

    def _read(self, key: bytes | str, limit: int | None, write: Callable[[bytes], Any]) -> None:
        name = content_name(key) if isinstance(key, bytes) else check_name(key)
        sha256 = hashlib.sha256()
        try:
            self._stream(name, limit, write, sha256)
        except ObjectMissing as missing:
            self._backend.check_there(name, missing)
            raise
        if isinstance(key, bytes) and sha256.digest() != key:
            raise HashMismatch(name, key, sha256.digest())

    def _stream(self, name: str, limit: int | None, write: Callable[[bytes], Any], sha256: Any) -> None:
        size = 0
        with translated(name):
            for part in obstore.get(self._store, name).stream(min_chunk_size=_CHUNK):
                chunk = bytes(part)
                size += len(chunk)
                if limit is not None and size > limit:
                    raise ObjectTooLarge(f"{name} is longer than the {limit} bytes allowed; refuse it")
                sha256.update(chunk)
                with on_disk(f"a copy of {name}"):
                    write(chunk)

    def _put_seekable(self, file: BinaryIO) -> bytes:
        head = file.read(SMALL + 1)
        if len(head) <= SMALL:
            return self.put_bytes(head)
        del head
        file.seek(0)
        digest = hashlib.file_digest(file, "sha256").digest()  # type: ignore[arg-type]  # has readinto
        name = content_name(digest)
        if self.has(digest):
            self._check_same(name, digest)
        else:
            self._backend.check_write_once(name)
            # Object stores have no conditional upload in parts. Two writers of one name can only race with one content.
            file.seek(0)
            with translated(name):
                obstore.put(self._store, name, _unchanged(file, digest), max_concurrency=2)
        return digest

    def _create(self, name: str, data: bytes) -> None:
        self._backend.check_write_once(name)
        try:
            with translated(name):
                obstore.put(self._store, name, data, mode="create")
        except ObjectTaken:
            self._check_same(name, hashlib.sha256(data).digest())

    def _check_same(self, name: str, digest: bytes) -> None:
        sha256 = hashlib.sha256()
        self._read(name, None, sha256.update)
        if sha256.digest() != digest:
            raise ObjectTaken(f"{name} already holds other content; objects are write-once, so inspect the storage")


def _unchanged(file: BinaryIO, digest: bytes) -> Iterator[bytes]:
    """The file's chunks; fails before the upload completes if the file is no longer the one that was hashed."""
    sha256 = hashlib.sha256()
    while chunk := file.read(_CHUNK):
        sha256.update(chunk)
        yield chunk
    if sha256.digest() != digest:
        raise HashMismatch("the file changed while it was read", digest, sha256.digest())


def _opened(url: str, *, timeout: float, http: bool, create: bool, options: Mapping[str, Any]) -> Backend:
    """Opens an address of `Store`. Raises `NameRefused`, `StoreUnfit`."""
    scheme = next((known for known in _SCHEMES if url.startswith(known)), None)
    place = url[len(scheme) :] if scheme else ""
    if scheme is None or ".." in place.split("/") or (scheme == "file://" and not place.startswith("/")):
        raise NameRefused(f"storage address {url[:80]!r}: use file:///folder, memory:// or s3://bucket[/prefix]")
    try:
        if scheme == "file://":
            return Folder.open(Path(place), create=create, options=options)
        if scheme == "s3://":
            from datadao.storage.s3 import S3

            return S3.open(place, timeout, http=http, options=options)
        return Backend(MemoryStore(**options))
    except (BaseError, OSError, ValueError, TypeError) as error:
        cause = str(error).partition("\n")[0]
        raise StoreUnfit(f"cannot open {url}: {cause}; check the address and its options") from error
