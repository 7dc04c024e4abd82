"""What each kind of storage does in its own way: how it is opened, listed, and found unfit before anything is written.

`datadao.storage.store` holds the rules that all of them follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import unquote

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    InvalidPathError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore, MemoryStore, S3Store

from datadao.errors import NameRefused, ObjectMissing, ObjectTaken, PackageMissing, StoreUnavailable, StoreUnfit

_SCHEMES = ("file://", "memory://", "s3://")
_MARK = "sha256"
"""Folder that every storage in a file system has: one that is misspelt or not mounted is not taken for an empty one."""
_PROBE = "write-once"
"""Last part of the name under which a storage is tried."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_NO_ROOM = re.compile(r"os error (28|122|27)\b")
"""ENOSPC, EDQUOT and EFBIG in the words of obstore's file system."""
_METADATA = "169.254.169.254"
"""Where Amazon's machines find credentials: asked when the environment has none."""


@contextmanager
def translated(name: str) -> Iterator[None]:
    """Storage failures as the client's own errors."""
    try:
        yield
    except AlreadyExistsError as error:
        raise ObjectTaken(name) from error
    except FileNotFoundError as error:
        if "NoSuchBucket" in str(error):
            raise StoreUnfit("there is no such bucket; check the storage's address and endpoint") from error
        raise ObjectMissing(f"no object {name}; it is not stored yet, or storage lost it") from error
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise StoreUnfit(f"storage refuses these credentials at {name}; check them and their permissions") from error
    except (BaseError, OSError) as error:
        text = str(error)
        cause = text.partition("\n")[0]
        if "NoSuchBucket" in text:
            raise StoreUnfit("there is no such bucket; check the storage's address and endpoint") from error
        if _NO_ROOM.search(cause):
            raise StoreUnavailable(f"storage is full at {name}: {cause}; make room, then run the same again") from error
        if _METADATA in cause:
            raise StoreUnfit(
                "no S3 credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY (and this machine has no role)"
            ) from error
        raise StoreUnavailable(f"storage failed at {name}: {cause}; run the same call again") from error


class Backend:
    """A store of obstore's, which needs no check before it is used."""

    def __init__(self, store: Any) -> None:
        self.store = store

    @staticmethod
    def of(url: str, *, timeout: float, http: bool, create: bool, options: Mapping[str, Any]) -> Backend:
        """Opens an address of `Store`. Raises `NameRefused`, `StoreUnfit`."""
        scheme = next((known for known in _SCHEMES if url.startswith(known)), None)
        place = url[len(scheme) :] if scheme else ""
        if scheme is None or ".." in place.split("/") or (scheme == "file://" and not place.startswith("/")):
            raise NameRefused(f"storage address {url[:80]!r}: use file:///folder, memory:// or s3://bucket[/prefix]")
        try:
            if scheme == "file://":
                return Folder.open(Path(place), create=create, options=options)
            if scheme == "s3://":
                return S3.open(place, timeout, http=http, options=options)
            return Backend(MemoryStore(**options))
        except (BaseError, OSError, ValueError, TypeError) as error:
            cause = str(error).partition("\n")[0]
            raise StoreUnfit(f"cannot open {url}: {cause}; check the address and its options") from error

    def names(self, prefix: str) -> Iterable[str]:
        """Names of objects below a folder, of whatever form, in any order."""
        return [str(entry["path"]) for entry in self._entries(prefix)]

    def check_there(self, name: str, missing: ObjectMissing) -> None:
        """Raises `StoreUnfit` if the object `name` is missing because the whole storage is."""

    def check_write_once(self, name: str) -> None:
        """Raises `StoreUnfit` if a write to `name` that may not replace anything would replace it all the same."""

    def _entries(self, prefix: str) -> list[Any]:
        with translated(prefix):
            return [entry for page in obstore.list(self.store, f"{prefix}/") for entry in page]


@dataclass
class Folder(Backend):
    """A folder of a file system. Links in it are not followed when it is listed: one may lead round, or out of it."""

    store: Any
    root: Path

    @classmethod
    def open(cls, root: Path, *, create: bool, options: Mapping[str, Any]) -> Folder:
        if create:
            (root / _MARK).mkdir(parents=True, exist_ok=True)
        folder = cls(None, root)
        folder._check_mounted()
        folder.store = LocalStore(str(root), **options)
        return folder

    def names(self, prefix: str) -> Iterable[str]:
        def fail(error: OSError) -> None:
            if not isinstance(error, FileNotFoundError | NotADirectoryError):
                raise error

        self._check_mounted()
        with translated(prefix):
            for folder, _, files in os.walk(self.root / prefix, onerror=fail):
                for file in files:
                    yield f"{Path(folder).relative_to(self.root).as_posix()}/{file}"

    def check_there(self, name: str, missing: ObjectMissing) -> None:  # noqa: ARG002  # the base's signature
        self._check_mounted()

    def check_write_once(self, name: str) -> None:  # noqa: ARG002
        # A folder that went missing would be made anew, beside the disk that the data is on.
        self._check_mounted()

    def _check_mounted(self) -> None:
        with translated(_MARK):
            there, empty = (self.root / _MARK).is_dir(), self.root.is_dir()
        if there:
            return
        if empty:
            why = f"{self.root} holds no storage (there is no folder {_MARK} in it)"
        else:
            why = f"there is no folder {self.root}"
            if unquote(str(self.root)) != str(self.root):
                why += " (the address is taken as it is written, '%' too)"
        raise StoreUnfit(f"{why}; is it spelt right, and mounted? `datadao init` makes a new storage")


