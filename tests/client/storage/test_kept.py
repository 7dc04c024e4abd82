"""What a role read of storage it does not read again; what it kept is never taken for something else."""

from __future__ import annotations

import hashlib
import pickle
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from datadao.errors import ObjectMissing, ObjectTooLarge
from datadao.storage.kept import KeptStore
from datadao.storage.store import Store, content_name
from tests.client.measured import counting


@pytest.fixture
def plain(tmp_path: Path) -> Store:
    return Store(f"file://{tmp_path}/store", create=True)


def kept(plain: Store, tmp_path: Path) -> KeptStore:
    return KeptStore(plain.url, keep=tmp_path / "objects.sqlite")


def test_object_that_was_read_or_written__is_not_read_again(plain: Store, tmp_path: Path) -> None:
    digest = plain.put_bytes(b"content")
    plain.put("folder/record", b"record")
    first = kept(plain, tmp_path)
    own = first.put_bytes(b"own")
    first.put("folder/own", b"own record")
    keys: dict[bytes | str, bytes] = {
        digest: b"content", "folder/record": b"record", own: b"own", "folder/own": b"own record"
    }  # fmt: skip
    assert {key: first.get(key) for key in keys} == keys
    for store in (first, kept(plain, tmp_path)):
        with counting() as counted:
            assert {key: store.get(key) for key in keys} == keys
        assert not counted.store
        with pytest.raises(ObjectTooLarge):
            store.get(digest, 3)


def test_record_that_may_be_deleted__is_read_each_time(plain: Store, tmp_path: Path) -> None:
    store = kept(plain, tmp_path)
    store.put("samples/31337/1", b"shown")
    assert store.get("samples/31337/1") == b"shown"
    plain.delete("samples/31337/1")
    with pytest.raises(ObjectMissing):
        store.get("samples/31337/1")


def test_file_that_was_changed__is_not_believed_of_content(plain: Store, tmp_path: Path) -> None:
    store, data = kept(plain, tmp_path), b"content"
    digest = store.put_bytes(data)
    with sqlite3.connect(tmp_path / "objects.sqlite") as file:
        file.execute("UPDATE objects SET data = ? WHERE name = ?", [b"other", content_name(digest)])
    assert store.get(digest) == data and hashlib.sha256(data).digest() == digest


def test_file_that_is_none__is_done_without(plain: Store, tmp_path: Path) -> None:
    (tmp_path / "objects.sqlite").write_text("a letter" * 100)
    store = kept(plain, tmp_path)
    assert store.get(store.put_bytes(b"content")) == b"content"
    assert (tmp_path / "objects.sqlite").read_text() == "a letter" * 100


def test_in_threads_and_in_other_processes__works(plain: Store, tmp_path: Path) -> None:
    store = kept(plain, tmp_path)
    digests = [store.put_bytes(b"%d" % number) for number in range(50)]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(store.get, digests * 4)) == [b"%d" % number for number in range(50)] * 4
    other = pickle.loads(pickle.dumps(store))  # noqa: S301  # our own
    assert type(other) is Store and other.get(digests[0]) == b"0"
