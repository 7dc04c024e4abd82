"""Buckets of S3 servers: opened, listed, and tried for what they do before anything is written."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, ClassVar

import obstore
from obstore.exceptions import InvalidPathError
from obstore.store import S3Store

from datadao.errors import NameRefused, ObjectMissing, ObjectTaken, PackageMissing, StoreUnavailable, StoreUnfit
from datadao.storage.backend import Backend, translated

_PROBE = "write-once"
"""Last part of the name under which a storage is tried."""
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")


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