@dataclass
class S3(Backend):
    """A bucket of an S3 server, Amazon's or another's."""

    store: S3Store
    bucket: str
    prefix: str
    settings: Mapping[str, Any]

    _write_once: ClassVar[set[tuple[Any, ...]]] = set()
    """Storages that were seen to keep what they have, in this process."""

    @classmethod
    def open(cls, place: str, timeout: float, *, http: bool, options: Mapping[str, Any]) -> S3:
        bucket, _, prefix = place.partition("/")
        if not _BUCKET.fullmatch(bucket):
            raise NameRefused(f"bucket {bucket[:80]!r}: expected 3 to 63 of a-z, 0-9, '-' and '.'")
        _check_credentials(options)
        limit = timedelta(seconds=timeout)
        store = S3Store(
            bucket,
            prefix=prefix.strip("/") or None,
            client_options={"timeout": limit, "connect_timeout": limit, "allow_http": http},
            retry_config={"max_retries": 3, "retry_timeout": limit},
            **options,
        )
        return cls(store, bucket, prefix.strip("/"), {**options, "timeout": timeout})

    def names(self, prefix: str) -> Iterable[str]:
        try:
            # An empty object is no record, but may mark a folder, by a slash that obstore takes off.
            return [str(entry["path"]) for entry in self._entries(prefix) if entry["size"]]
        except StoreUnavailable as error:
            if not isinstance(error.__cause__, InvalidPathError):
                raise
            return list(self._raw_names(prefix))

    def check_there(self, name: str, missing: ObjectMissing) -> None:
        # The answer to a HEAD has no body, and so no reason.
        if "NoSuchKey" not in str(missing.__cause__):
            with suppress(ObjectMissing), translated(name):
                obstore.get(self.store, name)

    def check_write_once(self, name: str) -> None:
        place = (self.settings.get("endpoint"), self.bucket)
        if place in self._write_once:
            return
        # In the folder that is about to be written to: a role may have no right to others.
        probe = f"{name.partition('/')[0]}/{_PROBE}"
        try:
            for _ in range(2):
                with translated(probe):
                    obstore.put(self.store, probe, b"", mode="create")
        except ObjectTaken:
            self._write_once.add(place)
            return
        except StoreUnavailable as error:
            if "NotImplemented" not in str(error.__cause__) and " 501 " not in str(error.__cause__):
                raise
        raise StoreUnfit(
            f"storage {self.bucket} replaces objects although asked not to (no conditional writes, If-None-Match): "
            f"parties would overwrite each other's records. Use another; only the test itself was written, {probe}"
        )

    def _raw_names(self, prefix: str) -> Iterator[str]:
        """The same through another library: obstore refuses a whole listing for one key that it cannot hold ('a//b',
        'a/../b', control characters)."""
        try:
            import boto3
        except ModuleNotFoundError:
            raise PackageMissing("boto3", "s3") from None
        from botocore.config import Config
        from botocore.exceptions import BotoCoreError, ClientError

        given, root = self.settings, f"{self.prefix}/" if self.prefix else ""
        endpoint, timeout = given.get("endpoint"), given["timeout"]
        try:
            client = boto3.client(
                "s3",
                endpoint_url=endpoint,
                region_name=given.get("region") or os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION"),
                aws_access_key_id=given.get("access_key_id"),
                aws_secret_access_key=given.get("secret_access_key"),
                config=Config(
                    connect_timeout=timeout,
                    read_timeout=timeout,
                    retries={"max_attempts": 3},
                    # As obstore does it.
                    s3={"addressing_style": "path"} if endpoint else None,
                ),
            )
            pages = client.get_paginator("list_objects_v2")
            for page in pages.paginate(Bucket=self.bucket, Prefix=f"{root}{prefix}/"):
                for entry in page.get("Contents", ()):
                    if entry["Size"]:
                        yield entry["Key"].removeprefix(root)
        except (BotoCoreError, ClientError) as error:
            raise StoreUnavailable(f"storage failed at {prefix}: {error}; run the same call again") from error


def _check_credentials(options: Mapping[str, Any]) -> None:
    """Raises `StoreUnfit` if half of them are there."""
    names = ("access_key_id", "secret_access_key")
    found = {name: bool(options.get(name) or os.environ.get(f"AWS_{name.upper()}")) for name in names}
    if len(set(found.values())) > 1:
        there, lacking = sorted((f"AWS_{name.upper()}" for name in names), key=lambda n: not found[n[4:].lower()])
        raise StoreUnfit(f"{there} is set and {lacking} is not; set both")
