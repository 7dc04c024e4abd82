"""What each kind of storage does in its own way: how it is opened, listed, and found unfit before anything is written.

`datadao.storage.store` holds the rules that all of them follow.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import obstore
from obstore.exceptions import (
    AlreadyExistsError,
    BaseError,
    PermissionDeniedError,
    UnauthenticatedError,
)
from obstore.store import LocalStore

from datadao.errors import ObjectMissing, ObjectTaken, StoreUnavailable, StoreUnfit

_MARK = "sha256"
"""Folder that every storage in a file system has: one that is misspelt or not mounted is not taken for an empty one."""
_NO_ROOM = re.compile(r"os error (28|122|27)\b")
"""ENOSPC, EDQUOT and EFBIG in the words of obstore's file system."""
_DENIED = "code: AccessDenied"
"""How S3 says, object by object and with status 200, that it may not be deleted."""
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
        if _DENIED in cause:
            raise StoreUnfit(f"storage refuses to delete {name}; check these credentials' permissions") from error
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
